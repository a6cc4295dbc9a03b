/** What becomes of a message at hand-off: the permission to send with its leaf, or the end or hold that the machine says. */
import { step } from "../core/oversight/machine.ts";
import type { Message } from "../core/oversight/types.ts";
import type { ApiKeyRow } from "../store/credentials.ts";
import type { getMailboxes } from "../store/mailboxes.ts";
import type {
  LoadedMessage,
  MessageUpdate,
  NewHandoff,
  RecipientRow,
  RecipientUpdate,
} from "../store/messages.ts";
import type { getOperator } from "../store/operators.ts";
import type { Records } from "../store/records.ts";
import { domainOf } from "./addresses.ts";
import type { EngineContext } from "./context.ts";
import { about, toUpdate } from "./machine-row.ts";
import { type Rules, type Ruling, rulingReason } from "./policy-facts.ts";
import { makeEntry, makeEvent, worker } from "./record.ts";
import { type Outgoing, signFor } from "./signing.ts";

/** What hand-offs of one transaction have to know. */
export type Surroundings = {
  operator: NonNullable<Awaited<ReturnType<typeof getOperator>>>;
  /** Its log is not the one that was signed last: what leaves could be proven to nobody. */
  log_broken: boolean;
  /** Domains that the operator has proven as its own. */
  proven: readonly string[];
  mailboxes: ReadonlyMap<string, Awaited<ReturnType<typeof getMailboxes>>[number]>;
  allowlists: ReadonlyMap<string, string[]>;
  suppressed: ReadonlySet<string>;
  mime: ReadonlyMap<string, Buffer>;
  /** First hand-offs of today by mailbox, those of this transaction counted in. */
  handed: Map<string, number>;
  /** The standing policies of now. */
  rules: Rules;
  /** Keys of authors and approvers. */
  keys: ReadonlyMap<string, ApiKeyRow>;
};

/** Everything one transaction of hand-offs writes. */
export type Writes = {
  /** What a crash left in `sending`: back to the queue before it is handed off again. */
  lost: MessageUpdate[];
  /** Outcomes that need no hand-off. */
  ended: MessageUpdate[];
  /** Messages that go to the wire. */
  sending: MessageUpdate[];
  recipients: RecipientUpdate[];
  handoffs: NewHandoff[];
  settled: string[];
  /** Held back because the operator is stopped. */
  stopped: string[];
  later: { message_id: string; at: Date }[];
  expire: { message_id: string; at: Date }[];
  /** Approvals that do not verify. */
  forged: string[];
  /** Mailboxes of messages that go out for the first time, each as often as it has one. */
  begun: string[];
  records: Records;
  out: Outgoing[];
};

type Sending = {
  operatorId: string;
  message: LoadedMessage;
  token: string;
  after: Message;
  allowed: RecipientRow[];
  around: Surroundings;
  /** What the rules say now. */
  ruling: Ruling;
  mime: Buffer;
  writes: Writes;
};

/** The permission to send, the leaf that says so, and what the worker needs. */
export function sendOne(context: EngineContext, sending: Sending): void {
  const { message, after, allowed, ruling, writes } = sending;
  const { row } = message;
  const attempt = row.attempts + 1;
  const approvals = message.decisions.filter(
    (decision) =>
      decision.decision === "approve" &&
      decision.voided_at === null &&
      decision.digest === row.digest,
  );
  const entry = makeEntry(context, "message.handed_off", worker, about(row), {
    attempt,
    digest: row.digest,
    mode: after.mode,
    recipients: allowed.map((recipient) => recipient.position),
    approvals: approvals.map((decision) => decision.leaf_hash.toString("hex")),
    ...risen(row, after),
    ...ruleOf(ruling),
  });
  writes.records.entries.push(entry.row);
  writes.handoffs.push({
    message_id: row.message_id,
    attempt,
    digest: row.digest,
    entry_id: entry.row.entry_id,
    // Only a rule that lets mail through is a permission; the database looks whether it stands.
    policy_id: ruling.allowlisted ? (ruling.policy?.policy_id ?? null) : null,
  });
  if (!row.handed) {
    const { handed } = sending.around;
    handed.set(row.mailbox_id, (handed.get(row.mailbox_id) ?? 0) + 1);
    writes.begun.push(row.mailbox_id);
  }
  writes.sending.push(
    toUpdate(row, after, {
      attempts: attempt,
      first_attempt_at: row.first_attempt_at ?? context.now(),
    }),
  );
  writes.out.push(outgoingOf(sending, attempt));
}

