/** The database's own refusals beside the gate: the log that only grows, the wall between operators, the service role. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { promise } from "../promises.ts";
import {
  type Wall,
  bind,
  constraint,
  forbidden,
  insertMessage,
  openWall,
  refusal,
  wall,
} from "./wall-fixture.ts";

let held: Wall;
let app: pg.Client;
let owner: pg.Client;
let tables: string[];
beforeAll(async () => {
  held = await openWall();
  ({ app } = held);
  owner = await held.connect(undefined, "");
  tables = await tenantTables();
});
afterAll(() => held.close());
afterEach(() => bind(app, "A"));

async function tenantTables(): Promise<string[]> {
  const { rows } = await held.root.query<{ relname: string }>(
    // What belongs to the instance and not to an operator: its migrations, others' published policies, how TLS fared with them, programs that registered.
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('schema_migration', 'sts_policy', 'tls_result', 'tls_report', 'oauth_client') ORDER BY 1",
  );
  return rows.map((row) => row.relname);
}

const asApp = (text: string) => refusal(app, () => app.query(text));
const asOwner = (text: string) => refusal(owner, () => owner.query(text));

describe("the log", () => {
  it(promise("log.append-only"), async () => {
    await app.query("BEGIN");
    await insertMessage(app, { message_id: "logged" });
    await app.query("INSERT INTO handoff VALUES ('A', 'logged', 1, 'd', 'h', now())");
    await app.query(
      "INSERT INTO log_entry VALUES ('A', 'h', 'message.handed_off', 'system', 'worker', 'logged', NULL, NULL, now(), '{}')",
    );
    await app.query("COMMIT");
    for (const table of ["log_entry", "log_index", "log_checkpoint", "handoff"])
      for (const [verb, text] of [
        ["update", `UPDATE ${table} SET operator_id = operator_id`],
        ["delete", `DELETE FROM ${table}`],
        ["truncate", `TRUNCATE ${table} CASCADE`],
      ] as const) {
        expect(await asApp(text), `${verb} ${table}`).toBe(forbidden);
        // Not even the owner of the tables, short of taking the triggers away.
        expect(await asOwner(text), `${verb} ${table} as owner`).toBe(wall);
      }
  });

  it.each([
    "decision",
    "message",
    "message_content",
    "recipient",
    "log_pending",
    "log_tile",
    "log_head",
  ])("%s cannot be emptied", async (table) => {
    expect(await asApp(`TRUNCATE ${table} CASCADE`)).toBe(forbidden);
    expect(await asOwner(`TRUNCATE ${table} CASCADE`)).toBe(wall);
  });

  it("tiles and the head only grow", async () => {
    const set = (hashes: string) => asApp(`UPDATE log_tile SET hashes = '${hashes}'`);
    expect(await set("\\x010203")).toBeNull();
    for (const hashes of ["\\x01", "\\x", "\\x0103", "\\x020203"])
      expect(await set(hashes), hashes).toBe(wall);
    expect(await asApp("UPDATE log_tile SET n = 7")).toBe(forbidden);
    expect(await asOwner("UPDATE log_tile SET n = 7")).toBe(wall);
    expect(await asApp("DELETE FROM log_tile")).toBe(forbidden);
    expect(await asOwner("DELETE FROM log_tile")).toBe(wall);
    const upsert = (hashes: string) =>
      asApp(`INSERT INTO log_tile VALUES ('A', 0, 0, '${hashes}')
             ON CONFLICT (operator_id, level, n) DO UPDATE SET hashes = excluded.hashes`);
    expect(await upsert("\\x0102ff")).toBeNull();
    expect(await upsert("\\x0202ff")).toBe(wall);
    expect(await asApp("UPDATE log_head SET size = size + 1")).toBeNull();
    expect(await asApp("UPDATE log_head SET size = size - 1")).toBe(wall);
    expect(await asApp("UPDATE log_head SET origin = 'other'")).toBe(forbidden);
    expect(await asOwner("UPDATE log_head SET origin = 'other'")).toBe(wall);
    expect(await asOwner("DELETE FROM log_head")).toBe(wall);
    expect(await asApp("UPDATE log_pending SET entry_id = 'x'")).toBe(forbidden);
  });
});

it(promise("keys.send-xor-oversight"), async () => {
  const insert = (scopes: string) =>
    asApp(
      `INSERT INTO api_key VALUES ('A', 'k', 'k', 'hash', 'mm', '${scopes}', NULL, false, NULL, 'x', now(), NULL, NULL, NULL)`,
    );
  for (const scopes of ["{send,oversight}", "{oversight,read,send}", "{send,send,oversight}"])
    expect(await insert(scopes), scopes).toBe(constraint);
  expect(await insert("{send,read}")).toBeNull();
  expect(await insert("{oversight}")).toBeNull();
  // Nor in two steps; and whom it stands for, and whether it is a test key, is written once.
  expect(await asApp("UPDATE api_key SET scopes = '{read,send,oversight}'")).toBe(constraint);
  expect(await asApp("UPDATE api_key SET scopes = scopes || '{send,oversight}'")).toBe(constraint);
  for (const set of ["test = false", "person_id = 'p1'", "token_hash = 'x'", "created_by = 'x'"])
    expect(await asApp(`UPDATE api_key SET ${set}`), set).toBe(forbidden);
});

describe("operators", () => {
  it(promise("tenant.row-level-security"), async () => {
    const none = { A: 0, B: 0 };
    const visible = async (): Promise<typeof none> => {
      const seen = { ...none };
      for (const table of tables) {
        const { rows } = await app.query<{ operator_id: "A" | "B"; n: string }>(
          `SELECT operator_id, count(*) AS n FROM ${table} GROUP BY 1`,
        );
        for (const row of rows) seen[row.operator_id] += Number(row.n);
      }
      return seen;
    };
    await bind(app, "A");
    expect(await visible()).toMatchObject({ B: 0 });
    expect((await visible()).A).toBeGreaterThan(10);
    await bind(app, "B");
    expect(await visible()).toMatchObject({ A: 0 });
    for (const nobody of [null, "", "C", "%"]) {
      await bind(app, nobody);
      expect(await visible(), `bound to ${nobody}`).toEqual(none);
    }
  });

  it("every table has the wall, and every table with rows of an operator names it first", async () => {
    const { rows } = await held.root.query<{ relname: string; walled: boolean; policies: string }>(
      `
      SELECT relname, relrowsecurity AS walled, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
      FROM pg_class c WHERE relname = ANY($1) AND relnamespace = 'public'::regnamespace`,
      [tables],
    );
    expect(rows.filter((row) => !row.walled || row.policies !== "1")).toEqual([]);
    const keys = await held.root.query<{ relname: string; attname: string }>(
      `
      SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
      WHERE i.indisprimary AND c.relname = ANY($1)`,
      [tables],
    );
    expect(keys.rows).toHaveLength(tables.length);
    expect(keys.rows.filter((row) => row.attname !== "operator_id")).toEqual([]);
  });

  it("rows are neither written for another operator, nor moved to one, nor changed there", async () => {
    const person = "INSERT INTO person VALUES ('B', 'p9', 'x', 'x', 'owner', now())";
    expect(await asApp(person)).toBe(forbidden);
    await bind(app, null);
    expect(await asApp(person)).toBe(forbidden);
    await bind(app, "A");
    expect(await asApp("UPDATE person SET operator_id = 'B'")).toBe(forbidden);
    expect(await asApp("UPDATE allowlist_entry SET operator_id = 'B'")).toBe(forbidden);
    for (const text of [
      "UPDATE mailbox SET mode = 'autonomous' WHERE operator_id = 'B'",
      "UPDATE operator SET stopped_at = NULL WHERE operator_id = 'B'",
      "DELETE FROM allowlist_entry WHERE operator_id = 'B'",
    ])
      expect((await app.query(text)).rowCount, text).toBe(0);
    expect(
      await asApp(
        `INSERT INTO allowlist_entry VALUES ('B', 'gated_send', 'e1', '*@evil', 'x', now())
         ON CONFLICT (operator_id, mailbox_id, entry_id) DO UPDATE SET pattern = excluded.pattern`,
      ),
    ).toBe(forbidden);
    expect(await refusal(app, () => insertMessage(app, { operator_id: "B" }, []))).not.toBeNull();
  });
});

describe("the service role", () => {
  it("owns nothing, may not pass the walls, and cannot make anything in the schema", async () => {
    const { rows } = await app.query<Record<string, unknown>>(
      "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication FROM pg_roles WHERE rolname = current_user",
    );
    expect(rows).toEqual([
      {
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolcanlogin: false,
        rolreplication: false,
      },
    ]);
    const owned = await held.root.query(
      "SELECT oid::regclass::text FROM pg_class WHERE relowner = 'multimail_app'::regrole AND relpersistence <> 't' UNION ALL SELECT oid::regproc::text FROM pg_proc WHERE proowner = 'multimail_app'::regrole",
    );
    expect(owned.rows).toEqual([]);
    for (const text of [
      "CREATE TABLE mine (x int)",
      "CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS 'SELECT 1'",
      "CREATE SCHEMA mine",
      "ALTER TABLE message DISABLE TRIGGER message_guard",
      "ALTER TABLE message DISABLE ROW LEVEL SECURITY",
      "DROP TRIGGER handoff_guard ON handoff",
      "SET session_replication_role = replica",
      "CREATE POLICY all_of_it ON message USING (true)",
      "SELECT setval('log_seq', 1)",
      "UPDATE schema_migration SET version = 'x'",
    ])
      expect(await asApp(text), text).toBe(forbidden);
  });
});
