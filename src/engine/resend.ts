/** Resending: a new message with the content of one that did not arrive, to those who did not get it. */
import { type Actor, principal } from "../core/actor.ts";
import type { Status } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import type { RecipientRow } from "../store/messages.ts";
import type { EngineContext } from "./context.ts";
import { reviewOf } from "./edit.ts";
import { loadOutbound, mailboxText, textOf } from "./stored-draft.ts";
import type { SubmitRequest, Submitted } from "./submit.ts";

/**
 * Messages that may be sent again. What a person rejected or the scan blocked is final; what waits or is on its way needs no
 * second message; of what arrived, only those whom it did not reach.
 */
const resendable: ReadonlySet<string> = new Set<Status>([
  "send_failed",
  "bounced",
  "suppressed",
  "expired",
  "cancelled",
  "sent",
  "delivered",
]);

/** What a resent message's metadata names the first one by. */
const resendOf = "resend_of";

/** Which message is sent again. */
export type Resending = {
  mailbox_id: string | null;
  email_id: string;
  idempotency_key?: string | undefined;
};

/** Submits the same content anew to the recipients who did not get it. Throws `not_resendable` and what submission throws. */
export async function resend(
  context: EngineContext,
  submit: (actor: Actor, request: SubmitRequest) => Promise<Submitted>,
  actor: Actor,
  place: Resending,
): Promise<Submitted> {
  const stored = await context.database.as(actor.operator_id, (tx) =>
    loadOutbound(tx, actor, place.mailbox_id, place.email_id),
  );
  const { row, recipients } = stored.loaded;
  if (!resendable.has(row.status))
    throw new Refusal("not_resendable", `The message is ${row.status}: it is not sent again.`, {
      hint: "Write a new message.",
    });
  if (row.test && !actor.test)
    throw new Refusal("not_resendable", "The message was written with a test key.");
  const left = recipients.filter((recipient) => missed(recipient, row.status));
  if (left.length === 0)
    throw new Refusal("not_resendable", "Every recipient has the message, or it is on its way.");
  const of = (kind: "to" | "cc" | "bcc"): string[] =>
    left.filter((one) => one.kind === kind).map(mailboxText);
  return submit(actor, {
    ...(await textOf(context, stored)),
    mailbox_id: row.mailbox_id,
    to: of("to"),
    cc: of("cc"),
    bcc: of("bcc"),
    thread_id: row.thread_id,
    ...(row.reply_of === null ? {} : { reply_of: row.reply_of }),
    ...(row.give_up_seconds === null ? {} : { expires_in_seconds: row.give_up_seconds }),
    tags: row.tags,
    metadata: { ...row.metadata, [resendOf]: row.message_id },
    // Asked for twice in a minute it is one message; a key that begins with a space is no caller's.
    idempotency_key: place.idempotency_key ?? ` resend ${row.message_id}`,
    // Whoever wrote it the first time does not decide on it the second time.
    written_by: [...row.authors, principal(actor)],
    // What a person had to look at then, they have to look at now.
    review: reviewOf(row),
  });
}

/** True for somebody who was written to and did not get it. */
function missed({ kind, status }: RecipientRow, of: string): boolean {
  if (kind === "copy") return false;
  const gone = status === "bounced" || status === "failed" || status === "suppressed";
  return of === "sent" || of === "delivered" ? gone : status !== "sent" && status !== "delivered";
}