/** The rule that decided, for the log: each of its uses stands there. */
function ruleOf({ policy }: Ruling): { policy?: string } {
  return policy === null ? {} : { policy: policy.policy_id };
}

/** What the gate asks for now, where that is more than before. */
function risen(
  row: LoadedMessage["row"],
  { required, passkey }: Message,
): { approvals_required?: number; passkey_required?: boolean } {
  return {
    ...(required > row.required ? { approvals_required: required } : {}),
    ...(passkey && !row.passkey ? { passkey_required: true } : {}),
  };
}

function outgoingOf(
  sending: Omit<Sending, "writes" | "after" | "ruling">,
  attempt: number,
): Outgoing {
  const { message, around, allowed } = sending;
  const { row, decisions } = message;
  const last = decisions.findLast(
    (decision) =>
      decision.decision === "approve" &&
      decision.voided_at === null &&
      decision.digest === row.digest,
  );
  return {
    operator_id: sending.operatorId,
    message_id: row.message_id,
    mailbox_id: row.mailbox_id,
    token: sending.token,
    attempt,
    expires_at: expiryOf(row),
    mime: sending.mime,
    digest: row.digest,
    from_address: row.from_address,
    envelope: message.recipients.map((recipient) => recipient.address),
    recipients: allowed.map(({ position, address }) => ({ position, address })),
    operator: {
      id: sending.operatorId,
      name: around.operator.name,
      verified: around.proven.includes(domainOf(row.from_address)),
    },
    agent: row.author_id,
    mode: row.mode,
    capabilities: around.keys.get(row.author_id)?.scopes ?? [],
    approval: last ? { statement: last.statement, leaf: last.leaf_hash, class: last.class } : null,
  };
}

/** The end of the time in which delivery is tried, where the author set one and it has begun. */
function expiryOf({
  first_attempt_at: first,
  give_up_seconds: seconds,
}: LoadedMessage["row"]): Date | null {
  return first === null || seconds === null ? null : new Date(first.getTime() + seconds * 1000);
}

type Ending = {
  message: LoadedMessage;
  operatorId: string;
  before: Message;
  after: Message;
  /** Open recipients who could be written to still. */
  allowed: readonly RecipientRow[];
  around: Surroundings;
  ruling: Ruling;
  mime: Buffer | undefined;
  writes: Writes;
};

const endings: Partial<
  Record<Message["status"], { entry: string; event: string | null; reason: string }>
> = {
  blocked: {
    entry: "message.blocked",
    event: "message.failed",
    reason: "the mailbox became read_only before the message left",
  },
  suppressed: {
    entry: "message.suppressed",
    event: "message.failed",
    reason: "every recipient is suppressed",
  },
  sandboxed: {
    entry: "message.sandboxed",
    // No event of the public list fits: nothing was sent and nothing failed.
    event: null,
    reason: "written with a test key: it does not leave",
  },
  pending_approval: {
    entry: "message.held",
    event: "oversight.pending",
    reason:
      "its approvals are not enough as it leaves: oversight was tightened, or an approval does not verify",
  },
};

