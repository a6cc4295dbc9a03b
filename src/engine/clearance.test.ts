/** What a node is told right before the wire: asked after the copy asked, never older than it says, one question for many. */
import { expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import type { HandedCopy } from "../store/clearance.ts";
import { createClearance, untilNoneBegins } from "./clearance.ts";

type Question = { messages: string[]; answer(clear: number[] | Error): void };

/** A database whose answers wait until they are given. */
function asked(): { database: Database; questions: Question[] } {
  const questions: Question[] = [];
  const named = (_name: string, _text: string, values: string[][]): Promise<{ n: number }[]> =>
    new Promise((resolve, reject) => {
      questions.push({
        messages: values[1] ?? [],
        answer: (clear) =>
          clear instanceof Error ? reject(clear) : resolve(clear.map((at) => ({ n: at + 1 }))),
      });
    });
  const as = (_operator: string, work: (tx: object) => unknown): unknown => work({ named });
  return { database: { as } as unknown as Database, questions };
}

const copy = (message_id: string): HandedCopy => ({
  operator_id: "o",
  message_id,
  mailbox_id: "m",
  token: "1",
  address: "a@example.com",
  alias: "",
});

/** Runs with a clock that the test moves. */
async function withClock(work: (advance: (ms: number) => void) => Promise<void>): Promise<void> {
  let now = 1000;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  try {
    await work((ms) => (now += ms));
  } finally {
    clock.mockRestore();
  }
}

const until = (count: number, questions: Question[]): Promise<void> =>
  vi.waitFor(() => expect(questions).toHaveLength(count));

test("who asks while a question is under way is not told its answer, but shares the next", async () => {
  const { database, questions } = asked();
  const clearance = createClearance({ database });
  const first = Promise.all([clearance.mayBegin(copy("a")), clearance.mayBegin(copy("b"))]);
  await until(1, questions);
  expect(questions[0]?.messages).toEqual(["a", "b"]);
  const later = Promise.all([clearance.mayBegin(copy("b")), clearance.mayBegin(copy("c"))]);
  questions[0]?.answer([1]);
  expect(await first).toEqual([false, true]);
  await until(2, questions);
  expect(questions[1]?.messages).toEqual(["b", "c"]);
  questions[1]?.answer([1]);
  expect(await later).toEqual([false, true]);
});

test("an answer that comes late is not taken for new: it is asked for again", () =>
  withClock(async (advance) => {
    const { database, questions } = asked();
    const begins = createClearance({ database }).mayBegin(copy("a"));
    await until(1, questions);
    advance(801);
    questions[0]?.answer([0]);
    await until(2, questions);
    questions[1]?.answer([]);
    expect(await begins).toBe(false);
  }));

test("where the database does not answer, nobody is told that they may begin", () =>
  withClock(async (advance) => {
    const { database, questions } = asked();
    const clearance = createClearance({ database });
    const away = clearance.mayBegin(copy("a"));
    await until(1, questions);
    questions[0]?.answer(new Error("away"));
    await expect(away).rejects.toThrow("away");
    const slow = clearance.mayBegin(copy("a"));
    await until(2, questions);
    advance(30_001);
    questions[1]?.answer([0]);
    await expect(slow).rejects.toThrow("in time");
  }));

test("a suppression is answered once no answer from before it counts, or at once where nothing is under way", async () => {
  const { database, questions } = asked();
  const rows = [{ address: "a@example.com", mailbox_id: "" }];
  const committed = performance.now();
  const order: string[] = [];
  const waits = untilNoneBegins({ database }, "o", rows).then(() => order.push("under way"));
  const free = untilNoneBegins({ database }, "o", rows).then(() => order.push("free"));
  questions[0]?.answer([0]);
  questions[1]?.answer([]);
  await Promise.all([waits, free]);
  expect(order).toEqual(["free", "under way"]);
  // A timer may be a millisecond early by its own clock.
  expect(performance.now() - committed).toBeGreaterThanOrEqual(798);
});
