/** `edit_scheduled_email`: changes a message that has not left: its words, its recipients or its time. */
import { z } from "zod";
import { id, time, wireStatus } from "../../contract/resources.ts";
import type { Edit } from "../../engine/edit.ts";
import { operation } from "../context.ts";
import { toWire } from "./views.ts";
import {
  addresses,
  attachment,
  decodeAttachments,
  markdown,
  maxMailBody,
  sendAt,
} from "./writing.ts";

/** What an edit answers. */
export const editedAnswer = z.object({
  id,
  status: wireStatus,
  thread_id: z.string(),
  message_id: z.string(),
  digest: z.string().describe("SHA-256 of the content and the envelope as they are now"),
  reason: z.string().nullable(),
  send_at: time.nullable(),
});

/** The digest that an editor saw. */
export const seenDigest = z
  .string()
  .max(64)
  .optional()
  .describe("The digest of the content you read: refused with stale_digest if it changed since");

export const editScheduledEmail = operation({
  name: "edit_scheduled_email",
  tag: "messages",
  summary: "Edit an email that has not left",
  description:
    "Changes an email that is scheduled, pending or a draft, and was never handed to the wire. Give only what changes; to, cc, bcc and attachments replace what stood. Other content or recipients give a new digest, void all approvals and ask scan and oversight anew: see status in the answer. send_at alone keeps approvals. Content that the outbound scan blocks is refused (422) and nothing changes.",
  method: "PATCH",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/schedule",
  effect: "send",
  access: "send",
  input: z.strictObject({
    mailbox_id: id.optional(),
    email_id: id,
    send_at: sendAt.optional(),
    to: addresses.optional(),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    subject: z.string().min(1).max(998).optional(),
    markdown: markdown.min(1).optional(),
    attachments: z.array(attachment).max(100).optional(),
    digest: seenDigest,
  }),
  output: editedAnswer,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "not_editable",
    "stale_digest",
    "content_blocked",
    "thread_locked",
    "recipient_suppressed",
    "mode_forbids_send",
    "test_key",
    "payload_too_large",
    "unavailable",
  ],
  tool: true,
  hidden_when_read_only: true,
  max_body: maxMailBody,
  async handle({ engine, actor }, { mailbox_id, email_id, attachments, ...change }) {
    const place = { mailbox_id: mailbox_id ?? null, email_id };
    const edit: Edit = {
      ...change,
      attachments: attachments === undefined ? undefined : decodeAttachments(attachments),
    };
    const done = await engine.edit(actor, place, edit);
    return { ...done, status: toWire(done.status) };
  },
});
