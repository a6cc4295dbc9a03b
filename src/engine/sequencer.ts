/** The sequencer: gives committed entries their indices, grows the tree, signs the checkpoint. */
import { signCheckpoint } from "../audit/checkpoint.ts";
import { appendLeaves, edgeFromTiles, edgeTiles } from "../audit/tile.ts";
import { leafHash } from "../audit/tree.ts";
import {
  getTile,
  lockLogHead,
  operatorsWithPending,
  pendingEntries,
  placeEntries,
  putCheckpoint,
  putTiles,
} from "../store/audit-log.ts";
import type { Tx } from "../store/database.ts";
import type { EngineContext } from "./context.ts";

/** Entries placed in one transaction at most: bounds memory and how long the head is locked. */
const batch = 2000;

/** Places everything that is pending, of every operator. Returns how many entries were placed. */
export async function sequence(context: EngineContext): Promise<number> {
  let placed = 0;
  for (const operatorId of await operatorsWithPending(context.database))
    for (;;) {
      const count = await context.database.transaction(operatorId, (tx) => place(context, tx));
      placed += count;
      if (count < batch) break;
    }
  return placed;
}

/** One batch. The row lock on the head makes sure that one sequencer works at a time, on whatever node. */
async function place(context: EngineContext, tx: Tx): Promise<number> {
  const { origin, size } = await lockLogHead(tx);
  const pending = await pendingEntries(tx, batch);
  if (pending.length === 0) return 0;
  const tiles = [];
  for (const { level, index } of edgeTiles(size)) {
    const data = await getTile(tx, level, index);
    if (data) tiles.push({ level, index, data });
  }
  const leaves = pending.map((entry) => leafHash(entry.body));
  const grown = appendLeaves(edgeFromTiles(size, tiles), leaves);
  await placeEntries(
    tx,
    size,
    pending.map(({ seq, entry_id }, i) => ({
      seq,
      entry_id,
      leaf_hash: leaves[i] ?? Buffer.alloc(0),
    })),
  );
  await putTiles(
    tx,
    grown.tiles.map(({ level, index, data }) => ({ level, n: index, hashes: data })),
  );
  const keys = await context.keyring.of(tx.operator_id);
  const note = signCheckpoint({ origin, size: grown.size, root: grown.root }, keys.log.private_key);
  await putCheckpoint(tx, { size: grown.size, note, at: context.now() });
  return pending.length;
}
