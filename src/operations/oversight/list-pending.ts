/** `list_pending`: what waits for a decision, oldest first. */
import { z } from "zod";
import { emailSummary, id, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { summaryOf } from "../messages/views.ts";

export const listPending = operation({
  name: "list_pending",
  tag: "oversight",
  summary: "List emails that wait for a decision",
  description:
    "Lists the emails that wait for approval, oldest first, with the digest a decision has to name.",
  method: "GET",
  path: "/v1/oversight/pending",
  effect: "read",
  access: "oversight",
  input: z.strictObject({ mailbox_id: id.optional(), ...page }),
  output: z.object({
    emails: z.array(emailSummary),
    pending: z.array(emailSummary).describe("The same list, by the name existing clients read"),
    next_cursor: nextCursor,
  }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "not_found"],
  tool: true,
  cli: { command: "pending" },
  async handle({ read, actor }, input) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.messages(
      actor,
      { mailbox_id: input.mailbox_id, statuses: ["pending_approval"], order: "oldest" },
      input,
    );
    const emails = rows.map(summaryOf);
    return { emails, pending: emails, next_cursor };
  },
});
