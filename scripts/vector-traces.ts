/** Random lives of messages, the same at every run: events that mostly fit the state, and some that need not. */
import { step, submit } from "../src/core/oversight/machine.ts";
import {
  type Event,
  type EventType,
  gateTimings,
  type Message,
  modes,
  type Status,
} from "../src/core/oversight/types.ts";
import { rowText } from "./vector-format.ts";

const traceCount = 200;
const longest = 24;

function many<const T>(item: T, count: number): T[] {
  return Array.from({ length: count }, () => item);
}

/** Events that move a message on, by status; the rest are drawn from all. */
const fitting: Partial<Record<Status, readonly EventType[]>> = {
  draft: ["edit", "resubmit", "resubmit"],
  pending_scan: ["scan"],
  pending_approval: [...many("approve", 12), "edit", "edit", "revise", "reject", "expire"],
  scheduled: [...many("release", 3), "undo", "undo", "edit", "cancel"],
  queued: [...many("hand_off", 9), "accepted", "cancel"],
  sending: [...many("deferred", 4), "lost", "accepted", "delivered", "failed", "bounced"],
  sent: ["delivered", "bounced"],
  delivered: ["bounced"],
};

const all: readonly EventType[] = [
  "scan",
  "approve",
  "reject",
  "revise",
  "edit",
  "resubmit",
  "undo",
  "cancel",
  "expire",
  "release",
  "hand_off",
  "accepted",
  "delivered",
  "deferred",
  "lost",
  "failed",
  "bounced",
];

/** Draws numbers in [0, 1): Mulberry32, so that the vectors do not hang on a library's version. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Draw = {
  /** One of the list. */
  of<T>(list: readonly T[]): T;
  /** True with this chance. */
  chance(probability: number): boolean;
};

function drawer(next: () => number): Draw {
  return {
    of<T>(list: readonly T[]): T {
      const item = list[Math.floor(next() * list.length)];
      if (item === undefined) throw new RangeError("nothing to draw from");
      return item;
    },
    chance: (probability) => next() < probability,
  };
}

function drawEvent(draw: Draw, message: Message, fresh: string): Event {
  const type = draw.chance(0.85) ? draw.of(fitting[message.status] ?? all) : draw.of(all);
  const digest = draw.chance(0.9) ? message.digest : "d0";
  const decider = draw.of(["p", "q", "r", "p", "q", "r", "a"]);
  switch (type) {
    case "scan":
      return {
        type,
        verdict: draw.of(["pass", "pass", "pass", "pass", "review", "review", "block"]),
        allowlisted: draw.chance(0.5),
        wait: draw.chance(0.4),
      };
    case "approve":
      return {
        type,
        by: decider,
        digest,
        class: draw.of(["A", "A", "B", "C"]),
        wait: draw.chance(0.4),
      };
    case "reject":
    case "revise":
      return { type, by: decider, digest };
    case "edit":
      return { type, by: draw.of(["a", "b", "p"]), digest: fresh };
    case "resubmit":
      return { type, by: draw.of(["a", "b"]), mode: draw.of(modes) };
    case "hand_off":
      return {
        type,
        mode: draw.chance(0.7) ? message.mode : draw.of(modes),
        allowlisted: draw.chance(0.7),
        verdict: draw.of([...many("pass", 12), "review", "block"]),
        required: draw.of([1, 1, 1, 2]),
        passkey: draw.chance(0.1),
        stopped: draw.chance(0.05),
        suppressed: draw.chance(0.05),
        over_quota: draw.chance(0.05),
        digest,
      };
    default:
      return { type };
  }
}

/** The traces as rows: number of the trace, number of the step, and the columns of the tables; as another machine would walk them too. */
export function traceRows(machine: typeof step = step): string[] {
  const rows: string[] = [];
  for (let trace = 1; trace <= traceCount; trace++) {
    const draw = drawer(generator(trace));
    const begun = submit({
      mode: draw.of(modes.slice(1)),
      test: draw.chance(0.1),
      authors: ["a"],
      digest: "d1",
      required: draw.of([1, 1, 2, 3]),
      passkey: draw.chance(0.3),
      timing: draw.of(gateTimings),
    });
    if (!begun.ok) throw new Error(`trace ${trace} does not begin: ${begun.refusal}`);
    let { message } = begun;
    for (let n = 1; n <= longest; n++) {
      const event = drawEvent(draw, message, `d${n + 1}`);
      const after = machine(message, event);
      rows.push(`${trace}\t${n}\t${rowText(message, event, after)}`);
      if (after.ok) message = after.message;
      // An end is shown to be one by two more events, not by twenty.
      if (fitting[message.status] === undefined && n < longest - 2) n = longest - 3;
    }
  }
  return rows;
}
