/** Hand-off: the last check of everything, in one transaction, and the permission to send. */
import { allAllowlisted } from "../core/allowlist.ts";
import { dailyCap } from "../core/sending-limits.ts";
import { readMode, stricter } from "../core/oversight/mode.ts";
import { step } from "../core/oversight/machine.ts";
import type { Event, Message, Mode } from "../core/oversight/types.ts";
import type { RefusalCode } from "../core/refusal.ts";
import { contentDigest } from "../mail/digest.ts";
import { isLogBroken } from "../store/audit-log.ts";
import { getApiKeys } from "../store/credentials.ts";
import { type Tx } from "../store/database.ts";
import { type Claim, deleteDue, putDue, standingTokens } from "../store/due.ts";
import { addToDay, dayOf, handedOn } from "../store/mailbox-days.ts";
import {
  getMailboxes,
  loadAllowlists,
  loadSuppressed,
  suppressionKey,
} from "../store/mailboxes.ts";
import {
  type LoadedMessage,
  type RecipientRow,
  type RecipientUpdate,
  insertHandoffs,
  loadMessages,
  loadMime,
  updateMessages,
  updateRecipients,
  voidDecisions,
} from "../store/messages.ts";
import { listProvenDomains, putStopped, shareOperator } from "../store/operators.ts";
import { loadPolicies } from "../store/policies.ts";
import { appendRecords, noRecords } from "../store/records.ts";
import { checkApprovals } from "./approval-check.ts";
import type { EngineContext } from "./context.ts";
import { aliasIn } from "./erased-people.ts";
import { about, toMachine, toUpdate } from "./machine-row.ts";
import { type Surroundings, type Writes, endOne, sendOne } from "./hand-off-outcome.ts";
import { putPending } from "./pending-due.ts";
import { type Ruling, ruleOn, rulesFor } from "./policy-facts.ts";
import { isOpen, whoIsDue } from "./recipient-times.ts";
import { makeEntry, worker } from "./record.ts";
import type { Outgoing } from "./signing.ts";

/** What is held back by a stopped operator is asked again after this many milliseconds, or as soon as it goes on. */
const heldBack = 30_000;

/** The same for one that is over its mailbox's quota, or whose mailbox is paused. */
const overQuota = 5 * 60_000;

/** Bytes of mail that one transaction reads; a single message may be larger. */
const maxBatchBytes = 64 * 1024 * 1024;

/** How much mail there is room for: bytes of all messages together, and of the first one by itself. */
export type HandOffRoom = { bytes: number; first: number };

/** What a hand-off came to. */
export type HandedOff = {
  /** What may go to the wire now. */
  outgoing: Outgoing[];
  /** Bytes of the first message that was put back since there was no room for it, null where there is none. */
  left_bytes: number | null;
};

/**
 * Hands off what was claimed, of one operator, as far as there is room for it. What may not go to the wire now has been held,
 * ended or put back by the time this returns.
 */
export function handOff(
  context: EngineContext,
  operatorId: string,
  claims: readonly Claim[],
  room: HandOffRoom = { bytes: maxBatchBytes, first: Number.POSITIVE_INFINITY },
): Promise<HandedOff> {
  return context.database.transaction(
    operatorId,
    async (tx) => {
      const ids = claims.map((claim) => claim.message_id);
      const [loaded, tokens] = await Promise.all([
        loadMessages(tx, ids, true),
        standingTokens(tx, "deliver", ids),
      ]);
      const claimed = loaded.filter(({ row }) => {
        const claim = claims.find((one) => one.message_id === row.message_id);
        return claim !== undefined && tokens.get(row.message_id) === claim.token;
      });
      const { mine, next } = within(claimed, room);
      const around = await loadSurroundings(context, tx, mine);
      const writes: Writes = {
        lost: [],
        ended: [],
        sending: [],
        recipients: [],
        handoffs: [],
        settled: [],
        stopped: [],
        later: next.map(({ row }) => ({ message_id: row.message_id, at: context.now() })),
        expire: [],
        forged: [],
        begun: [],
        records: noRecords(),
        out: [],
      };
      for (const found of mine) {
        const token = tokens.get(found.row.message_id) ?? "";
        const { message, forged } = await checkApprovals(context, tx, found, around.keys);
        writes.forged.push(...forged.map((decision) => decision.decision_id));
        await decideOne(context, tx.operator_id, message, token, around, writes);
      }
      await save(context, tx, writes);
      return { outgoing: writes.out, left_bytes: next[0]?.row.size_bytes ?? null };
    },
    { reads_first: true },
  );
}

/** As many messages as may be in memory together; the next ones come due again at once. */
function within(
  claimed: readonly LoadedMessage[],
  room: HandOffRoom,
): {
  mine: LoadedMessage[];
  next: LoadedMessage[];
} {
  const most = Math.min(maxBatchBytes, room.bytes);
  let bytes = 0;
  const fits = ({ row }: LoadedMessage): boolean => (bytes += row.size_bytes) <= most;
  const end = claimed.findIndex(
    (message, i) => !fits(message) && (i > 0 || message.row.size_bytes > room.first),
  );
  return end < 0
    ? { mine: [...claimed], next: [] }
    : { mine: claimed.slice(0, end), next: claimed.slice(end) };
}

