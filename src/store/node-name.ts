/** A node's name in the database, held by one living process: claims under that name are its own, and nobody else may take them back. */
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { DatabaseUnusable } from "./migrate.ts";

/** What the holding writes of itself. */
export type NameLog = { warn(fields: object, message: string): void };

/** Milliseconds that an earlier process of the name has to be gone from the server, and between two tries. */
const patience = 10_000;
const pause = 250;

/**
 * Holds `node` for the life of this process, by a lock of a session of its own (PostgreSQL: pg_try_advisory_lock); after a session was
 * lost it is taken again. `release` gives it free.
 * @throws DatabaseUnusable where another living process has it: two containers on one data folder, or a copy of the folder.
 */
export async function holdNodeName(
  connection: pg.ClientConfig,
  node: string,
  log: NameLog,
): Promise<{ release(): Promise<void> }> {
  const ending = new AbortController();
  let session = await take(connection, node, patience);
  if (session === null)
    throw new DatabaseUnusable(
      `Another running process has the node name of this data folder (${node}).`,
      "Give each node a data folder of its own; in a copy of one, remove the file node-id.",
    );
  const watching = watch();

  async function watch(): Promise<void> {
    while (session !== null && !ending.signal.aborted) {
      await lost(session, ending.signal);
      if (ending.signal.aborted) return;
      do {
        await delay(2000, undefined, { ref: false, signal: ending.signal }).catch(() => undefined);
        if (ending.signal.aborted) return;
        session = await take(connection, node, 0).catch(() => null);
        if (session === null) log.warn({ node }, "the node's name in the database is not held");
      } while (session === null);
    }
  }

  return {
    async release() {
      ending.abort();
      await watching;
      await session?.end().catch(() => undefined);
    },
  };
}

/** A session that has the lock; null where another one has it for all the time given. */
async function take(
  connection: pg.ClientConfig,
  node: string,
  milliseconds: number,
): Promise<pg.Client | null> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, keepAlive: true, ...connection });
  client.on("error", () => undefined);
  try {
    await client.connect();
    for (const end = Date.now() + milliseconds; ; await delay(pause)) {
      const { rows } = await client.query<{ held: boolean }>(
        "SELECT pg_try_advisory_lock(hashtextextended('multimail node ' || $1, 0)) AS held",
        [node],
      );
      if (rows[0]?.held === true) return client;
      if (Date.now() >= end) break;
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end().catch(() => undefined);
  return null;
}

/** Resolves once the session has ended, or the signal came. */
function lost(client: pg.Client, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    client.once("end", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
