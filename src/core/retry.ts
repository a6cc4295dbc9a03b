/** The delivery retry schedule: 1, 5, 15, 30 min, 1, 2, 4, 8 h, then every 8 h until 5 days have passed. */

const minute = 60_000;
const hour = 60 * minute;

const first = [minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour];

/** An attempt that comes sooner than this after the one before tells nothing new. */
const worthwhile = 30_000;

/** How long after the first attempt delivery is given up, in milliseconds. */
export const giveUpAfter = 5 * 24 * hour;

/** The delay without jitter after the given number of attempts (1 or more), in milliseconds. */
export function baseDelay(attempts: number): number {
  return first[Math.max(1, attempts) - 1] ?? 8 * hour;
}

/**
 * When to try again, in milliseconds since the epoch, or null when 5 days are over.
 * `chance` in [0, 1) spreads retries by up to 10 % either way so that they do not come in waves.
 */
export function nextAttempt(input: {
  attempts: number;
  first_attempt_at: number;
  now: number;
  chance: number;
  /** Milliseconds after the first attempt; 5 days unless given. */
  give_up_after?: number;
  /** True where the time is used to its end: if the schedule leads beyond it, one attempt more is made when it is over. */
  last_at_end?: boolean;
}): number | null {
  const delay = Math.round(baseDelay(input.attempts) * (0.9 + input.chance * 0.2));
  const next = input.now + delay;
  const end = input.first_attempt_at + (input.give_up_after ?? giveUpAfter);
  if (next <= end) return next;
  return input.last_at_end === true && end - input.now >= worthwhile ? end : null;
}
