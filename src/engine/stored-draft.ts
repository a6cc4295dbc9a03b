/** A stored message that was not handed off, as its author wrote it: what edits, drafts and resending begin from. */
import { type Actor, mayUseMailbox } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { givenHtml } from "../mail/compose-body.ts";
import { readFrozenParts } from "../mail/frozen-parts.ts";
import type { Tx } from "../store/database.ts";
import {
  type LoadedMessage,
  type RecipientRow,
  loadMarkdowns,
  loadMessages,
  loadMime,
} from "../store/messages.ts";
import { replyAddress } from "./addresses.ts";
import { assertNotErased } from "./read-messages.ts";
import type { Envelope, Text } from "./composition.ts";
import type { EngineContext } from "./context.ts";

/** A message with its bytes. */
export type StoredMessage = { loaded: LoadedMessage; mime: Buffer; markdown: string };

/** Loads a message of ours that the actor may see; throws `not_found`. */
export async function loadOutbound(
  tx: Tx,
  actor: Actor,
  mailboxId: string | null,
  emailId: string,
): Promise<StoredMessage> {
  const [[loaded], mime, markdown] = await Promise.all([
    loadMessages(tx, [emailId], false),
    loadMime(tx, [emailId]),
    loadMarkdowns(tx, [emailId]),
  ]);
  assertOutbound(actor, loaded, mailboxId);
  assertNotErased(loaded.row);
  const bytes = mime.get(emailId);
  if (!bytes) throw new Error(`message ${emailId} has no content`);
  return { loaded, mime: bytes, markdown: markdown.get(emailId) ?? "" };
}

/** Throws `not_found` unless it is a message of ours that the actor may see. */
export function assertOutbound(
  actor: Actor,
  message: LoadedMessage | undefined,
  mailboxId: string | null,
): asserts message is LoadedMessage {
  if (
    message?.row.direction !== "outbound" ||
    !mayUseMailbox(actor, message.row.mailbox_id) ||
    (mailboxId !== null && message.row.mailbox_id !== mailboxId)
  )
    throw new Refusal("not_found", "There is no such message.", { field: "email_id" });
}

/** The recipients as they were written: without the overseer's copy, which is not the author's. */
export function writtenTo(recipients: readonly RecipientRow[]): Envelope {
  const count = { to: 0, cc: 0, bcc: 0 };
  return recipients.flatMap(({ kind, address, name }) =>
    kind === "copy" ? [] : [{ kind, address, name, field: `${kind}[${count[kind]++}]` }],
  );
}

/** One recipient as text that reads back to the same name and address. */
export function mailboxText({ name, address }: { name: string | null; address: string }): string {
  return name === null ? address : `"${name.replaceAll(/["\\]/g, "\\$&")}" <${address}>`;
}

/** What the author wrote, from the stored message. Throws a plain Error where the bytes are not those that the row tells of. */
export async function textOf(
  context: Pick<EngineContext, "unsubscribe_key">,
  { loaded: { row }, mime, markdown }: StoredMessage,
): Promise<Text> {
  const parts = await readFrozenParts(mime);
  if (parts.attachments.length !== row.attachments.length)
    throw new Error(`message ${row.message_id} has other attachments than it says`);
  const attachments = row.attachments.map(
    ({ filename, content_type, size_bytes, content_id }, i) => {
      const content = parts.attachments[i]?.content;
      // An attached message gets the line ends that mail has.
      const same = content?.length === size_bytes || /^message\//i.test(content_type);
      if (!content || !same)
        throw new Error(`attachment ${i} of message ${row.message_id} is not what it says`);
      return { filename, content_type, content, ...(content_id ? { content_id } : {}) };
    },
  );
  const ours = replyAddress(context.unsubscribe_key, row.from_address, row.message_id);
  const replyTo = parts.reply_to;
  const pictures = parts.attachments.flatMap((one) => one.content_id ?? []);
  const html = givenHtml(parts.html, markdown, new Set(pictures));
  return {
    subject: row.subject,
    markdown,
    ...(html === null ? {} : { html }),
    attachments,
    ...(replyTo === null || replyTo.address.toLowerCase() === ours?.toLowerCase()
      ? {}
      : { reply_to: mailboxText(replyTo) }),
    ...(row.in_reply_to === null ? {} : { in_reply_to: row.in_reply_to }),
    ...(parts.references.length === 0 ? {} : { references: parts.references }),
  };
}