async function loadSurroundings(
  context: EngineContext,
  tx: Tx,
  messages: readonly LoadedMessage[],
): Promise<Surroundings> {
  const mailboxIds = [...new Set(messages.map(({ row }) => row.mailbox_id))];
  const addresses = messages.flatMap(({ recipients }) =>
    recipients.map((recipient) => recipient.address),
  );
  const [
    operator,
    log_broken,
    proven,
    keys,
    mailboxes,
    allowlists,
    suppressed,
    mime,
    handed,
    policies,
  ] = await Promise.all([
    shareOperator(tx),
    isLogBroken(tx),
    listProvenDomains(tx),
    getApiKeys(tx, [
      ...new Set(
        messages.flatMap(({ row, decisions }) => [
          row.author_id,
          ...decisions.map((decision) => decision.credential_id),
        ]),
      ),
    ]),
    getMailboxes(tx, mailboxIds),
    loadAllowlists(tx, mailboxIds),
    loadSuppressed(tx, addresses, aliasIn(context, tx)),
    loadMime(
      tx,
      messages.map(({ row }) => row.message_id),
    ),
    handedOn(tx, dayOf(context.now()), mailboxIds),
    // Held, so that a rule which lets a message through is not revoked before it has.
    loadPolicies(tx, mailboxIds, true),
  ]);
  const rules = await rulesFor(tx, policies, messages.map(askedOf));
  if (!operator) throw new Error(`operator ${tx.operator_id} is gone`);
  return {
    operator,
    log_broken,
    proven,
    mailboxes: new Map(mailboxes.map((row) => [row.mailbox_id, row])),
    allowlists,
    suppressed,
    mime,
    handed,
    rules,
    keys: new Map(keys.map((key) => [key.key_id, key])),
  };
}

/** A stored message as its rules see it. */
function askedOf({ row, recipients }: LoadedMessage): Parameters<typeof ruleOn>[1] {
  const { mailbox_id, message_id, tags, screening } = row;
  const written = recipients.filter(({ kind }) => kind !== "copy");
  return {
    mailbox_id,
    message_id,
    addresses: written.map(({ address }) => address),
    attachments: row.attachments.length,
    tags,
    screening,
  };
}

/** One message: lost attempts first, then the machine's word on the hand-off. */
async function decideOne(
  context: EngineContext,
  operatorId: string,
  message: LoadedMessage,
  token: string,
  around: Surroundings,
  writes: Writes,
): Promise<void> {
  const { row, recipients } = message;
  const before = afterLoss(context, message, writes);
  const open = recipients.filter(isOpen);
  const allowed = open.filter(
    ({ address }) =>
      !around.suppressed.has(suppressionKey("", address)) &&
      !around.suppressed.has(suppressionKey(row.mailbox_id, address)),
  );
  const ruling = ruleOn(around.rules, askedOf(message), context.now());
  const event = handOffEvent(context, message, before.mode, { open, allowed, around, ruling });
  const after = step(before, event);
  if (!after.ok) {
    refused(context, row.message_id, after.refusal, writes);
    return;
  }
  for (const recipient of open)
    if (!allowed.includes(recipient)) writes.recipients.push(suppressedUpdate(recipient));
  const mime = around.mime.get(row.message_id);
  const shared = { operatorId, message, after: after.message, around, ruling, writes };
  if (after.message.status === "sending" && mime && around.mailboxes.has(row.mailbox_id))
    sendOne(context, { ...shared, token, allowed: whoIsDue(allowed, context.now()), mime });
  else await endOne(context, { ...shared, before, allowed, mime });
}

/** The state to hand off from. What a crash left in `sending` goes back to the queue first. */
function afterLoss(context: EngineContext, message: LoadedMessage, writes: Writes): Message {
  const { row } = message;
  const state = toMachine(message);
  if (state.status !== "sending") return state;
  // Its lease passed without a result: the remote may or may not have it. Same Message-ID again.
  const lost = step(state, { type: "lost" });
  if (!lost.ok) throw new Error(`a lost attempt was refused: ${lost.refusal}`);
  writes.lost.push(toUpdate(row, lost.message, { reason: "the outcome of an attempt is unknown" }));
  const data = { attempt: row.attempts };
  writes.records.entries.push(
    makeEntry(context, "message.outcome_unknown", worker, about(row), data).row,
  );
  return lost.message;
}

