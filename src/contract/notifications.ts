/** How and when a person is told of mail that waits, as operations and pages see it. */
import { z } from "zod";
import { clockPattern, isTimeZone } from "../core/quiet-hours.ts";

const clock = z.string().regex(clockPattern, "must be a time such as 22:00");

/** Hours of a person's day in which only escalations reach them. */
export const quietHours = z
  .strictObject({
    from: clock.describe("Local time, such as 22:00"),
    to: clock.describe("Local time, such as 07:00; before `from` it lies on the next day"),
    time_zone: z
      .string()
      .max(64)
      .refine(isTimeZone, "must be the name of a time zone, such as Europe/Berlin")
      .describe("IANA name, such as Europe/Berlin"),
  })
  .describe("In these hours notices and reminders wait; escalations do not");

/** The ways of mail. */
export const noticeMail = z
  .enum(["each", "digest", "none"])
  .describe(
    "each: a mail for each message; digest: one for all that came together; none: only escalations are mailed",
  );

/** Minutes that notices of a digest are gathered. */
export const digestMinutes = z
  .int()
  .min(5)
  .max(1440)
  .describe("How long the notices of a digest are gathered");

/** Where a chat takes posts. The address lets whoever knows it post there, so it is never shown again. */
export const chatWebhook = z
  .string()
  .max(2000)
  .refine((text) => {
    const url = URL.parse(text);
    return url?.protocol === "https:" && url.username === "" && url.password === "";
  }, "must be an https URL without a user name")
  .describe("A chat's incoming webhook: each message that begins to wait is posted there as JSON");

/** A person's choices. */
export const notifications = z.object({
  mail: noticeMail,
  digest_minutes: digestMinutes,
  quiet: quietHours.nullable(),
  chat_webhook_host: z
    .string()
    .nullable()
    .describe("Host of the chat's webhook; its address is not shown"),
});
