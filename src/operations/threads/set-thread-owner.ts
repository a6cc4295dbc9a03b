/** `set_thread_owner`: a conversation is an agent's, people's, or free. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { thread, threadId, threadOf } from "./views.ts";

export const setThreadOwner = operation({
  name: "set_thread_owner",
  tag: "threads",
  summary: "Take, hand over or release a thread",
  description:
    "human: agents get 409 thread_locked when they write in the thread, until a person or a key with oversight or admin releases it. agent: the calling key has it to itself, other keys get 409. null: free. Agents take free threads and hand over or release their own.",
  method: "PUT",
  path: "/v1/mailboxes/{mailbox_id}/threads/{thread_id}/owner",
  effect: "write",
  // Beyond reading it needs one of send, oversight and admin: whoever decides is seldom who writes.
  access: "read",
  input: z.strictObject({
    mailbox_id: id,
    thread_id: threadId,
    owner: z.enum(["agent", "human"]).nullable(),
  }),
  output: thread,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required", "thread_locked", "test_key"],
  tool: true,
  cli: { command: "set-thread-owner", positional: ["thread_id", "owner"] },
  async handle({ engine, read, actor }, input) {
    await engine.setThreadOwner(actor, input, input.owner);
    return threadOf(await read.thread(actor, input.mailbox_id, input.thread_id));
  },
});
