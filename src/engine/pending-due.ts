/** What the queue holds for a message that waits for a person: they are told, reminded, others are asked, and it expires. */
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { deleteDues, putDues } from "../store/due.ts";
import type { MessageRow } from "../store/messages.ts";
import type { DueKind } from "../store/tables.ts";

/** Kinds of rows that a message has only while it waits for a decision. */
export const pendingKinds = ["expire", "notify", "remind", "escalate"] as const;

/** How much of its time a message has waited when its people are reminded, and when others are asked. */
const reminderAt = 0.5;
const escalationAt = 0.8;

/** Refuses once the time to decide is over, also while nothing has ended the message yet: no timer may have run. */
export function assertInTime({ expires_at }: Pick<MessageRow, "expires_at">, now: Date): void {
  if (expires_at !== null && expires_at <= now)
    throw new Refusal("not_pending", "The message expired: there is nothing to decide.");
}

/** The rows of a message that waits from `now` to `expiresAt`. */
export function pendingDue(now: Date, expiresAt: Date): { kind: DueKind; at: Date }[] {
  const after = (part: number): Date =>
    new Date(now.getTime() + (expiresAt.getTime() - now.getTime()) * part);
  return [
    { kind: "expire", at: expiresAt },
    { kind: "notify", at: now },
    { kind: "remind", at: after(reminderAt) },
    { kind: "escalate", at: after(escalationAt) },
  ];
}

/** Puts the rows of messages that wait from `now` until `at`, each its own; those that are there are moved. */
export function putPending(
  tx: Tx,
  messages: readonly { message_id: string; at: Date }[],
  now: Date,
): Promise<void> {
  return putDues(
    tx,
    messages.flatMap(({ message_id, at }) =>
      pendingDue(now, at).map((row) => ({ ...row, message_id })),
    ),
  );
}

/** The same for received mail that is held: its people are told and reminded, and it does not expire. */
export function putHeld(
  tx: Tx,
  message: { message_id: string; expiry_seconds: number },
  now: Date,
): Promise<void> {
  const { message_id, expiry_seconds } = message;
  const rows = pendingDue(now, new Date(now.getTime() + expiry_seconds * 1000));
  return putDues(
    tx,
    rows.filter(({ kind }) => kind !== "expire").map((row) => ({ ...row, message_id })),
  );
}

/** Takes the rows of messages that wait for nobody any more: decided, cancelled, expired. */
export function deletePending(tx: Tx, ids: readonly string[]): Promise<void> {
  return deleteDues(tx, pendingKinds, ids);
}
