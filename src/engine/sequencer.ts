/** The sequencer: gives committed entries their indices, grows the tree, signs the checkpoint. */
import { signCheckpoint, verifyCheckpoint } from "../audit/checkpoint.ts";
import {
  type TreeEdge,
  appendLeaves,
  edgeFromTiles,
  edgeRoot,
  edgeTiles,
  emptyEdge,
} from "../audit/tile.ts";
import { leafHash } from "../audit/tree.ts";
import {
  getTile,
  latestCheckpoint,
  lockLogHead,
  markLogBroken,
  operatorsWithPending,
  pendingEntries,
  placeEntries,
  putCheckpoint,
  putTiles,
} from "../store/audit-log.ts";
import type { Tx } from "../store/database.ts";
import type { EngineContext } from "./context.ts";
import type { OperatorKeys } from "./keyring.ts";
import { createOperatorRounds } from "./operator-rounds.ts";

/** Entries placed in one transaction at most: bounds memory and how long the head is locked. */
const batch = 2000;

/** The log at rest is not the one that was signed last. To sign what grows on it would fork the log in the operator's name. */
class BrokenLog extends Error {
  override name = "BrokenLog";
}

/** Makes what places everything that is pending, of every operator, and answers how many entries were placed. */
export function createSequence(context: EngineContext): () => Promise<number> {
  const eachOperator = createOperatorRounds(context, "sequence");
  return async () => {
    let placed = 0;
    await eachOperator(await operatorsWithPending(context.database), async (operatorId) => {
      for (;;) {
        const count = await placeOrMark(context, operatorId);
        placed += count;
        if (count < batch) break;
      }
    });
    return placed;
  };
}

/** One batch. A log that is broken is marked, which monitoring shows; its entries stay pending until it is whole again. */
async function placeOrMark(context: EngineContext, operatorId: string): Promise<number> {
  try {
    return await context.database.transaction(operatorId, (tx) => place(context, tx));
  } catch (error) {
    if (!(error instanceof BrokenLog)) throw error;
    const isNew = await context.database.as(operatorId, (tx) => markLogBroken(tx, context.now()));
    if (isNew)
      context.log.error(
        { fatal: true, operator_id: operatorId, error: error.message },
        "the log is not the one that was signed last: nothing more of it is signed",
      );
    throw error;
  }
}

/** One batch. The row lock on the head makes sure that one sequencer works at a time, on whatever node. */
async function place(context: EngineContext, tx: Tx): Promise<number> {
  const { origin, size } = await lockLogHead(tx);
  const pending = await pendingEntries(tx, batch);
  if (pending.length === 0) return 0;
  const keys = await context.keyring.of(tx.operator_id);
  const edge = await signedEdge(tx, { origin, size }, keys.log.vkey);
  const leaves = pending.map((entry) => leafHash(entry.body));
  const grown = appendLeaves(edge, leaves);
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
  const note = signCheckpoint({ origin, size: grown.size, root: grown.root }, keys.log.private_key);
  await putCheckpoint(tx, { size: grown.size, note, at: context.now() });
  return pending.length;
}

/** The edge of the tree as the tiles hold it, which is that of the last checkpoint; throws {@link BrokenLog} where it is not. */
async function signedEdge(
  tx: Tx,
  { origin, size }: { origin: string; size: number },
  vkey: OperatorKeys["log"]["vkey"],
): Promise<TreeEdge> {
  const tiles = [];
  for (const { level, index } of edgeTiles(size)) {
    const data = await getTile(tx, level, index);
    if (data) tiles.push({ level, index, data });
  }
  const last = await latestCheckpoint(tx);
  if (size === 0 && last === null) return emptyEdge;
  if (last === null || last.size !== size)
    throw new BrokenLog(`it has ${size} entries, its last checkpoint is of ${last?.size ?? 0}`);
  let edge: TreeEdge;
  let root: Buffer;
  try {
    edge = edgeFromTiles(size, tiles);
    root = verifyCheckpoint(last.note, vkey, origin).root;
  } catch (error) {
    throw new BrokenLog(`at ${size} entries: ${String(error)}`, { cause: error });
  }
  if (!edgeRoot(edge).equals(root))
    throw new BrokenLog(`at ${size} entries its tiles make another root than its last checkpoint`);
  return edge;
}
