/** Tests of the retry schedule: exact without jitter, within ten per cent with it, and over after five days. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { baseDelay, giveUpAfter, nextAttempt } from "./retry.ts";

const minute = 60_000;
const hour = 60 * minute;

/** The times of all attempts of a delivery that always fails at once, from 0 on. */
function attempts(chance: () => number): number[] {
  const times = [0];
  for (;;) {
    const next = nextAttempt({
      attempts: times.length,
      first_attempt_at: 0,
      now: times.at(-1) ?? 0,
      chance: chance(),
    });
    if (next === null) return times;
    times.push(next);
  }
}

it("waits 1, 5, 15, 30 minutes, 1, 2, 4, 8 hours, then 8 hours each until 5 days have passed", () => {
  const times = attempts(() => 0.5);
  const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  expect(waits).toEqual([
    minute,
    5 * minute,
    15 * minute,
    30 * minute,
    hour,
    2 * hour,
    4 * hour,
    8 * hour,
    ...Array.from({ length: 13 }, () => 8 * hour),
  ]);
  expect(times.at(-1)).toBe(119 * hour + 51 * minute);
  expect(giveUpAfter).toBe(120 * hour);
});

it("the delay of the first attempt and of the hundredth, and of a count that makes no sense", () => {
  expect([1, 8, 9, 100].map(baseDelay)).toEqual([minute, 8 * hour, 8 * hour, 8 * hour]);
  expect([0, -1].map(baseDelay)).toEqual([minute, minute]);
});

it("chance moves each wait by up to ten per cent, and never beyond the fifth day", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 40, maxLength: 40 }),
      (chances) => {
        let n = 0;
        const times = attempts(() => chances[n++ % chances.length] ?? 0);
        for (const [i, time] of times.slice(1).entries()) {
          const wait = time - (times[i] ?? 0);
          expect(wait).toBeGreaterThanOrEqual(Math.floor(baseDelay(i + 1) * 0.9));
          expect(wait).toBeLessThanOrEqual(Math.ceil(baseDelay(i + 1) * 1.1));
        }
        expect(times.at(-1)).toBeLessThanOrEqual(giveUpAfter);
        expect(times.length).toBeGreaterThanOrEqual(21);
        expect(times.length).toBeLessThanOrEqual(24);
      },
    ),
  );
});

it("counts the five days from the first attempt, also when an attempt was late", () => {
  const input = { attempts: 9, first_attempt_at: 1000, chance: 0.5 };
  const last = 1000 + giveUpAfter - 8 * hour;
  expect(nextAttempt({ ...input, now: last })).toBe(1000 + giveUpAfter);
  expect(nextAttempt({ ...input, now: last + 1 })).toBeNull();
  expect(nextAttempt({ ...input, now: last + 30 * hour })).toBeNull();
});
