/** The command `multimail restore`: a backup into a new data folder, with sending stopped. */
import { createReadStream } from "node:fs";
import { mkdir, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "./cli/flags.ts";
import { exitCodes } from "./cli/help.ts";
import { type LocalIo, parseLocal } from "./cli/local-io.ts";
import { plainText, safeJson } from "./cli/print.ts";
import { byteBar } from "./cli/progress.ts";
import type { Config } from "./config.ts";
import { codes, command, configOf, filesIn, silent } from "./data-commands.ts";
import { createEngineContext } from "./engine-context.ts";
import { recordRestore } from "./engine/restored.ts";
import type { BackupManifest } from "./maintenance/backup.ts";
import { BackupUnusable, readBackup } from "./maintenance/restore.ts";
import { openStorage } from "./storage.ts";
import { listOperators } from "./store/operators.ts";
import { startPostgres } from "./store/postgres-launcher.ts";
import type { Connection } from "./store/whole-database.ts";

const restoreHelp = `Usage: multimail restore <file> [--flag value …]

Puts a backup into a new data folder (and into the empty database of DATABASE_URL, where that is set), whole or not at
all. <file> is - for standard input. Sending is stopped afterwards: what waited in the queue when the backup was made
may have left since. Look at the queue, then let a person resume. Keys and sessions that were revoked since the backup
are valid again: revoke them first.

Options:
  --data <folder>  Data folder, else MULTIMAIL_DATA or ./data; it must be empty or absent
  --json           Print what was restored as JSON

${codes}`;

/** `multimail restore`. */
export function runRestore(args: readonly string[], io: LocalIo): Promise<number> {
  return command(io, async () => {
    const { values, words } = parseLocal(
      args,
      {
        data: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      1,
    );
    if (values.help) {
      io.stdout.write(restoreHelp);
      return exitCodes.ok;
    }
    const [file] = words;
    if (file === undefined)
      throw new UsageError("No backup was named.", "See multimail restore --help.");
    const config = configOf(io, values.data);
    if ((await filesIn(config.data)).length > 0)
      throw new UsageError(
        `${config.data} is not empty: a backup is restored into a new folder.`,
        "Name another one with --data, or move this one away.",
      );
    const source =
      file === "-"
        ? (io.stdin as AsyncIterable<Uint8Array>)
        : createReadStream(file, { highWaterMark: 1024 * 1024 });
    const { manifest, rows } = await restoreFrom(config, source, io);
    await recordInLog(config, manifest).catch(async (error: unknown) => {
      await removeContents(config.data);
      if (config.database_url === null) throw error;
      throw new BackupUnusable(
        `${error instanceof Error ? error.message : String(error)} The database of DATABASE_URL is filled already: drop it, and make it anew.`,
      );
    });
    const { created_at, release } = manifest;
    if (values.json)
      io.stdout.write(`${safeJson({ data: config.data, created_at, release, rows })}\n`);
    else
      io.stdout.write(
        `${rows} rows and ${manifest.files.length} files of the backup of ${created_at} are in ${plainText(config.data)}.\nSending is stopped until a person resumes it: look at the queue first, since what waited may have left since.\nCheck it: multimail serve, then multimail audit verify.\n`,
      );
    return exitCodes.ok;
  });
}

async function restoreFrom(
  config: Config,
  source: AsyncIterable<Uint8Array>,
  io: LocalIo,
): Promise<{ manifest: BackupManifest; rows: number }> {
  const bar = byteBar(io, "restore");
  const restore = (connection: Connection) =>
    readBackup({
      connection,
      data: config.data,
      source,
      now: io.now,
      accept({ has_master_key }) {
        if (!has_master_key && config.master_key === null)
          throw new BackupUnusable(
            "The backup was made without the master key: set MULTIMAIL_MASTER_KEY to it.",
          );
      },
      progress: (bytes) => bar.at(bytes, null),
    });
  try {
    if (config.database_url !== null) {
      await mkdir(config.data, { recursive: true, mode: 0o700 });
      return await restore({ connectionString: config.database_url });
    }
    const server = await startPostgres({ folder: config.data, log: silent });
    try {
      return await restore(server.connection);
    } finally {
      await server.stop();
    }
  } catch (error) {
    await removeContents(config.data);
    throw error;
  } finally {
    bar.done();
  }
}

/** What a restore that failed has made, in a folder that was empty before; the database of root may lie behind a link. */
async function removeContents(folder: string): Promise<void> {
  const linked = await readlink(join(folder, "postgres")).catch(() => null);
  if (linked !== null) await rm(await realpath(linked), { recursive: true, force: true });
  for (const name of await filesIn(folder))
    await rm(join(folder, name), { recursive: true, force: true });
}

/** The log says that sending was stopped, and why. Throws where the master key is not that of the data. */
async function recordInLog(config: Config, manifest: BackupManifest): Promise<void> {
  const storage = await openStorage(config, silent);
  const nobody = (): void => undefined;
  const wake = {
    deliver: nobody,
    timers: nobody,
    sequence: nobody,
    receive: nobody,
    service_mail: nobody,
  };
  try {
    const { context, reading } = await createEngineContext(config, storage, silent, wake);
    try {
      const operators = await listOperators(context.database);
      for (const { operator_id } of operators)
        await context.keyring.of(operator_id).catch(() => {
          throw new BackupUnusable(
            "The master key does not open the keys in the backup: set MULTIMAIL_MASTER_KEY to the one that it was made with.",
          );
        });
      for (const { operator_id } of operators) await recordRestore(context, operator_id, manifest);
    } finally {
      await reading.close();
    }
  } finally {
    await storage.close();
  }
}
