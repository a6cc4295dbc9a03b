/** `list_mailboxes`: the mailboxes the credential can reach. */
import { z } from "zod";
import { mailbox, nextCursor, page } from "../../contract/resources.ts";
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
  input: z.strictObject(page),
  output: z.object({ mailboxes: z.array(mailbox), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor"],
  tool: true,
  cli: { command: "mailboxes" },
  async handle({ read, actor }, input) {
    const { rows, next_cursor } = await read.mailboxes(actor, input);
    return { mailboxes: rows.map(mailboxOf), next_cursor };
  },
});
