/** `undo_decision`: pulls an approved message back before it leaves. */
import { z } from "zod";
import { id, time, wireStatus } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { toWire } from "../messages/views.ts";

export const undoDecision = operation({
  name: "undo_decision",
  tag: "oversight",
  summary: "Pull an approved email back",
  description:
    "Puts an email that was approved and has not left yet back to where it waits for a decision; its approvals are void. Works while it is scheduled: in the undo window of the mailbox, or before its send_at.",
  method: "POST",
  path: "/v1/oversight/undo",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({ email_id: id }),
  output: z.object({ id, status: wireStatus, expires_at: time.nullable() }),
  status: 200,
  refusals: ["validation_failed", "not_found", "not_scheduled", "test_key"],
  tool: true,
  cli: { command: "undo", positional: ["email_id"] },
  async handle({ engine, actor }, input) {
    const done = await engine.undo(actor, input.email_id);
    return { ...done, status: toWire(done.status) };
  },
});
