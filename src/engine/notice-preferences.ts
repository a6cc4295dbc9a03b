/** How and when a person is told of mail that waits for them. */
import { z } from "zod";
import { type QuietHours, clockPattern, isTimeZone, quietUntil } from "../core/quiet-hours.ts";

/** What a person has chosen; at first each message by mail, at any hour. */
export type NoticePreferences = {
  mail: "each" | "digest" | "none";
  /** How long notices of a digest are gathered. */
  digest_minutes: number;
  quiet: QuietHours | null;
  chat_webhook_url: string | null;
};

const clock = z.string().regex(clockPattern);

const stored = z.object({
  mail: z.enum(["each", "digest", "none"]).catch("each"),
  digest_minutes: z.int().min(5).max(1440).catch(60),
  quiet: z
    .object({ from: clock, to: clock, time_zone: z.string().refine(isTimeZone) })
    .nullable()
    .catch(null),
  chat_webhook_url: z.string().startsWith("https://").max(2000).nullable().catch(null),
});

/** Reads what is stored. What cannot be read is as if it had never been chosen: then people are told. */
export function readPreferences(notify: Record<string, unknown>): NoticePreferences {
  return stored.parse(notify);
}

const minute = 60_000;

/** When somebody is told by each way: at once, later, or (null) not that way. */
export type Timing = { mail: Date | null; chat: Date | null };

/** How long notices are gathered for somebody who has had too many of late. */
const pressedFor = 15 * minute;

/**
 * When a person is told. Notices and reminders wait for the end of quiet hours and for the digest; an escalation waits for neither,
 * and is mailed to those too who want no mail. `pressed`: they have had so many that the next ones come together.
 */
export function timingOf(
  preferences: NoticePreferences,
  now: Date,
  of: { escalation: boolean; pressed: boolean },
): Timing {
  const { mail, digest_minutes, quiet, chat_webhook_url } = preferences;
  const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);
  const floor = of.pressed ? later(pressedFor) : now;
  const chat = chat_webhook_url === null ? null : floor;
  if (of.escalation) return { mail: floor, chat };
  const loud = (at: Date): Date => (quiet ? (quietUntil(at, quiet) ?? at) : at);
  const gathered = later(digest_minutes * minute);
  const mailed = mail === "none" ? null : mail === "each" || gathered < floor ? floor : gathered;
  return { mail: mailed && loud(mailed), chat: chat && loud(chat) };
}
