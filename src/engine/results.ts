/** Results: what the remote answered, recipient by recipient, and what becomes of the message. */
import { receiptHash } from "../audit/bundle-receipt.ts";
import { step } from "../core/oversight/machine.ts";
import type { Event } from "../core/oversight/types.ts";
import { nextAttempt } from "../core/retry.ts";
import { type DeliveryVerdict, deliveryVerdict } from "../mail/delivery-verdict.ts";
import { batcher } from "../store/batcher.ts";
import { type Tx, mayBeOneItems } from "../store/database.ts";
import { deleteDue, putDue, standingTokens } from "../store/due.ts";
import {
  type LoadedMessage,
  type MessageUpdate,
  type RecipientUpdate,
  loadMessages,
  updateMessages,
  updateRecipients,
} from "../store/messages.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import type { Receipt, RecipientStatus } from "../store/tables.ts";
import { type NewTranscript, insertTranscripts } from "../store/transcripts.ts";
import type { EngineContext } from "./context.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import { makeEntry, makeEvent, worker } from "./record.ts";
import { countBack } from "./reputation.ts";
import { suppressRecipient } from "./suppression.ts";

/** The outcome of one attempt. */
export type AttemptResult = {
  operator_id: string;
  message_id: string;
  token: string;
  attempt: number;
  /** True when the server that accepted is the recipient's own: accepted means delivered. */
  final_hop: boolean;
  /**
   * Set where the remote never heard of the message, because we stopped or its queue was full: milliseconds until it is due
   * again, whatever the schedule says.
   */
  again_after?: number;
  /** `relayed`: a relay took it in the place of the recipient's own server, so that accepted means sent. */
  recipients: readonly {
    position: number;
    receipt: Receipt;
    relayed?: boolean;
    /** What was said on the wire, without the message. */
    transcript?: string;
  }[];
};

type Writes = {
  messages: MessageUpdate[];
  recipients: RecipientUpdate[];
  done: string[];
  later: { message_id: string; at: Date }[];
  /** Recipients that a server says do not exist. */
  dead: { message: LoadedMessage; position: number; suppress: boolean }[];
  records: Records;
};

/** Milliseconds in the queue after which people are told that a message is late. */
const delayNotices = [4 * 3_600_000, 24 * 3_600_000];

/** Records attempts, many in one commit. False when a later attempt has overtaken this one. */
export function createRecordResult(
  context: EngineContext,
): (result: AttemptResult) => Promise<boolean> {
  const record = batcher<AttemptResult, boolean>({
    max_items: 100,
    // One at a time: while it commits, results gather, and fewer and larger batches cost less.
    max_in_flight: 1,
    group: (result) => result.operator_id,
    retry_alone: mayBeOneItems,
    async serve(results) {
      const operatorId = results[0]?.operator_id ?? "";
      const done = await context.database.transaction(
        operatorId,
        (tx) => recordAll(context, tx, results),
        { reads_first: true },
      );
      const written = new Set(done);
      return results.map((result) => written.has(result));
    },
  });
  return async (result) => {
    const written = await record(result);
    context.wake.sequence();
    return written;
  };
}

async function recordAll(
  context: EngineContext,
  tx: Tx,
  results: readonly AttemptResult[],
): Promise<AttemptResult[]> {
  const ids = results.map((result) => result.message_id);
  const [rows, tokens] = await Promise.all([
    loadMessages(tx, ids, true),
    standingTokens(tx, "deliver", ids),
  ]);
  const loaded = new Map(rows.map((message) => [message.row.message_id, message]));
  const writes: Writes = {
    messages: [],
    recipients: [],
    done: [],
    later: [],
    dead: [],
    records: noRecords(),
  };
  const written: AttemptResult[] = [];
  for (const result of results) {
    const message = loaded.get(result.message_id);
    // Overtaken: the lease passed and another attempt counts now. The machine has seen it as lost.
    if (
      !message ||
      tokens.get(result.message_id) !== result.token ||
      message.row.status !== "sending" ||
      message.row.attempts !== result.attempt
    ) {
      context.log.warn(
        { message_id: result.message_id, attempt: result.attempt },
        "a delivery result came after its lease",
      );
      continue;
    }
    recordOne(context, message, result, writes);
    written.push(result);
  }
  await settleDead(context, tx, writes);
  await Promise.all([
    updateRecipients(tx, writes.recipients),
    updateMessages(tx, writes.messages, context.now()),
    deleteDue(tx, "deliver", writes.done),
    putDue(tx, "deliver", writes.later),
    appendRecords(tx, writes.records),
    insertTranscripts(tx, transcriptsOf(written), context.now()),
  ]);
  return written;
}

