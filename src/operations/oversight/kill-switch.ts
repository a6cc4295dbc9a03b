/** `stop_sending` and `resume_sending`: the operator's kill switch. */
import { z } from "zod";
import { time } from "../../contract/resources.ts";
import type { Engine } from "../../engine/engine.ts";
import { operation } from "../context.ts";

const switchState = z.object({
  status: z.enum(["stopped", "running"]),
  stopped_at: time.nullable(),
  stopped_by: z.string().nullable().describe("`person:` or `api_key:` and the id"),
  reason: z.string().nullable(),
});

function stateOf(row: Awaited<ReturnType<Engine["stopOperator"]>>): z.input<typeof switchState> {
  return {
    status: row.stopped_at === null ? "running" : "stopped",
    stopped_at: row.stopped_at?.toISOString() ?? null,
    stopped_by: row.stopped_by,
    reason: row.stopped_reason,
  };
}

export const stopSending = operation({
  name: "stop_sending",
  tag: "oversight",
  summary: "Stop all sending",
  description:
    "The kill switch: within a second no mail of the operator begins to leave, from any mailbox, on any node. Nothing is lost; it waits until a person lets sending go on. Stopping again changes nothing.",
  method: "POST",
  path: "/v1/oversight/stop",
  effect: "write",
  access: "oversight",
  or_access: "admin",
  input: z.strictObject({
    reason: z.string().max(500).optional().describe("For the people who will look into it"),
  }),
  output: switchState,
  status: 200,
  refusals: ["validation_failed", "scope_required", "test_key"],
  tool: true,
  whole: true,
  cli: { command: "stop-sending" },
  async handle({ engine, actor }, input) {
    return stateOf(await engine.stopOperator(actor, input.reason ?? null));
  },
});

export const resumeSending = operation({
  name: "resume_sending",
  tag: "oversight",
  summary: "Let sending go on",
  description:
    "Ends a stop; what was held leaves at once. A person does it: an owner or admin with a fresh sign-in. Asked for by a key it waits for one: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "POST",
  path: "/v1/oversight/resume",
  effect: "send",
  access: "admin",
  or_access: "oversight",
  sensitive: true,
  input: z.strictObject({}),
  output: switchState,
  status: 200,
  refusals: [
    "validation_failed",
    "scope_required",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  tool: true,
  whole: true,
  cli: { command: "resume-sending" },
  async handle({ engine, actor }) {
    return stateOf(await engine.resumeOperator(actor));
  },
});
