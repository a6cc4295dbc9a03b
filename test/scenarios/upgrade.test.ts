/** Upgrade: a database as the release with one migration really left it, started by this one. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../src/cli/main.ts";
import { runAuditVerify } from "../../src/cli/audit-verify.ts";
import { readConfig } from "../../src/config.ts";
import { type Instance, startInstance } from "../../src/instance.ts";
import { freePorts } from "./child-server.ts";
import { freePort } from "./load.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";

/** Every row of an instance of that release: two messages delivered, one rejected, one waiting. Its keys open nothing else. */
type Left = {
  master_key: string;
  url: string;
  keys: { agent: string; oversight: string; admin: string };
  mailbox_id: string;
  rows: Record<string, Record<string, unknown>[]>;
};

const left = JSON.parse(
  readFileSync(new URL("../upgrade/release-0001.json", import.meta.url), "utf8"),
) as Left;
const messages = left.rows["message"] as { message_id: string; subject: string; status: string }[];

let server: OwnServer;
let instance: Instance;
let port: number;
const folder = mkdtempSync(join(tmpdir(), "multimail-upgrade-"));

/** The schema of the first migration with the rows, as a superuser puts back a backup. */
async function putBack(connectionString: string): Promise<void> {
  const init = new URL("../../src/store/migrations/0001_init.sql", import.meta.url);
  const owner = new pg.Client({ connectionString });
  await owner.connect();
  await owner.query(
    "CREATE TABLE schema_migration (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
  );
  await owner.query("CREATE ROLE multimail_app NOLOGIN NOBYPASSRLS");
  await owner.query("GRANT multimail_app TO CURRENT_USER");
  await owner.query("GRANT USAGE ON SCHEMA public TO multimail_app");
  await owner.query(await readFile(init, "utf8"));
  await owner.query("INSERT INTO schema_migration VALUES ('0001_init.sql')");
  await owner.end();
  const superuser = new pg.Client({ connectionString: server.url("postgres", "upgraded") });
  await superuser.connect();
  await superuser.query("SET session_replication_role = replica");
  for (const [table, rows] of Object.entries(left.rows))
    await superuser.query(
      `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`,
      [JSON.stringify(rows)],
    );
  await superuser.query("SELECT setval('log_seq', 1000)");
  await superuser.query("SELECT setval('due_token', 1000)");
  // What waited then waits for some days, whenever this test runs.
  await superuser.query(
    "UPDATE message SET expires_at = now() + interval '1 day' WHERE expires_at IS NOT NULL; UPDATE due SET due_at = now() + interval '1 day' WHERE kind = 'expire'",
  );
  await superuser.end();
}

async function call(key: string, path: string, body?: object) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // oxlint-disable-next-line typescript/no-explicit-any
  return { status: response.status, body: (await response.json()) as any };
}

const emails = `/v1/mailboxes/${left.mailbox_id}/emails`;

beforeAll(async () => {
  server = await startOwnServer("embedded");
  const url = await server.makeDatabase("upgraded", "CREATEROLE");
  await putBack(url);
  port = await freePort();
  const settings = {
    ...freePorts,
    DATABASE_URL: url,
    MULTIMAIL_DATA: folder,
    MULTIMAIL_PORT: String(port),
    MULTIMAIL_PUBLIC_URL: left.url,
    MULTIMAIL_MASTER_KEY: left.master_key,
  };
  instance = await startInstance(readConfig(settings), pino({ level: "silent" }));
}, 60_000);
afterAll(async () => {
  await instance?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

test("all mail of the release before is there, with its content, decisions and evidence", async () => {
  expect(messages).toHaveLength(4);
  for (const { message_id: id, subject, status } of messages) {
    const { body } = await call(left.keys.agent, `${emails}/${id}`);
    expect([body.id, body.subject, body.direction]).toEqual([id, subject, "outbound"]);
    expect(body.status).toBe(status === "pending_approval" ? "pending_send_approval" : status);
    expect(body.text_body).toContain("Hi");
    const thread = await call(left.keys.agent, `/v1/mailboxes/${left.mailbox_id}/threads/${id}`);
    expect(thread.body.emails.map((email: { id: string }) => email.id)).toEqual([id]);
    const proof = await call(left.keys.agent, `${emails}/${id}/proof`);
    expect([proof.status, proof.body.email.id]).toEqual([200, id]);
  }
});

test("mail that waited in the release before is approved in this one, and leaves", async () => {
  const [id] = messages.filter((one) => one.status === "pending_approval").map((m) => m.message_id);
  const pending = await call(left.keys.oversight, "/v1/oversight/pending");
  expect(pending.body.emails.map((email: { id: string }) => email.id)).toEqual([id]);
  const [{ digest }] = pending.body.emails;
  const decided = await call(left.keys.oversight, "/v1/oversight/decide", {
    email_id: id,
    decision: "approve",
    digest,
  });
  expect(decided.body).toMatchObject({ id, status: "queued" });
  await expect
    .poll(async () => (await call(left.keys.agent, `${emails}/${id}`)).body.status, {
      timeout: 20_000,
    })
    .toBe("delivered");
});

test("the log goes on from the release before, and verifies as a whole", async () => {
  let out = "";
  const env = {
    MULTIMAIL_API_URL: `http://127.0.0.1:${port}`,
    MULTIMAIL_API_KEY: left.keys.admin,
    MULTIMAIL_DATA: folder,
  };
  const io = {
    env,
    stdout: { write: (text: string | Uint8Array) => (out += String(text)) },
    stderr: { write: (text: string | Uint8Array) => (out += String(text)) },
    stdin: (async function* () {})(),
    fetch,
    now: () => new Date(),
    read_file: (path: string) => readFile(path),
    write_file: (path: string, content: string | Uint8Array) => writeFile(path, content),
  };
  const code = await runCli(["audit", "verify"], {
    ...io,
    operations: [],
    local: { "audit verify": { summary: "", run: (args) => runAuditVerify(args, io) } },
  });
  expect([code, out]).toEqual([0, expect.stringContaining("the log is whole")]);
  const entries = Number(/(\d+) entries recomputed/.exec(out)?.[1]);
  expect(entries).toBeGreaterThan((left.rows["log_entry"] ?? []).length);
});

test("mail of the release before is found by search, and an answer to it comes into its thread", async () => {
  const search = async () =>
    (await call(left.keys.agent, `${emails}?q=m1`)).body.emails.map(
      (email: { subject: string }) => email.subject,
    );
  await expect.poll(search, { timeout: 10_000 }).toEqual(["m1"]);
  const [old] = messages.filter((message) => message.subject === "m1");
  const id = old?.message_id ?? "";
  const { host, port: smtp } = instance.smtp?.inbound ?? { host: "", port: 0 };
  const transport = createTransport({ host, port: smtp, tls: { rejectUnauthorized: false } });
  await transport.sendMail({
    from: "ada@example.com",
    to: "agent@multimail.localhost",
    inReplyTo: `<${id.toLowerCase()}@multimail.localhost>`,
    subject: "Re: m1",
    text: "Thanks.",
  });
  transport.close();
  const thread = `/v1/mailboxes/${left.mailbox_id}/threads/${id}`;
  await expect
    .poll(
      async () =>
        (await call(left.keys.agent, thread)).body.emails.map(
          (email: { subject: string }) => email.subject,
        ),
      { timeout: 10_000 },
    )
    .toEqual(["m1", "Re: m1"]);
});
