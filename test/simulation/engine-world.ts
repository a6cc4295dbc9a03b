/** The real engine over a real database, with a clock that only the test moves: operator, mailboxes, people, and rows read back. */
import { domainsWithoutDns, readingWithoutDns } from "../scenarios/mail-reading.ts";
import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type Actor, roleScopes } from "../../src/core/actor.ts";
import { usualSchedule } from "../../src/core/webhook-retry.ts";
import { idMaker } from "../../src/core/id.ts";
import type { Mode } from "../../src/core/oversight/types.ts";
import { foundOperator } from "../../src/engine/bootstrap.ts";
import { type EngineContext, unlimited } from "../../src/engine/context.ts";
import { type Engine, createEngine } from "../../src/engine/engine.ts";
import { createKeyring } from "../../src/engine/keyring.ts";
import { type Queue, createQueue } from "../../src/engine/queue.ts";
import { createSubjects } from "../../src/engine/subjects.ts";
import { openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { startPostgres } from "../../src/store/postgres-launcher.ts";

/** A mailbox of the world; what a test changes of it goes through {@link World.sql}. */
export type Box = {
  mailbox_id: string;
  mode: Mode;
  required: number;
  undo_seconds: number;
  expiry_seconds: number;
};

/** What is read back of a message. */
export type Row = {
  status: string;
  mode: string;
  test: boolean;
  gated: boolean;
  handed: boolean;
  required: number;
  timing: string;
  authors: string[];
  digest: string;
  /** By principal: decisions of one transaction have no order among them. */
  approvals: { by: string; digest: string; class: string }[];
  attempts: number;
  first_attempt_at: Date | null;
  recipients: string[];
  addresses: string[];
  kinds: string[];
  due: { kind: string; at: number }[];
};

/** Everything that a simulation works with. */
export type World = {
  engine: Engine;
  queue: Queue;
  operator_id: string;
  overseer: string;
  boxes: Box[];
  agent: Actor;
  test_agent: Actor;
  /** People p1 to p3, a key that acts for p1, and the agent with oversight that it should not have. */
  deciders: Actor[];
  /** A key with oversight that acts for nobody. */
  stranger: Actor;
  clock: { now: number };
  /** A statement as the owner of the tables: what happens outside the engine. */
  sql(text: string, values?: unknown[]): Promise<void>;
  rows(ids: readonly string[]): Promise<Map<string, Row>>;
  /** Types of the log entries about a message, and of its events, oldest first. */
  entries(messageId: string): Promise<string[]>;
  events(messageId: string): Promise<string[]>;
  /** The entries about something, as text. */
  entryBodies(resource: string): Promise<string>;
  close(): Promise<void>;
};

/** Starts PostgreSQL, founds an operator and gives it mailboxes of every kind. */
export async function openWorld(): Promise<World> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "mm-sim-")));
  chmodSync(base, 0o755);
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const server = await startPostgres({
    folder: join(base, "data"),
    outside_folder: join(base, "outside"),
    log: quiet,
    // Nothing here outlives the test.
    settings: { fsync: false, synchronous_commit: false },
  });
  await migrate(server.connection);
  const database = openDatabase(server.connection, quiet);
  const owner = new pg.Client(server.connection);
  await owner.connect();
  const clock = { now: Date.UTC(2030, 0, 1) };
  const context = contextOf(database, clock, quiet);
  const founded = await foundOperator(context, wanted, async () => undefined);
  const engine = createEngine(context);
  const sql = async (text: string, values: unknown[] = []): Promise<void> => {
    await owner.query(text, values);
  };
  const boxes = await makeBoxes(sql, founded.operator_id, founded.mailbox_id);
  return {
    engine,
    queue: createQueue(database),
    operator_id: founded.operator_id,
    overseer: wanted.oversight_address,
    boxes,
    ...(await makeActors(sql, founded.operator_id)),
    clock,
    sql,
    rows: (ids) => readRows(owner, ids),
    entries: (id) => readTypes(owner, "log_entry", "resource", "entry_id", id),
    events: (id) => readTypes(owner, "event", "message_id", "event_id", id),
    async entryBodies(id) {
      const text = "SELECT body FROM log_entry WHERE resource = $1 ORDER BY entry_id";
      const { rows } = await owner.query<{ body: Buffer }>(text, [id]);
      return rows.map(({ body }) => body.toString()).join("\n");
    },
    async close() {
      await database.close();
      await owner.end();
      await server.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

const wanted = {
  name: "Operator",
  slug: "operator",
  postal_address: "1 Street",
  oversight_address: "watch@operator.example",
  owner: { name: "Owner", email: "owner@operator.example" },
  domain: "operator.example",
  mailbox_local_part: "first",
};

function contextOf(
  database: EngineContext["database"],
  clock: { now: number },
  log: EngineContext["log"],
): EngineContext {
  const masterKey = randomBytes(32);
  const now = (): Date => new Date(clock.now);
  // One byte is asked for by the retry schedule only: in the middle there is no jitter.
  const random = (length: number): Buffer => (length === 1 ? Buffer.of(128) : randomBytes(length));
  return {
    database,
    now,
    new_id: idMaker(() => clock.now, randomBytes),
    random,
    keyring: createKeyring(database, masterKey, random),
    subjects: createSubjects(database, masterKey, now, random),
    public_url: "https://mail.operator.example",
    unsubscribe_key: createHmac("sha256", masterKey).update("unsubscribe").digest(),
    link_key: createHmac("sha256", masterKey).update("decision link").digest(),
    instance_domain: "operator.example",
    code_key: createHmac("sha256", masterKey).update("one-time-code").digest(),
    log,
    webhooks: {
      key: createHmac("sha256", masterKey).update("webhook secrets").digest(),
      targets: { allow_private: false, allow_http: false },
      schedule: usualSchedule,
    },
    domains: domainsWithoutDns(now),
    mail: readingWithoutDns(now),
    daily_quota: 1_000_000,
    limits: unlimited,
    wake: {
      receive: () => undefined,
      service_mail: () => undefined,
      deliver: () => undefined,
      timers: () => undefined,
      sequence: () => undefined,
    },
  };
}

type Sql = World["sql"];

async function makeBoxes(sql: Sql, operator: string, first: string): Promise<Box[]> {
  const plans: [string, Mode, number, number][] = [
    ["read", "read_only", 1, 0],
    ["all", "gated_all", 1, 10],
    ["quorum", "gated_all", 2, 0],
    ["three", "gated_send", 3, 60],
    ["send", "gated_send", 1, 0],
    ["watched", "monitored", 1, 0],
    ["free", "autonomous", 2, 5],
  ];
  const boxes: Box[] = [];
  for (const [name, mode, required, undo_seconds] of plans) {
    const box = {
      mailbox_id: `${first.slice(0, -6)}${name.padEnd(6, "0")}`,
      mode,
      required,
      undo_seconds,
      expiry_seconds: 7200,
    };
    boxes.push(box);
    await sql("INSERT INTO mailbox VALUES ($1, $2, $3, NULL, $4, $5, $6, $7, true, now(), now())", [
      operator,
      box.mailbox_id,
      `${name}@${wanted.domain}`,
      mode,
      required,
      box.expiry_seconds,
      undo_seconds,
    ]);
    await sql(
      "INSERT INTO allowlist_entry VALUES ($1, $2, 'e', '*@friends.example', 'owner', now())",
      [operator, box.mailbox_id],
    );
  }
  return boxes;
}

async function makeActors(
  sql: Sql,
  operator_id: string,
): Promise<Pick<World, "agent" | "test_agent" | "deciders" | "stranger">> {
  const key = async (
    id: string,
    scopes: string[],
    person: string | null,
    test = false,
  ): Promise<Actor> => {
    await sql(
      "INSERT INTO api_key VALUES ($1, $2, $2, $3, 'mm', $4, NULL, $5, $6, 'test', now())",
      [operator_id, id, Buffer.from(id), scopes, test, person],
    );
    return {
      kind: "api_key",
      operator_id,
      credential_id: id,
      person_id: person,
      role: null,
      scopes: scopes as Actor["scopes"],
      mailbox_ids: null,
      test,
      signed_in_at: null,
    };
  };
  const person = async (id: string): Promise<Actor> => {
    await sql("INSERT INTO person VALUES ($1, $2, $2, $2, 'approver', now())", [operator_id, id]);
    return {
      kind: "person",
      operator_id,
      credential_id: `session of ${id}`,
      person_id: id,
      role: "approver",
      scopes: roleScopes.approver,
      mailbox_ids: null,
      test: false,
      signed_in_at: null,
    };
  };
  const agent = await key("agent", ["read", "send"], null);
  const stranger = await key("system", ["read", "oversight"], null);
  return {
    agent,
    test_agent: await key("tester", ["read", "send"], null, true),
    deciders: [
      await person("p1"),
      await person("p2"),
      await person("p3"),
      await key("of p1", ["read", "oversight"], "p1"),
      stranger,
      { ...agent, scopes: ["read", "oversight"] },
    ],
    stranger,
  };
}

async function readRows(owner: pg.Client, ids: readonly string[]): Promise<Map<string, Row>> {
  const { rows } = await owner.query<Row & { message_id: string }>(
    `SELECT m.*,
       coalesce((SELECT json_agg(json_build_object('by', d.principal, 'digest', d.digest, 'class', d.class) ORDER BY d.principal) FROM decision d
         WHERE d.message_id = m.message_id AND d.decision = 'approve' AND d.voided_at IS NULL), '[]') AS approvals,
       (SELECT array_agg(r.status ORDER BY r.position) FROM recipient r WHERE r.message_id = m.message_id) AS recipients,
       (SELECT array_agg(r.address ORDER BY r.position) FROM recipient r WHERE r.message_id = m.message_id) AS addresses,
       (SELECT array_agg(r.kind ORDER BY r.position) FROM recipient r WHERE r.message_id = m.message_id) AS kinds,
       coalesce((SELECT json_agg(json_build_object('kind', u.kind, 'at', round(extract(epoch FROM u.due_at) * 1000)) ORDER BY u.kind)
         FROM due u WHERE u.message_id = m.message_id AND u.kind NOT IN ('index', 'notify', 'remind', 'escalate')), '[]') AS due
     FROM message m WHERE m.message_id = ANY($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.message_id, row]));
}

async function readTypes(
  owner: pg.Client,
  table: "log_entry" | "event",
  about: string,
  order: string,
  id: string,
): Promise<string[]> {
  const { rows } = await owner.query<{ type: string }>(
    `SELECT type FROM ${table} WHERE ${about} = $1 ORDER BY ${order}`,
    [id],
  );
  return rows.map(({ type }) => type);
}
