/** What a node knows of stops: never older than it says, asked for by many at the price of one. */
import { expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { createStops } from "./kill-switch.ts";

/** A database whose answers wait until they are given. */
function asked(): {
  database: Database;
  answers: ((stopped: string[] | Error) => void)[];
} {
  const answers: ((stopped: string[] | Error) => void)[] = [];
  const as = (): Promise<string[]> =>
    new Promise((resolve, reject) => {
      answers.push((given) => (given instanceof Error ? reject(given) : resolve(given)));
    });
  return { database: { as: async () => (await as()).map(rowOf) } as unknown as Database, answers };
}

const rowOf = (operator_id: string): { operator_id: string } => ({ operator_id });

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

test("many who ask within a quarter of a second share one answer, and later ones get a new one", () =>
  withClock(async (advance) => {
    const { database, answers } = asked();
    const stops = createStops({ database });
    const first = Promise.all([stops.hold("a"), stops.hold("b"), stops.hold("a")]);
    expect(answers).toHaveLength(1);
    answers[0]?.(["a"]);
    expect(await first).toEqual([true, false, true]);
    advance(250);
    expect(await stops.hold("a")).toBe(true);
    expect(answers).toHaveLength(1);
    advance(1);
    const later = stops.hold("a");
    expect(answers).toHaveLength(2);
    answers[1]?.([]);
    expect(await later).toBe(false);
  }));

test("an answer that comes late is not taken for new: it is asked for again", () =>
  withClock(async (advance) => {
    const { database, answers } = asked();
    const stops = createStops({ database });
    const held = stops.hold("a");
    advance(801);
    answers[0]?.([]);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.(["a"]);
    expect(await held).toBe(true);
  }));

test("where the database does not answer, nobody is told that they may begin", () =>
  withClock(async (advance) => {
    const { database, answers } = asked();
    const stops = createStops({ database });
    const held = stops.hold("a");
    answers[0]?.(new Error("away"));
    await expect(held).rejects.toThrow("away");
    advance(251);
    const slow = stops.hold("a");
    advance(30_001);
    answers[1]?.([]);
    await expect(slow).rejects.toThrow("in time");
  }));
