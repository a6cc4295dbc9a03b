/** Submission: from a validated request to a message on disk, many requests in one commit. */
import { createHash } from "node:crypto";
import { encodeCanonical } from "../audit/encoding.ts";
import { type Actor, principal } from "../core/actor.ts";
import { readMode } from "../core/oversight/mode.ts";
import { submit as submitStep } from "../core/oversight/machine.ts";
import type { GateTiming, Message } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { batcher } from "../store/batcher.ts";
import { mayBeOneItems } from "../store/database.ts";
import { type KeyClaim, claimKeys, findKey } from "../store/idempotency.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import { type NewMessage, insertMessages, isUnder, loadMessages } from "../store/messages.ts";
import { type Records, addRecords, appendRecords, noRecords } from "../store/records.ts";
import { type Draft, type Envelope, envelopeOf } from "./composition.ts";
import { withCopies } from "./auto-copies.ts";
import { contentEntry } from "./content-entry.ts";
import type { EngineContext } from "./context.ts";
import {
  type Judged,
  type Surroundings,
  judge,
  loadSurroundings,
  modeForbids,
  refuseSuppressed,
} from "./judging.ts";
import { overTurns, reviewWithTurns } from "./loop-guard.ts";
import { newMessage } from "./new-message.ts";
import { scanOutgoing } from "./outbound-scan.ts";
import { pendingDue } from "./pending-due.ts";
import { quotaGate } from "./quota.ts";
import { makeEvent } from "./record.ts";
import { readSendAt } from "./send-time.ts";
import { refuseLocked } from "./thread-lock.ts";

/** What submission answers; `replayed` when an idempotency key had been used for the same content. */
export type Submitted = {
  id: string;
  status: string;
  thread_id: string;
  message_id: string;
  /** Why it is where it is, where there is something to say. */
  reason: string | null;
  /** ISO 8601, where it was asked to leave later. */
  send_at: string | null;
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
  /** ISO 8601: when it is to leave, at most a year ahead. */
  send_at?: string | undefined;
  /** Whether a gate comes before the wait for `send_at` (the usual) or after it. */
  gate_timing?: GateTiming | undefined;
  /** Seconds after the first attempt beyond which delivery is given up, 60 to 432,000. */
  expires_in_seconds?: number | undefined;
  /** A reason for which a person has to look, whatever mode and scan say. */
  review?: string | undefined;
  /** Principals who wrote this content earlier: they cannot decide on it either. */
  written_by?: readonly string[] | undefined;
};

type Prepared = {
  operator_id: string;
  message: NewMessage;
  records: Records;
  claim: KeyClaim | null;
};

/** Its mailbox was tightened, or its thread had its turns, between the look and the insert: what was prepared says less than what now holds. */
class Tightened extends Error {
  constructor(messageId: string) {
    super(`the mailbox or thread of message ${messageId} was tightened meanwhile`);
    this.name = "Tightened";
  }
}

/** How often a submission begins anew because its mailbox or thread was tightened meanwhile. */
const maxAttempts = 5;

/** Submits messages; one function for the life of the process, so that concurrent requests share commits. */
export function createSubmit(
  context: EngineContext,
): (actor: Actor, request: SubmitRequest) => Promise<Submitted> {
  const withinQuota = quotaGate(context);
  const surroundings = batcher<
    { operator_id: string; mailbox_id: string; addresses: string[] },
    Surroundings
  >({
    max_items: 128,
    max_in_flight: 1,
    group: (item) => item.operator_id,
    retry_alone: mayBeOneItems,
    serve: (items) =>
      context.database.as(items[0]?.operator_id ?? "", async (tx) =>
        (await loadSurroundings(context, tx, items)).map(
          (found) =>
            found ?? new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" }),
        ),
      ),
  });
  const commit = batcher<Prepared, Submitted>({
    max_items: 64,
    max_in_flight: 2,
    weight: { of: (item) => item.message.mime.length, max: 16 * 1024 * 1024 },
    group: (item) => item.operator_id,
    retry_alone: (error) => error instanceof Tightened || mayBeOneItems(error),
    serve: (items) => commitAll(context, items),
  });

  async function attempt(
    actor: Actor,
    request: SubmitRequest,
    written: Envelope,
    fingerprint: string,
  ): Promise<Submitted> {
    const { envelope, around } = await withCopies(written, (to) =>
      surroundings({
        operator_id: actor.operator_id,
        mailbox_id: request.mailbox_id,
        addresses: to.map((recipient) => recipient.address),
      }),
    );
    refuseSuppressed(around, envelope);
    const review = await reviewWithTurns(context, actor.operator_id, request, request.review);
    const guarded = { ...request, review };
    return commit(await prepare(context, actor, guarded, envelope, around, fingerprint));
  }

  return async (actor, request) => {
    const fingerprint = fingerprintOf(request, actor.test);
    const replayed = await replay(context, actor, request, fingerprint);
    if (replayed) return replayed;
    const envelope = envelopeOf(request);
    const once = (): Promise<Submitted> =>
      whileTightened(() => attempt(actor, request, envelope, fingerprint));
    const answer = actor.test ? await once() : await withinQuota(actor.operator_id, once);
    if (answer.status === "queued") context.wake.deliver();
    else context.wake.timers();
    context.wake.sequence();
    return answer;
  };
}

/** Begins anew while mailbox or thread are tightened meanwhile. */
async function whileTightened(attempt: () => Promise<Submitted>): Promise<Submitted> {
  for (let n = 1; ; n++)
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Tightened) || n === maxAttempts) throw error;
    }
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
  if (known.fingerprint !== fingerprint) throw keyConflict();
  return alreadySent(context, actor.operator_id, known.message_id);
}

