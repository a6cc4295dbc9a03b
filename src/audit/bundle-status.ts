/** Replays a message's entries through the oversight machine: each must be a step it allows, and the end must be the stated status. */
import { step, submit } from "../core/oversight/machine.ts";
import { stricter } from "../core/oversight/mode.ts";
import type { Event, Message } from "../core/oversight/types.ts";
import { CheckFailure } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import type { ReadEntry } from "./bundle-parse.ts";
import { type Story, type StoryStep, type Written, demandsOf } from "./bundle-story.ts";

/** Statuses that an attempt's entry names, as the machine's events. */
const results: Readonly<Record<string, Event["type"]>> = {
  sent: "accepted",
  delivered: "delivered",
  queued: "deferred",
  send_failed: "failed",
  bounced: "bounced",
};

/** Entries that change nothing of the message's status. */
const silent: ReadonlySet<string> = new Set([
  "message.unsubscribed",
  "message.rescheduled",
  "message.reminded",
  "message.escalated",
]);

/** Checks that the machine allows every step of the story and ends in `status`. */
export function checkStatus(story: Story, status: string): Outcome {
  let message = start(story.written[0]);
  for (const [i, one] of story.steps.entries())
    message = apply(message, one, story.steps[i + 1], status);
  if (message.status !== status)
    throw new CheckFailure(`the status is stated as ${status}, the log says ${message.status}`);
  return `${status}, as the log tells`;
}

/** The message after its scan. What the allowlist was cannot be told from here; what the mode demands can. */
function start(written: Written): Message {
  const { principal, digest, mode, test, gated, required, passkey, status } = written;
  const authors = [principal];
  if (status === "draft")
    return {
      status,
      mode,
      test,
      authors,
      digest,
      approvals: [],
      required,
      passkey,
      timing: "gate_first",
      gated: false,
      handed: false,
    };
  const wait = status === "scheduled";
  const begun = submit({
    mode,
    test,
    authors,
    digest,
    required,
    passkey,
    timing: wait && gated ? "schedule_first" : "gate_first",
  });
  if (!begun.ok) throw new CheckFailure(`a mailbox in mode ${mode} cannot send`);
  return scanned(begun.message, written);
}

/** The message after the scan that the entry tells of. */
function scanned(message: Message, { mode, gated, status }: Written): Message {
  const after = step(message, {
    type: "scan",
    verdict: status === "blocked" ? "block" : gated ? "review" : "pass",
    allowlisted: true,
    wait: status === "scheduled",
  });
  if (!after.ok || after.message.gated !== gated || after.message.status !== status)
    throw new CheckFailure(
      `mode ${mode} does not make a submission ${status} ${gated ? "behind" : "without"} a gate`,
    );
  return after.message;
}

/** Other content: an edit, or a draft that was sent. Mode and quorum may only have become stricter. */
function rewritten(before: Message, written: Written): Message {
  const { entry, principal, digest, mode, required, passkey, status, gated } = written;
  const { type } = entry.entry;
  if (
    stricter(before.mode, mode) !== mode ||
    required < before.required ||
    (before.passkey && !passkey)
  )
    throw new CheckFailure(`${type} loosens what was asked for`);
  const edits = type === "message.edited";
  const after = step(
    { ...before, mode, required, passkey },
    edits ? { type: "edit", by: principal, digest } : { type: "resubmit", by: principal, mode },
  );
  if (!after.ok)
    throw new CheckFailure(`${type} cannot follow ${before.status} (${after.refusal})`);
  const message: Message = {
    ...after.message,
    digest,
    timing: status === "scheduled" && gated ? "schedule_first" : before.timing,
  };
  if (message.status === "pending_scan") return scanned(message, written);
  if (message.status !== status || message.gated !== gated)
    throw new CheckFailure(`${type} cannot make ${before.status} ${status}`);
  return message;
}

function apply(before: Message, one: StoryStep, next: StoryStep | undefined, end: string): Message {
  const { type } = one.entry.entry;
  if (silent.has(type) || !type.startsWith("message.")) return before;
  if (one.kind === "written") return rewritten(before, one);
  // A part of an attempt: others have not answered yet.
  if (one.kind === "attempted" && one.status === "sending" && before.status === "sending")
    return before;
  const [event, expected] = eventOf(before, one, next, end);
  const after = step(before, event);
  if (!after.ok)
    throw new CheckFailure(`${type} cannot follow ${before.status} (${after.refusal})`);
  if (expected !== null && after.message.status !== expected)
    throw new CheckFailure(
      `${type} cannot follow ${before.status}: the message would be ${after.message.status}`,
    );
  return after.message;
}

/** The machine's event behind an entry, and the status that it must lead to. */
function eventOf(
  before: Message,
  one: Exclude<StoryStep, { kind: "written" }>,
  next: StoryStep | undefined,
  end: string,
): [Event, Message["status"] | null] {
  switch (one.kind) {
    case "decided":
      return [
        one.decision === "approve"
          ? {
              type: "approve",
              by: one.principal,
              digest: one.digest,
              class: one.class,
              wait: waits(next, end),
            }
          : { type: one.decision, by: one.principal, digest: one.digest },
        null,
      ];
    case "handed_off":
      return [{ ...handOff(before, one.digest), ...demandsOf(one.entry) }, "sending"];
    case "attempted": {
      const type = Object.hasOwn(results, one.status) ? results[one.status] : undefined;
      if (type === undefined)
        throw new CheckFailure(`an attempt ends in the unknown status ${one.status}`);
      return [{ type } as Event, null];
    }
    case "other":
      return otherEvent(before, one.entry);
  }
}

function otherEvent(before: Message, entry: ReadEntry): [Event, Message["status"] | null] {
  const { digest } = before;
  const { type } = entry.entry;
  switch (type) {
    case "message.outcome_unknown":
      return [{ type: "lost" }, null];
    case "message.released":
      return [{ type: "release" }, "queued"];
    case "message.held":
      return before.status === "scheduled"
        ? [{ type: "release" }, "pending_approval"]
        : [
            { ...handOff(before, digest), ...demandsOf(entry), mode: "gated_all" },
            "pending_approval",
          ];
    case "message.cancelled":
      return [{ type: "cancel" }, null];
    case "message.pulled_back":
      return [{ type: "undo" }, "pending_approval"];
    case "message.expired":
      return [{ type: "expire" }, null];
    case "message.blocked":
      return [{ ...handOff(before, digest), mode: "read_only" }, "blocked"];
    case "message.suppressed":
      return [{ ...handOff(before, digest), suppressed: true }, "suppressed"];
    case "message.sandboxed":
      return [handOff(before, digest), "sandboxed"];
    case "message.sent":
      return [{ type: "accepted" }, null];
    default:
      throw new CheckFailure(`${type} is not known to this release`);
  }
}

/** The mildest hand-off: an allowlist or mode that changed since can only have been milder than what an entry tells. */
function handOff({ mode }: Message, digest: string): Extract<Event, { type: "hand_off" }> {
  return {
    type: "hand_off",
    mode,
    allowlisted: true,
    verdict: "pass",
    required: 1,
    passkey: false,
    stopped: false,
    suppressed: false,
    over_quota: false,
    digest,
  };
}

/** Whether an approval was followed by a time to undo: no entry says so, only what came next. */
function waits(next: StoryStep | undefined, end: string): boolean {
  if (next === undefined) return end === "scheduled";
  return [
    "message.released",
    "message.cancelled",
    "message.pulled_back",
    "message.rescheduled",
    "message.edited",
  ].includes(next.entry.entry.type);
}
