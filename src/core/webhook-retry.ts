/** When a delivery to a webhook is tried again, and when it is given up. */

/** Times in milliseconds. */
export type WebhookSchedule = {
  /** Before the second try, the third, …; the last one repeats. */
  delays: readonly number[];
  /** After the first try nothing is tried beyond this: it is a dead letter then. */
  give_up_after: number;
  /** A webhook to which nothing got through for so long is paused. */
  pause_after: number;
  /** Where nothing was tried for so long, nobody knows how the target was meanwhile: failing begins anew. Longer than any delay. */
  unknown_after: number;
  /** The longest Retry-After that is followed. */
  longest_wait: number;
  /** Longest rest of a target that does not answer at all. */
  longest_rest: number;
};

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Over three days, as the product contract says (section 10). */
export const usualSchedule: WebhookSchedule = {
  delays: [
    5 * second,
    30 * second,
    2 * minute,
    10 * minute,
    30 * minute,
    hour,
    3 * hour,
    6 * hour,
    12 * hour,
  ],
  give_up_after: 72 * hour,
  pause_after: 5 * 24 * hour,
  unknown_after: 24 * hour,
  longest_wait: 12 * hour,
  longest_rest: 5 * minute,
};

/** Failures in a row after which a target is rested: only one delivery is tried at a time until one succeeds. */
export const failuresToRest = 20;

/**
 * The time of the next try (milliseconds), or null where it is given up. `tries` counts those that were made; `chance` (0 to below 1)
 * spreads them; `retry_after` is what the target asked for.
 */
export function nextTry(
  of: {
    tries: number;
    first_try_at: number;
    now: number;
    chance: number;
    retry_after: number | null;
  },
  schedule: WebhookSchedule,
): number | null {
  const last = schedule.delays.at(-1) ?? hour;
  const usual = (schedule.delays[of.tries - 1] ?? last) * (0.85 + 0.3 * of.chance);
  const asked = Math.min(of.retry_after ?? 0, schedule.longest_wait);
  const next = of.now + Math.max(usual, asked);
  return next > of.first_try_at + schedule.give_up_after ? null : Math.round(next);
}

/**
 * Since when nothing gets through to a target that fails now. `since` is what was known before: it counts only where tries went on
 * all the time, so that an outage of the past and one failed try later do not look like one long outage.
 */
export function failingSince(
  known: { since: Date | null; last_failure_at: Date | null },
  now: Date,
  schedule: WebhookSchedule,
): Date {
  const { since, last_failure_at: last } = known;
  if (since === null || last === null) return now;
  return now.getTime() - last.getTime() > schedule.unknown_after ? now : since;
}

/** For how long (milliseconds) a target rests that failed so often in a row; 0 while it need not. */
export function restAfter(failures: number, schedule: WebhookSchedule): number {
  if (failures < failuresToRest) return 0;
  const [first = second] = schedule.delays;
  return Math.min(schedule.longest_rest, first * 2 ** Math.min(30, failures - failuresToRest));
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3) as milliseconds from now; null where it is neither. */
export function readRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * second;
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
