/** The command `multimail backup`: beside a running server or without one. */
import { link, open, unlink } from "node:fs/promises";
import { UsageError } from "./cli/flags.ts";
import { exitCodes } from "./cli/help.ts";
import { type LocalIo, parseLocal } from "./cli/local-io.ts";
import { plainText, safeJson } from "./cli/print.ts";
import { byteBar, megabytes } from "./cli/progress.ts";
import { codes, command, configOf, openOwner } from "./data-commands.ts";
import { type BackupManifest, writeBackup } from "./maintenance/backup.ts";
import { version } from "./version.ts";

const backupHelp = `Usage: multimail backup [<file>] [--flag value …]

Writes a backup while the server goes on, or without one: a tar archive with every table as one moment saw it, and
from the data folder master.key, first-run.json, public-keys.json, node-id and smtp-tls.pem. Whoever has it can read
all mail, and with master.key sign as you: keep it as you keep a key. Caught mail (the folder catcher) is not in it.
<file> is multimail-backup-<time>.tar where it is left out, and - for standard output.

Options:
  --data <folder>  Data folder, else MULTIMAIL_DATA or ./data; DATABASE_URL is honoured
  --without-keys   Leave out master.key, first-run.json and smtp-tls.pem; keep the master key somewhere else
  --json           Print what was written as JSON

${codes}`;

/** `multimail backup`. */
export function runBackup(args: readonly string[], io: LocalIo): Promise<number> {
  return command(io, async () => {
    const { values, words } = parseLocal(
      args,
      {
        data: { type: "string" },
        "without-keys": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      1,
    );
    if (values.help) {
      io.stdout.write(backupHelp);
      return exitCodes.ok;
    }
    const stamp = io
      .now()
      .toISOString()
      .replace(/[-:]|\.\d+/g, "");
    const file = words[0] ?? `multimail-backup-${stamp}.tar`;
    if (file === "-" && io.stdout.columns !== undefined)
      throw new UsageError("A backup does not go to a terminal.", "Name a file, or pipe it.");
    const config = configOf(io, values.data);
    const owner = await openOwner(config);
    const bar = byteBar(io, "backup");
    try {
      const done = await intoFile(io, file, (write) =>
        writeBackup({
          connection: owner.connection,
          data: config.data,
          release: version,
          without_keys: values["without-keys"] ?? false,
          now: io.now,
          write,
          progress: (bytes, total) => bar.at(bytes, total),
        }),
      );
      bar.done();
      tellBackup(io, file, done, values.json ?? false);
      return exitCodes.ok;
    } finally {
      bar.done();
      await owner.close();
    }
  });
}

type Done = { manifest: BackupManifest; rows: number; bytes: number };

function tellBackup(io: LocalIo, file: string, done: Done, json: boolean): void {
  const { manifest, rows, bytes } = done;
  const { created_at, files, has_master_key } = manifest;
  // Where the archive itself is the output, words go beside it.
  const out = file === "-" ? io.stderr : io.stdout;
  if (json) {
    out.write(`${safeJson({ file, created_at, rows, bytes, files, has_master_key })}\n`);
    return;
  }
  out.write(
    `${plainText(file)}: ${rows} rows of ${manifest.tables.length} tables and ${files.length} files as of ${created_at}, ${megabytes(bytes)}.\n`,
  );
  out.write(
    has_master_key
      ? "It holds the master key: whoever has this file can read all mail and sign as you.\n"
      : "The master key is NOT in it: without that key the backup opens nothing that is sealed.\n",
  );
}

/** Writes a file that is whole or absent, readable by its owner alone, never over another one; `-` is standard output. */
async function intoFile<T>(
  io: LocalIo,
  file: string,
  work: (write: (bytes: Buffer) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (file === "-") return work((bytes) => writeOut(io, bytes));
  const partial = `${file}.${process.pid}.partial`;
  const handle = await open(partial, "wx", 0o600);
  try {
    const result = await work((bytes) => handle.writeFile(bytes));
    await handle.sync();
    await link(partial, file).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "EEXIST")
        throw new UsageError(`${file} is there already.`);
      throw error;
    });
    return result;
  } finally {
    await handle.close();
    await unlink(partial);
  }
}

function writeOut(io: LocalIo, bytes: Buffer): Promise<void> {
  const stream = io.stdout as Partial<NodeJS.WriteStream> & LocalIo["stdout"];
  if (stream.write(bytes) || !stream.once) return Promise.resolve();
  return new Promise((resolve) => void stream.once?.("drain", () => resolve()));
}