/** A hand-off that ends or holds the message instead of sending it. */
export async function endOne(context: EngineContext, ending: Ending): Promise<void> {
  if (endPartly(context, ending)) return;
  const { message, around, ruling, mime, writes, after } = ending;
  const { row, recipients } = message;
  const words = endings[after.status];
  const data: Record<string, unknown> = {
    digest: row.digest,
    ...risen(row, after),
    ...ruleOf(ruling),
  };
  if (after.status === "sandboxed" && mime) {
    // A test message is signed like any other, so that keys and headers are exercised; then it stays here.
    const [first] = recipients;
    if (first) {
      const outgoing = outgoingOf(
        { ...ending, token: "", allowed: recipients, mime },
        row.attempts + 1,
      );
      const signed = await signFor(context, outgoing, first);
      data["signed_bytes"] = signed.length;
    }
  }
  if (!words) throw new Error(`a hand-off ended in ${after.status}`);
  writes.records.entries.push(makeEntry(context, words.entry, worker, about(row), data).row);
  if (words.event !== null)
    writes.records.events.push(makeEvent(context, words.event, eventAbout(message)));
  writes.settled.push(row.message_id);
  let expiresAt: Date | null = null;
  if (after.status === "pending_approval") {
    const seconds = around.mailboxes.get(row.mailbox_id)?.expiry_seconds ?? 0;
    expiresAt = new Date(context.now().getTime() + seconds * 1000);
    writes.expire.push({ message_id: row.message_id, at: expiresAt });
  }
  writes.ended.push(
    toUpdate(row, after, {
      reason: reasonOf(ending) ?? words.reason,
      expires_at: expiresAt,
      policy_id: ruling.policy?.policy_id ?? row.policy_id,
    }),
  );
}

/** Why the open recipients of a message that others have do not get it. */
const stops: Partial<Record<Message["status"], string>> = {
  blocked: "the mailbox became read_only",
  pending_approval: "oversight was tightened, or an approval does not verify",
};

/**
 * Where somebody has the message already, it was neither blocked nor can it wait for a decision that says whether it leaves: its
 * open recipients end, and it has been sent. False where nobody has it; the overseer's copy does not count.
 */
function endPartly(context: EngineContext, ending: Ending): boolean {
  const { message, before, after, allowed, ruling, writes } = ending;
  const { row, recipients } = message;
  const written = recipients.filter(({ kind }) => kind !== "copy");
  if (!written.some(({ status }) => status === "sent" || status === "delivered")) return false;
  const sent = step(before, { type: "accepted" });
  if (!sent.ok) return false;
  for (const { message_id, position, attempts } of allowed)
    writes.recipients.push({ message_id, position, status: "failed", attempts, receipt: null });
  const ended = allowed.map(({ position }) => position);
  writes.records.entries.push(
    makeEntry(context, "message.sent", worker, about(row), {
      digest: row.digest,
      ...(ended.length > 0 ? { ended, ...ruleOf(ruling) } : {}),
    }).row,
  );
  writes.records.events.push(makeEvent(context, "message.sent", eventAbout(message)));
  writes.settled.push(row.message_id);
  const why = reasonOf(ending) ?? stops[after.status];
  const missed = allowed.filter(({ kind }) => kind !== "copy").length;
  const whom = missed > 0 ? `${missed} of ${written.length} recipients` : "the overseer";
  // Those who were suppressed meanwhile are shown as that.
  const reason = ended.length > 0 && why !== undefined ? `not sent to ${whom}: ${why}` : null;
  writes.ended.push(
    toUpdate(row, sent.message, {
      reason,
      expires_at: null,
      policy_id: ruling.policy?.policy_id ?? row.policy_id,
    }),
  );
  return true;
}

/** Why a rule ends or holds it, where one does. */
function reasonOf({ ruling, message, after: { status } }: Ending): string | null {
  if (status !== "blocked" && status !== "pending_approval") return null;
  if (status === "blocked" && ruling.verdict !== "block") return null;
  const { row } = message;
  const wasLetThrough = row.policy_id !== null && !row.gated;
  return (
    rulingReason(ruling) ??
    (wasLetThrough && !ruling.allowlisted
      ? "the rule that let it through does not stand any more"
      : null)
  );
}

function eventAbout({ row }: LoadedMessage): {
  mailbox_id: string;
  message_id: string;
  thread_id: string;
} {
  return { mailbox_id: row.mailbox_id, message_id: row.message_id, thread_id: row.thread_id };
}
