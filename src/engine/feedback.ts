/** What comes back about mail we sent: bounces, complaints, reports, and people who ask us to stop. */
import { createHash } from "node:crypto";
import { readMode } from "../core/oversight/mode.ts";
import { step } from "../core/oversight/machine.ts";
import type { Authentication } from "../mail/authenticate.ts";
import type { Complaint } from "../mail/report-arf.ts";
import { returnedPart } from "../mail/report-arf.ts";
import type { Bounce } from "../mail/report.ts";
import type { Tx } from "../store/database.ts";
import { getMailbox } from "../store/mailboxes.ts";
import { countEntries } from "../store/audit-log.ts";
import { type ReceivedMessage, findWrittenTo, rememberSeen } from "../store/inbound.ts";
import {
  type LoadedMessage,
  type RecipientRow,
  loadMessages,
  updateMessages,
  updateRecipients,
} from "../store/messages.ts";
import type { Records } from "../store/records.ts";
import type { RecipientStatus } from "../store/tables.ts";
import { type CopyOf, readReturnPath } from "./addresses.ts";
import { keepAggregateReport } from "./aggregate-reports.ts";
import type { EngineContext } from "./context.ts";
import { suppressibleAs } from "./erased-people.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import type { Opened } from "./open-mail.ts";
import { type EntryAuthor, makeEntry, makeEvent, worker } from "./record.ts";
import { countBack } from "./reputation.ts";
import { suppressRecipient } from "./suppression.ts";
import { mayHaveIt } from "./unsubscribe.ts";
import { readUnsubscribeToken } from "./unsubscribe-token.ts";

/**
 * Entries of one message from which on reports that change nothing leave none: far more than its hand-offs make, and fewer than its
 * evidence holds (1000), so that what does change something still finds room there.
 */
const maxEntries = 700;

/** The author of entries about what others' mail systems report. */
const reporter: EntryAuthor = { kind: "system", credential_id: "remote", person_id: null };

/**
 * Applies a report to the copy it is about; `copy` is what a genuine return path of ours says, the only thing that a bounce is
 * believed for. Answers false for mail that is no report, or about nothing of ours: it is to be read by somebody.
 */
export async function applyFeedback(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  copy: CopyOf | null,
  records: Records,
): Promise<boolean> {
  const { kind } = opened;
  switch (kind.kind) {
    case "bounce":
      if (copy) await applyBounce(context, tx, opened, kind, copy, records);
      return copy !== null;
    case "complaint": {
      const about = copy ?? complainedCopy(context, tx, opened, kind);
      if (about) await applyComplaint(context, tx, opened, kind, about, records);
      return about !== null;
    }
    case "tls_report":
    case "dmarc_report":
      return keepAggregateReport(context, tx, opened, kind, records);
    default:
      return false;
  }
}

/** The message behind a copy, locked, and its recipient; null where either is gone. */
async function loadCopy(
  tx: Tx,
  copy: CopyOf,
): Promise<{ message: LoadedMessage; recipient: RecipientRow } | null> {
  if (copy.operator_id !== tx.operator_id) return null;
  const [message] = await loadMessages(tx, [copy.message_id], true);
  const recipient = message?.recipients.find((one) => one.position === copy.position);
  return message && recipient ? { message, recipient } : null;
}

async function applyBounce(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  bounce: Bounce,
  copy: CopyOf,
  records: Records,
): Promise<void> {
  const found = await loadCopy(tx, copy);
  if (!found) return;
  const { message, recipient } = found;
  const { told, theirs } = toldOf(bounce, recipient.address);
  if (!told) return;
  const said = {
    recipient: recipient.position,
    action: told.action,
    enhanced_status_code: told.status,
    verdict: told.verdict?.verdict ?? null,
    ...(theirs ? {} : { other_address: true }),
  };
  const where = {
    mailbox_id: message.row.mailbox_id,
    message_id: message.row.message_id,
    thread_id: message.row.thread_id,
  };
  const failed = told.action === "failed";
  const ends = failed && theirs;
  if (ends && (recipient.status === "bounced" || recipient.status === "failed")) return;
  if (!ends && !(await isNews(tx, opened, found))) return;
  records.entries.push(
    makeEntry(context, "message.reported", reporter, about(message.row), {
      ...said,
      report: opened.digest,
    }).row,
  );
  const reason = (await reasonOf(tx, message.row.mailbox_id, told)).slice(0, 500);
  const detail = { ...said, reason };
  if (told.action === "delayed") {
    records.events.push(
      makeEvent(context, "message.deferred", where, { ...detail, delayed: true }),
    );
    return;
  }
  if (failed && !ends) {
    records.events.push(makeEvent(context, "message.bounced", where, detail));
    return;
  }
  const status: RecipientStatus = failed ? "bounced" : "delivered";
  // A success report says more than we know only while all we know is that a relay took it.
  if (!failed && (told.action !== "delivered" || recipient.status !== "sent")) return;
  await moveRecipient(context, tx, found, status, reason);
  records.events.push(
    makeEvent(context, failed ? "message.bounced" : "message.delivered", where, detail),
  );
  if (!failed) return;
  // Once a message, as messages are counted when they leave. The mailbox is locked before the operator, as hand-offs do.
  const first = !message.recipients.some((one) => one.status === "bounced");
  if (first && told.verdict?.verdict === "hard")
    await countBack(context, tx, message.row.mailbox_id, { bounced: 1, complained: 0 }, records);
  if (told.verdict?.suppress === true)
    await suppress(context, tx, "bounced", { message: message.row, recipient }, records);
}

