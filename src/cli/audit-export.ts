/** The command `multimail audit export`: downloads a log into a folder that can be verified and kept without the server. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseCheckpoint } from "../audit/checkpoint.ts";
import type { SignedCheckpoint } from "../audit/checkpoint.ts";
import { FormatError } from "../audit/encoding.ts";
import type { LogSource } from "../audit/log-verify.ts";
import { decodeBundle, formatTilePath, tileWidth, tilesOfLog } from "../audit/tile.ts";
import type { Tile } from "../audit/tile.ts";
import { hashBytes } from "../audit/tree.ts";
import { UsageError } from "./flags.ts";
import { exitCodes } from "./help.ts";
import { parseLocal, readIfThere, withExitCode } from "./local-io.ts";
import type { LocalIo } from "./local-io.ts";
import { auditConnection, httpSource } from "./log-source.ts";
import { plainText } from "./print.ts";
import { progressOn } from "./progress.ts";

const help = `Usage: multimail audit export <folder> [--flag value …]

Downloads the audit log: its checkpoint, its tiles, and its entries, as C2SP tlog-tiles names them.
Done again, it fetches only what is new. Verify it without the server:
multimail audit verify <folder> --keys <file>

Options:
  --url <url>  Server, else MULTIMAIL_API_URL or that of first-run.json
  --key <key>  API key with the scope audit, else MULTIMAIL_API_KEY or first-run.json's

Exit codes:
  0   exported
  2   the command was not called rightly
  3   the server cannot be reached
  30  the server's log is not the one that the folder holds, or lacks a part
`;

const options = {
  url: { type: "string" },
  key: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** Tiles fetched at a time. */
const atOnce = 8;

/** The log on the server contradicts the folder or itself. */
class Contradiction extends Error {}

/** Runs the command with the words behind it; gives the exit code: 0, 30, 2 or 3. */
export function runAuditExport(args: readonly string[], io: LocalIo): Promise<number> {
  return withExitCode(io, async () => {
    const { values, words } = parseLocal(args, options, 1);
    if (values.help) {
      io.stdout.write(help);
      return exitCodes.ok;
    }
    const [folder] = words;
    if (folder === undefined)
      throw new UsageError("No folder was named.", "See multimail audit export --help.");
    const source = httpSource(io.fetch, await auditConnection(values, io.env));
    try {
      io.stdout.write(await exportLog(io, source, folder));
      return exitCodes.ok;
    } catch (error) {
      if (!(error instanceof Contradiction)) throw error;
      io.stderr.write(`error: ${plainText(error.message)}\n`);
      return 30;
    }
  });
}

/** The checkpoint is written last: until then the folder holds the log that its old checkpoint names. */
async function exportLog(io: LocalIo, source: LogSource, folder: string): Promise<string> {
  const note = await source.checkpoint();
  const checkpoint = readCheckpoint(note);
  if (checkpoint === null) throw new Contradiction("the server's checkpoint is not one");
  await compareWithFolder(io, folder, checkpoint);
  const progress = progressOn(io, checkpoint.size);
  let fetched = 0;
  for (const batch of batchesOf(tilesOfLog(checkpoint.size))) {
    const done = await Promise.all(batch.map((tile) => keepTile(io, source, folder, tile)));
    fetched += done.filter(Boolean).length;
    const entries = batch.findLast(({ level }) => level === "entries");
    if (entries !== undefined) progress.at((entries.index + 1) * tileWidth);
  }
  progress.done();
  await write(io, join(folder, "checkpoint"), note);
  return `${checkpoint.size} entries of ${plainText(checkpoint.origin)} are in ${plainText(folder)} (${fetched} files fetched).\nVerify: multimail audit verify ${plainText(folder)}\n`;
}

function readCheckpoint(note: string): SignedCheckpoint | null {
  try {
    return parseCheckpoint(note);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** A folder keeps to its log: another one, a shorter one or another root at the same size is refused. */
async function compareWithFolder(
  io: LocalIo,
  folder: string,
  { origin, size, root }: SignedCheckpoint,
): Promise<void> {
  const note = await readIfThere(io, join(folder, "checkpoint"));
  // A torn checkpoint is that of an export that did not end.
  const kept = note === null ? null : readCheckpoint(note.toString("utf8"));
  if (kept === null) return;
  if (kept.origin !== origin)
    throw new UsageError(`${folder} holds the log ${kept.origin}, not ${origin}.`);
  if (size < kept.size)
    throw new Contradiction(`the log was ${kept.size} entries long and is now ${size}: it shrank`);
  if (size === kept.size && !root.equals(kept.root))
    throw new Contradiction("the log had another root at the same size: it was forked");
}

function* batchesOf(tiles: Iterable<Tile>): Generator<Tile[]> {
  let batch: Tile[] = [];
  for (const tile of tiles) {
    batch.push(tile);
    if (batch.length < atOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Fetches a tile that the folder does not have whole; a tile of one width never changes. True when it was fetched. */
async function keepTile(
  io: LocalIo,
  source: LogSource,
  folder: string,
  tile: Tile,
): Promise<boolean> {
  const path = formatTilePath(tile);
  const file = join(folder, path);
  const kept = await readIfThere(io, file);
  if (kept !== null && isWhole(tile, kept)) return false;
  const bytes = await source.tile(path);
  if (bytes === null) throw new Contradiction(`the server's log lacks ${path}`);
  if (!isWhole(tile, bytes))
    throw new Contradiction(`${path} is not of the length that it must be`);
  await write(io, file, bytes);
  return true;
}

function isWhole({ level, width }: Tile, bytes: Buffer): boolean {
  if (level !== "entries") return bytes.length === width * hashBytes;
  try {
    return decodeBundle(bytes, width).length === width;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

async function write(io: LocalIo, path: string, content: string | Buffer): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await io.write_file(path, content);
  } catch (error) {
    throw new UsageError(`Cannot write ${path}: ${(error as Error).message}.`);
  }
}
