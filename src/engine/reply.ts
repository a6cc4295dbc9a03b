/** Replying: an answer to a message of a mailbox, threaded, addressed and guarded against loops, on the road of every submission. */
import { createHash } from "node:crypto";
import { encodeCanonical } from "../audit/encoding.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { named, replyRecipients, replyReferences, replySubject } from "../mail/answer.ts";
import type { ParsedHeader } from "../mail/parse-header.ts";
import { getMailbox } from "../store/mailboxes.ts";
import { type LoadedMessage, loadHead } from "../store/messages.ts";
import { readReplyAddress } from "./addresses.ts";
import type { EngineContext } from "./context.ts";
import { headerOf, machineReason } from "./loop-guard.ts";
import { assertNotErased, visibleMessage } from "./read-messages.ts";
import { type SubmitRequest, type Submitted, namesOf } from "./submit.ts";

/** An answer, as its author writes it. */
export type ReplyRequest = Pick<
  SubmitRequest,
  | "mailbox_id"
  | "cc"
  | "bcc"
  | "markdown"
  | "attachments"
  | "tags"
  | "metadata"
  | "idempotency_key"
  | "send_at"
  | "gate_timing"
> & {
  /** Our id of the message that is answered. */
  email_id: string;
  reply_all: boolean;
  subject?: string | undefined;
};

/** Addresses that Reply-To may name before a person has to look: one letter is no way to write to many. */
const maxAnswered = 3;

/**
 * Submits an answer. Without an idempotency key the same answer to the same message is refused for a minute, however many ask
 * at once. Throws `not_found`, `duplicate_reply`, `validation_failed` where the message names nobody to answer, and what
 * submission throws.
 */
export async function reply(
  context: EngineContext,
  submit: (actor: Actor, request: SubmitRequest) => Promise<Submitted>,
  actor: Actor,
  request: ReplyRequest,
): Promise<Submitted> {
  const { email_id: _id, reply_all: _all, subject, ...written } = request;
  const answering = await answerTo(context, actor, request);
  if (answering.to.length === 0)
    throw new Refusal("validation_failed", "email_id: the message names nobody to answer.", {
      field: "email_id",
      hint: "Write a new message with send_email.",
    });
  const guard = request.idempotency_key === undefined ? guardKey(request, actor.test) : undefined;
  const submitted = await submit(actor, {
    ...written,
    ...answering,
    cc: [...answering.cc, ...request.cc],
    subject: subject ?? answering.subject,
    ...(guard === undefined ? {} : { idempotency_key: guard }),
  }).catch((error: unknown) => {
    if (guard !== undefined && error instanceof Refusal && error.code === "idempotency_conflict")
      throw duplicate(null);
    throw error;
  });
  if (guard !== undefined && submitted.replayed) throw duplicate(submitted.id);
  return submitted;
}

/** What of an answer follows from the message that it answers. */
type Answering = Pick<
  SubmitRequest,
  "subject" | "thread_id" | "reply_of" | "in_reply_to" | "references" | "review"
> & { to: string[]; cc: string[] };

/**
 * What an answer to a message is from the beginning: whom it goes to (nobody where the message names none), its subject, what
 * threads it, and why a person has to look at it. Throws `not_found`.
 */
export async function answerTo(
  context: EngineContext,
  actor: Actor,
  place: Pick<ReplyRequest, "mailbox_id" | "email_id" | "reply_all">,
): Promise<Answering> {
  const { email_id, reply_all } = place;
  const { parent, header, mailboxAddress } = await load(context, actor, place);
  const isSelf = (address: string): boolean =>
    readReplyAddress(context.unsubscribe_key, address).mailbox === mailboxAddress.toLowerCase();
  const whom =
    parent.row.direction === "outbound"
      ? followUp(parent, reply_all)
      : replyRecipients(header, isSelf, reply_all);
  const threading = replyReferences({ ...header, message_id: parent.row.rfc_message_id });
  const reasons = [
    machineReason(parent.row, header, mailboxAddress),
    parent.row.status.startsWith("spam_") ? "it answers mail that screening set aside" : null,
    parent.row.direction === "inbound" && whom.to.length > maxAnswered
      ? `the message asks for answers to ${whom.to.length} addresses`
      : null,
  ].filter((reason) => reason !== null);
  return {
    ...whom,
    subject: replySubject(parent.row.subject),
    thread_id: parent.row.thread_id,
    reply_of: email_id,
    ...(threading.in_reply_to === null ? {} : { in_reply_to: threading.in_reply_to }),
    references: threading.references,
    ...(reasons.length > 0 ? { review: reasons.join("; ") } : {}),
  };
}

/** The message that is answered, as far as the caller may see it. What was deleted is answered no more. */
async function load(
  context: EngineContext,
  actor: Actor,
  { mailbox_id, email_id }: Pick<ReplyRequest, "mailbox_id" | "email_id">,
): Promise<{ parent: LoadedMessage; header: ParsedHeader; mailboxAddress: string }> {
  return context.database.as(actor.operator_id, async (tx) => {
    const parent = await visibleMessage(tx, actor, email_id, mailbox_id);
    const mailbox = await getMailbox(tx, mailbox_id);
    if (!mailbox || parent.row.status === "deleted")
      throw new Refusal("not_found", "There is no such message.", { field: "email_id" });
    assertNotErased(parent.row);
    const header = headerOf(await loadHead(tx, email_id));
    return { parent, header, mailboxAddress: mailbox.address };
  });
}

/** Our own message is followed up to whom it was written. Blind copies stay blind. */
function followUp({ recipients }: LoadedMessage, all: boolean): { to: string[]; cc: string[] } {
  const of = (kind: string): string[] =>
    recipients.filter((one) => one.kind === kind).map(({ name, address }) => named(name, address));
  return { to: of("to"), cc: all ? of("cc") : [] };
}

/** The engine's own key for one answer: everything that its author wrote. The space keeps it apart from callers' keys. */
function guardKey(request: ReplyRequest, test: boolean): string {
  const { attachments, send_at: _at, ...rest } = request;
  const hash = createHash("sha256").update(encodeCanonical({ ...rest, test }, "reply"));
  for (const attachment of attachments)
    hash
      .update(`\n${JSON.stringify(namesOf(attachment))}\n`)
      .update(createHash("sha256").update(attachment.content).digest());
  return ` reply ${hash.digest("hex")}`;
}

function duplicate(emailId: string | null): Refusal {
  return new Refusal(
    "duplicate_reply",
    emailId === null
      ? "The same reply to this message was made within the last minute."
      : `The same reply to this message was made within the last minute: ${emailId}.`,
    { hint: "Give an idempotency_key where you mean to repeat it." },
  );
}
