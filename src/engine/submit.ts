/** Submission: from a validated request to a message on disk, many requests in one commit. */
import { createHash } from "node:crypto";
import { encodeCanonical } from "../audit/encoding.ts";
import { type Actor, principal } from "../core/actor.ts";
import { allAllowlisted } from "../core/allowlist.ts";
import { readMode } from "../core/oversight/mode.ts";
import { step, submit as submitStep } from "../core/oversight/machine.ts";
import type { Message } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { contentDigest } from "../mail/digest.ts";
import { batcher } from "../store/batcher.ts";
import { mayBeOneItems } from "../store/database.ts";
import { type KeyClaim, claimKeys, findKey } from "../store/idempotency.ts";
import {
  type MailboxRow,
  getMailboxes,
  loadAllowlists,
  loadSuppressed,
  suppressionKey,
} from "../store/mailboxes.ts";
import { type NewMessage, insertMessages, loadMessages } from "../store/messages.ts";
import { type OperatorRow, getOperator } from "../store/operators.ts";
import { type Records, addRecords, appendRecords, noRecords } from "../store/records.ts";
import {
  type Draft,
  type Envelope,
  composeDraft,
  contentOpenings,
  envelopeOf,
} from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry, makeEvent, sealOpenings } from "./record.ts";

/** What submission answers; `replayed` when an idempotency key had been used for the same content. */
export type Submitted = {
  id: string;
  status: string;
  thread_id: string;
  message_id: string;
  replayed: boolean;
};

/** A request to send, validated in form by its operation. */
export type SubmitRequest = Draft & {
  mailbox_id: string;
  thread_id?: string | undefined;
  /** Our id of the message that this answers. */
  reply_of?: string | undefined;
  tags: Record<string, string>;
  metadata: Record<string, string>;
  idempotency_key?: string | undefined;
};

/** Everything known of the mailbox at submission. */
type Surroundings = {
  mailbox: MailboxRow;
  operator: OperatorRow;
  allowlist: readonly string[];
  suppressed: ReadonlySet<string>;
};

type Prepared = {
  operator_id: string;
  message: NewMessage;
  records: Records;
  claim: KeyClaim | null;
};

/** Submits messages; one function for the life of the process, so that concurrent requests share commits. */
export function createSubmit(
  context: EngineContext,
): (actor: Actor, request: SubmitRequest) => Promise<Submitted> {
  const surroundings = batcher<
    { operator_id: string; mailbox_id: string; addresses: string[] },
    Surroundings
  >({
    max_items: 128,
    max_in_flight: 1,
    group: (item) => item.operator_id,
    retry_alone: mayBeOneItems,
    serve: (items) => loadSurroundings(context, items),
  });
  const commit = batcher<Prepared, Submitted>({
    max_items: 64,
    max_in_flight: 2,
    weight: { of: (item) => item.message.mime.length, max: 16 * 1024 * 1024 },
    group: (item) => item.operator_id,
    retry_alone: mayBeOneItems,
    serve: (items) => commitAll(context, items),
  });

  return async (actor, request) => {
    const fingerprint = fingerprintOf(request, actor.test);
    const replayed = await replay(context, actor, request, fingerprint);
    if (replayed) return replayed;
    const envelope = envelopeOf(request);
    const around = await surroundings({
      operator_id: actor.operator_id,
      mailbox_id: request.mailbox_id,
      addresses: envelope.map((recipient) => recipient.address),
    });
    refuseSuppressed(around, envelope, request.mailbox_id);
    const prepared = await prepare(context, actor, request, envelope, around, fingerprint);
    const answer = await commit(prepared);
    if (answer.status === "queued") context.wake.deliver();
    else context.wake.timers();
    context.wake.sequence();
    return answer;
  };
}

/** What submissions of one operator have to know, in one look. */
async function loadSurroundings(
  context: EngineContext,
  items: { operator_id: string; mailbox_id: string; addresses: string[] }[],
): Promise<(Surroundings | Error)[]> {
  const ids = [...new Set(items.map((item) => item.mailbox_id))];
  const addresses = [...new Set(items.flatMap((item) => item.addresses))];
  return context.database.as(items[0]?.operator_id ?? "", async (tx) => {
    const [rows, operator, allowlists, suppressed] = await Promise.all([
      getMailboxes(tx, ids),
      getOperator(tx),
      loadAllowlists(tx, ids),
      loadSuppressed(tx, addresses),
    ]);
    const mailboxes = new Map(rows.map((row) => [row.mailbox_id, row]));
    return items.map(({ mailbox_id }) => {
      const mailbox = mailboxes.get(mailbox_id);
      return mailbox && operator
        ? { mailbox, operator, allowlist: allowlists.get(mailbox_id) ?? [], suppressed }
        : new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
    });
  });
}

