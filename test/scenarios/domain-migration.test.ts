/** A database of the release before: its domain is the instance's, has an id, and lets others ask for their own. */
import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";

let server: OwnServer;

beforeAll(async () => {
  server = await startOwnServer("embedded");
}, 60_000);
afterAll(() => server?.stop());

test("a domain that a release before has left becomes the instance's own, with an id", async () => {
  const first = await server.makeDatabase("younger", "CREATEROLE");
  await migrate({ connectionString: first });
  await server.asSuperuser("CREATE DATABASE older OWNER younger");
  const connectionString = first.replace(/younger$/, "older");
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const init = new URL("../../src/store/migrations/0001_init.sql", import.meta.url);
    await client.query(
      "CREATE TABLE schema_migration (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    await client.query(await readFile(init, "utf8"));
    await client.query(`
      INSERT INTO schema_migration VALUES ('0001_init.sql');
      INSERT INTO operator VALUES ('01A', 'a', 'A', 'street', NULL, NULL, now()), ('01B', 'b', 'B', 'street', NULL, NULL, now());
      INSERT INTO domain VALUES ('01A', 'a.example', now(), now()), ('01B', 'b.example', now(), now());`);
    expect((await migrate({ connectionString })).length).toBeGreaterThanOrEqual(2);
    const { rows } = await client.query(
      "SELECT name, domain_id, instance, sts_mode, failures, checks FROM domain ORDER BY name",
    );
    const usual = { instance: true, sts_mode: "testing", failures: 0, checks: [] };
    expect(rows).toEqual([
      { name: "a.example", domain_id: "01A", ...usual },
      { name: "b.example", domain_id: "01B", ...usual },
    ]);
    await client.query(
      "INSERT INTO domain (operator_id, name, domain_id, created_at) VALUES ('01B', 'a.example', '01C', now())",
    );
    await expect(
      client.query("UPDATE domain SET verified_at = now() WHERE domain_id = '01C'"),
    ).rejects.toMatchObject({ code: "23505", constraint: "domain_verified" });
  } finally {
    await client.end();
  }
});
