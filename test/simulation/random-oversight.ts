/** Random messages, events and lives of messages for the property tests of the oversight machine. */
import fc from "fast-check";
import {
  type Event,
  type EventType,
  gateTimings,
  type Message,
  modes,
  type Status,
  statuses,
  decisionClasses,
} from "../../src/core/oversight/types.ts";

const people = ["a", "b", "p", "q", "r"] as const;
const contents = ["d0", "d1", "d2", "d3"] as const;

const person = fc.constantFrom(...people);
const content = fc.constantFrom(...contents);
const mode = fc.constantFrom(...modes);
const strength = fc.constantFrom(...decisionClasses);
const verdict = fc.constantFrom("pass" as const, "review" as const, "block" as const);

/** Any message that the type allows, reachable or not. */
export const anyMessage: fc.Arbitrary<Message> = fc.record({
  status: fc.constantFrom(...statuses),
  mode,
  test: fc.boolean(),
  authors: fc.uniqueArray(person, { minLength: 1, maxLength: 3 }),
  digest: content,
  approvals: fc.array(fc.record({ by: person, digest: content, class: strength }), {
    maxLength: 6,
  }),
  required: fc.integer({ min: 1, max: 5 }),
  passkey: fc.boolean(),
  timing: fc.constantFrom(...gateTimings),
  gated: fc.boolean(),
  handed: fc.boolean(),
});

/** Any event. */
export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    type: fc.constant("scan" as const),
    verdict,
    allowlisted: fc.boolean(),
    wait: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("approve" as const),
    by: person,
    digest: content,
    class: strength,
    wait: fc.boolean(),
  }),
  fc.record({
    type: fc.constantFrom("reject" as const, "revise" as const, "edit" as const),
    by: person,
    digest: content,
  }),
  fc.record({ type: fc.constant("resubmit" as const), by: person, mode }),
  fc.record({
    type: fc.constantFrom(
      "undo" as const,
      "cancel" as const,
      "expire" as const,
      "release" as const,
      "accepted" as const,
      "delivered" as const,
      "deferred" as const,
      "lost" as const,
      "failed" as const,
      "bounced" as const,
    ),
  }),
  fc.record({
    type: fc.constant("hand_off" as const),
    mode,
    allowlisted: fc.boolean(),
    verdict,
    required: fc.integer({ min: 1, max: 5 }),
    passkey: fc.boolean(),
    stopped: fc.boolean(),
    suppressed: fc.boolean(),
    over_quota: fc.boolean(),
    digest: content,
  }),
);

/** What a new message is submitted with; `read_only` is left out since nothing begins there. */
export const anySubmission = fc.record({
  mode: fc.constantFrom(...modes.filter((one) => one !== "read_only")),
  test: fc.boolean(),
  authors: fc.constant(["a"]),
  digest: fc.constant("d0"),
  required: fc.integer({ min: 1, max: 3 }),
  passkey: fc.boolean(),
  timing: fc.constantFrom(...gateTimings),
});

/** Events that move a message on, by status: a walk that only stumbles never gets to the wire. */
const onward: Partial<Record<Status, readonly EventType[]>> = {
  draft: ["edit", "resubmit", "resubmit"],
  pending_scan: ["scan"],
  pending_approval: ["approve", "approve", "approve", "approve", "approve", "edit", "revise"],
  scheduled: ["release", "release", "undo", "edit"],
  queued: ["hand_off"],
  sending: ["deferred", "deferred", "lost", "accepted", "delivered"],
  sent: ["delivered", "bounced"],
};

/** One move of a walk: an event as drawn, and whether it is bent to fit the state it meets. */
export type Move = { drawn: Event; bend: boolean; choice: number };

const move: fc.Arbitrary<Move> = fc.record({
  drawn: anyEvent,
  bend: fc.boolean().chain((first) => (first ? fc.constant(true) : fc.boolean())),
  choice: fc.nat(1000),
});

/** The moves of one life. */
export const anyWalk: fc.Arbitrary<Move[]> = fc.array(move, { minLength: 5, maxLength: 40 });

/** The event that a move becomes on this message. */
export function eventOf({ drawn, bend, choice }: Move, message: Message): Event {
  const fitting = onward[message.status];
  if (!bend || fitting === undefined) return drawn;
  const type = fitting[choice % fitting.length] ?? drawn.type;
  const by = people[choice % people.length] ?? "p";
  const yes = choice % 7 > 0;
  switch (type) {
    case "scan":
      return {
        type,
        verdict: yes ? "pass" : "review",
        allowlisted: choice % 2 > 0,
        wait: choice % 3 > 0,
      };
    case "approve":
      return {
        type,
        by,
        digest: message.digest,
        class: decisionClasses[choice % 4] ?? "A",
        wait: choice % 3 === 0,
      };
    case "reject":
    case "revise":
      return { type, by, digest: message.digest };
    case "edit":
      return { type, by, digest: contents[choice % contents.length] ?? "d0" };
    case "resubmit":
      return { type, by, mode: message.mode };
    case "hand_off":
      return {
        type,
        mode: yes ? message.mode : (modes[choice % modes.length] ?? "read_only"),
        allowlisted: choice % 2 > 0,
        verdict: choice % 11 > 0 ? "pass" : "review",
        required: choice % 13 > 0 ? 1 : 2,
        passkey: choice % 17 === 0,
        stopped: false,
        suppressed: false,
        over_quota: false,
        digest: message.digest,
      };
    default:
      return { type };
  }
}
