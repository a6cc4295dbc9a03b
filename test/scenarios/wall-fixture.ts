/** What the tests of the database's wall share: a real PostgreSQL, a session as the service role, and rows written by hand. */
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import { startPostgres } from "../../src/store/postgres-launcher.ts";

/** Codes with which PostgreSQL says no: our triggers, privileges, constraints. */
export const wall = "23001";
export const forbidden = "42501";
export const constraint = "23514";
export const duplicate = "23505";

/** Overrides of columns by name. */
export type Columns = Record<
  string,
  string | number | boolean | Date | Buffer | readonly string[] | null
>;

/** The database with two operators in it, `A` and `B`, alike in everything. */
export type Wall = {
  /** The session of the application: service role, bound to operator A unless a test binds it otherwise. */
  app: pg.Client;
  /** The superuser: plants what the application could not write. */
  root: pg.Client;
  /** A session of its own, as the service role and bound to A; ended by `close`. */
  connect(user?: string, options?: string): Promise<pg.Client>;
  close(): Promise<void>;
};

const asService = "-c role=multimail_app -c search_path=public";

/** Starts PostgreSQL in a folder of its own, applies the migrations and plants the operators. */
export async function openWall(): Promise<Wall> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "mm-wall-")));
  chmodSync(base, 0o755);
  const quiet = { info: () => undefined, warn: () => undefined };
  const server = await startPostgres({
    folder: join(base, "data"),
    outside_folder: join(base, "outside"),
    log: quiet,
  });
  const clients: pg.Client[] = [];
  const connect = async (user = server.user, options = asService): Promise<pg.Client> => {
    const client = new pg.Client({ ...server.connection, user, options });
    await client.connect();
    clients.push(client);
    await bind(client, "A");
    return client;
  };
  await migrate(server.connection);
  const root = await connect("postgres", "");
  for (const operator of ["A", "B"]) await root.query(plant(operator));
  return {
    app: await connect(),
    root,
    connect,
    async close() {
      for (const client of clients) await client.end();
      await server.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Says whose rows the session sees; null for nobody's. */
export async function bind(client: pg.Client, operator: string | null): Promise<void> {
  if (operator === null) await client.query("RESET multimail.operator");
  else await client.query("SELECT set_config('multimail.operator', $1, false)", [operator]);
}

/** An operator with a mailbox of each mode, one of quorum two, three people and two keys. */
function plant(op: string): string {
  const mailbox = (id: string, mode: string, quorum: number): string =>
    `INSERT INTO mailbox VALUES ('${op}', '${id}', '${id}@${op.toLowerCase()}.example', NULL, '${mode}', ${quorum}, 3600, 0, true, now(), now());`;
  return `
    INSERT INTO operator VALUES ('${op}', '${op}', '${op}', 'street', 'watch@${op.toLowerCase()}.example', NULL, now());
    INSERT INTO log_head VALUES ('${op}', 'log/${op}', 1);
    ${["read_only", "gated_all", "gated_send", "monitored", "autonomous"].map((mode) => mailbox(mode, mode, 1)).join("\n")}
    ${mailbox("quorum", "gated_all", 2)}
    INSERT INTO allowlist_entry VALUES ('${op}', 'gated_send', 'e1', '*@Allowed.example', 'p1', now());
    INSERT INTO person SELECT '${op}', p, p, p || '@x.example', 'approver', now() FROM unnest(ARRAY['p1', 'p2', 'p3', 'writer']) p;
    INSERT INTO api_key VALUES
      ('${op}', 'agent', 'agent', '${op}1', 'mm', '{read,send}', NULL, false, NULL, 'x', now(), NULL, NULL, NULL),
      ('${op}', 'decider', 'decider', '${op}2', 'mm', '{read,oversight}', NULL, false, NULL, 'x', now(), NULL, NULL, NULL);
    INSERT INTO log_entry VALUES ('${op}', 'first', 'operator.created', 'system', 'worker', '${op}', NULL, NULL, now(), '{}');
    INSERT INTO log_index VALUES ('${op}', 0, 'first', '\\x00');
    INSERT INTO log_checkpoint VALUES ('${op}', 1, 'note', now());
    INSERT INTO log_tile VALUES ('${op}', 0, 0, '\\x0102');`;
}

let count = 0;

/** A name that no other row has. */
export const fresh = (prefix: string): string => `${prefix}${++count}`;

async function insert(client: pg.Client, table: string, row: Columns): Promise<void> {
  const names = Object.keys(row);
  await client.query(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map((_, i) => `$${i + 1}`).join(", ")})`,
    Object.values(row),
  );
}

/** Inserts an outbound message with one recipient and its bytes; by default queued and ungated in the autonomous mailbox. */
export async function insertMessage(
  client: pg.Client,
  columns: Columns = {},
  recipients: Columns[] = [{}],
): Promise<string> {
  const id = String(columns["message_id"] ?? fresh("m"));
  const mailbox = String(columns["mailbox_id"] ?? "autonomous");
  const now = new Date();
  // Recipients first: once there is a message that waits or is queued, nobody is added to it.
  for (const [position, recipient] of recipients.entries())
    await insert(client, "recipient", {
      operator_id: "A",
      message_id: id,
      position,
      kind: "to",
      address: "ada@x.example",
      status: "pending",
      ...recipient,
    });
  await insert(client, "message", {
    operator_id: "A",
    message_id: id,
    mailbox_id: mailbox,
    direction: "outbound",
    status: "queued",
    mode: mailbox === "quorum" ? "gated_all" : mailbox,
    test: false,
    required: 1,
    timing: "gate_first",
    gated: false,
    handed: false,
    authors: ["key:agent"],
    author_kind: "api_key",
    author_id: "agent",
    digest: "d",
    thread_id: id,
    rfc_message_id: `<${id}@a.example>`,
    from_address: "box@a.example",
    subject: "s",
    size_bytes: 1,
    attachments: "[]",
    tags: "{}",
    metadata: "{}",
    created_at: now,
    updated_at: now,
    ...columns,
  });
  return id;
}

/** Inserts a message that waits for a decision in a gating mailbox. */
export function insertPending(client: pg.Client, columns: Columns = {}): Promise<string> {
  return insertMessage(client, {
    mailbox_id: "gated_all",
    status: "pending_approval",
    gated: true,
    ...columns,
  });
}

/** Inserts a person's decision (by default p1's approval of digest `d`) with its entry; a principal `key:x` decides as key x. */
export async function decide(
  client: pg.Client,
  message: string,
  principal = "person:p1",
  columns: Columns = {},
  logged = true,
): Promise<string> {
  const id = fresh("d");
  const entry = fresh("e");
  const [kind, name = ""] = principal.split(":");
  // First, so that it is there when a decision that commits by itself is looked at.
  if (logged) await insertEntry(client, entry, "message.decided", message);
  await insert(client, "decision", {
    operator_id: "A",
    decision_id: id,
    message_id: message,
    decision: "approve",
    digest: "d",
    principal,
    credential_id: kind === "key" ? name : "session",
    person_id: kind === "key" ? null : name,
    decided_by: name,
    class: "B",
    statement: Buffer.from("s"),
    envelope: "{}",
    entry_id: entry,
    leaf_hash: Buffer.from("l"),
    created_at: new Date(),
    ...columns,
  });
  return id;
}

/** Inserts the permission to send, and the log entry that says so unless `logged` is false. */
export async function insertHandoff(
  client: pg.Client,
  message: string,
  { attempt = 1, digest = "d", logged = true } = {},
): Promise<void> {
  const entry = fresh("h");
  await insert(client, "handoff", {
    operator_id: "A",
    message_id: message,
    attempt,
    digest,
    entry_id: entry,
    handed_at: new Date(),
  });
  if (logged) await insertEntry(client, entry, "message.handed_off", message);
}

/** Inserts an entry of the log about a message. */
export async function insertEntry(
  client: pg.Client,
  entry: string,
  type: string,
  message: string,
): Promise<void> {
  await insert(client, "log_entry", {
    operator_id: "A",
    entry_id: entry,
    type,
    actor_kind: "system",
    actor_id: "worker",
    resource: message,
    at: new Date(),
    body: Buffer.from("{}"),
  });
}

/** Changes columns of one message by hand. */
export async function update(client: pg.Client, message: string, set: string): Promise<void> {
  const result = await client.query(`UPDATE message SET ${set} WHERE message_id = $1`, [message]);
  expect(result.rowCount, "one message is changed").toBe(1);
}

/** Does the work in a transaction of its own and takes it back; answers the code of PostgreSQL's refusal, null for none. */
export async function refusal(
  client: pg.Client,
  work: () => Promise<unknown>,
): Promise<string | null> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("SET CONSTRAINTS ALL IMMEDIATE");
    return null;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? "";
    throw error;
  } finally {
    await client.query("ROLLBACK");
  }
}
