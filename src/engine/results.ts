/** Results: what the remote answered, recipient by recipient, and what becomes of the message. */
import { receiptHash } from "../audit/bundle-receipt.ts";
import { step } from "../core/oversight/machine.ts";
import type { Event } from "../core/oversight/types.ts";
import { nextAttempt } from "../core/retry.ts";
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
import type { EngineContext } from "./context.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import { makeEntry, makeEvent, worker } from "./record.ts";

/** The outcome of one attempt. */
export type AttemptResult = {
  operator_id: string;
  message_id: string;
  token: string;
  attempt: number;
  /** True when the server that accepted is the recipient's own: accepted means delivered. */
  final_hop: boolean;
  /** True when our own stop ended the attempt before the remote had the message: it is due again at once. */
  interrupted?: boolean;
  recipients: readonly { position: number; receipt: Receipt }[];
};

type Writes = {
  messages: MessageUpdate[];
  recipients: RecipientUpdate[];
  done: string[];
  later: { message_id: string; at: Date }[];
  records: Records;
};

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
  await Promise.all([
    updateRecipients(tx, writes.recipients),
    updateMessages(tx, writes.messages, context.now()),
    deleteDue(tx, "deliver", writes.done),
    putDue(tx, "deliver", writes.later),
    appendRecords(tx, writes.records),
  ]);
  return written;
}

function recordOne(
  context: EngineContext,
  message: LoadedMessage,
  result: AttemptResult,
  writes: Writes,
): void {
  const { row } = message;
  const now = context.now();
  const retryAt = result.interrupted
    ? now.getTime()
    : nextAttempt({
        attempts: result.attempt,
        first_attempt_at: (row.first_attempt_at ?? now).getTime(),
        now: now.getTime(),
        chance: context.random(1).readUInt8() / 256,
      });
  // A reply cut within a character has no form in JSON, and the result must be recorded whatever the remote said.
  const received = result.recipients.map(({ position, receipt }) => ({
    position,
    receipt: { ...receipt, reply: receipt.reply.toWellFormed() },
  }));
  const updates = received.map(({ position, receipt }) => ({
    message_id: row.message_id,
    position,
    status: statusOf(receipt, result.final_hop, retryAt !== null),
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
  writes.records.events.push(
    makeEvent(
      context,
      eventNames[event],
      { mailbox_id: row.mailbox_id, message_id: row.message_id, thread_id: row.thread_id },
      { attempt: result.attempt },
    ),
  );
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

const eventNames: Readonly<Record<ResultEvent, string>> = {
  accepted: "message.sent",
  delivered: "message.delivered",
  deferred: "message.deferred",
  lost: "message.deferred",
  failed: "message.failed",
  bounced: "message.bounced",
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
