/** What the engine should do, from the oversight machine and plain bookkeeping: recipients, attempts, what is due when. */
import { principal, type Actor } from "../../src/core/actor.ts";
import { allAllowlisted } from "../../src/core/allowlist.ts";
import { step, submit } from "../../src/core/oversight/machine.ts";
import { stricter } from "../../src/core/oversight/mode.ts";
import type { DecisionClass, Event, GateTiming, Message } from "../../src/core/oversight/types.ts";
import { nextAttempt } from "../../src/core/retry.ts";
import type { Box, Row } from "./engine-world.ts";

const second = 1000;
/** How long the delivery worker's claim holds. */
export const lease = 40 * 60 * second;

/** One recipient as the model knows it. */
type Recipient = {
  address: string;
  kind: string;
  status: string;
  attempts: number;
  /** When an open one is tried again, milliseconds; 0: at once. */
  next: number;
};

/** A message and everything about it that the machine does not hold. */
export type Modelled = {
  id: string;
  box: Box;
  state: Message;
  recipients: Recipient[];
  attempts: number;
  first_attempt_at: number | null;
  /** Not before, where its author said so. */
  send_at: number | null;
  due: { kind: "deliver" | "release" | "expire"; at: number } | null;
};

/** What lies around the messages. */
export type Around = {
  stopped: boolean;
  suppressed: ReadonlySet<string>;
  allowlist: ReadonlyMap<string, string[]>;
  overseer: string;
};

/** How one attempt ended for one recipient. */
export type Outcome = "accepted" | "temporary" | "permanent" | "unknown";

/** A refusal, or null when the step was taken (and the model moved on). */
export type Answer = string | null;

/** When a new message is to leave, and whether the gate comes before that wait or after it. */
export type When = { waits: boolean; timing: GateTiming };

/** The state of a new message, or why it is refused. */
export function submitted(
  box: Box,
  test: boolean,
  author: Actor,
  addresses: readonly string[],
  around: Around,
  { waits, timing }: When,
): { refusal: string } | { state: Message; recipients: Recipient[] } {
  if (addresses.some((address) => around.suppressed.has(address)))
    return { refusal: "recipient_suppressed" };
  const begun = submit({
    mode: box.mode,
    test,
    authors: [principal(author)],
    digest: "",
    required: box.required,
    passkey: false,
    timing,
  });
  if (!begun.ok) return begun;
  const allowlisted = allAllowlisted(addresses, around.allowlist.get(box.mailbox_id) ?? []);
  const scanned = step(begun.message, { type: "scan", verdict: "pass", allowlisted, wait: waits });
  if (!scanned.ok) return scanned;
  const fresh = { status: "pending", attempts: 0, next: 0 };
  const recipients = addresses.map((address) => ({ ...fresh, address, kind: "to" }));
  if (box.mode === "monitored")
    recipients.push({ ...fresh, address: around.overseer, kind: "copy" });
  return { state: scanned.message, recipients };
}

function take(message: Modelled, event: Event): Answer {
  const after = step(message.state, event);
  if (!after.ok) return after.refusal;
  message.state = after.message;
  return null;
}

/** A decision: `digest` null stands for the present one. */
export function decided(
  message: Modelled,
  actor: Actor,
  decision: "approve" | "reject" | "revise",
  digest: string | null,
  now: number,
  strength: DecisionClass = "B",
): Answer {
  if (message.due?.kind === "expire" && message.due.at <= now) return "not_pending";
  const undo = actor.kind === "person" ? message.box.undo_seconds * second : 0;
  const leaves = Math.max(now + undo, message.send_at ?? 0);
  const about = { by: principal(actor), digest: digest ?? message.state.digest };
  const refusal = take(
    message,
    decision === "approve"
      ? { type: decision, ...about, class: strength, wait: leaves > now }
      : { type: decision, ...about },
  );
  if (refusal !== null) return refusal;
  const { status } = message.state;
  if (status === "queued") message.due = { kind: "deliver", at: now };
  else if (status === "scheduled") message.due = { kind: "release", at: leaves };
  else if (status !== "pending_approval") message.due = null;
  return null;
}

/** A cancellation. */
export function cancelled(message: Modelled): Answer {
  const refusal = take(message, { type: "cancel" });
  if (refusal === null) message.due = null;
  return refusal;
}

/** An approval that is taken back before the message leaves. */
export function undone(message: Modelled, now: number): Answer {
  const refusal = take(message, { type: "undo" });
  if (refusal === null)
    message.due = { kind: "expire", at: now + message.box.expiry_seconds * second };
  return refusal;
}

/** A timer that came due. */
export function timedOut(message: Modelled, kind: "release" | "expire", now: number): void {
  message.due = null;
  if (take(message, { type: kind }) !== null) return;
  const { status } = message.state;
  if (status === "queued") message.due = { kind: "deliver", at: now };
  if (status === "pending_approval")
    message.due = { kind: "expire", at: now + message.box.expiry_seconds * second };
}

