/** `delete_mailbox`: gives a mailbox up. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const deleteMailbox = operation({
  name: "delete_mailbox",
  tag: "mailboxes",
  summary: "Delete a mailbox",
  description:
    "Gives a mailbox up for good: it sends and receives nothing more, and what waits in it is cancelled. Its mail and log stay readable; its address is not given out again. Deleting it again cancels what may be left.",
  method: "DELETE",
  path: "/v1/mailboxes/{mailbox_id}",
  effect: "destroy",
  access: "admin",
  input: z.strictObject({ mailbox_id: id }),
  output: z.object({
    id,
    address: z.string(),
    status: z.literal("deleted"),
    deleted: z.literal(true),
    deleted_at: time,
    cancelled: z.int().describe("Messages that were waiting and are cancelled now"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: true,
  cli: { command: "delete-mailbox", positional: ["mailbox_id"] },
  async handle({ engine, actor }, input) {
    const gone = await engine.deleteMailbox(actor, input.mailbox_id);
    return {
      id: gone.id,
      address: gone.address,
      status: "deleted" as const,
      deleted: true as const,
      deleted_at: gone.deleted_at.toISOString(),
      cancelled: gone.cancelled,
    };
  },
});
