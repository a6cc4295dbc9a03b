/** Verifies a whole log from its tiles: every entry, every tile, the root, the signed checkpoint, and that an older one is continued. */
import { parseVkey, verifyCheckpoint } from "./checkpoint.ts";
import type { SignedCheckpoint } from "./checkpoint.ts";
import { FormatError } from "./encoding.ts";
import {
  decodeBundle,
  edgeRoot,
  edgeTiles,
  emptyEdge,
  formatTilePath,
  integrate,
  maxBundleBytes,
  tileWidth,
} from "./tile.ts";
import type { HashTile, Tile, TreeEdge } from "./tile.ts";
import { hashBytes, leafHashes, ProofError } from "./tree.ts";

/** Where a log is read from: a folder, an HTTP client, a database. What it throws is passed on; it says nothing about the log. */
export interface LogSource {
  /** The signed checkpoint. */
  checkpoint(): Promise<string>;
  /** The bytes at a tile path (`tile/…`, `tile/entries/…`), null where there is none. */
  tile(path: string): Promise<Buffer | null>;
}

/** What to check against, and who listens. */
export type LogVerifyOptions = {
  /** The log's verifier key. */
  vkey: string;
  /** Expected origin where it is not the key's name. */
  origin?: string;
  /** A checkpoint seen earlier, signed by the same key: the log has to continue it. */
  older?: string;
  /** Called for each entry in order, once its hash has been compared with its tile. The bytes are good until the next call. */
  onEntry?: (index: number, entry: Buffer) => void | Promise<void>;
  /** Bundles fetched ahead; each is at most 16.8 MB, commonly 0.1 MB. */
  ahead?: number;
};

/** The first thing that is wrong: a path or "checkpoint", the entry's index where one is at fault, and words. */
export type LogFault = { place: string; index: number | null; message: string };

/** The result; `fault` is null exactly when all holds. `size` and `root` are what the checkpoint states, null when it is unreadable. */
export type LogReport = {
  size: number | null;
  root: Buffer | null;
  checkpoint: SignedCheckpoint | null;
  /** Entries whose bundle, leaf tile and all full tiles above have been recomputed and agree. */
  verified: number;
  fault: LogFault | null;
};

/** Carries a fault up to {@link verifyLog}. */
class Faulty extends Error {
  readonly fault: LogFault;

  constructor(place: string, message: string, index: number | null = null) {
    super(message);
    this.fault = { place, index, message };
  }
}

/**
 * Recomputes the log from its entries and compares every tile and the signed root. Reads it once from left to right
 * with a few bundles in memory, so the length of the log costs time only: two hashes an entry.
 */
export async function verifyLog(source: LogSource, options: LogVerifyOptions): Promise<LogReport> {
  const report: LogReport = { size: null, root: null, checkpoint: null, verified: 0, fault: null };
  try {
    const checkpoint = readCheckpoint(await source.checkpoint(), options, "checkpoint");
    Object.assign(report, { size: checkpoint.size, root: checkpoint.root, checkpoint });
    const older =
      options.older === undefined
        ? null
        : readCheckpoint(options.older, options, "older checkpoint");
    if (older !== null) checkOlderSize(older, checkpoint);
    await walk(source, options, checkpoint, older, report);
  } catch (error) {
    if (!(error instanceof Faulty)) throw error;
    report.fault = error.fault;
  }
  return report;
}

function readCheckpoint(
  note: string,
  { vkey, origin }: LogVerifyOptions,
  place: string,
): SignedCheckpoint {
  // Outside the try: a malformed key is the caller's mistake, not the log's.
  const key = parseVkey(vkey);
  return placed(place, () => verifyCheckpoint(note, key, origin));
}

function checkOlderSize(older: SignedCheckpoint, checkpoint: SignedCheckpoint): void {
  if (older.size === 0)
    throw new Faulty("older checkpoint", "consistency with the empty tree proves nothing");
  if (older.size > checkpoint.size)
    throw new Faulty("checkpoint", "the log is shorter than an older checkpoint says");
}

async function walk(
  source: LogSource,
  options: LogVerifyOptions,
  checkpoint: SignedCheckpoint,
  older: SignedCheckpoint | null,
  report: LogReport,
): Promise<void> {
  let tree: TreeEdge = emptyEdge;
  for await (const { tile, bundle, leaves } of bundles(
    source,
    checkpoint.size,
    options.ahead ?? 4,
  )) {
    const start = tree.size;
    const { entries, hashes } = checkLeaves(tile, bundle, leaves);
    if (older !== null && older.size > start && older.size <= start + tile.width) {
      const then = integrate(tree, hashes.subarray(0, (older.size - start) * hashBytes));
      if (!edgeRoot(then).equals(older.root)) {
        throw new Faulty("older checkpoint", `the log had another root at size ${older.size}`);
      }
    }
    const grown = integrate(tree, hashes);
    for (const above of grown.tiles) {
      if (above.level > 0 && above.width === tileWidth) await checkTile(source, above);
    }
    tree = { size: grown.size, edge: grown.edge };
    report.verified = tree.size;
    if (options.onEntry === undefined) continue;
    for (const [i, entry] of entries.entries()) await options.onEntry(start + i, entry);
  }
  for (const place of edgeTiles(tree.size)) {
    const data = tree.edge[place.level];
    if (place.level > 0 && data !== undefined) await checkTile(source, { ...place, data });
  }
  if (!edgeRoot(tree).equals(checkpoint.root)) {
    throw new Faulty("checkpoint", "the signed root is not the root of the entries");
  }
}

