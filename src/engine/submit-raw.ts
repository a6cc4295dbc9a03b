/** Submission of a finished message by SMTP: read, taken apart, and sent on the same road as any other. */
import { createHash } from "node:crypto";
import { type Actor, holds, mayUseMailbox } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { isContentId } from "../mail/compose-fields.ts";
import { markdownOfPlainText } from "../mail/compose-plain.ts";
import type { MailAddress, ParsedMail } from "../mail/parsed-mail.ts";
import { findMailbox } from "../store/inbound.ts";
import { loadHead, loadMessages } from "../store/messages.ts";
import { maySee } from "../core/inbound-status.ts";
import type { EngineContext } from "./context.ts";
import { headerOf, machineReason } from "./loop-guard.ts";
import type { SubmitRequest, Submitted } from "./submit.ts";
import { threadFor } from "./threads.ts";

/** A message as an SMTP client handed it in. */
export type RawSubmission = { from: string; to: readonly string[]; raw: Buffer };

/** Attachments of one message, decoded, in bytes: as many as the API takes. */
const maxAttachmentBytes = 25 * 1024 * 1024;

/**
 * Submits a message that a program wrote in MIME. It is composed anew, with our Message-ID, footers and headers: what leaves
 * is always what the gate saw. The mailbox is the one of the From field. The same Message-ID to the same recipients is the
 * same message for 24 hours, so that a client that missed our answer sends nothing twice. What the scan blocks is kept and refused
 * with `content_blocked`.
 */
export async function submitRaw(
  context: EngineContext,
  submit: (actor: Actor, request: SubmitRequest) => Promise<Submitted>,
  actor: Actor,
  mail: RawSubmission,
): Promise<{ id: string; status: string }> {
  if (!holds(actor, "send"))
    throw new Refusal("scope_required", "Sending needs a key with the scope send.");
  const parsed = await context.mail.parse(mail.raw);
  if (parsed.truncated)
    throw new Refusal(
      "validation_failed",
      "message: too large, too deep or not readable as MIME.",
      {
        field: "message",
      },
    );
  refuseUnsendable(parsed);
  const mailbox = await mailboxOf(context, actor, parsed);
  const sent = await submit(actor, {
    mailbox_id: mailbox.mailbox_id,
    ...(await conversationOf(context, actor, mailbox, parsed)),
    ...recipientsOf(parsed, mail.to),
    ...(parsed.reply_to[0]?.address ? { reply_to: written(parsed.reply_to[0]) } : {}),
    subject: parsed.subject,
    markdown: parsed.html === null ? markdownOfPlainText(parsed.text) : parsed.markdown,
    ...(parsed.html === null ? {} : { html: parsed.html }),
    attachments: attachmentsOf(parsed),
    ...(parsed.in_reply_to === null ? {} : { in_reply_to: parsed.in_reply_to }),
    ...(parsed.references.length === 0 ? {} : { references: parsed.references }),
    tags: {},
    metadata: {},
    ...(parsed.message_id === null ? {} : { idempotency_key: keyOf(parsed.message_id, mail.to) }),
  });
  // A program that hears 250 believes that its mail leaves.
  if (sent.status === "blocked")
    throw new Refusal(
      "content_blocked",
      `The message is kept as ${sent.id} and does not leave: ${sent.reason ?? "it was blocked"}`,
    );
  return { id: sent.id, status: sent.status };
}

/** Attachments with the ids of those that the HTML shows; what cannot be shown is an attachment like any other. */
function attachmentsOf({ attachments, html }: ParsedMail): SubmitRequest["attachments"] {
  const named = new Set<string>();
  return attachments.map(({ filename, content_type, content, content_id: id }) => {
    const usable =
      html !== null && id !== null && isContentId(id) && content_type.startsWith("image/");
    if (!usable || named.has(id)) return { filename, content_type, content };
    named.add(id);
    return { filename, content_type, content, content_id: id };
  });
}

function refuseUnsendable(parsed: ParsedMail): void {
  const bytes = parsed.attachments.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  if (bytes > maxAttachmentBytes)
    throw new Refusal("payload_too_large", "attachments: more than 25 MiB together.", {
      field: "attachments",
    });
  if (parsed.reply_to.length > 1)
    throw new Refusal("validation_failed", "Reply-To: more than one address.", {
      field: "Reply-To",
      hint: "Write one address, or leave it out.",
    });
}

/** The message of the mailbox that this one answers, by its In-Reply-To and References, with its thread and what guards it. */
async function conversationOf(
  context: EngineContext,
  actor: Actor,
  mailbox: { mailbox_id: string; address: string },
  { in_reply_to, references }: ParsedMail,
): Promise<Pick<SubmitRequest, "thread_id" | "reply_of" | "review">> {
  const { mailbox_id, address } = mailbox;
  const pointers = { in_reply_to, references, reply_token_message_id: null };
  return context.database.as(actor.operator_id, async (tx) => {
    const { thread_id, reply_of } = await threadFor(context, tx, {
      ...pointers,
      mailbox_id,
      from: null,
    });
    const [parent] = reply_of === null ? [] : await loadMessages(tx, [reply_of], false);
    // What is withheld from agents is not there for them to answer.
    if (thread_id === null || !parent || !maySee(actor, parent.row)) return {};
    const { row } = parent;
    const review = row.status.startsWith("spam_")
      ? "it answers mail that screening set aside"
      : machineReason(row, headerOf(await loadHead(tx, row.message_id)), address);
    return {
      thread_id,
      reply_of: row.message_id,
      ...(review === null ? {} : { review }),
    };
  });
}

async function mailboxOf(
  context: EngineContext,
  actor: Actor,
  parsed: ParsedMail,
): Promise<{ mailbox_id: string; address: string }> {
  const [from] = parsed.from;
  const found =
    from && parsed.from.length === 1
      ? await findMailbox(context.database, from.address.toLowerCase())
      : null;
  if (!found || found.operator_id !== actor.operator_id || !mayUseMailbox(actor, found.mailbox_id))
    throw new Refusal("not_found", "From: is not a mailbox that this key may send from.", {
      field: "From",
      hint: "Write exactly one address: the mailbox's.",
    });
  return { mailbox_id: found.mailbox_id, address: from?.address.toLowerCase() ?? "" };
}

/** The envelope decides who gets it; the header only whether they are seen. */
function recipientsOf(
  parsed: ParsedMail,
  envelope: readonly string[],
): { to: string[]; cc: string[]; bcc: string[] } {
  const open = new Map(envelope.map((address) => [address.toLowerCase(), address]));
  const take = (addresses: readonly MailAddress[]): string[] =>
    addresses.flatMap(({ name, address }) => {
      const found = open.get(address.toLowerCase());
      if (found === undefined) return [];
      open.delete(address.toLowerCase());
      return [written({ name, address: found })];
    });
  return { to: take(parsed.to), cc: take(parsed.cc), bcc: [...open.values()] };
}

/** As our own reader takes it: the name quoted, or left out where it cannot be. */
function written({ name, address }: MailAddress): string {
  const clean = name.replaceAll(/[\p{Cc}"\\]+/gu, " ").trim();
  return clean === "" ? address : `"${clean}" <${address}>`;
}

function keyOf(messageId: string, envelope: readonly string[]): string {
  const hash = createHash("sha256").update(
    JSON.stringify([messageId, envelope.map((address) => address.toLowerCase()).toSorted()]),
  );
  return `smtp-${hash.digest("hex")}`;
}
