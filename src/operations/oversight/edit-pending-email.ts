/** `edit_pending_email`: an approver changes what waits for a decision. Whoever edits can no longer approve it. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { editedAnswer } from "../messages/edit-scheduled-email.ts";
import { toWire } from "../messages/views.ts";
import {
  addresses,
  attachment,
  decodeAttachments,
  markdown,
  maxMailBody,
} from "../messages/writing.ts";

export const editPendingEmail = operation({
  name: "edit_pending_email",
  tag: "oversight",
  summary: "Edit an email that waits for a decision",
  description:
    "Changes an email that waits for approval. Give only what changes; to, cc, bcc and attachments replace what stood. Approvals given until then are void, and recipients are checked anew. Who edited it cannot approve it: somebody else has to. The agent is told what changed and why.",
  method: "PATCH",
  path: "/v1/oversight/pending/{email_id}",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({
    email_id: id,
    digest: z
      .string()
      .max(64)
      .describe("The digest of the content you read: refused with stale_digest if it changed"),
    to: addresses.optional(),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    subject: z.string().min(1).max(998).optional(),
    markdown: markdown.min(1).optional(),
    attachments: z.array(attachment).max(100).optional(),
    reason: z.string().max(2000).optional().describe("Why, for whoever wrote it"),
  }),
  output: editedAnswer,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "not_pending",
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
  max_body: maxMailBody,
  async handle({ engine, actor }, { email_id, attachments, ...change }) {
    const done = await engine.edit(
      actor,
      { mailbox_id: null, email_id, only: "pending_approval" },
      {
        ...change,
        attachments: attachments === undefined ? undefined : decodeAttachments(attachments),
      },
    );
    return { ...done, status: toWire(done.status) };
  },
});
