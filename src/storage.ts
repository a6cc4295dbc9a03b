/** Where everything lasts: the data folder with its lock and node id, and PostgreSQL, embedded or the user's own. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { lockDataFolder } from "./store/data-folder-lock.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { migrate } from "./store/migrate.ts";
import { holdNodeName } from "./store/node-name.ts";
import { startPostgres } from "./store/postgres-launcher.ts";

/** The database and this node's name in it. */
export type Storage = { database: Database; node: string; close(): Promise<void> };

/** Opens storage and brings the schema up to date. */
export async function openStorage(config: Config, log: Logger): Promise<Storage> {
  const base = await openServer(config, log);
  try {
    const applied = await migrate(base.connection);
    if (applied.length > 0) log.info({ applied }, "migrations applied");
    const node = await nodeName(config.data);
    // The lock of the data folder cannot be seen from another container; the embedded database itself can.
    const held = config.database_url === null ? null : await holdNodeName(base.service, node, log);
    const database = openDatabase({ ...base.service, ...patience(config.database_timeout) }, log);
    return {
      database,
      node,
      async close() {
        await database.close();
        await held?.release();
        await base.stop();
      },
    };
  } catch (error) {
    await base.stop();
    throw error;
  }
}

/** The server is asked to end a long statement itself; where it hangs, the connection is given up a little later. */
function patience(timeout: number): object {
  return {
    connectionTimeoutMillis: Math.min(10_000, timeout),
    statement_timeout: timeout,
    query_timeout: timeout + Math.min(5000, timeout / 2),
  };
}

/** `connection` owns the tables, for migrations; `service` is what everything else runs on. */
async function openServer(
  config: Config,
  log: Logger,
): Promise<{ connection: object; service: object; stop(): Promise<void> }> {
  if (config.database_url !== null) {
    await mkdir(config.data, { recursive: true, mode: 0o700 });
    const lock = await lockDataFolder(config.data);
    const connection = { connectionString: config.database_url };
    return { connection, service: connection, stop: () => lock.release() };
  }
  const server = await startPostgres({ folder: config.data, log });
  return { connection: server.connection, service: server.service_connection, stop: server.stop };
}

/** A name that stays with the data folder, so that after a crash this node's claims are found again. */
async function nodeName(folder: string): Promise<string> {
  const file = join(folder, "node-id");
  try {
    return (await readFile(file, "utf8")).trim();
  } catch {
    const name = randomUUID();
    await writeFile(file, `${name}\n`, { mode: 0o600 });
    return name;
  }
}
