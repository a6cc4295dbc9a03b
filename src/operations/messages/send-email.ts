/** `send_email`: an agent writes a message; the mailbox's oversight decides whether it waits or leaves. */
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import type { JsonReply } from "../../contract/operation.ts";
import { id, time } from "../../contract/resources.ts";
import type { Submitted } from "../../engine/submit.ts";
import { operation } from "../context.ts";
import { toWire } from "./views.ts";
import {
  addresses,
  attachment,
  decodeAttachments,
  expiresIn,
  gateTiming,
  idempotencyKey,
  labels,
  markdown,
  maxMailBody,
  sendAt,
} from "./writing.ts";

/** What writing a message takes beside the mailbox and the time. */
export const writtenFields = {
  to: addresses.describe("Recipients: name@example.com or Name <name@example.com>"),
  cc: addresses.default([]),
  bcc: addresses.default([]),
  reply_to: z.string().max(1000).optional().describe("Where answers go instead of the mailbox"),
  subject: z.string().min(1).max(998),
  markdown: markdown.min(1),
  attachments: z.array(attachment).max(100).default([]),
  thread_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, "is 1 to 200 printable ASCII characters without spaces")
    // No URL has such a step in its path (RFC 3986 section 5.2.4): the thread could not be read.
    .refine((text) => text !== "." && text !== "..", "is neither . nor ..")
    .optional()
    .describe("Your own id of the conversation; it comes back on everything in the thread"),
  tags: labels.default({}),
  metadata: labels.default({}),
  idempotency_key: z
    .string()
    .max(255)
    .optional()
    .describe("The same key and content within 24 hours is the same message"),
};

/** What sending answers. */
export const sentAnswer = z.object({
  id,
  status: z
    .string()
    .describe(
      "pending_send_approval: a person decides first; scheduled: it leaves at send_at; queued: it leaves now; blocked: it will not leave, see reason",
    ),
  thread_id: z.string(),
  message_id: z.string(),
  reason: z
    .string()
    .optional()
    .describe("Why it is held or blocked, where there is a reason to tell"),
  send_at: time.optional(),
  idempotent: z.boolean().optional(),
});

/** A submission as it is answered: 202, or 200 where the idempotency key was used before. */
export function answerOf(sent: Submitted): z.infer<typeof sentAnswer> | JsonReply {
  const { replayed, reason, send_at, ...ids } = sent;
  const answer = {
    ...ids,
    ...(reason === null ? {} : { reason }),
    ...(send_at === null ? {} : { send_at }),
  };
  return replayed
    ? json(200, { ...answer, status: "already_sent", idempotent: true })
    : { ...answer, status: toWire(answer.status) };
}

export const sendEmail = operation({
  name: "send_email",
  tag: "messages",
  summary: "Send an email",
  description:
    "Writes an email from a mailbox, in markdown. In gated modes it waits for a person (status pending_send_approval); otherwise it is queued. With send_at it waits until then. What the outbound scan finds may hold it for a person, or block it (status blocked, with reason). Answers 202 once the message is on disk. Give an idempotency_key to make retries safe.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/send",
  effect: "send",
  access: "send",
  input: z.strictObject({
    mailbox_id: id,
    ...writtenFields,
    send_at: sendAt.optional(),
    gate_timing: gateTiming.optional(),
    expires_in_seconds: expiresIn.optional(),
  }),
  output: sentAnswer,
  status: 202,
  also: { 200: "The idempotency key was used before for the same message: nothing new was sent" },
  refusals: [
    "validation_failed",
    "invalid_idempotency_key",
    "mode_forbids_send",
    "not_found",
    "idempotency_conflict",
    "recipient_suppressed",
    "thread_locked",
    "payload_too_large",
    "rate_limited",
  ],
  tool: true,
  hidden_when_read_only: true,
  cli: { command: "send" },
  max_body: maxMailBody,
  async handle({ engine, actor, meta }, input) {
    const key = idempotencyKey(input.idempotency_key, meta.idempotency_key);
    const { idempotency_key: _key, ...rest } = input;
    const sent = await engine.submit(actor, {
      ...rest,
      attachments: decodeAttachments(input.attachments),
      ...(key === undefined ? {} : { idempotency_key: key }),
    });
    return answerOf(sent);
  },
});
