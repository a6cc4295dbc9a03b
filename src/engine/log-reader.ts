/** Reading the log as the world sees it: checkpoint, tiles, entry bundles and proofs, all of one tree size. */
import { parseCheckpoint } from "../audit/checkpoint.ts";
import { formatProof } from "../audit/proof.ts";
import {
  encodeBundle,
  parseTilePath,
  tileReader,
  tileWidth,
  tilesForRanges,
  widthInTree,
} from "../audit/tile.ts";
import { hashBytes, inclusionProof, inclusionRanges } from "../audit/tree.ts";
import { FormatError } from "../audit/encoding.ts";
import { Refusal } from "../core/refusal.ts";
import { entryBodies, getTile, latestCheckpoint } from "../store/audit-log.ts";
import type { Tx } from "../store/database.ts";
import type { EngineContext } from "./context.ts";

/** The newest signed checkpoint; throws `not_found` before the first entry was placed. */
export async function readCheckpoint(context: EngineContext, operatorId: string): Promise<string> {
  const checkpoint = await context.database.as(operatorId, latestCheckpoint);
  if (!checkpoint)
    throw new Refusal("not_found", "The log has no checkpoint yet.", { retry_after: 1 });
  return checkpoint.note;
}

/** A tile or entry bundle by its path after `/audit/`; `full` says that it never changes. */
export async function readTile(
  context: EngineContext,
  operatorId: string,
  path: string,
): Promise<{ body: Buffer; full: boolean }> {
  const tile = parsePath(path);
  const full = tile.width === tileWidth;
  return context.database.snapshot(operatorId, async (tx) => {
    const size = (await latestCheckpoint(tx))?.size ?? 0;
    const level = tile.level === "entries" ? 0 : tile.level;
    if (widthInTree(level, tile.index, size) < tile.width)
      throw new Refusal("not_found", "The log has no such tile.");
    if (tile.level === "entries") {
      const bodies = await entryBodies(tx, tile.index * tileWidth, tile.width);
      return { body: encodeBundle(bodies), full };
    }
    const hashes = await getTile(tx, tile.level, tile.index);
    if (!hashes) throw new Error(`tile ${path} is missing`);
    return { body: hashes.subarray(0, tile.width * hashBytes), full };
  });
}

function parsePath(path: string): ReturnType<typeof parseTilePath> {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new Refusal("not_found", "The log has no such tile.", { hint: error.message });
  }
}

/** Receipts (C2SP tlog-proof) that the entries at these indices are under the newest checkpoint. */
export async function proveInclusion(
  tx: Tx,
  indices: readonly number[],
): Promise<{ checkpoint: string; proofs: Map<number, string> } | null> {
  const checkpoint = await latestCheckpoint(tx);
  if (!checkpoint) return null;
  const { size } = parseCheckpoint(checkpoint.note);
  const placed = indices.filter((index) => index < size);
  const ranges = placed.flatMap((index) => inclusionRanges(index, size));
  const tiles = [];
  for (const { level, index } of tilesForRanges(size, ranges)) {
    const data = await getTile(tx, level, index);
    if (data) tiles.push({ level, index, data });
  }
  const reader = tileReader(size, tiles);
  return {
    checkpoint: checkpoint.note,
    proofs: new Map(
      placed.map((index) => [
        index,
        formatProof({
          index,
          path: inclusionProof(index, size, reader),
          checkpoint: checkpoint.note,
        }),
      ]),
    ),
  };
}

/** The receipt of the entry at an index; throws `not_found` where the log does not reach. */
export async function proveEntry(
  context: EngineContext,
  operatorId: string,
  index: number,
): Promise<string> {
  const proven = await context.database.snapshot(operatorId, (tx) => proveInclusion(tx, [index]));
  const receipt = proven?.proofs.get(index);
  if (receipt === undefined)
    throw new Refusal("not_found", "The log has no entry at this index yet.", { field: "index" });
  return receipt;
}