/** The first answer again when the key is known; throws `idempotency_conflict` for other content. */
async function replay(
  context: EngineContext,
  actor: Actor,
  request: SubmitRequest,
  fingerprint: string,
): Promise<Submitted | null> {
  const key = request.idempotency_key;
  if (key === undefined) return null;
  const known = await context.database.as(actor.operator_id, (tx) =>
    findKey(tx, request.mailbox_id, key, context.now()),
  );
  if (!known) return null;
  if (known.fingerprint !== fingerprint) throw conflict();
  return alreadySent(context, actor.operator_id, known.message_id);
}

function conflict(): Refusal {
  return new Refusal(
    "idempotency_conflict",
    "This idempotency key was used within 24 hours for another message.",
    { field: "idempotency_key", hint: "Use a new key for a new message." },
  );
}

async function alreadySent(
  context: EngineContext,
  operatorId: string,
  messageId: string,
): Promise<Submitted> {
  const [loaded] = await context.database.as(operatorId, (tx) =>
    loadMessages(tx, [messageId], false),
  );
  if (!loaded) throw new Error(`idempotency key names the missing message ${messageId}`);
  return {
    id: messageId,
    status: loaded.row.status,
    thread_id: loaded.row.thread_id,
    message_id: loaded.row.rfc_message_id,
    replayed: true,
  };
}

/**
 * SHA-256 over everything that makes the message, whatever the order of members it came in. A test key's message is
 * another than a live key's: a live send must never be answered by one that did not leave.
 */
function fingerprintOf(request: SubmitRequest, test: boolean): string {
  const { idempotency_key: _key, attachments, ...rest } = request;
  const hash = createHash("sha256").update(encodeCanonical({ ...rest, test }, "request"));
  for (const attachment of attachments)
    hash
      .update(`\n${JSON.stringify([attachment.filename, attachment.content_type])}\n`)
      .update(createHash("sha256").update(attachment.content).digest());
  return hash.digest("hex");
}

function refuseSuppressed(around: Surroundings, envelope: Envelope, mailboxId: string): void {
  for (const recipient of envelope)
    if (
      around.suppressed.has(suppressionKey("", recipient.address)) ||
      around.suppressed.has(suppressionKey(mailboxId, recipient.address))
    )
      throw new Refusal(
        "recipient_suppressed",
        `${recipient.address} is suppressed: it unsubscribed, bounced or complained.`,
        { field: recipient.field, hint: "Take this recipient out." },
      );
}

/** Runs the machine over submission and scan; composes once; freezes digest and records. */
async function prepare(
  context: EngineContext,
  actor: Actor,
  request: SubmitRequest,
  envelope: Envelope,
  around: Surroundings,
  fingerprint: string,
): Promise<Prepared> {
  const { mailbox, operator } = around;
  const id = context.new_id();
  const { state: judged, overseer, reason } = judge(actor, envelope, around);
  const recipients: NewMessage["recipients"] = envelope.map(({ kind, address, name }) => ({
    kind,
    address,
    name,
  }));
  if (overseer !== null) recipients.push({ kind: "copy", address: overseer, name: null });
  const { gated } = judged;
  const composed = await composeDraft(context, request, envelope, { id, operator, mailbox, gated });
  const addresses = recipients.map((recipient) => recipient.address);
  const now = context.now();
  const expiresAt = new Date(now.getTime() + mailbox.expiry_seconds * 1000);
  const pending = judged.status === "pending_approval";
  const message: NewMessage = {
    message_id: id,
    mailbox_id: mailbox.mailbox_id,
    status: judged.status,
    mode: judged.mode,
    test: judged.test,
    required: judged.required,
    timing: judged.timing,
    gated,
    authors: [...judged.authors],
    author_kind: actor.kind,
    author_id: actor.credential_id,
    digest: contentDigest(composed.mime, addresses),
    thread_id: request.thread_id ?? id,
    in_reply_to: request.in_reply_to ?? null,
    reply_of: request.reply_of ?? null,
    rfc_message_id: composed.message_id,
    from_address: mailbox.address,
    subject: request.subject,
    attachments: composed.attachments,
    tags: request.tags,
    metadata: request.metadata,
    reason,
    send_at: null,
    expires_at: pending ? expiresAt : null,
    created_at: now,
    mime: composed.mime,
    markdown: request.markdown,
    recipients,
    due: pending ? { kind: "expire", at: expiresAt } : { kind: "deliver", at: now },
  };
  const key = request.idempotency_key;
  const claim =
    key === undefined ? null : { mailbox_id: mailbox.mailbox_id, key, fingerprint, message_id: id };
  const records = await submissionRecords(context, actor, message);
  return { operator_id: actor.operator_id, message, records, claim };
}

