/** Retries of webhooks: spread over three days, then given up; a target's own wish is followed within bounds. */
import { expect, test } from "vitest";
import {
  failingSince,
  nextTry,
  readRetryAfter,
  restAfter,
  usualSchedule,
} from "./webhook-retry.ts";

const hour = 3_600_000;

test("a delivery is tried for three days, ever more seldom, and then given up", () => {
  for (const chance of [0, 0.5, 0.999]) {
    let now = 0;
    let tries = 0;
    for (;;) {
      tries++;
      const next = nextTry(
        { tries, first_try_at: 0, now, chance, retry_after: null },
        usualSchedule,
      );
      if (next === null) break;
      expect(next).toBeGreaterThan(now);
      now = next;
    }
    expect(now).toBeGreaterThan(48 * hour);
    expect(now).toBeLessThanOrEqual(72 * hour);
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(20);
  }
});

test("a target may ask for more time, not for less and not for days", () => {
  const at = (retry_after: number | null) =>
    nextTry({ tries: 1, first_try_at: 0, now: 0, chance: 0.5, retry_after }, usualSchedule);
  expect(at(null)).toBe(5000);
  expect(at(0)).toBe(5000);
  expect(at(60_000)).toBe(60_000);
  expect(at(1000 * hour)).toBe(12 * hour);
});

test("Retry-After is seconds or an HTTP date, and anything else is nothing", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(readRetryAfter("120", now)).toBe(120_000);
  expect(readRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now)).toBe(60_000);
  expect(readRetryAfter("Thu, 01 Jan 2015 00:01:00 GMT", now)).toBe(0);
  for (const odd of ["", "-1", "soon", "1e9", "9".repeat(400), "2026-01-01"])
    expect(readRetryAfter(odd, now), odd).toBeNull();
  expect(readRetryAfter(undefined, now)).toBeNull();
});

test("a target that never answers rests longer and longer, up to a bound", () => {
  expect(restAfter(19, usualSchedule)).toBe(0);
  expect(restAfter(20, usualSchedule)).toBe(5000);
  expect(restAfter(21, usualSchedule)).toBe(10_000);
  expect(restAfter(1_000_000, usualSchedule)).toBe(usualSchedule.longest_rest);
});

test("a target fails since its first failure, unless nothing was tried for longer than any delay", () => {
  const since = new Date(0);
  const at = (hours: number): Date => new Date(hours * hour);
  const known = { since, last_failure_at: at(60) };
  const longest = Math.max(usualSchedule.delays.at(-1) ?? 0, usualSchedule.longest_wait) * 1.15;
  expect(usualSchedule.unknown_after).toBeGreaterThan(longest);
  expect(failingSince(known, at(60 + 24), usualSchedule)).toEqual(since);
  expect(failingSince(known, at(60 + 25), usualSchedule)).toEqual(at(85));
  expect(failingSince({ since: null, last_failure_at: at(60) }, at(61), usualSchedule)).toEqual(
    at(61),
  );
});
