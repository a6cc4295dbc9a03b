/** `reply_email`: an agent answers an email; oversight decides on it as on every other. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { answerOf, sentAnswer, writtenFields } from "./send-email.ts";
import {
  decodeAttachments,
  expiresIn,
  gateTiming,
  idempotencyKey,
  maxMailBody,
  sendAt,
} from "./writing.ts";

const { cc, bcc, markdown, attachments, tags, metadata, idempotency_key } = writtenFields;

export const replyEmail = operation({
  name: "reply_email",
  tag: "messages",
  summary: "Reply to an email",
  description:
    "Answers an email in its thread: to its Reply-To or From, with reply_all to everybody of To and Cc but this mailbox. A reply to an email of your own follows up to its recipients. Held for a person whatever the mode: answers to automatic mail, lists and addresses that nobody reads, and the eleventh message of a day in a thread that nobody approved. The same reply within a minute is 409 duplicate_reply unless an idempotency_key is given.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/reply/{email_id}",
  effect: "send",
  access: "send",
  input: z.strictObject({
    mailbox_id: id,
    email_id: id.describe("The email that is answered"),
    markdown,
    reply_all: z.boolean().default(false),
    cc: cc.describe("Further recipients"),
    bcc,
    subject: z.string().min(1).max(998).optional().describe("Usually Re: and the email's subject"),
    attachments,
    tags,
    metadata,
    idempotency_key,
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
    "content_erased",
    "idempotency_conflict",
    "duplicate_reply",
    "thread_locked",
    "recipient_suppressed",
    "payload_too_large",
    "rate_limited",
  ],
  tool: true,
  hidden_when_read_only: true,
  cli: { command: "reply", positional: ["email_id"] },
  max_body: maxMailBody,
  async handle({ engine, actor, meta }, input) {
    const key = idempotencyKey(input.idempotency_key, meta.idempotency_key);
    const { idempotency_key: _key, ...rest } = input;
    return answerOf(
      await engine.reply(actor, {
        ...rest,
        attachments: decodeAttachments(input.attachments),
        ...(key === undefined ? {} : { idempotency_key: key }),
      }),
    );
  },
});
