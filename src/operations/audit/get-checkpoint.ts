/** `get_checkpoint`: the newest signed tree head of a log. */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { id } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";

const checkpoint = {
  tag: "audit",
  method: "GET",
  effect: "read",
  access: "public",
  output: { content_type: "text/plain; charset=utf-8" },
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
} as const;

export const getCheckpoint = operation({
  ...checkpoint,
  name: "get_checkpoint",
  summary: "Get the log's checkpoint",
  description:
    "The newest signed checkpoint (C2SP tlog-checkpoint) of the caller's log; without a credential, of the instance's only operator.",
  path: "/audit/checkpoint",
  input: z.strictObject({}),
  async handle({ engine, actor, instance }) {
    const operatorId = actor.operator_id || (await instance.sole_operator());
    if (operatorId === null)
      throw new Refusal("not_found", "This instance has several logs.", {
        hint: "Ask for /audit/<operator id>/checkpoint, or send a credential.",
      });
    return bytes("text/plain; charset=utf-8", Buffer.from(await engine.checkpoint(operatorId)));
  },
});

export const getLogCheckpoint = operation({
  ...checkpoint,
  name: "get_log_checkpoint",
  summary: "Get a log's checkpoint by operator",
  description: "The newest signed checkpoint (C2SP tlog-checkpoint) of the operator's log.",
  path: "/audit/{operator_id}/checkpoint",
  input: z.strictObject({ operator_id: id }),
  async handle({ engine }, input) {
    const note = await engine.checkpoint(input.operator_id);
    return bytes("text/plain; charset=utf-8", Buffer.from(note));
  },
});
