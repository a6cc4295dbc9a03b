/** Threads as REST shows them. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import type { ThreadView } from "../../engine/read-threads.ts";

/** Ids of threads: ours, or whatever a caller named one. */
export const threadId = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, "is 1 to 200 printable ASCII characters without spaces")
  .describe("Id of the conversation, percent-encoded in a path");

/** A thread without its messages. */
export const thread = z.object({
  id: z.string(),
  thread_id: z.string().describe("The same as id"),
  mailbox_id: id,
  subject: z.string().describe("Of the first email"),
  unanswered: z
    .boolean()
    .describe("True where the last mail received is newer than anything sent, or about to be"),
  owner: z
    .enum(["agent", "human"])
    .nullable()
    .describe("Who has it to themselves: human keeps all agents out, agent all but one"),
  owner_by: z.string().nullable(),
  owner_at: time.nullable(),
  message_count: z.int(),
  last_email_id: id,
  last_from: z.string(),
  last_direction: z.enum(["outbound", "inbound"]),
  last_inbound_id: id.nullable(),
  created_at: time,
  updated_at: time.describe("When the last email came or was written"),
});

/** A thread as the resource. */
export function threadOf(view: ThreadView): z.infer<typeof thread> {
  return {
    id: view.thread_id,
    thread_id: view.thread_id,
    mailbox_id: view.mailbox_id,
    subject: view.subject,
    unanswered: view.unanswered,
    owner: view.owner,
    owner_by: view.owner_by,
    owner_at: view.owner_at?.toISOString() ?? null,
    message_count: view.message_count,
    last_email_id: view.last_message_id,
    last_from: view.last_from,
    last_direction: view.last_direction,
    last_inbound_id: view.last_inbound_id,
    created_at: view.created_at.toISOString(),
    updated_at: view.last_at.toISOString(),
  };
}
