/** `list_mailboxes`: the mailboxes the credential can reach. */
import { z } from "zod";
import { mailbox, mode, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { mailboxOf } from "./views.ts";

export const listMailboxes = operation({
  name: "list_mailboxes",
  tag: "mailboxes",
  summary: "List mailboxes",
  description:
    "Lists the mailboxes this credential can reach, with their addresses and oversight modes.",
  method: "GET",
  path: "/v1/mailboxes",
  effect: "read",
  access: "read",
  input: z.strictObject({
    address: z.string().max(254).optional().describe("Part of the address"),
    oversight_mode: mode.optional(),
    deleted: z
      .boolean()
      .default(false)
      .describe("Those that were deleted, instead of the others; needs the scope audit"),
    ...page,
    offset: z.int().min(0).max(100_000).optional().describe("Skips so many; a cursor is cheaper"),
  }),
  output: z.object({ mailboxes: z.array(mailbox), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required"],
  tool: true,
  cli: { command: "mailboxes" },
  async handle({ read, actor }, input) {
    const { rows, next_cursor } = await read.mailboxes(
      actor,
      {
        address_contains: input.address,
        modes: input.oversight_mode && [input.oversight_mode],
        deleted: input.deleted,
        offset: input.offset,
      },
      input,
    );
    return { mailboxes: rows.map(mailboxOf), next_cursor };
  },
});
