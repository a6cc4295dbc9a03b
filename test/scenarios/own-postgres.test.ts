/** A PostgreSQL of the user's own: what its user must be allowed, and several nodes on one database. */
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { DatabaseUnusable, migrate } from "../../src/store/migrate.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type ChildServer, ready, spawnServer, freePorts } from "./child-server.ts";
import { allSettled, callApi, copiesBy, freePort, startLoad, verifyLiveLog } from "./load.ts";
import { type OwnServer, knownServers, startOwnServer } from "./own-server.ts";

const servers: ChildServer[] = [];
const folders: string[] = [];

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "multimail-node-"));
  folders.push(path);
  return path;
}

function spawn(env: Record<string, string>): ChildServer {
  const server = spawnServer({ ...freePorts, ...env });
  servers.push(server);
  return server;
}

async function endAll(): Promise<void> {
  for (const server of servers.splice(0)) {
    if (server.process.exitCode === null) server.process.kill("SIGTERM");
    expect([0, 1], server.output()).toContain(await server.ended);
  }
}

afterAll(async () => {
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

/** A start that fails: the one line it leaves. */
async function failure(env: Record<string, string>): Promise<string> {
  const server = spawn({ MULTIMAIL_DATA: await folder(), ...env });
  expect(await server.ended, server.output()).toBe(1);
  const lines = server.output().trimEnd().split("\n");
  expect(lines, server.output()).toHaveLength(1);
  return lines[0] ?? "";
}

/** What a superuser is asked to run. */
const statements = (line: string): string => /As a superuser run: (.*;)$/.exec(line)?.[1] ?? "";

describe.each(knownServers())("a database on %s", (name) => {
  let own: OwnServer;
  beforeAll(async () => {
    own = await startOwnServer(name);
  });
  afterAll(() => own.stop());
  // Each begins without the role, which is of the whole server.
  afterEach(async () => {
    await endAll();
    for (const { datname } of await own.asSuperuser(
      "SELECT datname FROM pg_database WHERE datname LIKE 'own%'",
    ))
      await own.asSuperuser(`DROP DATABASE ${String(datname)}`);
    await own.asSuperuser("DROP ROLE IF EXISTS multimail_app");
  });

  test("a user with CREATEROLE that owns the database is all it takes", async () => {
    const url = await own.makeDatabase("own1", "CREATEROLE");
    const data = await folder();
    const server = spawn({ MULTIMAIL_DATA: data, DATABASE_URL: url });
    const known = await ready(server, data);
    const sent = await callApi(known, known.agent_key, `/v1/mailboxes/${known.mailbox_id}/send`, {
      to: ["ada@example.com"],
      subject: "On a database of one's own",
      markdown: "Text.",
    });
    expect(sent.status).toBe(202);
  });

  test(promise("start.database-rights"), async () => {
    const url = await own.makeDatabase("own2", "", "postgres");
    // Both rights are missing; each is said with the statement that mends it, which is run as it was printed.
    const role = await failure({ DATABASE_URL: url });
    expect(role).toContain("may not create the role multimail_app");
    await own.asSuperuser(statements(role));
    const owner = await failure({ DATABASE_URL: url });
    expect(owner).toContain("permission denied for schema public");
    await own.asSuperuser(statements(owner));
    const data = await folder();
    await ready(spawn({ MULTIMAIL_DATA: data, DATABASE_URL: url }), data);
  });

  test("nodes that migrate an empty database at once do it once", async () => {
    const connection = { connectionString: await own.makeDatabase("own3", "CREATEROLE") };
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(connection)));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await migrate(connection)).toEqual([]);
  });

  test("a database that a newer release wrote is refused", async () => {
    const connection = { connectionString: await own.makeDatabase("own4", "CREATEROLE") };
    await migrate(connection);
    await own.asSuperuser("INSERT INTO schema_migration VALUES ('9999_later.sql')", "own4");
    await expect(migrate(connection)).rejects.toThrow(DatabaseUnusable);
    await expect(migrate(connection)).rejects.toThrow("9999_later.sql");
  });
});