function transcriptsOf(results: readonly AttemptResult[]): NewTranscript[] {
  return results.flatMap(({ message_id, attempt, recipients }) =>
    recipients.flatMap(({ position, transcript }) =>
      transcript === undefined ? [] : [{ message_id, attempt, position, transcript }],
    ),
  );
}

/** Who does not exist is written to no more, and counts against the mailbox that wrote. */
async function settleDead(context: EngineContext, tx: Tx, writes: Writes): Promise<void> {
  const ended = new Set(
    writes.recipients.flatMap(({ message_id, position, status }) =>
      status === "bounced" ? [`${message_id} ${position}`] : [],
    ),
  );
  const dead = writes.dead.filter(({ message, position }) =>
    ended.has(`${message.row.message_id} ${position}`),
  );
  // Once a message, as messages are counted when they leave.
  const first = new Map(
    dead.flatMap(({ message: { row, recipients } }) =>
      recipients.some(({ status }) => status === "bounced") ? [] : [[row.message_id, row]],
    ),
  );
  // Mailboxes are locked before the operator, as hand-offs do.
  for (const [mailboxId, some] of Map.groupBy(first.values(), (row) => row.mailbox_id)) {
    const back = { bounced: some.length, complained: 0 };
    await countBack(context, tx, mailboxId, back, writes.records);
  }
  for (const { message, position, suppress } of dead) {
    const address = message.recipients.find((one) => one.position === position)?.address;
    if (!suppress || address === undefined) continue;
    await suppressRecipient(
      context,
      tx,
      {
        reason: "bounced",
        message: message.row,
        address,
        scope: "operator",
        author: worker,
      },
      writes.records,
    );
  }
}

function recordOne(
  context: EngineContext,
  message: LoadedMessage,
  result: AttemptResult,
  writes: Writes,
): void {
  const { row } = message;
  const now = context.now();
  const received = result.recipients.map(judged);
  const retryAt = retryTime(context, row, result, received);
  const relayed = new Set(
    result.recipients.flatMap((one) => (one.relayed === true ? [one.position] : [])),
  );
  const updates = received.map(({ position, receipt }) => ({
    message_id: row.message_id,
    position,
    status: statusOf(receipt, result.final_hop && !relayed.has(position), retryAt !== null),
    attempts: (message.recipients.find((one) => one.position === position)?.attempts ?? 0) + 1,
    receipt,
  }));
  const statuses = message.recipients.map(
    (recipient) =>
      updates.find((update) => update.position === recipient.position)?.status ?? recipient.status,
  );
  const unknown = result.recipients.some(({ receipt }) => receipt.outcome === "unknown");
  const event = eventOf(statuses, unknown);
  const after = step(toMachine(message), { type: event });
  if (!after.ok) throw new Error(`result ${event} refused: ${after.refusal}`);
  writes.recipients.push(...updates);
  writes.messages.push(toUpdate(row, after.message, { reason: reasonOf(event, result) }));
  if (event === "deferred" || event === "lost")
    writes.later.push({ message_id: row.message_id, at: new Date(retryAt ?? now.getTime()) });
  else writes.done.push(row.message_id);
  writes.records.entries.push(
    makeEntry(context, "message.attempted", worker, about(row), {
      attempt: result.attempt,
      status: after.message.status,
      results: updates.map(({ position, status, receipt }) => ({
        recipient: position,
        status,
        outcome: receipt.outcome,
        host: receipt.host,
        code: receipt.code,
        enhanced_status_code: receipt.enhanced_status_code,
        tls: receipt.tls?.version ?? null,
        // The rest of the receipt, so that evidence cannot show another.
        receipt: receiptHash(receipt),
      })),
    }).row,
  );
  const where = {
    mailbox_id: row.mailbox_id,
    message_id: row.message_id,
    thread_id: row.thread_id,
  };
  const delayed = event === "deferred" && isDelayed(row, now, retryAt) ? { delayed: true } : {};
  for (const type of eventNames[event])
    writes.records.events.push(
      makeEvent(context, type, where, { attempt: result.attempt, ...delayed }),
    );
  for (const { position, verdict } of received)
    if (verdict?.verdict === "hard")
      writes.dead.push({ message, position, suppress: verdict.suppress });
}

