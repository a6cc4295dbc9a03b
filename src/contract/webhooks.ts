/** Webhooks, their deliveries, and events, as resources. */
import { z } from "zod";
import { eventNames } from "../core/event-types.ts";
import { id, time } from "./resources.ts";

/** A name of events, or of a family of them. */
export const eventName = z
  .string()
  .max(60)
  .refine((name) => eventNames.has(name), {
    error:
      "is no event; there are message.*, oversight.*, mailbox.*, domain.*, suppression.*, operator.*",
  })
  .describe(
    "Such as message.received, oversight.pending, message.* or *; email.received and email.pending_approval are other spellings",
  );

/** A URL that is called. */
export const hookUrl = z
  .string()
  .min(1)
  .max(2000)
  .describe("Public https address that events are posted to");

/** A subscription. */
export const webhook = z.object({
  id,
  url: z.string(),
  events: z.array(z.string()),
  mailbox_id: id.nullable().describe("Only events of this mailbox; null: of all"),
  origin: z
    .enum(["api", "mailbox", "oversight"])
    .describe("Made by a call, or the webhook_url or oversight_webhook_url of its mailbox"),
  description: z.string().nullable(),
  ordered: z.boolean().describe("True: events of a thread come one after the other"),
  active: z.boolean(),
  paused: z.boolean().describe("True: what happens waits until it is resumed, for 30 days"),
  paused_at: time.nullable(),
  paused_reason: z.string().nullable(),
  failing_since: time.nullable().describe("Since when nothing got through"),
  last_success_at: time.nullable(),
  last_failure_at: time.nullable(),
  old_secret_until: time.nullable().describe("Until then the secret before signs too"),
  created_at: time,
  updated_at: time,
});

/** One try of a delivery. */
export const attempt = z.object({
  attempt: z.int(),
  at: time,
  duration_ms: z.int(),
  request: z.object({
    method: z.literal("POST"),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
  }),
  response: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string().describe("Its first 4096 bytes"),
    })
    .nullable(),
  error: z.string().nullable().describe("Why there is no response"),
});

/** A delivery. */
export const delivery = z.object({
  id,
  webhook_id: id,
  event_id: id.describe("The header webhook-id: the same in every try"),
  event: z.string(),
  type: z.string(),
  mailbox_id: id.nullable(),
  thread_id: z.string().nullable(),
  status: z.enum(["pending", "delivered", "dead"]),
  attempts: z.int(),
  next_attempt_at: time.nullable(),
  last_attempt: attempt.nullable(),
  created_at: time,
  ended_at: time.nullable(),
});

/** An event of the log. */
export const loggedEvent = z.object({
  id,
  type: z.string(),
  event: z.string().describe("The same as type"),
  cursor: z.string().describe("Reading goes on behind this event from here"),
  timestamp: time,
  mailbox_id: id.nullable(),
  email_id: id.nullable(),
  thread_id: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
