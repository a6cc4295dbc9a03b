/** `schedule_email`: writes a message that leaves later. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { answerOf, sendEmail, sentAnswer, writtenFields } from "./send-email.ts";
import {
  decodeAttachments,
  expiresIn,
  gateTiming,
  idempotencyKey,
  maxMailBody,
  sendAt,
} from "./writing.ts";

export const scheduleEmail = operation({
  name: "schedule_email",
  tag: "messages",
  summary: "Schedule an email",
  description:
    "Writes an email like send_email that leaves at send_at. In gated modes people decide right away and it leaves at send_at (gate_timing gate_first), or they are asked at send_at (schedule_first). Until then edit_scheduled_email changes it and cancel_message takes it back.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/schedule",
  effect: "send",
  access: "send",
  input: z.strictObject({
    mailbox_id: id,
    ...writtenFields,
    send_at: sendAt,
    gate_timing: gateTiming.optional(),
    expires_in_seconds: expiresIn.optional(),
  }),
  output: sentAnswer,
  status: 202,
  also: { 200: "The idempotency key was used before for the same message: nothing new was sent" },
  refusals: sendEmail.refusals,
  tool: true,
  hidden_when_read_only: true,
  cli: { command: "schedule" },
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
