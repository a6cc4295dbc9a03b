/** One batch of messages, erased as far as it can be: what waits is cancelled, what is held, kept or on the wire is counted. */
import type { Tx } from "../store/database.ts";
import { heldAmong } from "../store/legal-holds.ts";
import { type LoadedMessage, loadMessages } from "../store/messages.ts";
import { shareOperator } from "../store/operators.ts";
import { retentionVersions } from "../store/retention.ts";
import type { EngineContext } from "./context.ts";
import { type Erasing, eraseLoaded, isErasable } from "./erase-messages.ts";
import { worker } from "./record.ts";
import { keptUntil } from "./retention.ts";
import { cancelLoaded } from "./timers.ts";

/** What a pass over messages found that cannot go yet. `retained`: when the first of those is free that must be kept. */
export type Left = {
  held: number;
  retained: Date | null;
  wire: number;
  soon: number;
  count: number;
};

/** What a pass begins with. */
export function nothingLeft(): Left {
  return { held: 0, retained: null, wire: 0, soon: 0, count: 0 };
}

/** Erases those of the messages that may go now, and adds the others to `left`. Answers how many went. */
export async function eraseFound(
  context: EngineContext,
  tx: Tx,
  ids: readonly string[],
  erasing: Erasing,
  left: Left,
): Promise<{ messages: number; openings: number }> {
  // Holds are placed under the same row: there is none between this look and the commit.
  await shareOperator(tx);
  const held = await heldAmong(tx, ids);
  const versions = await retentionVersions(tx);
  const ready: LoadedMessage[] = [];
  for (const message of await loadMessages(tx, ids, true)) {
    const { row } = message;
    // What has not left must not leave any more; its last entry gets its place before it is erased.
    const stopped = !isErasable(row) && (await cancelLoaded(context, tx, worker, message)) === null;
    const until = keptUntil(versions, row);
    if (held.has(row.message_id)) left.held++;
    else if (until > context.now())
      left.retained = left.retained && left.retained < until ? left.retained : until;
    else if (stopped) left.soon++;
    else if (!isErasable(row)) left.wire++;
    else {
      ready.push(message);
      continue;
    }
    left.count++;
  }
  const done = await eraseLoaded(context, tx, ready, erasing);
  left.soon += done.left;
  left.count += done.left;
  return done;
}
