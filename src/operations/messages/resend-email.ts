/** `resend_email`: the same content once more, to those who did not get it. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { answerOf, sentAnswer } from "./send-email.ts";
import { idempotencyKey } from "./writing.ts";

export const resendEmail = operation({
  name: "resend_email",
  tag: "messages",
  summary: "Send an email again",
  description:
    "Submits the content of an email that failed, bounced, expired or was cancelled as a new email, to the recipients who did not get it; of a sent one, to those it did not reach. It passes scan and oversight anew; metadata.resend_of names the first. Rejected and blocked emails are final, and suppressed recipients are refused.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/resend",
  effect: "send",
  access: "send",
  input: z.strictObject({
    mailbox_id: id.optional(),
    email_id: id,
    idempotency_key: z.string().max(255).optional(),
  }),
  output: sentAnswer,
  status: 202,
  also: { 200: "The idempotency key was used before for the same message: nothing new was sent" },
  refusals: [
    "validation_failed",
    "invalid_idempotency_key",
    "idempotency_conflict",
    "not_found",
    "content_erased",
    "not_resendable",
    "recipient_suppressed",
    "mode_forbids_send",
    "thread_locked",
  ],
  tool: true,
  hidden_when_read_only: true,
  cli: { command: "resend", positional: ["email_id"] },
  async handle({ engine, actor, meta }, input) {
    const sent = await engine.resend(actor, {
      mailbox_id: input.mailbox_id ?? null,
      email_id: input.email_id,
      idempotency_key: idempotencyKey(input.idempotency_key, meta.idempotency_key),
    });
    return answerOf(sent);
  },
});
