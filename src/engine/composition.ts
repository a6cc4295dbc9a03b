/** From a draft to frozen bytes: the envelope, the MIME message, and commitments to its content. */
import { createHash } from "node:crypto";
import { Refusal } from "../core/refusal.ts";
import { ownMessageId } from "../core/threading.ts";
import { AddressError, parseMailbox } from "../mail/address.ts";
import { ComposeError, compose, placeAttachments } from "../mail/compose.ts";
import { UNSUBSCRIBE_PLACEHOLDER } from "../mail/digest.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import type { NewMessage } from "../store/messages.ts";
import type { OperatorRow } from "../store/operators.ts";
import type { AttachmentMeta } from "../store/column-types.ts";
import type { EngineContext } from "./context.ts";
import { replyAddress } from "./addresses.ts";
import { type Opening, commitTo } from "./record.ts";
import type { Subject } from "./subjects.ts";

/** What an author writes. */
export type Draft = {
  to: readonly string[];
  cc: readonly string[];
  bcc: readonly string[];
  reply_to?: string | undefined;
  subject: string;
  markdown: string;
  html?: string | undefined;
  /** Message-ID with brackets of the message this answers, and those before it (RFC 5322 section 3.6.4). */
  in_reply_to?: string | undefined;
  references?: readonly string[] | undefined;
  attachments: readonly {
    filename: string;
    content_type: string;
    content: Buffer;
    /** Of a picture that the body shows as `cid:`; without brackets. */
    content_id?: string | undefined;
  }[];
};

/** The recipients in order, each once, with the field they came from. */
export type Envelope = {
  kind: "to" | "cc" | "bcc";
  address: string;
  name: string | null;
  field: string;
}[];

/** Mail to this local part of a domain of ours, with a token as its subject, unsubscribes. */
export const unsubscribeLocalPart = "unsubscribe";

/** Most recipients of one message. */
export const maxRecipients = 50;

/** What an author writes, without those it goes to: {@link Envelope} names them. */
export type Text = Omit<Draft, "to" | "cc" | "bcc">;

/**
 * Reads the recipients strictly; nothing is re-parsed after this. `least`: 0 for a draft, which may have none yet. Throws
 * `validation_failed` naming the field.
 */
export function envelopeOf(draft: Pick<Draft, "to" | "cc" | "bcc">, least = 1): Envelope {
  const envelope: Envelope = [];
  const seen = new Set<string>();
  for (const kind of ["to", "cc", "bcc"] as const)
    for (const [i, text] of draft[kind].entries()) {
      const field = `${kind}[${i}]`;
      const { name, address } = readMailbox(text, field);
      // The same person twice gets the message once, in the most visible place.
      if (seen.has(address.toLowerCase())) continue;
      seen.add(address.toLowerCase());
      envelope.push({ kind, address, name, field });
    }
  if (envelope.length < least)
    throw new Refusal("validation_failed", "to: at least one recipient is needed.", {
      field: "to",
    });
  if (envelope.length > maxRecipients)
    throw new Refusal(
      "validation_failed",
      `to, cc and bcc together name ${envelope.length} recipients; at most ${maxRecipients} are allowed.`,
      { field: "to", hint: "Send several messages." },
    );
  return envelope;
}

/** Reads one `address` or `Name <address>`; throws `validation_failed` naming the field. */
export function readMailbox(text: string, field: string): { name: string | null; address: string } {
  try {
    return parseMailbox(text);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new Refusal("validation_failed", `${field}: ${error.reason}`, {
      field,
      hint: "Give one address as name@example.com or Name <name@example.com>.",
    });
  }
}