describe("several nodes on one database", () => {
  let own: OwnServer;
  let sink: SmtpSink;
  let shared: Record<string, string>;
  beforeAll(async () => {
    own = await startOwnServer(knownServers()[0] ?? "");
    sink = await startSink();
    const port = await freePort();
    shared = {
      DATABASE_URL: await own.makeDatabase("nodes", "CREATEROLE"),
      MULTIMAIL_MASTER_KEY: "5a".repeat(32),
      MULTIMAIL_PUBLIC_URL: `http://127.0.0.1:${port}`,
      MULTIMAIL_PORT: String(port),
      MULTIMAIL_DELIVERY: "relay",
      MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    };
  });
  afterAll(async () => {
    await endAll();
    await sink.close();
    await own.stop();
  });

  test(promise("nodes.one-operator"), async () => {
    const nodes = await Promise.all(
      ["api", "worker,smtp", "worker"].map(async (roles, i) => {
        const data = await folder();
        // Each with another domain, so that no two operators would collide, and the relay sees who delivers.
        const server = spawn({
          ...shared,
          MULTIMAIL_DATA: data,
          MULTIMAIL_ROLES: roles,
          MULTIMAIL_DOMAIN: `node${i}.example`,
        });
        return { server, data };
      }),
    );
    const founders = [];
    for (const { server, data } of nodes) {
      await untilReady(server);
      if (existsSync(join(data, "first-run.json"))) founders.push({ server, data });
      else if (server.output().includes("Keys and ids"))
        expect(server.output()).toContain("in the data folder of the node that was started first");
    }
    expect(founders).toHaveLength(1);
    expect(await own.asSuperuser("SELECT operator_id FROM operator", "nodes")).toHaveLength(1);
    const [founder] = founders;
    if (!founder) return;
    const known = await ready(founder.server, founder.data);

    const load = startLoad(known, { clients: 8, pause: 5 });
    for (const end = Date.now() + 30_000; load.approved.size < 200 && Date.now() < end;)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await load.stop();
    expect(load.odd).toEqual([]);
    await allSettled(known, load);
    const copies = copiesBy(sink);
    for (const id of load.approved) expect(copies.get(id), `approved ${id}`).toBe(1);
    expect([...copies.keys()].filter((id) => !load.asked.has(id))).toEqual([]);
    const attempts = await own.asSuperuser("SELECT DISTINCT attempt FROM handoff", "nodes");
    expect(attempts).toEqual([{ attempt: 1 }]);
    const size = await verifyLiveLog(known, { accepted: load.accepted, left: copies.size });
    const by = (node: string): number =>
      sink.messages.filter(
        ({ connection }) =>
          sink.connections[connection - 1]?.commands[0] === `EHLO ${node}.example`,
      ).length;
    expect(by("node0")).toBe(0);
    process.stdout.write(
      `three nodes: ${load.approved.size} approved on one, ${by("node1")} and ${by("node2")} delivered by the others, none twice; log of ${size} entries verified\n`,
    );
  });

  test("keys of a founding that a crash undid are not taken for those of the node that founded", async () => {
    const data = await folder();
    const undone = { mailbox_id: "01M7YR7AS0ESDV0KCZWCGX9QYS", agent_key: "mm_live_of_nobody" };
    await writeFile(join(data, "first-run.json.prepared"), JSON.stringify(undone));
    await untilReady(spawn({ ...shared, MULTIMAIL_PORT: "0", MULTIMAIL_DATA: data }));
    expect((await readdir(data)).filter((file) => file.startsWith("first-run"))).toEqual([]);
  });

  test("a node name is held by one process, also where the data folder's lock tells of none; a crash gives it free", async () => {
    const data = await folder();
    const env = { ...shared, MULTIMAIL_PORT: "0" };
    const node = spawn({ ...env, MULTIMAIL_DATA: data });
    await untilReady(node);
    const copy = await folder();
    await copyFile(join(data, "node-id"), join(copy, "node-id"));
    const refusal = await failure({ ...env, MULTIMAIL_DATA: copy });
    expect(refusal).toContain("has the node name of this data folder");
    // Its session goes with the database's, and is taken again before another could have it.
    const client = new pg.Client({ connectionString: shared["DATABASE_URL"] });
    await client.connect();
    const held = async (): Promise<number[]> =>
      (
        await client.query<{ pid: number }>(
          "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND objsubid = 1",
        )
      ).rows.map(({ pid }) => pid);
    const before = await held();
    for (const pid of before) await client.query("SELECT pg_terminate_backend($1)", [pid]);
    await expect
      .poll(async () => (await held()).filter((pid) => !before.includes(pid)).length, {
        timeout: 30_000,
      })
      .toBeGreaterThanOrEqual(before.length);
    await client.end();
    node.process.kill("SIGKILL");
    await node.ended;
    servers.splice(servers.indexOf(node), 1);
    await untilReady(spawn({ ...env, MULTIMAIL_DATA: copy }));
  });

  test(promise("start.master-key"), async () => {
    const other = { ...shared, MULTIMAIL_PORT: "0" };
    expect(await failure({ ...other, MULTIMAIL_MASTER_KEY: "00".repeat(32) })).toContain(
      "MULTIMAIL_MASTER_KEY",
    );
    // Without one a node would make its own.
    expect(await failure({ ...other, MULTIMAIL_MASTER_KEY: "" })).toContain("MULTIMAIL_MASTER_KEY");
  });

  test("session options in DATABASE_URL, which could lift the service's role, are refused", async () => {
    const DATABASE_URL = `${shared["DATABASE_URL"] ?? ""}?options=-c%20role%3Dnone`;
    expect(await failure({ ...shared, DATABASE_URL })).toContain(
      "DATABASE_URL: must not have the parameter options",
    );
  });
});

/** Ready, with doors or without. */
async function untilReady(server: ChildServer): Promise<void> {
  for (const end = Date.now() + 60_000; !server.output().includes("MultiMail is ready");) {
    if (server.process.exitCode !== null || Date.now() > end) throw new Error(server.output());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