/**
 * What a report says of a copy, which has one recipient, and whether it says it of them (`theirs`). Where it speaks of somebody else,
 * that is an address to which theirs leads, maybe one of many: it may be dead while theirs is not.
 */
function toldOf(
  { recipients }: Bounce,
  address: string,
): { told: Bounce["recipients"][number] | undefined; theirs: boolean } {
  const ours = withoutTag(address);
  const theirs =
    recipients.find((one) => one.address !== null && withoutTag(one.address) === ours) ??
    recipients.find((one) => one.address === null && one.action === "failed");
  if (theirs) return { told: theirs, theirs: true };
  const told = recipients.find(({ action }) => action === "failed") ?? recipients[0];
  return { told, theirs: told?.address === null };
}

/** An address for comparing; many servers report the mailbox behind a tag (RFC 5233). */
function withoutTag(address: string): string {
  return address.toLowerCase().replace(/\+[^@]*(?=@[^@]*$)/, "");
}

/**
 * True for the first report of its kind about a copy, whoever sends it again. What ends nothing could come for ever: once a
 * message has {@link maxEntries} entries, it is news no more.
 */
async function isNews(
  tx: Tx,
  { fingerprint, row }: Opened,
  { message, recipient }: { message: LoadedMessage; recipient: RecipientRow },
): Promise<boolean> {
  const { message_id, mailbox_id } = message.row;
  const before = await rememberSeen(tx, {
    mailbox_id,
    fingerprint: createHash("sha256")
      .update(`report ${message_id} ${recipient.position} `)
      .update(fingerprint)
      .digest(),
    message_id,
    received_at: row.received_at,
  });
  return before === null && (await countEntries(tx, message_id, maxEntries)) < maxEntries;
}

/**
 * Why it failed, as agents may read it. The server's own words come from outside: where a mailbox holds what comes in, they
 * stay in the report.
 */
async function reasonOf(
  tx: Tx,
  mailboxId: string,
  told: Bounce["recipients"][number],
): Promise<string> {
  const words = told.verdict?.words ?? "";
  if (told.diagnostic === null) return words;
  const mailbox = await getMailbox(tx, mailboxId);
  return readMode(mailbox?.mode) === "gated_all" ? words : told.diagnostic;
}

/** One recipient's new status, and the message's where it now is the outcome for all. */
async function moveRecipient(
  context: EngineContext,
  tx: Tx,
  { message, recipient }: { message: LoadedMessage; recipient: RecipientRow },
  status: RecipientStatus,
  reason: string,
): Promise<void> {
  const { message_id, position, attempts } = recipient;
  await updateRecipients(tx, [{ message_id, position, status, attempts, receipt: null }]);
  const statuses = message.recipients
    .filter(({ kind }) => kind !== "copy")
    .map((one) => (one.position === position ? status : one.status));
  const all = (wanted: RecipientStatus): boolean => statuses.every((one) => one === wanted);
  const event = all("bounced") ? "bounced" : all("delivered") ? "delivered" : null;
  if (event === null) return;
  if (message.row.status === "sending") {
    // What the attempt under way comes to is for its result to say, which finds this recipient ended, and this reason.
    const same = toUpdate(message.row, toMachine(message), { reason });
    if (event === "bounced") await updateMessages(tx, [same], context.now());
    return;
  }
  const after = step(toMachine(message), { type: event });
  if (!after.ok) return;
  await updateMessages(
    tx,
    [toUpdate(message.row, after.message, { reason: event === "bounced" ? reason : null })],
    context.now(),
  );
}