/** Composes the message once, with the placeholder where each recipient's unsubscribe token goes. */
export async function composeDraft(
  context: Pick<EngineContext, "public_url" | "unsubscribe_key">,
  draft: Text,
  envelope: Envelope,
  of: { id: string; operator: OperatorRow; mailbox: MailboxRow; gated: boolean },
): Promise<{ mime: Buffer; message_id: string; attachments: AttachmentMeta[] }> {
  const domain = of.mailbox.address.slice(of.mailbox.address.lastIndexOf("@") + 1);
  const messageId = `<${of.id.toLowerCase()}@${domain}>`;
  const visible = (kind: "to" | "cc"): { name: string | null; address: string }[] =>
    envelope
      .filter((recipient) => recipient.kind === kind)
      .map(({ name, address }) => ({ name, address }));
  try {
    // In their order in the message, by which they are found again.
    const { attachments, shown } = placeAttachments(draft);
    const mime = await compose({
      from: { name: of.mailbox.display_name, address: of.mailbox.address },
      to: visible("to"),
      cc: visible("cc"),
      ...replyTo(context, draft, of),
      ...(draft.in_reply_to === undefined ? {} : { in_reply_to: draft.in_reply_to }),
      ...(draft.references === undefined ? {} : { references: draft.references }),
      subject: draft.subject,
      markdown: draft.markdown,
      ...(draft.html === undefined ? {} : { html: draft.html }),
      attachments,
      message_id: messageId,
      unsubscribe: {
        url: `${context.public_url}/v1/unsubscribe/${UNSUBSCRIBE_PLACEHOLDER}`,
        mailto: `mailto:${unsubscribeLocalPart}@${domain}?subject=${UNSUBSCRIBE_PLACEHOLDER}`,
      },
      feedback_id: feedbackId(of.mailbox),
      postal_address: of.operator.postal_address,
      ai_disclosure: of.mailbox.ai_disclosure
        ? `This message was written by an AI agent of ${of.operator.name}.`
        : null,
      auto_generated: !of.gated,
      auto_replied: draft.in_reply_to !== undefined && !isFrom(draft.in_reply_to, domain),
    });
    return {
      mime,
      message_id: messageId,
      attachments: attachments.map(({ filename, content_type, content, content_id }) => ({
        filename,
        content_type,
        size_bytes: content.length,
        ...(content_id === undefined ? {} : { content_id, inline: shown.has(content_id) }),
      })),
    };
  } catch (error) {
    if (!(error instanceof ComposeError)) throw error;
    throw new Refusal("validation_failed", `${error.field}: ${error.reason}`, {
      field: error.field,
    });
  }
}

/**
 * What complaints are grouped by: the mailbox, that an agent wrote, and the operator. Derived from ids of ours, so that nobody
 * learns them, and about no recipient.
 */
function feedbackId({ operator_id, mailbox_id }: MailboxRow): string {
  const part = (...about: string[]): string =>
    createHash("sha256")
      .update(`feedback-id\n${about.join("\n")}`)
      .digest("hex")
      .slice(0, 12);
  return `${part(operator_id, mailbox_id)}:agent:${part(operator_id)}`;
}

/** True for a Message-ID that this domain of ours gave out: what follows up on our own mail answers nobody. */
function isFrom(rfcMessageId: string, domain: string): boolean {
  return (
    ownMessageId(rfcMessageId) !== null &&
    rfcMessageId.toLowerCase().endsWith(`@${domain.toLowerCase()}>`)
  );
}

/** Where answers go: as the author said, else to the address by which they thread whatever the mail system drops. */
function replyTo(
  context: Pick<EngineContext, "unsubscribe_key">,
  draft: Text,
  of: { id: string; mailbox: MailboxRow },
): { reply_to?: { name: string | null; address: string } } {
  if (draft.reply_to !== undefined) return { reply_to: readMailbox(draft.reply_to, "reply_to") };
  const address = replyAddress(context.unsubscribe_key, of.mailbox.address, of.id);
  return address === null ? {} : { reply_to: { name: of.mailbox.display_name, address } };
}

/** Commitments as entries and statements carry them. */
export type ContentCommitments = {
  to: string[];
  subject: string;
  body: string;
  attachments: string[];
};

/**
 * Commits to recipients (kind and address), subject, and the SHA-256 of body and attachments' description.
 * Each recipient's opening belongs to that person; the rest to the first recipient.
 */
export function contentOpenings(
  random: (length: number) => Buffer,
  message: Pick<NewMessage, "recipients" | "subject" | "markdown" | "attachments">,
): {
  commitments: ContentCommitments;
  /** Every opening, whosever it is. */
  all: Opening[];
  bySubject(subjects: readonly Subject[]): { subject: Subject; openings: Opening[] }[];
} {
  const to = message.recipients.map((recipient, i) =>
    commitTo(random, `to[${i}]`, `${recipient.kind}:${recipient.address}`),
  );
  const subject = commitTo(random, "subject", message.subject);
  const body = commitTo(
    random,
    "body",
    createHash("sha256").update(message.markdown).digest("hex"),
  );
  // In one order of members: the database answers the description in an order of its own.
  const attachments = message.attachments.map(({ filename, content_type, size_bytes }, i) =>
    commitTo(random, `attachments[${i}]`, JSON.stringify({ filename, content_type, size_bytes })),
  );
  return {
    commitments: {
      to: to.map((opening) => opening.c),
      subject: subject.c,
      body: body.c,
      attachments: attachments.map((opening) => opening.c),
    },
    all: [...to, subject, body, ...attachments],
    bySubject(subjects) {
      const groups = new Map<string, { subject: Subject; openings: Opening[] }>();
      const add = (i: number, openings: Opening[]): void => {
        const owner = subjects[i];
        if (!owner) throw new Error("a recipient has no subject key");
        const group = groups.get(owner.subject_id);
        if (group) group.openings.push(...openings);
        else groups.set(owner.subject_id, { subject: owner, openings });
      };
      add(0, [subject, body, ...attachments]);
      for (const [i, opening] of to.entries()) add(i, [opening]);
      return [...groups.values()];
    },
  };
}
