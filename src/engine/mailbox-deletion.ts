/** Deleting a mailbox: from the commit on it sends and takes nothing; what waited in it is cancelled, what is there stays. */
import { setTimeout as delay } from "node:timers/promises";
import type { Actor } from "../core/actor.ts";
import { step } from "../core/oversight/machine.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { deleteDues } from "../store/due.ts";
import {
  getMailbox,
  listUnsentIds,
  transactionId,
  updateMailbox,
  writersEnded,
} from "../store/mailboxes.ts";
import { loadMessages, updateMessages } from "../store/messages.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import { pendingKinds } from "./pending-due.ts";
import { makeEntry, makeEvent } from "./record.ts";

/** What became of it. */
export type DeletedMailbox = {
  id: string;
  address: string;
  deleted_at: Date;
  /** Messages that this call cancelled. */
  cancelled: number;
};

/** How long that may take, in milliseconds; what comes later is refused at hand-off, or cancelled when deletion is asked for again. */
const patience = 5000;

/** Messages that are cancelled in one transaction. */
const batch = 200;

/**
 * Deletes a mailbox. It becomes `read_only` in the same commit, so that what is not cancelled yet is refused at hand-off even
 * where this call ends before its end; a call made again goes on with it. What is on the wire already comes to its outcome.
 * Throws `not_found`, `test_key`.
 */
export async function deleteMailbox(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
): Promise<DeletedMailbox> {
  const { row, transaction } = await context.database.transaction(actor.operator_id, async (tx) => {
    const before = await getMailbox(tx, mailboxId, true);
    if (!before)
      throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
    if (actor.test) throw liveThing("A test key deletes no mailboxes: they serve live mail too.");
    if (before.deleted_at !== null)
      return { row: { ...before, deleted_at: before.deleted_at }, transaction: "0" };
    const now = context.now();
    await updateMailbox(tx, mailboxId, { mode: "read_only", deleted_at: now, updated_at: now });
    const entry = makeEntry(
      context,
      "mailbox.deleted",
      actor,
      { resource: mailboxId, mailbox_id: mailboxId },
      { address: before.address, mode: before.mode },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return { row: { ...before, deleted_at: now }, transaction: await transactionId(tx) };
  });
  context.wake.sequence();
  await submitted(context, actor, transaction);
  const cancelled = await cancelUnsent(context, actor, mailboxId);
  context.wake.sequence();
  return { id: mailboxId, address: row.address, deleted_at: row.deleted_at, cancelled };
}

/** Waits for submissions that began before the mailbox was deleted: only what is committed can be cancelled. */
async function submitted(context: EngineContext, actor: Actor, transaction: string): Promise<void> {
  for (const end = performance.now() + patience; performance.now() < end; await delay(10))
    if (await context.database.as(actor.operator_id, (tx) => writersEnded(tx, transaction))) return;
}

async function cancelUnsent(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
): Promise<number> {
  let cancelled = 0;
  for (let after = ""; ;) {
    const ids = await context.database.as(actor.operator_id, (tx) =>
      listUnsentIds(tx, mailboxId, after, batch),
    );
    const last = ids.at(-1);
    if (last === undefined) return cancelled;
    after = last;
    cancelled += await context.database.transaction(actor.operator_id, (tx) =>
      cancelBatch(context, tx, actor, ids),
    );
  }
}

/** Cancels those of the messages that can be; answers how many. What was handed to the wire before waits for its end. */
async function cancelBatch(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  ids: readonly string[],
): Promise<number> {
  const steps = (await loadMessages(tx, [...ids], true)).flatMap((message) => {
    const after = step(toMachine(message), { type: "cancel" });
    return after.ok ? [{ row: message.row, after: after.message }] : [];
  });
  if (steps.length === 0) return 0;
  const reason = "the mailbox was deleted";
  await updateMessages(
    tx,
    steps.map(({ row, after }) => toUpdate(row, after, { expires_at: null, reason })),
    context.now(),
  );
  await deleteDues(
    tx,
    ["deliver", "release", ...pendingKinds],
    steps.map(({ row }) => row.message_id),
  );
  await appendRecords(tx, {
    entries: steps.map(
      ({ row }) =>
        makeEntry(context, "message.cancelled", actor, about(row), { digest: row.digest }).row,
    ),
    openings: [],
    events: steps.map(({ row }) =>
      makeEvent(
        context,
        "message.cancelled",
        { mailbox_id: row.mailbox_id, message_id: row.message_id, thread_id: row.thread_id },
        { reason },
      ),
    ),
  });
  return steps.length;
}
