/** What one attempt, or a part of it, makes of a message: its recipients, the machine's step, when it is tried again, its records. */
import { receiptHash } from "../audit/bundle-receipt.ts";
import { step } from "../core/oversight/machine.ts";
import type { Event } from "../core/oversight/types.ts";
import { giveUpAfter, nextAttempt } from "../core/retry.ts";
import { type DeliveryVerdict, deliveryVerdict } from "../mail/delivery-verdict.ts";
import type {
  LoadedMessage,
  MessageUpdate,
  RecipientRow,
  RecipientUpdate,
} from "../store/messages.ts";
import type { Records } from "../store/records.ts";
import type { Receipt, RecipientStatus } from "../store/tables.ts";
import type { EngineContext } from "./context.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import { makeEntry, makeEvent, worker } from "./record.ts";
import { dueTogether, isOpen } from "./recipient-times.ts";

/** What came of one attempt for those who have answered since the part before. */
export type AttemptResult = {
  operator_id: string;
  message_id: string;
  token: string;
  attempt: number;
  /** True when the server that accepted is the recipient's own: accepted means delivered. */
  final_hop: boolean;
  /** True where others have not answered yet: the message stays on the wire, and its claim with whoever has it. */
  more_follow?: boolean;
  /** Positions that earlier parts of this attempt told of, and that were really tried. */
  told_before?: readonly number[];
  recipients: readonly RecipientResult[];
};

/** `relayed`: a relay took it in the place of the recipient's own server, so that accepted means sent. */
export type RecipientResult = {
  position: number;
  receipt: Receipt;
  relayed?: boolean;
  /**
   * Set where the remote never heard of the message, because we stopped or its queue was full: milliseconds until it is due
   * again. It is no attempt, and takes nothing of the schedule.
   */
  again_after?: number;
  /** What was said on the wire, without the message. */
  transcript?: string;
};