/** The state after submission and scan, and the overseer who gets a copy. Throws `mode_forbids_send`. */
function judge(
  actor: Actor,
  envelope: Envelope,
  { mailbox, operator, allowlist }: Surroundings,
): { state: Message; overseer: string | null; reason: string | null } {
  const mode = readMode(mailbox.mode);
  const addresses = envelope.map((recipient) => recipient.address);
  const begun = submitStep({
    mode,
    test: actor.test,
    authors: [principal(actor)],
    digest: "",
    required: mailbox.approvals_required,
    timing: "gate_first",
  });
  if (!begun.ok)
    throw new Refusal(begun.refusal, `Mailbox ${mailbox.address} is read_only: it cannot send.`, {
      hint: "Ask a person of the operator to raise the mailbox's oversight mode.",
    });
  // A monitored mailbox copies its overseer; without one to copy, a person has to look first.
  const overseer = mode === "monitored" ? operator.oversight_address : null;
  const unwatched = mode === "monitored" && overseer === null;
  const scanned = step(begun.message, {
    type: "scan",
    verdict: unwatched ? "review" : "pass",
    allowlisted: allAllowlisted(addresses, allowlist),
    wait: false,
  });
  if (!scanned.ok) throw new Error(`scan refused: ${scanned.refusal}`);
  const isWritten = addresses.some((one) => one.toLowerCase() === overseer?.toLowerCase());
  return {
    state: scanned.message,
    overseer: isWritten ? null : overseer,
    reason: unwatched ? "the operator has no oversight address to copy" : null,
  };
}

/** The `message.submitted` entry with its openings, and the event that tells of it. */
async function submissionRecords(
  context: EngineContext,
  actor: Actor,
  message: NewMessage,
): Promise<Records> {
  const content = contentOpenings(context.random, message);
  const subjects = await Promise.all(
    message.recipients.map((recipient) =>
      context.subjects.of(actor.operator_id, recipient.address),
    ),
  );
  const about = {
    resource: message.message_id,
    mailbox_id: message.mailbox_id,
    thread_id: message.thread_id,
    message_id: message.message_id,
  };
  const entry = makeEntry(context, "message.submitted", actor, about, {
    digest: message.digest,
    author: principal(actor),
    message_id: message.rfc_message_id,
    mode: message.mode,
    status: message.status,
    test: message.test,
    gated: message.gated,
    approvals_required: message.required,
    size: message.mime.length,
    content: content.commitments,
  });
  const event = makeEvent(
    context,
    message.status === "pending_approval" ? "oversight.pending" : "message.queued",
    about,
  );
  return {
    entries: [entry.row],
    openings: content
      .bySubject(subjects)
      .map(({ subject, openings }) =>
        sealOpenings(entry.row.entry_id, subject, openings, context.random),
      ),
    events: [event],
  };
}

/** Commits many submissions of one operator; where keys collide, the first wins and the others are answered by it. */
async function commitAll(
  context: EngineContext,
  items: Prepared[],
): Promise<(Submitted | Error)[]> {
  const operatorId = items[0]?.operator_id ?? "";
  const winners = new Map<string, Prepared>();
  for (const item of items) {
    const { claim, message } = item;
    const key = claim ? JSON.stringify([claim.mailbox_id, claim.key]) : message.message_id;
    if (!winners.has(key)) winners.set(key, item);
  }
  const committed = await context.database.transaction(operatorId, async (tx) => {
    const claims = [...winners.values()].flatMap((item) => (item.claim ? [item.claim] : []));
    const free = claims.length > 0 ? await claimKeys(tx, claims, context.now()) : new Set<string>();
    const fresh = [...winners.values()].filter(
      (item) => item.claim === null || free.has(item.message.message_id),
    );
    if (fresh.length > 0) {
      const records = noRecords();
      for (const item of fresh) addRecords(records, item.records);
      await Promise.all([
        insertMessages(
          tx,
          fresh.map((item) => item.message),
        ),
        appendRecords(tx, records),
      ]);
    }
    return new Set(fresh);
  });
  // From here on nothing may throw for all: the fresh ones are on disk.
  return Promise.all(
    items.map(async (item) =>
      committed.has(item)
        ? {
            id: item.message.message_id,
            status: item.message.status,
            thread_id: item.message.thread_id,
            message_id: item.message.rfc_message_id,
            replayed: false,
          }
        : answerByKey(context, operatorId, item).catch((error: unknown) =>
            error instanceof Error ? error : new Error(String(error)),
          ),
    ),
  );
}

async function answerByKey(
  context: EngineContext,
  operatorId: string,
  item: Prepared,
): Promise<Submitted | Error> {
  const claim = item.claim;
  if (!claim) return new Error("submission without a key lost to another");
  const known = await context.database.as(operatorId, (tx) =>
    findKey(tx, claim.mailbox_id, claim.key, context.now()),
  );
  if (!known || known.fingerprint !== claim.fingerprint) return conflict();
  return alreadySent(context, operatorId, known.message_id);
}
