/** `list_suppression`: who is not written to, by address. */
import { z } from "zod";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { reason, suppression, suppressionOf } from "./views.ts";

export const listSuppression = operation({
  name: "list_suppression",
  tag: "suppression",
  summary: "List suppressed addresses",
  description:
    "Lists the addresses that are not written to, because they unsubscribed, bounced, complained or were added by hand. Sorted by address.",
  method: "GET",
  path: "/v1/suppression",
  effect: "read",
  access: "read",
  input: z.strictObject({
    mailbox_id: id.optional().describe("Only what holds for this mailbox alone"),
    reason: reason.optional(),
    q: z.string().max(254).optional().describe("Beginning of the address"),
    ...page,
  }),
  output: z.object({ suppressions: z.array(suppression), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "suppression" },
  async handle({ read, actor }, input) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.suppressions(
      actor,
      { reason: input.reason, mailbox_id: input.mailbox_id, prefix: input.q?.toLowerCase() },
      input,
    );
    return { suppressions: rows.map(suppressionOf), next_cursor };
  },
});
