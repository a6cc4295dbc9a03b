/** `decide_email`: approve, reject or send back one message, or several at once, all or none. */
import { z } from "zod";
import { verb } from "../../contract/directory.ts";
import { id, time, wireStatus } from "../../contract/resources.ts";
import { assertionResponse } from "../../contract/webauthn.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Decided, DecisionRequest } from "../../engine/decide.ts";
import { operation } from "../context.ts";
import { toWire } from "../messages/views.ts";

const one = {
  decision: verb.optional(),
  action: verb.optional().describe("The same as decision, by the name existing clients send"),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 hex digits")
    .optional()
    .describe("The digest that was seen; needed once a message has been edited"),
  reason: z.string().max(2000).optional(),
  assertion: assertionResponse
    .optional()
    .describe(
      "What the person's passkey answered to the prompt of create_decision_challenge: the decision is of class A then",
    ),
};
const outcome = z.object({
  id,
  status: wireStatus,
  decision: verb,
  approvals: z.int(),
  approvals_required: z.int(),
  leaves_at: time
    .nullable()
    .describe(
      "When a message approved by a signed-in person leaves; until then it can be cancelled",
    ),
});

export const decideEmail = operation({
  name: "decide_email",
  tag: "oversight",
  summary: "Approve, reject or send back an email",
  description:
    "Decides on a pending email. Reject is final. The decision is bound to the digest of the exact content; if that changed, it is refused with stale_digest. Whoever wrote or edited a message cannot decide on it. Give `decisions` to decide on several, all or none.",
  method: "POST",
  path: "/v1/oversight/decide",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({
    email_id: id.optional(),
    ...one,
    decisions: z
      .array(z.strictObject({ email_id: id, ...one }))
      .min(1)
      .max(100)
      .optional(),
  }),
  output: outcome.partial().extend({ decisions: z.array(outcome) }),
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "not_pending",
    "stale_digest",
    "self_approval",
    "already_decided",
    "passkey_required",
    "role_required",
    "invalid_passkey",
    "passkeys_unavailable",
    "test_key",
  ],
  tool: true,
  cli: { command: "decide", positional: ["email_id", "decision"] },
  cli_presets: [
    {
      command: "approve",
      summary: "Approve an email",
      positional: ["email_id"],
      preset: { decision: "approve" },
    },
    {
      command: "reject",
      summary: "Reject an email, for good",
      positional: ["email_id"],
      preset: { decision: "reject" },
    },
  ],
  async handle({ engine, actor }, input) {
    const { decisions: many, email_id: emailId, ...single } = input;
    if ((many === undefined) === (emailId === undefined))
      throw new Refusal("validation_failed", "email_id: give either email_id or decisions.", {
        field: "email_id",
      });
    const requests =
      many === undefined
        ? [requestOf({ ...single, email_id: emailId ?? "" }, "")]
        : many.map((each, i) => requestOf(each, `decisions[${i}].`));
    const decided = (await engine.decide(actor, requests)).map((done, i) =>
      wireOf(done, requests[i]),
    );
    const [first] = decided;
    return many === undefined && first ? { ...first, decisions: decided } : { decisions: decided };
  },
});

function requestOf(
  given: { email_id: string } & z.output<z.ZodObject<typeof one>>,
  field: string,
): DecisionRequest {
  const decision = given.decision ?? given.action;
  if (decision === undefined || (given.action !== undefined && given.action !== decision))
    throw new Refusal("validation_failed", `${field}decision: must be approve, reject or revise.`, {
      field: `${field}decision`,
    });
  return {
    email_id: given.email_id,
    decision,
    digest: given.digest,
    reason: given.reason,
    ...(given.assertion ? { proof: { class: "A", assertion: given.assertion } as const } : {}),
  };
}

function wireOf(done: Decided, request: DecisionRequest | undefined): z.infer<typeof outcome> {
  return { ...done, status: toWire(done.status), decision: request?.decision ?? "approve" };
}
