/** Holds the oversight vectors to the machine and to their claim: no field beside those they vary matters, no case is left out. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oversightVectors } from "../scripts/generate-vectors.ts";
import { rowText } from "../scripts/vector-format.ts";
import { answer, tables } from "../scripts/vector-tables.ts";
import { traceRows } from "../scripts/vector-traces.ts";
import { step, submit } from "../src/core/oversight/machine.ts";
import type { Event, Message } from "../src/core/oversight/types.ts";
import {
  anyEvent,
  anyMessage,
  anySubmission,
  anyWalk,
  eventOf,
} from "./simulation/random-oversight.ts";
import { root } from "./source.ts";

const outcomeOf = (after: ReturnType<typeof step>): string =>
  after.ok ? after.message.status : `no ${after.refusal}`;

/** Distinct people who approved the present content and are no authors; counted here by other means than the machine's. */
function approvers({ approvals, digest, authors, passkey }: Message): Set<string> {
  const given = approvals
    .filter((one) => one.digest === digest && (one.class === "A" || !passkey))
    .map(({ by }) => by);
  return new Set(given.filter((by) => !authors.includes(by)));
}

/** Exactly what the answer may hang on: the values of the fields that the event's branch reads, and nothing else. */
function key(message: Message, event: Event): string {
  const { status, required } = message;
  const approved = approvers(message).size >= required;
  const read = (...values: unknown[]): string => JSON.stringify([event.type, status, ...values]);
  switch (event.type) {
    case "scan":
      if (status !== "pending_scan") return read();
      return read(message.mode, message.timing, event.verdict, event.allowlisted, event.wait);
    case "approve":
    case "reject":
    case "revise": {
      if (status !== "pending_approval") return read();
      const who = [message.authors.includes(event.by), event.digest === message.digest];
      if (event.type !== "approve") return read(...who);
      const isStrong = (strength: string): boolean => strength === "A" || !message.passkey;
      const already = message.approvals.some((one) => one.by === event.by && isStrong(one.class));
      const enough = approvers(message).add(event.by).size >= required;
      return read(...who, isStrong(event.class), already, enough, event.wait);
    }
    case "resubmit":
      return status === "draft" ? read(message.mode, event.mode) : read();
    case "undo":
    case "release":
      return status === "scheduled" ? read(message.gated, approved) : read();
    case "hand_off": {
      if (status !== "queued") return read();
      const { mode, allowlisted, suppressed, over_quota } = event;
      if (event.digest !== message.digest) return read("mismatch");
      if (event.stopped) return read("stopped");
      if (event.verdict === "block") return read("blocked");
      const gated = message.gated || event.verdict === "review";
      const asked = {
        ...message,
        required: Math.max(required, event.required),
        passkey: message.passkey || event.passkey,
      };
      const enough = approvers(asked).size >= asked.required;
      const switches = [allowlisted, gated, enough, suppressed, message.test, over_quota];
      return read(message.mode, mode, ...switches);
    }
    case "cancel":
    case "edit":
      return read(message.handed);
    case "expire":
      return read();
    default:
      return status === "queued" ? read(message.handed) : read();
  }
}

type Machine = typeof step;

/** Walks random lives, the same at every run, and holds each step to the vectors; the first step that is told otherwise, or null. */
function strayInLives(machine: Machine, steps: number): string | null {
  let walked = 0;
  for (let seed = 1; walked < steps; seed++)
    for (const [submission, moves] of fc.sample(fc.tuple(anySubmission, anyWalk), {
      numRuns: 1000,
      seed,
    })) {
      const begun = submit(submission);
      if (!begun.ok) throw new Error(begun.refusal);
      let { message } = begun;
      for (const move of moves) {
        const event = eventOf(move, message);
        const after = machine(message, event);
        const expected = [...(known.get(key(message, event)) ?? [])];
        walked++;
        if (expected.length !== 1 || expected[0] !== outcomeOf(after))
          return `step ${walked}: ${outcomeOf(after)} in place of ${expected.join()}`;
        if (after.ok) message = after.message;
      }
    }
  return null;
}

/** The stored table or trace in which a machine answers otherwise, with all that a step changes of a message; null for none. */
async function strayInVectors(machine: Machine): Promise<string | null> {
  const rows = Object.entries(tables()).map(([name, cases]): [string, string[]] => [
    name,
    cases.map(({ message, event }) => rowText(message, event, machine(message, event))),
  ]);
  for (const [name, told] of [...rows, ["traces", traceRows(machine)] as const]) {
    const stored = await readFile(join(root, `test/vectors/oversight/${name}.tsv`), "utf8");
    if (stored.split("\n").slice(1, -1).join("\n") !== told.join("\n")) return name;
  }
  return null;
}

