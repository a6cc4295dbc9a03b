/** `create_decision_challenge`: the statements that a person's passkey is asked to sign. */
import { z } from "zod";
import { decisionPrompt, verb } from "../../contract/directory.ts";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const createDecisionChallenge = operation({
  name: "create_decision_challenge",
  tag: "oversight",
  summary: "Begin to decide by passkey",
  description:
    "Answers for each decision the statement that the person's device is to sign, what opens its commitments, and options for the browser. The challenge is not among them: compute it from the statement, after comparing it with what is shown. Each statement is for one decision, once, within ten minutes: hand the device's answer to decide_email as assertion. Not for keys.",
  method: "POST",
  path: "/v1/oversight/challenge",
  effect: "write",
  access: "oversight",
  input: z.strictObject({
    decisions: z
      .array(
        z.strictObject({
          email_id: id,
          decision: verb,
          digest: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"),
        }),
      )
      .min(1)
      .max(20),
  }),
  output: z.object({ prompts: z.array(decisionPrompt) }),
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "not_pending",
    "stale_digest",
    "role_required",
    "passkey_required",
    "passkeys_unavailable",
    "rate_limited",
  ],
  tool: false,
  async handle({ engine, actor }, { decisions }) {
    const prompts = await engine.promptForDecisions(actor, decisions);
    return {
      prompts: prompts.map(({ statement, ...prompt }) => ({
        ...prompt,
        statement: statement.toString("base64url"),
      })),
    };
  },
});
