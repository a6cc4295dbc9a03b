/** `mark_email`: received mail as read, unread, archived or deleted. */
import { z } from "zod";
import { id, wireStatus } from "../../contract/resources.ts";
import { markedStatuses } from "../../core/inbound-status.ts";
import { operation } from "../context.ts";
import { toWire } from "./views.ts";

export const markEmail = operation({
  name: "mark_email",
  tag: "messages",
  summary: "Mark a received email",
  description:
    "Marks a received email as read, unread, archived or deleted. Deleted mail is left out of lists and can be taken back by another mark. Held mail and spam are not marked.",
  method: "PATCH",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}",
  effect: "write",
  access: "send",
  input: z.strictObject({
    mailbox_id: id.optional(),
    email_id: id,
    status: z.enum(markedStatuses),
  }),
  output: z.object({ id, status: wireStatus }),
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "not_editable", "test_key"],
  tool: true,
  cli: { command: "mark", positional: ["email_id", "status"] },
  async handle({ engine, actor }, input) {
    const { row } = await engine.markEmail(actor, input);
    return { id: row.message_id, status: toWire(row.status) };
  },
});