/** Mistakes as one might make them: each machine is the true one but for its mistake. */
const mistakes: [string, Machine][] = [
  [
    "an author approves",
    (message, event) =>
      step(event.type === "approve" ? { ...message, authors: [] } : message, event),
  ],
  [
    "an approval of another content counts",
    (message, event) =>
      step(message, event.type === "approve" ? { ...event, digest: message.digest } : event),
  ],
  [
    "any approval is as good as one by passkey",
    (message, event) => step(message, event.type === "approve" ? { ...event, class: "A" } : event),
  ],
  [
    "one vote too few is enough",
    (message, event) =>
      step(
        event.type === "approve" ? { ...message, required: message.required - 1 } : message,
        event,
      ),
  ],
  [
    "rejected mail comes back by an edit",
    (message, event) =>
      step(
        event.type === "edit" && message.status === "rejected"
          ? { ...message, status: "pending_approval" }
          : message,
        event,
      ),
  ],
  [
    "hand-off forgets what the mailbox asks for by now",
    (message, event) =>
      step(
        message,
        event.type === "hand_off" ? { ...event, mode: message.mode, required: 1 } : event,
      ),
  ],
  [
    "mail that has been on the wire is cancelled",
    (message, event) =>
      step(event.type === "cancel" ? { ...message, handed: false } : message, event),
  ],
];

/** Mistakes in what is kept and not in where the message goes: no status tells of them at once. */
const keptMistakes: [string, Machine][] = (["edit", "undo", "revise"] as const).map((type) => [
  `${type} keeps what was approved`,
  (message, event) => {
    const after = step(message, event);
    return after.ok && event.type === type
      ? { ok: true, message: { ...after.message, approvals: message.approvals } }
      : after;
  },
]);

const known = new Map<string, Set<string>>();
for (const one of Object.values(tables()).flat()) {
  const where = key(one.message, one.event);
  known.set(where, (known.get(where) ?? new Set()).add(outcomeOf(answer(one))));
}

describe("the oversight vectors", () => {
  it("are what the machine answers today, and there are no others", async () => {
    const files = oversightVectors();
    for (const { file, content } of files)
      expect(
        (await readFile(join(root, file), "utf8")) === content,
        `${file}: run npm run generate`,
      ).toBe(true);
    const names = files.map(({ file }) => file.slice("test/vectors/oversight/".length));
    expect((await readdir(join(root, "test/vectors/oversight"))).toSorted()).toEqual(
      names.toSorted(),
    );
  });

  it("give one answer for the same values of the fields that an event reads", () => {
    expect([...known].filter(([, outcomes]) => outcomes.size > 1)).toEqual([]);
    expect(known.size).toBeGreaterThan(1800);
  });

  it("answer every state and every event, whatever stands in the fields that they do not vary", () => {
    fc.assert(
      fc.property(anyMessage, anyEvent, (message, event) => {
        const expected = known.get(key(message, event));
        expect(expected && [...expected]).toEqual([outcomeOf(step(message, event))]);
      }),
      { numRuns: 50_000 },
    );
  });

  it("say of more than 100,000 steps of random lives what the machine says", () => {
    expect(strayInLives(step, 100_000)).toBeNull();
  });

  it("find no fault with the machine", async () => {
    expect(await strayInVectors(step)).toBeNull();
  });

  it.each(mistakes)(
    "catch a machine with the mistake that %s, and so do the lives",
    async (_, bad) => {
      expect(await strayInVectors(bad)).not.toBeNull();
      expect(strayInLives(bad, 100_000)).not.toBeNull();
    },
  );

  it.each(keptMistakes)("catch a machine with the mistake that %s", async (_, bad) => {
    expect(await strayInVectors(bad)).not.toBeNull();
  });

  it("stay small and of one form", () => {
    const files = oversightVectors().filter(({ file }) => file.endsWith(".tsv"));
    const size = files.reduce((sum, { content }) => sum + content.length, 0);
    expect(size).toBeLessThan(4_000_000);
    for (const { file, content } of files) {
      const lines = content.split("\n");
      expect(lines.pop(), `${file} ends in a line end`).toBe("");
      expect(new Set(lines.map((line) => line.split("\t").length)).size, file).toBe(1);
      expect(/[^\t\n\x20-\x7e]/.test(content), `${file} is plain ASCII`).toBe(false);
    }
  });
});
