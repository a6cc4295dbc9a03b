/** What webhooks are told: the body of an event, with the message it is about and its text. */
import { isWithheld } from "../core/inbound-status.ts";
import type { Tx } from "../store/database.ts";
import { type LoadedMessage, loadMessages } from "../store/messages.ts";
import { type DueDelivery, loadTextHeads } from "../store/webhook-queue.ts";

/** Bytes of text that travel inline (product contract, section 10). */
export const maxInlineText = 256 * 1024;

/** An event as it is told: of which it is, in which spelling, and what it says. */
export type ToldEvent = Pick<
  DueDelivery,
  "event_id" | "event_type" | "mailbox_id" | "message_id" | "thread_id" | "data" | "at"
>;

/**
 * The bodies of events, in their order. Messages are told of as they are now; the text of received mail that nobody has released is
 * not told.
 */
export async function webhookBodies(tx: Tx, events: readonly ToldEvent[]): Promise<Buffer[]> {
  const ids = [...new Set(events.flatMap((event) => event.message_id ?? []))];
  const [messages, texts] = await Promise.all([
    ids.length === 0 ? [] : loadMessages(tx, ids, false),
    ids.length === 0 ? new Map<string, Text>() : loadTextHeads(tx, ids, maxInlineText),
  ]);
  const known = new Map(messages.map((message) => [message.row.message_id, message]));
  return events.map((event) => {
    const message = event.message_id === null ? undefined : known.get(event.message_id);
    return Buffer.from(JSON.stringify(bodyOf(event, message, texts.get(event.message_id ?? ""))));
  });
}

type Text = { text: string; cut: boolean };

/** Fields of Standard Webhooks (`type`, `timestamp`, `data`), and beside them, flat, what existing clients read. */
function bodyOf(event: ToldEvent, message: LoadedMessage | undefined, text: Text | undefined) {
  const ids = {
    mailbox_id: event.mailbox_id,
    email_id: event.message_id,
    thread_id: event.thread_id,
  };
  return {
    id: event.event_id,
    type: event.event_type,
    event: event.event_type,
    timestamp: event.at.toISOString(),
    ...ids,
    data: {
      ...event.data,
      ...ids,
      ...(message ? messageData(message, text) : {}),
    },
  };
}

function messageData({ row, recipients }: LoadedMessage, text: Text | undefined) {
  const of = (kind: string): string[] =>
    recipients.filter((one) => one.kind === kind).map((one) => one.address);
  const known = {
    direction: row.direction,
    status: row.status === "pending_approval" ? "pending_send_approval" : row.status,
    thread_id: row.thread_id,
    created_at: row.created_at.toISOString(),
  };
  if (isWithheld(row)) return known;
  return {
    ...known,
    message_id: row.rfc_message_id,
    from: row.from_address,
    to: of("to"),
    cc: of("cc"),
    ...(row.direction === "outbound" ? { bcc: of("bcc") } : {}),
    subject: row.subject,
    has_attachments: row.attachments.length > 0,
    metadata: row.metadata,
    tags: row.tags,
    digest: row.digest,
    ...inline(text),
  };
}

/** The text up to its bound in bytes, without half a character at the end. */
function inline(text: Text | undefined): { text: string; text_truncated: boolean } {
  if (!text) return { text: "", text_truncated: false };
  const bytes = Buffer.from(text.text);
  if (bytes.length <= maxInlineText) return { text: text.text, text_truncated: text.cut };
  // In stream mode an incomplete character at the end is held back.
  const whole = new TextDecoder().decode(bytes.subarray(0, maxInlineText), { stream: true });
  return { text: whole, text_truncated: true };
}
