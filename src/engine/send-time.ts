/** `send_at`: when a message is to leave, within a year. */
import { Refusal } from "../core/refusal.ts";

/** How far `send_at` may lie in the past, in milliseconds: clocks differ, and requests take their time. */
const tolerance = 60_000;

/** How far ahead it may lie, in milliseconds. */
const furthest = 366 * 24 * 3600 * 1000;

/** Reads an ISO 8601 time with its offset; throws `validation_failed` for one that is over, or more than a year ahead. */
export function readSendAt(text: string, now: Date): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw wrong("is not a time");
  if (at.getTime() < now.getTime() - tolerance) throw wrong("lies in the past");
  if (at.getTime() > now.getTime() + furthest) throw wrong("lies more than a year ahead");
  return at;
}

function wrong(what: string): Refusal {
  return new Refusal("validation_failed", `send_at: ${what}.`, {
    field: "send_at",
    hint: "Give an ISO 8601 time with its offset, such as 2030-01-31T09:00:00Z, at most a year ahead.",
  });
}
