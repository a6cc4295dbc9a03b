/** `list_threads`: the conversations of a mailbox. */
import { z } from "zod";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { thread, threadOf } from "./views.ts";

export const listThreads = operation({
  name: "list_threads",
  tag: "threads",
  summary: "List a mailbox's threads",
  description:
    "Lists the conversations of a mailbox, the one with the newest email first. Filter by unanswered and by owner. A page may be short, or empty with a filter, although next_cursor goes on.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/threads",
  effect: "read",
  access: "read",
  input: z.strictObject({
    mailbox_id: id,
    unanswered: z
      .boolean()
      .optional()
      .describe("Whether the last mail received waits for an answer"),
    owner: z.enum(["agent", "human", "none"]).optional(),
    ...page,
  }),
  output: z.object({ threads: z.array(thread), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "threads" },
  async handle({ read, actor }, input) {
    await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.threads(actor, input, input);
    return { threads: rows.map(threadOf), next_cursor };
  },
});
