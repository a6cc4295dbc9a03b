/** When recipients are tried: each has a time of their own, and a message comes due for those whose times are close together. */
import type { RecipientRow } from "../store/messages.ts";

type Timed = Pick<RecipientRow, "next_attempt_at">;

/** How much longer than the first of them others of a message wait for it to come due for them too, as a part of that wait. */
const together = 0.25;

/** True for a recipient who has no outcome yet. */
export function isOpen({ status }: Pick<RecipientRow, "status">): boolean {
  return status === "pending" || status === "deferred";
}

/** When a message is due for its open recipients: at the first one's time, or a little later, when more of them are. */
export function dueTogether(open: readonly Timed[], now: Date): Date {
  const times = open.map(({ next_attempt_at: at }) => Math.max(now.getTime(), at?.getTime() ?? 0));
  if (times.length === 0) return now;
  const first = Math.min(...times);
  const last = first + (first - now.getTime()) * together;
  return new Date(Math.max(...times.filter((time) => time <= last)));
}

/**
 * Who of a message that is due is tried. The queue's time is the one that counts: where it comes before anybody's own, since a
 * person or a new start brought it forward, those whose time is the next are.
 */
export function whoIsDue<R extends Timed>(open: readonly R[], now: Date): R[] {
  const time = ({ next_attempt_at: at }: R): number => at?.getTime() ?? 0;
  const until = Math.max(now.getTime(), Math.min(...open.map(time)));
  return open.filter((one) => time(one) <= until);
}