/** A recipient's receipt with what the refusal means; null where there was none. */
type Judged = { position: number; receipt: Receipt; verdict: DeliveryVerdict | null };

/** Reads a refusal by table and words, and not by its first digit: what was our own mistake is tried again. */
function judged({ position, receipt }: { position: number; receipt: Receipt }): Judged {
  // A reply cut within a character has no form in JSON, and the result must be recorded whatever the remote said.
  const kept = { ...receipt, reply: receipt.reply.toWellFormed() };
  if (receipt.outcome !== "temporary" && receipt.outcome !== "permanent")
    return { position, receipt: kept, verdict: null };
  const { code, enhanced_status_code: enhanced, reply: text } = kept;
  const verdict = deliveryVerdict({ code, enhanced, text });
  const again = receipt.outcome === "permanent" && verdict.retry && code !== null;
  return { position, receipt: again ? { ...kept, outcome: "temporary" } : kept, verdict };
}

/**
 * When the message is tried again, in milliseconds since the epoch: by the schedule, and not before a server said. Null where its
 * own time is over before that, or the schedule's.
 */
function retryTime(
  context: EngineContext,
  row: LoadedMessage["row"],
  { attempt, again_after }: AttemptResult,
  received: readonly Judged[],
): number | null {
  const now = context.now().getTime();
  const first = (row.first_attempt_at ?? new Date(now)).getTime();
  const own = row.give_up_seconds === null ? null : row.give_up_seconds * 1000;
  const end = own === null ? Number.POSITIVE_INFINITY : first + own;
  const within = (time: number): number | null => (time <= end ? time : null);
  if (again_after !== undefined) return within(now + again_after);
  const next = nextAttempt({
    attempts: attempt,
    first_attempt_at: first,
    now,
    chance: context.random(1).readUInt8() / 256,
    ...(own === null ? {} : { give_up_after: own, last_at_end: true }),
  });
  const asked = Math.max(0, ...received.map(({ verdict }) => verdict?.retry_after_seconds ?? 0));
  return next === null ? null : within(Math.max(next, now + asked * 1000));
}

/** True when a message that is put off has waited long enough for people to be told: at 4 hours, and at a day. */
function isDelayed(row: LoadedMessage["row"], now: Date, retryAt: number | null): boolean {
  if (row.first_attempt_at === null || retryAt === null) return false;
  const waited = now.getTime() - row.first_attempt_at.getTime();
  const then = retryAt - row.first_attempt_at.getTime();
  return delayNotices.some((after) => waited < after && then >= after);
}

function statusOf(receipt: Receipt, finalHop: boolean, mayRetry: boolean): RecipientStatus {
  switch (receipt.outcome) {
    case "accepted":
      return finalHop ? "delivered" : "sent";
    case "permanent":
      return "bounced";
    case "temporary":
    case "unknown":
      return mayRetry ? "deferred" : "failed";
  }
}

type ResultEvent = Extract<
  Event["type"],
  "accepted" | "delivered" | "deferred" | "lost" | "failed" | "bounced"
>;

/** The message's event from all its recipients: open ones first, then success, then the kinds of failure. */
function eventOf(statuses: readonly RecipientStatus[], unknown: boolean): ResultEvent {
  if (statuses.some((status) => status === "deferred" || status === "pending"))
    return unknown ? "lost" : "deferred";
  if (statuses.includes("sent")) return "accepted";
  if (statuses.includes("delivered")) return "delivered";
  return statuses.includes("bounced") ? "bounced" : "failed";
}

/** What the recipient's own server took has left and has arrived. */
const eventNames: Readonly<Record<ResultEvent, readonly string[]>> = {
  accepted: ["message.sent"],
  delivered: ["message.sent", "message.delivered"],
  deferred: ["message.deferred"],
  lost: ["message.deferred"],
  failed: ["message.failed"],
  bounced: ["message.bounced"],
};

function reasonOf(event: ResultEvent, result: AttemptResult): string | null {
  if (event === "accepted" || event === "delivered") return null;
  const bad = result.recipients.find(({ receipt }) => receipt.outcome !== "accepted");
  if (!bad) return null;
  const { code, enhanced_status_code, reply } = bad.receipt;
  // As the relay said it; where it said nothing, our own words stand alone.
  const said = code === null ? [reply] : [code, enhanced_status_code, reply];
  return said
    .filter((part) => part !== null)
    .join(" ")
    .slice(0, 500);
}