/** The copy that a complaint is about where it did not come to a return path: by a token of ours in what it returns. */
function complainedCopy(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  complaint: Complaint,
): CopyOf | null {
  const path = complaint.original_mail_from
    ? readReturnPath(context.unsubscribe_key, complaint.original_mail_from)
    : null;
  if (path?.operator_id === tx.operator_id) return path;
  const returned = returnedPart(opened.parsed)
    ?.content.subarray(0, 256 * 1024)
    .toString("latin1");
  // Folded and soft-broken lines are put together again; a token is one word.
  const text = returned?.replaceAll(/=?\r?\n[ \t]?/g, "") ?? "";
  for (const [token] of text.matchAll(/[0-9A-HJKMNP-TV-Z]{80}/g)) {
    const target = readUnsubscribeToken(context.unsubscribe_key, token);
    if (target?.operator_id === tx.operator_id) return target;
  }
  return null;
}

async function applyComplaint(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  complaint: Complaint,
  copy: CopyOf,
  records: Records,
): Promise<void> {
  const found = await loadCopy(tx, copy);
  if (!found || found.message.row.attempts === 0) return;
  const { row } = found.message;
  const data = { recipient: copy.position, feedback_type: complaint.feedback_type };
  if (!complaint.suppress) {
    if (!(await isNews(tx, opened, found))) return;
    records.entries.push(makeEntry(context, "message.reported", reporter, about(row), data).row);
    return;
  }
  const first = row.complained_at === null;
  const of = { message: row, recipient: found.recipient };
  if (first) await countBack(context, tx, row.mailbox_id, { bounced: 0, complained: 1 }, records);
  await suppress(context, tx, "complained", of, records, data);
}

/** Suppresses the recipient of a copy: for the mailbox where they asked it to stop, else for the operator. */
async function suppress(
  context: EngineContext,
  tx: Tx,
  reason: "bounced" | "complained" | "unsubscribed",
  copy: { message: LoadedMessage["row"]; recipient: RecipientRow },
  records: Records,
  data: Record<string, unknown> = {},
): Promise<void> {
  const address = suppressibleAs(copy.recipient);
  // The message was erased before anything was kept of who got it.
  if (address === null) return;
  await suppressRecipient(
    context,
    tx,
    {
      reason,
      message: copy.message,
      address,
      scope: reason === "unsubscribed" ? "mailbox" : "operator",
      ...(reason === "unsubscribed" ? {} : { author: reporter }),
      data,
    },
    records,
  );
}

/** Mail to the unsubscribe address with a genuine token as its subject or in its text: its recipient is suppressed. */
export async function unsubscribeByMail(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  records: Records,
): Promise<boolean> {
  const text = `${opened.parsed.subject} ${opened.parsed.new_text.slice(0, 2000)}`;
  for (const [token] of text.toUpperCase().matchAll(/[0-9A-HJKMNP-TV-Z]{80}/g)) {
    const target = readUnsubscribeToken(context.unsubscribe_key, token);
    const found = target && (await loadCopy(tx, target));
    if (!found || !mayHaveIt(found.message.row, found.recipient)) continue;
    await suppress(
      context,
      tx,
      "unsubscribed",
      { message: found.message.row, recipient: found.recipient },
      records,
    );
    return true;
  }
  return false;
}

/**
 * A received message that asks us to stop: its sender is suppressed for the mailbox. Believed of whoever we had written to, in
 * this thread, unless the sender's domain asks that such a message be not taken for theirs; that it was ignored is in the log.
 */
export async function unsubscribeByReply(
  context: EngineContext,
  tx: Tx,
  asked: { message: ReceivedMessage; authentication: Authentication | null },
  records: Records,
): Promise<void> {
  const { message, authentication } = asked;
  const { reply_of: replyOf, from_address: from } = message;
  if (replyOf === null) return;
  const disposition = authentication?.dmarc?.disposition ?? "none";
  if (disposition !== "none") {
    const data = { because: "dmarc", disposition };
    records.entries.push(
      makeEntry(context, "message.unsubscribe_ignored", worker, about(message), data).row,
    );
    return;
  }
  // Whoever answers their own earlier answer means us as well.
  const id = (await findWrittenTo(tx, { ...message, nearest: replyOf }, from)) ?? replyOf;
  const [written] = await loadMessages(tx, [id], true);
  if (written?.row.direction !== "outbound") return;
  const people = written.recipients.filter((one) => mayHaveIt(written.row, one));
  // Written from another address of theirs: where only one was written to, it can be nobody else.
  const subjectId = context.subjects.idOf(tx.operator_id, from);
  const asking =
    people.find(({ address }) => address.toLowerCase() === from.toLowerCase()) ??
    people.find((one) => one.subject_id === subjectId) ??
    (people.length === 1 ? people[0] : undefined);
  if (asking)
    await suppress(
      context,
      tx,
      "unsubscribed",
      { message: written.row, recipient: asking },
      records,
    );
}
