/** A second node on the database of a running instance: its own pool, clock and engine, no workers and no doors. */
import { domainsWithoutDns, readingWithoutDns } from "./mail-reading.ts";
import { createHmac, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { idMaker } from "../../src/core/id.ts";
import { usualSchedule } from "../../src/core/webhook-retry.ts";
import { type Founded, foundOperator } from "../../src/engine/bootstrap.ts";
import { type EngineContext, unlimited } from "../../src/engine/context.ts";
import { type Engine, createEngine } from "../../src/engine/engine.ts";
import { createKeyring } from "../../src/engine/keyring.ts";
import { type Queue, createQueue } from "../../src/engine/queue.ts";
import { createSubjects } from "../../src/engine/subjects.ts";
import { type Database, type Tx, openDatabase } from "../../src/store/database.ts";
import { listOperators } from "../../src/store/operators.ts";
import { openClusterHome } from "../../src/store/postgres-cluster.ts";
import { lastSocketFolder, port } from "../../src/store/postgres-process.ts";
import type { Running } from "./running.ts";

/** What a test reaches behind the doors. */
export type SecondNode = {
  context: EngineContext;
  engine: Engine;
  queue: Queue;
  database: Database;
  /** The first operator's id. */
  operator_id: string;
  /** Statements of the first operator, or of another. */
  as<T>(work: (tx: Tx) => Promise<T>, operatorId?: string): Promise<T>;
  /** One statement as the owner of the tables, whom no wall holds: somebody with the disk in hand. */
  asOwner(text: string): Promise<void>;
  /** Another operator with its own domain, mailbox and three keys. */
  found(slug: string): Promise<Founded>;
  close(): Promise<void>;
};

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Opens the node; `now` is its clock, which may be any. */
export async function secondNode(
  running: Running,
  now = (): Date => new Date(),
): Promise<SecondNode> {
  const { data } = await openClusterHome(running.folder);
  const host = await lastSocketFolder(data);
  if (host === null) throw new Error("the instance's database has no socket");
  const connection = { host, port, user: "multimail_owner", database: "multimail", ssl: false };
  const database = openDatabase({ ...connection, user: "multimail_service", max: 3 }, quiet);
  const masterKey = Buffer.from(
    (await readFile(join(running.folder, "master.key"), "utf8")).trim(),
    "hex",
  );
  const context: EngineContext = {
    database,
    now,
    new_id: idMaker(() => now().getTime(), randomBytes),
    random: randomBytes,
    keyring: createKeyring(database, masterKey, randomBytes),
    subjects: createSubjects(database, masterKey, now, randomBytes),
    public_url: running.known.url,
    unsubscribe_key: createHmac("sha256", masterKey).update("unsubscribe").digest(),
    link_key: createHmac("sha256", masterKey).update("decision link").digest(),
    instance_domain: "multimail.localhost",
    code_key: createHmac("sha256", masterKey).update("one-time-code").digest(),
    log: quiet,
    webhooks: {
      key: createHmac("sha256", masterKey).update("webhook secrets").digest(),
      targets: { allow_private: true, allow_http: true },
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
  const [first] = await listOperators(database);
  const operatorId = first?.operator_id ?? "";
  return {
    context,
    engine: createEngine(context),
    queue: createQueue(database),
    database,
    operator_id: operatorId,
    as: (work, other = operatorId) => database.as(other, work),
    async asOwner(text) {
      const client = new pg.Client(connection);
      await client.connect();
      try {
        await client.query(text);
      } finally {
        await client.end();
      }
    },
    found: (slug) =>
      foundOperator(
        context,
        {
          name: `Operator ${slug}`,
          slug,
          postal_address: "Other Street 2",
          oversight_address: `oversight@${slug}.example`,
          owner: { name: `Owner of ${slug}`, email: `owner@${slug}.example` },
          domain: `${slug}.example`,
          mailbox_local_part: "agent",
        },
        () => Promise.resolve(),
      ),
    close: () => database.close(),
  };
}