const isOpen = ({ status }: Recipient): boolean => status === "pending" || status === "deferred";

/** A claimed message on its way to the wire; true when it is now being sent. */
export function handedOff(message: Modelled, around: Around, now: number): boolean {
  const { box, recipients } = message;
  if (message.state.status === "sending") take(message, { type: "lost" });
  const before = message.state;
  const open = recipients.filter(isOpen);
  const allowed = open.filter(({ address }) => !around.suppressed.has(address));
  const left = recipients.filter(
    (one) => one.status !== "suppressed" && (!open.includes(one) || allowed.includes(one)),
  );
  // A monitored message that its overseer does not get is held like a gated one.
  const watched = left.some(({ kind, address }) => kind === "copy" || address === around.overseer);
  const blind = left.length > 0 && !watched && stricter(before.mode, box.mode) === "monitored";
  const written = recipients.filter(({ kind }) => kind !== "copy").map(({ address }) => address);
  const refusal = take(message, {
    type: "hand_off",
    mode: blind ? "gated_all" : box.mode,
    allowlisted: allAllowlisted(written, around.allowlist.get(box.mailbox_id) ?? []),
    verdict: "pass",
    required: box.required,
    passkey: false,
    stopped: around.stopped,
    suppressed: left.every(({ kind }) => kind === "copy") || allowed.length === 0,
    over_quota: false,
    digest: before.digest,
  });
  if (refusal !== null) {
    message.due = refusal === "not_queued" ? null : { kind: "deliver", at: now + 30 * second };
    return false;
  }
  const done = recipients.some(
    ({ kind, status }) => kind !== "copy" && (status === "sent" || status === "delivered"),
  );
  for (const one of open) if (!allowed.includes(one)) one.status = "suppressed";
  if (message.state.status === "sending") {
    message.attempts++;
    message.first_attempt_at ??= now;
    message.due = { kind: "deliver", at: now + lease };
    return true;
  }
  if (done) {
    // Somebody has it: the others end, and it has been sent.
    for (const one of allowed) one.status = "failed";
    message.state = before;
    take(message, { type: "accepted" });
  }
  const held = message.state.status === "pending_approval";
  message.due = held ? { kind: "expire", at: now + box.expiry_seconds * second } : null;
  return false;
}

/** What the present attempt came to for some recipients, by position. */
export function answered(
  message: Modelled,
  outcomes: ReadonlyMap<number, Outcome>,
  finalHop: boolean,
  now: number,
): void {
  for (const [position, outcome] of outcomes) {
    const one = message.recipients[position];
    if (!one) throw new Error("no such recipient");
    const retryAt = nextAttempt({
      attempts: ++one.attempts,
      first_attempt_at: message.first_attempt_at ?? now,
      now,
      chance: 0.5,
    });
    one.next = retryAt ?? 0;
    if (outcome === "accepted") one.status = finalHop ? "delivered" : "sent";
    else if (outcome === "permanent") one.status = "bounced";
    else one.status = retryAt === null ? "failed" : "deferred";
  }
}

/** The result of the present attempt, by position; `before` is what was answered earlier in it. */
export function recorded(
  message: Modelled,
  outcomes: ReadonlyMap<number, Outcome>,
  finalHop: boolean,
  now: number,
  before: ReadonlyMap<number, Outcome> = new Map(),
): Answer {
  answered(message, outcomes, finalHop, now);
  const among = (status: string): boolean =>
    message.recipients.some((one) => one.status === status);
  const unknown = [...before.values(), ...outcomes.values()].includes("unknown");
  const open = message.recipients.filter(isOpen).map(({ next }) => Math.max(now, next));
  const first = Math.min(...open);
  // A quarter of the wait longer, where then more of them are due.
  const together = open.filter((at) => at - first <= (first - now) / 4);
  message.due = open.length > 0 ? { kind: "deliver", at: Math.max(...together) } : null;
  if (open.length > 0) return take(message, { type: unknown ? "lost" : "deferred" });
  if (among("sent")) return take(message, { type: "accepted" });
  if (among("delivered")) return take(message, { type: "delivered" });
  return take(message, { type: among("bounced") ? "bounced" : "failed" });
}

/** The model in the form in which rows are read back. */
export function expectedRow(
  message: Modelled,
): Omit<Row, "first_attempt_at"> & { first_attempt_at: number | null } {
  const { state } = message;
  return {
    ...state,
    authors: [...state.authors],
    approvals: state.approvals.toSorted((a, b) => (a.by < b.by ? -1 : 1)),
    attempts: message.attempts,
    first_attempt_at: message.first_attempt_at,
    recipients: message.recipients.map(({ status }) => status),
    addresses: message.recipients.map(({ address }) => address),
    kinds: message.recipients.map(({ kind }) => kind),
    due: message.due === null ? [] : [message.due],
  };
}