/** Everything that one transaction of results writes. */
export type ResultWrites = {
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

/** Milliseconds that each hand-off so far makes the wait for a full queue longer, where it is not longer already. */
const lapWait = 100;

/** A recipient's result with what it makes of the recipient. */
type Judged = {
  result: RecipientResult;
  receipt: Receipt;
  verdict: DeliveryVerdict | null;
  update: RecipientUpdate;
};

/** Adds what the result comes to; answers the message as it is then. */
export function recordOne(
  context: EngineContext,
  message: LoadedMessage,
  result: AttemptResult,
  writes: ResultWrites,
): LoadedMessage {
  // One for all, so that those who are put off together come due together.
  const chance = context.random(1).readUInt8() / 256;
  const judged = result.recipients.map((one) => judge(context, message, result, one, chance));
  const recipients = message.recipients.map((recipient) => {
    const update = judged.find(
      ({ update: { position } }) => position === recipient.position,
    )?.update;
    return update ? changed(recipient, update) : recipient;
  });
  writes.recipients.push(...judged.map(({ update }) => update));
  for (const { result: one, verdict } of judged)
    if (verdict?.verdict === "hard")
      writes.dead.push({ message, position: one.position, suppress: verdict.suppress });
  const after = { ...message, recipients };
  const status = result.more_follow === true ? "sending" : finish(context, after, result, writes);
  writes.records.entries.push(entryOf(context, message, result, { status, judged }));
  return { ...after, row: { ...message.row, status } };
}

function changed(recipient: RecipientRow, update: RecipientUpdate): RecipientRow {
  const { status, attempts, receipt, next_attempt_at = null } = update;
  return { ...recipient, status, attempts, receipt: receipt ?? recipient.receipt, next_attempt_at };
}

/** The last part of an attempt: the machine's step, by all recipients. Answers the message's status. */
function finish(
  context: EngineContext,
  message: LoadedMessage,
  result: AttemptResult,
  writes: ResultWrites,
): string {
  const { row } = message;
  const now = context.now();
  const { of, tried } = ofAttempt(message, result);
  const unknown = of.some(({ receipt }) => receipt?.outcome === "unknown");
  const event = eventOf(
    message.recipients.map(({ status }) => status),
    unknown,
  );
  const after = step(toMachine(message), { type: event });
  if (!after.ok) throw new Error(`result ${event} refused: ${after.refusal}`);
  // That was told when the report came, with its reason.
  const reported = event === "bounced" && of.every(wasReported);
  const reason = reported ? row.reason : reasonOf(event, of);
  writes.messages.push(toUpdate(row, after.message, { reason }));
  const waits = event === "deferred" || event === "lost";
  const at = waits ? dueTogether(message.recipients.filter(isOpen), now) : now;
  if (waits) writes.later.push({ message_id: row.message_id, at });
  else writes.done.push(row.message_id);
  const where = {
    mailbox_id: row.mailbox_id,
    message_id: row.message_id,
    thread_id: row.thread_id,
  };
  const delayed = waits && isDelayed(row, now, at) ? { delayed: true } : {};
  // What nobody was asked to take has not been put off by anybody: that is no news, unless it makes the message late.
  const isNews = waits
    ? tried.some(({ status }) => status === "deferred") || "delayed" in delayed
    : !reported;
  for (const type of isNews ? eventNames[event] : [])
    writes.records.events.push(
      makeEvent(context, type, where, { attempt: result.attempt, ...delayed }),
    );
  return after.message.status;
}

/** The recipients that this attempt was about, earlier parts included; and those of them who were really tried. */
function ofAttempt(
  { recipients }: LoadedMessage,
  { told_before: before = [], recipients: now }: AttemptResult,
): { of: RecipientRow[]; tried: RecipientRow[] } {
  const told = new Set([...before, ...now.map(({ position }) => position)]);
  const untried = new Set(
    now.flatMap((one) => (one.again_after === undefined ? [] : [one.position])),
  );
  const of = recipients.filter(({ position }) => told.has(position));
  return { of, tried: of.filter(({ position }) => !untried.has(position)) };
}

function entryOf(
  context: EngineContext,
  { row }: LoadedMessage,
  { attempt }: AttemptResult,
  { status, judged }: { status: string; judged: readonly Judged[] },
): ReturnType<typeof makeEntry>["row"] {
  return makeEntry(context, "message.attempted", worker, about(row), {
    attempt,
    status,
    results: judged.map(({ receipt, update }) => ({
      recipient: update.position,
      status: update.status,
      outcome: receipt.outcome,
      host: receipt.host,
      code: receipt.code,
      enhanced_status_code: receipt.enhanced_status_code,
      tls: receipt.tls?.version ?? null,
      // The rest of the receipt, so that evidence cannot show another.
      receipt: receiptHash(receipt),
    })),
  }).row;
}

/** Reads an answer by table and words, and not by its first digit: what was our own mistake is tried again. */
function judge(
  context: EngineContext,
  message: LoadedMessage,
  { final_hop: finalHop }: AttemptResult,
  result: RecipientResult,
  chance: number,
): Judged {
  const { position, relayed = false, again_after: again } = result;
  const recipient = message.recipients.find((one) => one.position === position);
  const { receipt, verdict } = read(result.receipt);
  const attempts = (recipient?.attempts ?? 0) + (again === undefined ? 1 : 0);
  const waits = receipt.outcome === "temporary" || receipt.outcome === "unknown";
  const next = waits ? retryTime(context, message.row, { attempts, again, verdict, chance }) : null;
  const untried = again !== undefined && next !== null && recipient !== undefined;
  // A bounce may be quicker than the record of the answer before it, and is the later news: it stands, whatever the answer was.
  const bounced = recipient?.status === "bounced";
  const update: RecipientUpdate = {
    message_id: message.row.message_id,
    position,
    // Nobody has put off who was not tried.
    status:
      untried || bounced
        ? recipient.status
        : statusOf(receipt, finalHop && !relayed, next !== null),
    attempts,
    receipt,
    next_attempt_at: next === null || bounced ? null : new Date(next),
  };
  return { result, receipt, verdict: bounced ? null : verdict, update };
}

function read(receipt: Receipt): { receipt: Receipt; verdict: DeliveryVerdict | null } {
  // A reply cut within a character has no form in JSON, and the result must be recorded whatever the remote said.
  const kept = { ...receipt, reply: receipt.reply.toWellFormed() };
  if (receipt.outcome !== "temporary" && receipt.outcome !== "permanent")
    return { receipt: kept, verdict: null };
  const { code, enhanced_status_code: enhanced, reply: text } = kept;
  const verdict = deliveryVerdict({ code, enhanced, text });
  const again = receipt.outcome === "permanent" && verdict.retry && code !== null;
  return { receipt: again ? { ...kept, outcome: "temporary" } : kept, verdict };
}

/**
 * When a recipient is tried again, in milliseconds since the epoch: by the schedule of their own attempts, and not before their
 * server said. Null where the message's time is over before that, or the schedule's.
 */
function retryTime(
  context: EngineContext,
  row: LoadedMessage["row"],
  tried: {
    attempts: number;
    again: number | undefined;
    verdict: DeliveryVerdict | null;
    chance: number;
  },
): number | null {
  const now = context.now().getTime();
  const first = (row.first_attempt_at ?? new Date(now)).getTime();
  const own = row.give_up_seconds === null ? null : row.give_up_seconds * 1000;
  const within = (time: number, end: number): number | null => (time <= end ? time : null);
  if (tried.again !== undefined) {
    // What has gone round often does so more slowly; and never tried for as long as one tries at most, it would go round for ever.
    const again = tried.again === 0 ? 0 : Math.max(tried.again, row.attempts * lapWait);
    return within(now + again, first + (own ?? giveUpAfter));
  }
  const next = nextAttempt({
    attempts: tried.attempts,
    first_attempt_at: first,
    now,
    chance: tried.chance,
    ...(own === null ? {} : { give_up_after: own, last_at_end: true }),
  });
  if (next === null) return null;
  const asked = now + (tried.verdict?.retry_after_seconds ?? 0) * 1000;
  return within(Math.max(next, asked), own === null ? Number.POSITIVE_INFINITY : first + own);
}

/** True when a message that is put off has waited long enough for people to be told: at 4 hours, and at a day. */
function isDelayed(row: LoadedMessage["row"], now: Date, at: Date): boolean {
  if (row.first_attempt_at === null) return false;
  const waited = now.getTime() - row.first_attempt_at.getTime();
  const then = at.getTime() - row.first_attempt_at.getTime();
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
  if (statuses.some((status) => isOpen({ status }))) return unknown ? "lost" : "deferred";
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

/** True for who bounced by a report, and not on the wire. */
const wasReported = ({ status, receipt }: RecipientRow): boolean =>
  status === "bounced" && receipt?.outcome !== "permanent";

function reasonOf(event: ResultEvent, of: readonly RecipientRow[]): string | null {
  if (event === "accepted" || event === "delivered") return null;
  const bad = of.find(({ receipt }) => receipt !== null && receipt.outcome !== "accepted");
  if (!bad?.receipt) return null;
  const { code, enhanced_status_code, reply } = bad.receipt;
  // As the relay said it; where it said nothing, our own words stand alone.
  const said = code === null ? [reply] : [code, enhanced_status_code, reply];
  return said
    .filter((part) => part !== null)
    .join(" ")
    .slice(0, 500);
}