/** The refusal of an idempotency key that stands for another message. */
export function keyConflict(): Refusal {
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
    reason: loaded.row.reason,
    send_at: loaded.row.send_at?.toISOString() ?? null,
    replayed: true,
  };
}

/**
 * SHA-256 over everything that makes the message, whatever the order of members it came in. A test key's message is
 * another than a live key's: a live send must never be answered by one that did not leave.
 */
function fingerprintOf(request: SubmitRequest, test: boolean): string {
  const { idempotency_key: _key, review: _review, attachments, ...rest } = request;
  const hash = createHash("sha256").update(encodeCanonical({ ...rest, test }, "request"));
  for (const attachment of attachments)
    hash
      .update(`\n${JSON.stringify(namesOf(attachment))}\n`)
      .update(createHash("sha256").update(attachment.content).digest());
  return hash.digest("hex");
}

/** What of an attachment beside its bytes makes the message. */
export function namesOf({
  filename,
  content_type,
  content_id,
}: Draft["attachments"][number]): string[] {
  return [filename, content_type, ...(content_id === undefined ? [] : [content_id])];
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
  const now = context.now();
  const sendAt = request.send_at === undefined ? null : readSendAt(request.send_at, now);
  const judged = judge(begin(actor, request, mailbox), {
    around,
    envelope,
    scanned: scanOutgoing(context, request, envelope, mailbox),
    tags: request.tags,
    now,
    wait: sendAt !== null && sendAt > now,
    review: request.review,
  });
  const { state, recipients } = judged;
  const message: NewMessage = {
    ...(await newMessage(context, actor, request, envelope, {
      operator,
      mailbox,
      state,
      recipients,
      send_at: sendAt,
      now,
    })),
    ...placeOf(judged, { now, sendAt, expirySeconds: mailbox.expiry_seconds }),
  };
  const key = request.idempotency_key;
  const claim =
    key === undefined
      ? null
      : { mailbox_id: mailbox.mailbox_id, key, fingerprint, message_id: message.message_id };
  const records = await submissionRecords(context, actor, message);
  return { operator_id: actor.operator_id, message, records, claim };
}

/** The machine's first state. Throws `mode_forbids_send`. */
function begin(actor: Actor, request: SubmitRequest, mailbox: MailboxRow): Message {
  const begun = submitStep({
    mode: readMode(mailbox.mode),
    test: actor.test,
    authors: [...new Set([principal(actor), ...(request.written_by ?? [])])],
    digest: "",
    required: mailbox.approvals_required,
    passkey: mailbox.passkey_required,
    timing: request.gate_timing ?? "gate_first",
  });
  if (!begun.ok) throw modeForbids(mailbox);
  return begun.message;
}

/** Status, what it waits for, and why. */
function placeOf(
  { state, reason, policy_id, screening }: Judged,
  at: { now: Date; sendAt: Date | null; expirySeconds: number },
): Pick<NewMessage, "status" | "reason" | "policy_id" | "screening" | "expires_at" | "due"> {
  const { status } = state;
  const expiresAt = new Date(at.now.getTime() + at.expirySeconds * 1000);
  const pending = status === "pending_approval";
  return {
    status,
    reason,
    policy_id,
    screening,
    expires_at: pending ? expiresAt : null,
    due: pending
      ? pendingDue(at.now, expiresAt)
      : status === "scheduled"
        ? [{ kind: "release", at: at.sendAt ?? at.now }]
        : status === "queued"
          ? [{ kind: "deliver", at: at.now }]
          : [],
  };
}

/** What tells of a message that came to a status by submission. */
export const submissionEvents: Readonly<Record<string, string>> = {
  pending_approval: "oversight.pending",
  scheduled: "message.scheduled",
  queued: "message.queued",
  blocked: "message.failed",
};

/** The `message.submitted` entry with its openings, and the event that tells of it. */
async function submissionRecords(
  context: EngineContext,
  actor: Actor,
  message: NewMessage,
): Promise<Records> {
  const stand = { ...message, size: message.mime.length };
  const { entry, openings } = await contentEntry(context, "message.submitted", actor, stand);
  const { message_id, mailbox_id, thread_id, reason } = message;
  const event = makeEvent(
    context,
    submissionEvents[message.status] ?? "message.queued",
    { message_id, mailbox_id, thread_id },
    reason === null ? {} : { reason },
  );
  return { entries: [entry.row], openings, events: [event] };
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
      await refuseLocked(
        tx,
        fresh.map((item) => item.message),
        { begun: false },
      );
      const over = await overTurns(
        context,
        tx,
        fresh.map((item) => item.message),
      );
      if (over) throw new Tightened(over.message_id);
      const records = noRecords();
      for (const item of fresh) addRecords(records, item.records);
      const [inserted] = await Promise.all([
        insertMessages(
          tx,
          fresh.map((item) => item.message),
        ),
        appendRecords(tx, records),
      ]);
      // The database tightens what it inserts to what the mailbox asks for now; the entry must not say less.
      const under = new Map(inserted.map((row) => [row.message_id, row]));
      for (const { message } of fresh) {
        if (!isUnder(under.get(message.message_id), message))
          throw new Tightened(message.message_id);
      }
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
            reason: item.message.reason,
            send_at: item.message.send_at?.toISOString() ?? null,
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
  if (!known || known.fingerprint !== claim.fingerprint) return keyConflict();
  return alreadySent(context, operatorId, known.message_id);
}