type LoadedBundle = { tile: Tile; bundle: Buffer; leaves: Buffer };

/** Entry bundles with their leaf tiles, in order, `ahead` of them under way at a time. */
async function* bundles(
  source: LogSource,
  size: number,
  ahead: number,
): AsyncGenerator<LoadedBundle> {
  const underWay: Promise<LoadedBundle>[] = [];
  const count = Math.ceil(size / tileWidth);
  for (let next = 0, given = 0; given < count; given++) {
    for (; next < count && next <= given + ahead; next++) {
      const loading = loadBundle(source, next, Math.min(tileWidth, size - next * tileWidth));
      // Its turn may never come when an earlier one fails; the failure is then nobody's news.
      loading.catch(() => undefined);
      underWay.push(loading);
    }
    const current = underWay.shift();
    if (current !== undefined) yield await current;
  }
}

async function loadBundle(source: LogSource, index: number, width: number): Promise<LoadedBundle> {
  const tile: Tile = { level: "entries", index, width };
  const [bundle, leaves] = await Promise.all([
    load(source, tile),
    load(source, { level: 0, index, width }),
  ]);
  return { tile, bundle, leaves };
}

/** A partial resource may be gone once the full one exists (C2SP tlog-tiles, partial tiles): then the full one is cut to width. */
async function load(source: LogSource, tile: Tile): Promise<Buffer> {
  const path = formatTilePath(tile);
  const exact = await source.tile(path);
  if (exact !== null) return checkBytes(path, tile, exact);
  if (tile.width === tileWidth) throw new Faulty(path, "missing");
  const full = { ...tile, width: tileWidth };
  const whole = await source.tile(formatTilePath(full));
  if (whole === null) throw new Faulty(path, "missing");
  checkBytes(formatTilePath(full), full, whole);
  return tile.level === "entries"
    ? cutBundle(path, whole, tile.width)
    : whole.subarray(0, tile.width * hashBytes);
}

function checkBytes(path: string, tile: Tile, bytes: Buffer): Buffer {
  if (tile.level === "entries") {
    if (bytes.length > maxBundleBytes) throw new Faulty(path, "longer than an entry bundle can be");
  } else if (bytes.length !== tile.width * hashBytes) {
    throw new Faulty(path, `${bytes.length} bytes in place of ${tile.width * hashBytes}`);
  }
  return bytes;
}

function cutBundle(path: string, whole: Buffer, width: number): Buffer {
  const kept = placed(path, () => decodeBundle(whole, tileWidth)).slice(0, width);
  return whole.subarray(
    0,
    kept.reduce((sum, entry) => sum + 2 + entry.length, 0),
  );
}

/** Hashes the entries of one bundle and compares them with its leaf tile. */
function checkLeaves(
  tile: Tile,
  bundle: Buffer,
  leaves: Buffer,
): { entries: Buffer[]; hashes: Buffer } {
  const path = formatTilePath(tile);
  const entries = placed(path, () => decodeBundle(bundle, tile.width));
  const hashes = leafHashes(entries);
  if (!hashes.equals(leaves)) {
    const at = firstDifference(hashes, leaves);
    throw new Faulty(
      path,
      `entry ${at} of the bundle is not what its leaf hash says`,
      tile.index * tileWidth + at,
    );
  }
  return { entries, hashes };
}

async function checkTile(source: LogSource, computed: HashTile): Promise<void> {
  const stored = await load(source, computed);
  if (stored.equals(computed.data)) return;
  const at = firstDifference(computed.data, stored);
  throw new Faulty(
    formatTilePath(computed),
    `hash ${at} of the tile is not that of the tile below`,
  );
}

function firstDifference(left: Buffer, right: Buffer): number {
  let at = 0;
  while (
    left
      .subarray(at * hashBytes, (at + 1) * hashBytes)
      .equals(right.subarray(at * hashBytes, (at + 1) * hashBytes))
  )
    at++;
  return at;
}

/** Runs a check of foreign bytes and gives its refusal a place. */
function placed<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof FormatError || error instanceof ProofError)
      throw new Faulty(place, error.message);
    throw error;
  }
}
