/** Submission of a finished message by SMTP: read, taken apart, and sent on the same road as any other. */
import { createHash } from "node:crypto";
import { type Actor, holds, mayUseMailbox } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { MailAddress, ParsedMail } from "../mail/parsed-mail.ts";
import { findMailbox } from "../store/inbound.ts";
import type { EngineContext } from "./context.ts";
import type { SubmitRequest, Submitted } from "./submit.ts";

/** A message as an SMTP client handed it in. */
export type RawSubmission = { from: string; to: readonly string[]; raw: Buffer };

/**
 * Submits a message that a program wrote in MIME. It is composed anew, with our Message-ID, footers and headers: what leaves
 * is always what the gate saw. The mailbox is the one of the From field. The same Message-ID to the same recipients is the
 * same message for 24 hours, so that a client that missed our answer sends nothing twice.
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
  const mailboxId = await mailboxOf(context, actor, parsed);
  const text = parsed.markdown.trim() === "" ? parsed.text : parsed.markdown;
  const sent = await submit(actor, {
    mailbox_id: mailboxId,
    ...recipientsOf(parsed, mail.to),
    ...(parsed.reply_to[0]?.address ? { reply_to: written(parsed.reply_to[0]) } : {}),
    subject: parsed.subject,
    markdown: text,
    ...(parsed.html === null ? {} : { html: parsed.html }),
    attachments: parsed.attachments.map(({ filename, content_type, content }) => ({
      filename,
      content_type,
      content,
    })),
    ...(parsed.in_reply_to === null ? {} : { in_reply_to: parsed.in_reply_to }),
    ...(parsed.references.length === 0 ? {} : { references: parsed.references }),
    tags: {},
    metadata: {},
    ...(parsed.message_id === null ? {} : { idempotency_key: keyOf(parsed.message_id, mail.to) }),
  });
  return { id: sent.id, status: sent.status };
}

async function mailboxOf(
  context: EngineContext,
  actor: Actor,
  parsed: ParsedMail,
): Promise<string> {
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
  return found.mailbox_id;
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
