/** `cancel_message`: takes back a message that has not been handed to the wire. */
import { z } from "zod";
import { id, wireStatus } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { toWire } from "./views.ts";

export const cancelMessage = operation({
  name: "cancel_message",
  tag: "messages",
  summary: "Cancel an email",
  description:
    "Cancels an email that is pending, scheduled or queued. Once it was handed to the wire it cannot be cancelled (409).",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/cancel",
  effect: "destroy",
  access: "send",
  input: z.strictObject({ mailbox_id: id.optional(), email_id: id }),
  output: z.object({ id, status: wireStatus }),
  status: 200,
  refusals: ["validation_failed", "not_found", "not_cancellable", "test_key"],
  tool: true,
  cli: { command: "cancel", positional: ["email_id"] },
  async handle({ engine, actor }, input) {
    const done = await engine.cancel(actor, input.mailbox_id ?? null, input.email_id);
    return { id: done.id, status: toWire(done.status) };
  },
});
