/** A received message takes its place in a mailbox: once, in its thread, visible as its mailbox's mode and screening allow. */
import { createHash } from "node:crypto";
import { readMode } from "../core/oversight/mode.ts";
import type { ParsedMail } from "../mail/parsed-mail.ts";
import type { Tx } from "../store/database.ts";
import { type ReceivedMessage, insertReceived, rememberSeen } from "../store/inbound.ts";
import { putDue } from "../store/due.ts";
import { type MailboxRow, getMailbox } from "../store/mailboxes.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import type { MailKindName } from "../store/tables.ts";
import { type ThreadTouch, touchThreads } from "../store/threads.ts";
import type { EngineContext } from "./context.ts";
import { unsubscribeByReply } from "./feedback.ts";
import { type Opened, readable } from "./open-mail.ts";
import { putHeld } from "./pending-due.ts";
import { type Ruling, rulingReason } from "./policy-facts.ts";
import { ruleOnReceived } from "./received-rules.ts";
import { type EntryAuthor, commitTo, makeEntry, makeEvent, sealOpenings } from "./record.ts";
import { type Screened, screenReceived } from "./screen-received.ts";
import type { Subject } from "./subjects.ts";
import { threadFor } from "./threads.ts";

/** The author of entries about what came from outside. */
const sender: EntryAuthor = { kind: "system", credential_id: "sender", person_id: null };

/** Header recipients that are kept as rows; the rest is in the raw message. */
const maxRecipients = 100;

/** Where one message goes. */
export type Place = {
  mailbox_id: string;
  /** The envelope recipients by which it comes here. */
  envelope_to: string[];
  /** Our message that the address it came to vouches for. */
  reply_token: string | null;
  /** The role of a domain that was written to; null for a mailbox of its own name. */
  role: string | null;
};

/** What received messages leave beside themselves; written once for all that are brought together. */
export type Leavings = { records: Records; touches: ThreadTouch[] };

/** Nothing left yet. */
export function noLeavings(): Leavings {
  return { records: noRecords(), touches: [] };
}

/** Writes what was left, in the transaction that made it. */
export async function writeLeavings(
  context: Pick<EngineContext, "now">,
  tx: Tx,
  { records, touches }: Leavings,
): Promise<void> {
  const at = context.now();
  // Begun together, so that they travel together.
  await Promise.all([
    touchThreads(tx, touches),
    putDue(
      tx,
      "index",
      touches.map(({ message_id }) => ({ message_id, at })),
    ),
    appendRecords(tx, records),
  ]);
}

/** Keeps the message in a mailbox; its entry, its events and its thread's touch go to `leavings`. A duplicate leaves nothing. */
export async function keepInMailbox(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  place: Place,
  { records, touches }: Leavings,
): Promise<void> {
  const mailbox = await getMailbox(tx, place.mailbox_id);
  if (!mailbox) return;
  const id = context.new_id();
  const { parsed } = opened;
  const before = await rememberSeen(tx, {
    mailbox_id: mailbox.mailbox_id,
    fingerprint: opened.fingerprint,
    message_id: id,
    received_at: opened.row.received_at,
  });
  if (before !== null) {
    context.log.info({ message_id: before }, "received mail was a duplicate");
    return;
  }
  const { from } = opened;
  const thread = await threadFor(context, tx, {
    mailbox_id: mailbox.mailbox_id,
    in_reply_to: parsed.in_reply_to,
    references: parsed.references,
    reply_token_message_id: place.reply_token,
    from: from.address,
  });
  const screened = await screenReceived(tx, opened, {
    known: thread.thread_id !== null && !thread.stranger,
  });
  const { content, ruling } = await ruleOnReceived(context, tx, opened, {
    mailbox_id: mailbox.mailbox_id,
    message_id: id,
    screened,
  });
  const message = messageOf({
    id,
    mailbox,
    opened,
    place,
    from,
    thread,
    screened,
    content,
    ruling,
  });
  await insertReceived(tx, message);
  if (message.status === "pending_inbound_approval")
    await putHeld(tx, { message_id: id, expiry_seconds: mailbox.expiry_seconds }, context.now());
  touches.push({
    mailbox_id: mailbox.mailbox_id,
    thread_id: message.thread_id,
    subject: message.subject,
    message_id: id,
    direction: "inbound",
    created_at: message.created_at,
  });
  record(context, message, opened.subject, records);
  const { asksToUnsubscribe } = await import("../mail/unsubscribe-request.ts");
  if (message.kind === "mail" && asksToUnsubscribe(parsed))
    await unsubscribeByReply(
      context,
      tx,
      { message, authentication: opened.authentication },
      records,
    );
}

/** Foreign text with its lines, without what no database keeps. */
function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** The same for what quotes foreign text: PostgreSQL keeps neither NUL nor half a character in JSON. */
function storableJson<T extends object>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (typeof one === "string" ? storable(one) : one)),
  ) as T;
}