/** Everything the machine asks at hand-off, as it stands in this transaction. */
function handOffEvent(
  context: EngineContext,
  { row, recipients }: LoadedMessage,
  submitted: Mode,
  known: {
    open: readonly RecipientRow[];
    allowed: readonly RecipientRow[];
    around: Surroundings;
    ruling: Ruling;
  },
): Extract<Event, { type: "hand_off" }> {
  const { open, allowed, around, ruling } = known;
  const mime = around.mime.get(row.message_id);
  const mailbox = around.mailboxes.get(row.mailbox_id);
  const addresses = recipients.map((recipient) => recipient.address);
  const left = recipients.filter(
    (one) => one.status !== "suppressed" && (allowed.includes(one) || !open.includes(one)),
  );
  const written = recipients.filter(({ kind }) => kind !== "copy");
  return {
    type: "hand_off",
    mode: modeNow(submitted, readMode(mailbox?.mode), left, around),
    allowlisted:
      ruling.allowlisted ||
      allAllowlisted(
        written.map((recipient) => recipient.address),
        around.allowlists.get(row.mailbox_id) ?? [],
      ),
    verdict: ruling.verdict,
    required: Math.max(mailbox?.approvals_required ?? 1, ruling.required),
    passkey: ruling.passkey || (mailbox?.passkey_required ?? false),
    stopped: around.operator.stopped_at !== null || around.log_broken,
    // A copy for the overseer of what nobody gets is no mail to send.
    suppressed: allowed.length === 0 || left.every(({ kind }) => kind === "copy"),
    over_quota: isOverQuota(context, row, around),
    digest: mime ? digestOf(mime, addresses) : "",
  };
}

/** True when the mailbox is paused, or has sent what it may today. A message that has begun goes on. */
function isOverQuota(
  context: EngineContext,
  row: LoadedMessage["row"],
  around: Surroundings,
): boolean {
  const mailbox = around.mailboxes.get(row.mailbox_id);
  if (!mailbox || mailbox.paused_at !== null) return true;
  if (row.handed) return false;
  const cap = dailyCap({
    quota: mailbox.daily_quota ?? context.daily_quota,
    warm_up_started_at: mailbox.warm_up_started_at,
    now: context.now(),
  });
  return (around.handed.get(row.mailbox_id) ?? 0) >= cap;
}

/** What becomes of the claim when the machine refuses the hand-off. */
function refused(
  context: EngineContext,
  messageId: string,
  refusal: RefusalCode,
  writes: Writes,
): void {
  const later = (milliseconds: number): void => {
    const at = new Date(context.now().getTime() + milliseconds);
    writes.later.push({ message_id: messageId, at });
  };
  if (refusal === "not_queued") writes.settled.push(messageId);
  else if (refusal === "operator_stopped") writes.stopped.push(messageId);
  else if (refusal === "quota_exceeded") later(overQuota);
  else {
    // The stored bytes are not what was approved. Nothing leaves until somebody has looked.
    context.log.error(
      { message_id: messageId, refusal },
      "hand-off refused: content does not match its digest",
    );
    later(3_600_000);
  }
}

/**
 * The mailbox's mode as the hand-off takes it. `monitored` sends with a copy to the overseer: where none of those who are
 * `left` is the overseer, because the mode was lowered after submission or the copy is suppressed, a person looks first.
 */
function modeNow(
  submitted: Mode,
  now: Mode,
  left: readonly RecipientRow[],
  { operator }: Surroundings,
): Mode {
  if (left.length === 0 || stricter(submitted, now) !== "monitored") return now;
  const overseer = operator.oversight_address?.toLowerCase();
  const seen = left.some(
    ({ kind, address }) => kind === "copy" || address.toLowerCase() === overseer,
  );
  return seen ? now : "gated_all";
}

/** The digest of stored bytes; bytes that cannot be digested match no approval. */
function digestOf(mime: Buffer, addresses: readonly string[]): string {
  try {
    return contentDigest(mime, addresses);
  } catch {
    return "";
  }
}

function suppressedUpdate(recipient: RecipientRow): RecipientUpdate {
  return {
    message_id: recipient.message_id,
    position: recipient.position,
    status: "suppressed",
    attempts: recipient.attempts,
    receipt: null,
  };
}

function countsOf(mailboxIds: readonly string[]): Parameters<typeof addToDay>[2] {
  return [...Map.groupBy(mailboxIds, (id) => id)].map(([mailbox_id, times]) => ({
    mailbox_id,
    handed: times.length,
    bounced: 0,
    complained: 0,
  }));
}

async function save(context: EngineContext, tx: Tx, writes: Writes): Promise<void> {
  const now = context.now();
  // In this order: the database lets a message go only after its hand-off. Begun together, run one after the other.
  await Promise.all([
    updateMessages(tx, writes.lost, now),
    updateRecipients(tx, writes.recipients),
    voidDecisions(tx, writes.forged, now),
    insertHandoffs(tx, writes.handoffs, now),
    updateMessages(tx, [...writes.ended, ...writes.sending], now),
    deleteDue(tx, "deliver", writes.settled),
    putDue(tx, "deliver", writes.later),
    putStopped(tx, writes.stopped, new Date(now.getTime() + heldBack)),
    putPending(tx, writes.expire, now),
    addToDay(tx, dayOf(now), countsOf(writes.begun)),
    appendRecords(tx, writes.records),
  ]);
}
