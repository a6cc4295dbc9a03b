/** The log as C2SP tlog-tiles: tile paths, entry bundles, appending leaves, and reading tree hashes out of tiles. */
import { FormatError } from "./encoding.ts";
import { hashBytes, emptyRoot, nodeHash, perfectRoot, rangeNodes } from "./tree.ts";
import type { HashReader, LeafRange } from "./tree.ts";

/** Hashes in a full tile, entries in a full bundle. */
export const tileWidth = 256;

/** Longest possible entry bundle in bytes: what a reader need ever take. */
export const maxBundleBytes = tileWidth * (2 + 65_535);

/** One tile, or one entry bundle where `level` is "entries"; `width` is 256 when full, else 1..255. */
export type Tile = { level: number | "entries"; index: number; width: number };

/** Where a tile of hashes stands in the tree. */
export type TilePlace = { level: number; index: number; width: number };

/** A tile of hashes with its bytes: `width` hashes of 32 bytes. */
export type HashTile = TilePlace & { data: Buffer };

/** A tile as it comes from storage; `data` may be wider than what is asked of it. */
export type StoredTile = Omit<HashTile, "width">;

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits: number 1234067 is `x001/x234/067`. */
export function formatTilePath(tile: Tile): string {
  const digits = String(tile.index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${tile.level}/${number}${tile.width === tileWidth ? "" : `.p/${tile.width}`}`;
}

const tilePath =
  /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** Reads a tile path; throws FormatError on anything that {@link formatTilePath} would not have written. */
export function parseTilePath(path: string): Tile {
  const match = path.length <= 64 ? tilePath.exec(path) : null;
  if (match === null) throw new FormatError("tile path: not of the form tile/<L>/<N>[.p/<W>]");
  const [, level, number, width] = match;
  const tile: Tile = {
    level: level === "entries" ? "entries" : Number(level),
    index: Number(number?.replaceAll(/[x/]/g, "")),
    width: width === undefined ? tileWidth : Number(width),
  };
  // Catches x000/ in front, widths of 256 and more, and numbers beyond 2^53.
  const wellFormed = tile.width < tileWidth || width === undefined;
  if (!wellFormed || !Number.isSafeInteger(tile.index) || formatTilePath(tile) !== path) {
    throw new FormatError("tile path: number or width is out of range or padded");
  }
  return tile;
}

/** Width of tile (`level`, `index`) in a tree of `size` leaves: 256, less where it is the partial one, 0 where it is absent. */
export function widthInTree(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / tileWidth ** level);
  return Math.max(0, Math.min(tileWidth, hashes - index * tileWidth));
}

/** Every tile and entry bundle of a log of `size` entries, entries beside their hashes. */
export function* tilesOfLog(size: number): Generator<Tile> {
  for (let level = 0; widthInTree(level, 0, size) > 0; level++)
    for (let index = 0; ; index++) {
      const width = widthInTree(level, index, size);
      if (width === 0) break;
      yield { level, index, width };
      if (level === 0) yield { level: "entries", index, width };
    }
}

/** Joins at most 256 entries, each as its length in two bytes (big-endian) and its bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  if (entries.length > tileWidth) throw new FormatError("entry bundle: more than 256 entries");
  const bundle = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let offset = 0;
  for (const entry of entries) {
    if (entry.length > 65_535)
      throw new FormatError("entry bundle: an entry is longer than 65,535 bytes");
    offset = bundle.writeUInt16BE(entry.length, offset);
    bundle.set(entry, offset);
    offset += entry.length;
  }
  return bundle;
}

/** Splits a bundle into exactly `width` entries (views, not copies); throws FormatError when there are more, less, or cut ones. */
export function decodeBundle(bundle: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = [];
  let offset = 0;
  while (offset < bundle.length) {
    if (entries.length === width) throw new FormatError(`entry bundle: more than ${width} entries`);
    const end = offset + 2 <= bundle.length ? offset + 2 + bundle.readUInt16BE(offset) : Infinity;
    if (end > bundle.length)
      throw new FormatError(`entry bundle: entry ${entries.length} is cut off`);
    entries.push(bundle.subarray(offset + 2, end));
    offset = end;
  }
  if (entries.length < width)
    throw new FormatError(`entry bundle: ${entries.length} entries in place of ${width}`);
  return entries;
}

/**
 * All that appending has to know: the tree's size, and for each tile level the hashes of its partial tile
 * (`edge[0]` holds leaves; empty where the last tile is full). At most 8 KB a level, three levels to 16 million leaves.
 */
export type TreeEdge = { size: number; edge: readonly Buffer[] };

/** The edge of the empty tree. */
export const emptyEdge: TreeEdge = { size: 0, edge: [] };

/** The partial tiles that make up the edge of a tree of `size` leaves, lowest level first: what to load before {@link edgeFromTiles}. */
export function edgeTiles(size: number): TilePlace[] {
  const tiles: TilePlace[] = [];
  for (let level = 0; tileWidth ** level <= size; level++) {
    const hashes = Math.floor(size / tileWidth ** level);
    const width = hashes % tileWidth;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / tileWidth), width });
  }
  return tiles;
}

/** The edge of a tree of `size` leaves from its partial tiles; `data` may be wider than asked. Compare {@link edgeRoot} with the last checkpoint before going on. */
export function edgeFromTiles(size: number, tiles: readonly StoredTile[]): TreeEdge {
  const edge: Buffer[] = [];
  for (const { level, index, width } of edgeTiles(size)) {
    while (edge.length <= level) edge.push(Buffer.alloc(0));
    const data = tiles.find((tile) => tile.level === level && tile.index === index)?.data;
    edge[level] = cutTile({ level, index, width }, data);
  }
  return { size, edge };
}

/** Root of the tree whose edge this is. */
export function edgeRoot(tree: TreeEdge): Buffer {
  checkEdge(tree);
  let root: Buffer | null = null;
  // From the right: the smallest perfect subtrees are at the right end of the lowest level.
  for (const tile of tree.edge) {
    let end = tile.length / hashBytes;
    for (let width = 1; width < tileWidth; width *= 2) {
      if ((end & width) === 0) continue;
      end -= width;
      const subtree = perfectRoot(tile, end, width);
      root = root === null ? subtree : nodeHash(subtree, root);
    }
  }
  return root ?? emptyRoot();
}

/**
 * Adds leaves (32-byte hashes, one after another) at the right of a tree. Gives the new edge and every tile that became full
 * or whose partial form changed, lowest level first, each once. The old edge is not touched. Time: two hashes a leaf.
 */
export function integrate(tree: TreeEdge, leaves: Buffer): TreeEdge & { tiles: HashTile[] } {
  checkEdge(tree);
  if (leaves.length % hashBytes !== 0)
    throw new FormatError("leaf hashes: not a multiple of 32 bytes");
  const edge = [...tree.edge];
  const tiles: HashTile[] = [];
  const size = tree.size + leaves.length / hashBytes;
  let added = leaves;
  for (let level = 0; added.length > 0; level++) {
    const hashes = Buffer.concat([edge[level] ?? Buffer.alloc(0), added]);
    const first = Math.floor(tree.size / tileWidth ** (level + 1));
    const full = Math.floor(hashes.length / (tileWidth * hashBytes));
    const roots = Buffer.allocUnsafe(full * hashBytes);
    for (let i = 0; i < full; i++) {
      const data = hashes.subarray(i * tileWidth * hashBytes, (i + 1) * tileWidth * hashBytes);
      tiles.push({ level, index: first + i, width: tileWidth, data });
      perfectRoot(data, 0, tileWidth).copy(roots, i * hashBytes);
    }
    const rest = hashes.subarray(full * tileWidth * hashBytes);
    if (rest.length > 0)
      tiles.push({ level, index: first + full, width: rest.length / hashBytes, data: rest });
    // A copy, or the edge would keep the whole batch alive.
    edge[level] = Buffer.from(rest);
    added = roots;
  }
  return { size, edge, tiles };
}

/** {@link integrate} for leaf hashes in an array, with the new root: one call of the sequencer, one checkpoint. */
export function appendLeaves(
  tree: TreeEdge,
  leafHashes: readonly Buffer[],
): TreeEdge & { tiles: HashTile[]; root: Buffer } {
  if (leafHashes.some((leaf) => leaf.length !== hashBytes))
    throw new FormatError("leaf hashes: one is not 32 bytes");
  const grown = integrate(tree, Buffer.concat(leafHashes));
  return { ...grown, root: edgeRoot(grown) };
}

function checkEdge({ size, edge }: TreeEdge): void {
  for (let level = 0; level < edge.length || tileWidth ** level <= size; level++) {
    const width = Math.floor(size / tileWidth ** level) % tileWidth;
    if ((edge[level]?.length ?? 0) !== width * hashBytes) {
      throw new FormatError(`tree edge: level ${level} does not fit size ${size}`);
    }
  }
}

/** The tiles of a tree of `size` leaves that hold the hashes of `ranges` (from `inclusionRanges` or `consistencyRanges`), each once. */
export function tilesForRanges(size: number, ranges: readonly LeafRange[]): TilePlace[] {
  const tiles = new Map<string, TilePlace>();
  for (const node of ranges.flatMap((range) => rangeNodes(range))) {
    const { level, index } = placeOf(node.level, node.index);
    tiles.set(`${level}/${index}`, { level, index, width: widthInTree(level, index, size) });
  }
  return [...tiles.values()];
}

/** Reads tree hashes out of tiles of a tree of `size` leaves. A missing or short tile is a FormatError; a wider one is good. */
export function tileReader(size: number, tiles: readonly StoredTile[]): HashReader {
  const byPlace = new Map(tiles.map((tile) => [`${tile.level}/${tile.index}`, tile.data]));
  return {
    read(level, index) {
      const place = placeOf(level, index);
      const width = widthInTree(place.level, place.index, size);
      const data = cutTile({ ...place, width }, byPlace.get(`${place.level}/${place.index}`));
      if (place.first + place.count > width) throw new FormatError("tree hash: not in the tree");
      return perfectRoot(data, place.first, place.count);
    },
  };
}

/** Loads what `ranges` need in one call, and gives the reader for the proof over them. */
export async function loadReader(
  size: number,
  ranges: readonly LeafRange[],
  load: (tiles: TilePlace[]) => Promise<readonly StoredTile[]>,
): Promise<HashReader> {
  return tileReader(size, await load(tilesForRanges(size, ranges)));
}

/** Where the subtree (`level`, `index`) lies: `count` hashes from `first` on in one tile. */
function placeOf(
  level: number,
  index: number,
): { level: number; index: number; first: number; count: number } {
  const tileLevel = Math.floor(level / 8);
  const count = 2 ** (level % 8);
  const perTile = tileWidth / count;
  return {
    level: tileLevel,
    index: Math.floor(index / perTile),
    first: (index % perTile) * count,
    count,
  };
}

function cutTile(tile: TilePlace, data: Buffer | undefined): Buffer {
  if (data === undefined) throw new FormatError(`${formatTilePath(tile)}: missing`);
  if (data.length < tile.width * hashBytes)
    throw new FormatError(`${formatTilePath(tile)}: too short`);
  return data.subarray(0, tile.width * hashBytes);
}
