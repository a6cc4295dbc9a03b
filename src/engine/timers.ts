/** What time does to messages: undo windows and schedules end, pending mail expires, and authors cancel before either. */
import type { Actor } from "../core/actor.ts";
import { step } from "../core/oversight/machine.ts";
import type { Status } from "../core/oversight/types.ts";
import { Refusal, type RefusalCode } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { type Claim, deleteDue, deleteDues, putDue, standingTokens } from "../store/due.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import { type LoadedMessage, loadMessages, updateMessages } from "../store/messages.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import { deletePending, pendingKinds, putPending } from "./pending-due.ts";
import { visibleMessage } from "./read-messages.ts";
import { type EntryAuthor, makeEntry, makeEvent, worker } from "./record.ts";

/** Applies what came due of one operator. A message that moved on in the meantime is left alone. */
export async function timeOut(
  context: EngineContext,
  kind: "release" | "expire",
  operatorId: string,
  claims: readonly Claim[],
): Promise<void> {
  const queued = await context.database.transaction(operatorId, async (tx) => {
    const ids = claims.map((claim) => claim.message_id);
    const loaded = await loadMessages(tx, ids, true);
    const tokens = await standingTokens(tx, kind, ids);
    const now = context.now();
    let queue = false;
    const mailboxes = await getMailboxes(tx, [...new Set(loaded.map(({ row }) => row.mailbox_id))]);
    for (const message of loaded) {
      const { row } = message;
      const claim = claims.find((one) => one.message_id === row.message_id);
      if (!claim || tokens.get(row.message_id) !== claim.token) continue;
      const after = step(toMachine(message), { type: kind });
      if (kind === "expire") await deletePending(tx, [row.message_id]);
      else await deleteDue(tx, kind, [row.message_id]);
      if (!after.ok) continue;
      const { status } = after.message;
      const seconds =
        mailboxes.find((mailbox) => mailbox.mailbox_id === row.mailbox_id)?.expiry_seconds ?? 0;
      const expiresAt =
        status === "pending_approval" ? new Date(now.getTime() + seconds * 1000) : null;
      // What waits for people from now on is held for what was said of it at submission.
      const held = status === "pending_approval" ? row.reason : null;
      const reason = status === "expired" ? "nobody decided in time" : held;
      await updateMessages(
        tx,
        [toUpdate(row, after.message, { reason, expires_at: expiresAt })],
        now,
      );
      if (status === "queued") {
        queue = true;
        await putDue(tx, "deliver", [{ message_id: row.message_id, at: now }]);
      }
      if (expiresAt) await putPending(tx, [{ message_id: row.message_id, at: expiresAt }], now);
      await appendRecords(tx, changeOf(context, worker, row, `message.${words[status] ?? status}`));
    }
    return queue;
  });
  if (queued) context.wake.deliver();
  context.wake.sequence();
}

const words: Readonly<Record<string, string>> = { queued: "released", pending_approval: "held" };

const events: Readonly<Record<string, string>> = {
  "message.pulled_back": "oversight.pending",
  "message.released": "message.queued",
  "message.held": "oversight.pending",
};

function changeOf(
  context: EngineContext,
  author: EntryAuthor,
  row: Parameters<typeof about>[0] & { digest: string },
  type: string,
): Parameters<typeof appendRecords>[1] {
  return {
    entries: [makeEntry(context, type, author, about(row), { digest: row.digest }).row],
    openings: [],
    events: [
      makeEvent(context, events[type] ?? type, {
        mailbox_id: row.mailbox_id,
        message_id: row.message_id,
        thread_id: row.thread_id,
      }),
    ],
  };
}

/**
 * Cancels a message that has not been handed to the wire; throws `not_cancellable` after that. `only`: the one status that the
 * caller means; in any other it throws `not_editable`.
 */
export async function cancel(
  context: EngineContext,
  actor: Actor,
  mailboxId: string | null,
  emailId: string,
  only?: Status,
): Promise<{ id: string; status: string }> {
  const answer = await context.database.transaction(actor.operator_id, async (tx) => {
    const message = await visibleMessage(tx, actor, emailId, mailboxId ?? undefined, true);
    const { row } = message;
    if (row.direction === "inbound")
      throw new Refusal("not_cancellable", "The message was received: it cannot be cancelled.");
    if (actor.test && !row.test) throw liveThing("A test key cancels messages of test keys only.");
    if (only !== undefined && row.status !== only)
      throw new Refusal("not_editable", `The message is ${row.status}, not ${only}.`);
    const refusal = await cancelLoaded(context, tx, actor, message);
    if (refusal !== null)
      throw new Refusal(
        refusal,
        row.status === "cancelled"
          ? "The message is cancelled already."
          : `The message is ${row.status}: it can no longer be cancelled.`,
      );
    return { id: emailId, status: "cancelled" };
  });
  context.wake.sequence();
  return answer;
}

/** Cancels a message that is locked in this transaction; answers why not, or null. */
export async function cancelLoaded(
  context: EngineContext,
  tx: Tx,
  author: EntryAuthor,
  message: LoadedMessage,
): Promise<RefusalCode | null> {
  const { row } = message;
  const after = step(toMachine(message), { type: "cancel" });
  if (!after.ok) return after.refusal;
  await updateMessages(tx, [toUpdate(row, after.message, { expires_at: null })], context.now());
  await deleteDues(tx, ["deliver", "release", ...pendingKinds], [row.message_id]);
  await appendRecords(tx, changeOf(context, author, row, "message.cancelled"));
  return null;
}

/**
 * Pulls an approved message back before it leaves: it waits for a decision again, its approvals are void. Throws
 * `not_scheduled` where it waits for something else, or for nothing any more.
 */
export async function undo(
  context: EngineContext,
  actor: Actor,
  emailId: string,
): Promise<{ id: string; status: string; expires_at: string | null }> {
  const answer = await context.database.transaction(actor.operator_id, async (tx) => {
    const message = await visibleMessage(tx, actor, emailId, undefined, true);
    const { row } = message;
    if (actor.test && !row.test)
      throw liveThing("A test key decides on messages of test keys only.");
    if (row.direction === "inbound")
      throw new Refusal("not_scheduled", "The message was received: there is no approval of it.");
    const after = step(toMachine(message), { type: "undo" });
    if (!after.ok)
      throw new Refusal(
        after.refusal,
        `The message is ${row.status}: there is no approval to take back before it leaves.`,
        { hint: "Only what was approved and waits to leave can be pulled back." },
      );
    const [mailbox] = await getMailboxes(tx, [row.mailbox_id]);
    const now = context.now();
    const expiresAt = new Date(now.getTime() + (mailbox?.expiry_seconds ?? 0) * 1000);
    const { reason } = row;
    const waits = toUpdate(row, after.message, { reason, expires_at: expiresAt });
    await updateMessages(tx, [waits], now);
    await deleteDue(tx, "release", [emailId]);
    await putPending(tx, [{ message_id: emailId, at: expiresAt }], now);
    await appendRecords(tx, changeOf(context, actor, row, "message.pulled_back"));
    return { id: emailId, status: after.message.status, expires_at: expiresAt.toISOString() };
  });
  context.wake.sequence();
  return answer;
}