function kindOf({ kind }: Opened): MailKindName {
  switch (kind.kind) {
    case "bounce":
    case "complaint":
    case "auto_reply":
      return kind.kind;
    case "tls_report":
    case "dmarc_report":
      return "report";
    default:
      return "mail";
  }
}

/** Held mail is held first of all: what a mailbox's people have not released, nobody's screening makes visible. */
function statusOf(
  mailbox: MailboxRow,
  screened: Screened,
  ruling: Ruling,
): { status: string; reason: string | null } {
  if (readMode(mailbox.mode) === "gated_all")
    return { status: "pending_inbound_approval", reason: "the mailbox holds what it receives" };
  if (ruling.verdict !== "pass")
    return { status: "pending_inbound_approval", reason: rulingReason(ruling) };
  switch (screened.verdict) {
    case "spam":
      return { status: "spam_quarantined", reason: screened.words };
    case "review":
      return { status: "spam_flagged", reason: screened.words };
    case "pass":
      return { status: "unread", reason: null };
  }
}

function messageOf(of: {
  id: string;
  mailbox: MailboxRow;
  opened: Opened;
  place: Place;
  from: { address: string; name: string | null };
  thread: { thread_id: string | null; reply_of: string | null; stranger: boolean };
  screened: Screened;
  content: object;
  ruling: Ruling;
}): ReceivedMessage {
  const { id, mailbox, opened, place, from, thread, screened } = of;
  const { parsed, row } = opened;
  const { status, reason } = statusOf(mailbox, screened, of.ruling);
  return {
    message_id: id,
    mailbox_id: mailbox.mailbox_id,
    status,
    kind: kindOf(opened),
    mode: mailbox.mode,
    digest: opened.digest,
    thread_id: thread.thread_id ?? id,
    reply_of: thread.reply_of,
    in_reply_to: parsed.in_reply_to && readable(parsed.in_reply_to, 998),
    rfc_message_id: readable(parsed.message_id ?? "", 998),
    from_address: from.address,
    from_name: from.name,
    subject: readable(parsed.subject, 998),
    attachments: parsed.attachments.map(
      ({ filename, content_type, size_bytes, inline, content_id }) => ({
        filename: readable(filename, 255),
        content_type: readable(content_type, 200),
        size_bytes,
        inline,
        content_id: content_id === null ? null : readable(content_id, 500),
      }),
    ),
    metadata: place.role === null ? {} : { role: place.role },
    reason,
    authentication: opened.authentication && storableJson(opened.authentication),
    screening: storableJson({
      ...screened.stored,
      ...of.content,
      stranger_in_thread: thread.stranger,
    }),
    created_at: row.received_at,
    mime: opened.stored,
    markdown: storable(parsed.markdown),
    body_text: storable(parsed.text),
    new_text: storable(parsed.new_text),
    recipients: recipientsOf(parsed, place.envelope_to),
  };
}

/** The header's recipients, then those of the envelope that it does not name. */
function recipientsOf(
  parsed: ParsedMail,
  envelopeTo: readonly string[],
): ReceivedMessage["recipients"] {
  const rows: ReceivedMessage["recipients"] = [];
  const seen = new Set<string>();
  const add = (kind: "to" | "cc" | "bcc", address: string, name: string): void => {
    const clean = readable(address, 320);
    const key = clean.toLowerCase();
    if (clean === "" || seen.has(key) || rows.length >= maxRecipients) return;
    seen.add(key);
    rows.push({ kind, address: clean, name: readable(name, 200) || null });
  };
  for (const address of envelopeTo)
    if (
      ![...parsed.to, ...parsed.cc].some(
        (one) => one.address.toLowerCase() === address.toLowerCase(),
      )
    )
      add("bcc", address, "");
  for (const { address, name } of parsed.to) add("to", address, name);
  for (const { address, name } of parsed.cc) add("cc", address, name);
  return rows;
}

/** The `message.received` entry: what came is committed to, and opened by the sender's own key. */
function record(
  context: EngineContext,
  message: ReceivedMessage,
  owner: Subject,
  records: Records,
): void {
  const about = {
    resource: message.message_id,
    mailbox_id: message.mailbox_id,
    thread_id: message.thread_id,
  };
  const openings = [
    commitTo(context.random, "from", message.from_address),
    commitTo(context.random, "subject", message.subject),
    commitTo(context.random, "body", createHash("sha256").update(message.body_text).digest("hex")),
  ];
  const [from, subject, body] = openings.map((opening) => opening.c);
  const entry = makeEntry(context, "message.received", sender, about, {
    digest: message.digest,
    status: message.status,
    kind: message.kind,
    content: { from, subject, body },
  });
  records.entries.push(entry.row);
  records.openings.push(sealOpenings(entry.row.entry_id, owner, openings, context.random));
  records.events.push(
    makeEvent(
      context,
      message.status === "unread" ? "message.received" : "message.held",
      {
        mailbox_id: message.mailbox_id,
        message_id: message.message_id,
        thread_id: message.thread_id,
      },
      message.status === "unread" ? { kind: message.kind } : { status: message.status },
    ),
  );
}
