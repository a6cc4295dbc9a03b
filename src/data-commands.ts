/** What the commands on a data folder share: the database of a running server or of none, and errors in one line. */
import { readdir } from "node:fs/promises";
import { pino } from "pino";
import { UsageError } from "./cli/flags.ts";
import { exitCodes } from "./cli/help.ts";
import { type LocalIo, withExitCode } from "./cli/local-io.ts";
import { plainText } from "./cli/print.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { BackupUnusable } from "./maintenance/restore.ts";
import { isUnavailable } from "./store/database.ts";
import { DatabaseUnusable } from "./store/migrate.ts";
import { DataFolderLocked, PostgresUnavailable, startPostgres } from "./store/postgres-launcher.ts";
import { runningPostgres } from "./store/postgres-running.ts";
import type { Connection } from "./store/whole-database.ts";

/** Commands say what matters themselves. */
export const silent = pino({ level: "silent" });

/** Help's exit codes of the commands on data. */
export const codes = `Exit codes:
  0  done
  1  it could not be done; the reason is on standard error, and nothing was changed
  2  the command was not called rightly
`;

/** The connection as the owner of the tables, and how to let go of it. */
export type Owner = { connection: Connection; running: boolean; close(): Promise<void> };

/** Connects to the database of a running server, or starts the embedded one for as long as it takes. */
export async function openOwner(config: Config): Promise<Owner> {
  if (config.database_url !== null)
    return {
      connection: { connectionString: config.database_url },
      running: false,
      close: () => Promise.resolve(),
    };
  const running = await runningPostgres(config.data);
  if (running) return { connection: running, running: true, close: () => Promise.resolve() };
  if ((await filesIn(config.data)).length === 0)
    throw new UsageError(
      `There is no data in ${config.data}.`,
      "Name the data folder with --data, or by MULTIMAIL_DATA.",
    );
  const server = await startPostgres({ folder: config.data, log: silent });
  return { connection: server.connection, running: false, close: server.stop };
}

/** Names in a folder; none where there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** Ends with 1 and one line for what a person can mend; bugs are thrown. */
export function command(io: LocalIo, work: () => Promise<number>): Promise<number> {
  return withExitCode(io, async () => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error) || !isMendable(error)) throw error;
      io.stderr.write(`error: ${plainText(error.message)}\n`);
      if ("hint" in error && typeof error.hint === "string")
        io.stderr.write(`hint: ${plainText(error.hint)}\n`);
      return exitCodes.refused;
    }
  });
}

/** The configuration with the data folder of `--data`, where that is given. */
export function configOf(io: LocalIo, data: string | undefined): Config {
  return readConfig(data === undefined ? io.env : { ...io.env, MULTIMAIL_DATA: data });
}

/** True for what a person can mend; anything else is a bug. */
function isMendable(error: Error): boolean {
  return (
    error instanceof BackupUnusable ||
    error instanceof ConfigError ||
    error instanceof DataFolderLocked ||
    error instanceof PostgresUnavailable ||
    error instanceof DatabaseUnusable ||
    isUnavailable(error) ||
    "syscall" in error
  );
}
