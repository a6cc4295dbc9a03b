/** Tests of deliveries with a time of their own: used to its end, and never beyond it. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { nextAttempt } from "./retry.ts";

/** The times of all attempts of a delivery that always fails at once, from 0 on. */
function attempts(give_up_after: number, chance: number): number[] {
  const times = [0];
  for (;;) {
    const now = times.at(-1) ?? 0;
    const next = nextAttempt({
      attempts: times.length,
      first_attempt_at: 0,
      now,
      chance,
      give_up_after,
      last_at_end: true,
    });
    if (next === null) return times;
    times.push(next);
  }
}

it("a code that is good for five minutes is tried at once, after a minute, and at the end", () => {
  expect(attempts(300_000, 0.5)).toEqual([0, 60_000, 300_000]);
});

it("an end just behind an attempt is not waited for", () => {
  expect(attempts(80_000, 0.5)).toEqual([0, 60_000]);
});

it("is tried up to its end, in an order, and never beyond", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60_000, max: 432_000_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (end, chance) => {
        const times = attempts(end, chance);
        expect(times.at(-1)).toBeLessThanOrEqual(end);
        expect(end - (times.at(-1) ?? 0)).toBeLessThan(30_000);
        expect(times.toSorted((a, b) => a - b)).toEqual(times);
      },
    ),
  );
});
