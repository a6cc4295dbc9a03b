/** `list_policies`, `create_policy`, `update_policy`, `revoke_policy`, `replay_policy`: standing rules for what agents send. */
import { z } from "zod";
import { policy, replay } from "../../contract/policies.ts";
import { id, nextCursor, page, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { policyName, policyOf, replayOf, wanted } from "./views.ts";

const changing = [
  "validation_failed",
  "not_found",
  "scope_required",
  "role_required",
  "fresh_sign_in_required",
  "invalid_code",
  "rate_limited",
  "test_key",
] as const;

const loosening =
  "What loosens needs a signed-in owner or admin; asked for by a key it waits for a person: the answer is 202, and the call repeated with the mailed approval_code does it.";

export const listPolicies = operation({
  name: "list_policies",
  tag: "policies",
  summary: "List standing policies",
  description:
    "Lists the rules that say what happens to mail, in the order in which they are asked. The first that meets a message decides; where none does, the mailbox's mode does. With mailbox_id those of one mailbox and those for all.",
  method: "GET",
  path: "/v1/policies",
  effect: "read",
  access: "read",
  input: z.strictObject({
    mailbox_id: id.optional(),
    ended: z.boolean().optional().describe("With those that ended"),
    ...page,
  }),
  output: z.object({ policies: z.array(policy), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "policies" },
  async handle({ engine, actor, now }, { mailbox_id, ended = false, ...asked }) {
    const { rows, next_cursor } = await engine.findPolicies(actor, { mailbox_id, ended }, asked);
    return { policies: rows.map((row) => policyOf(row, now())), next_cursor };
  },
});

export const createPolicy = operation({
  name: "create_policy",
  tag: "policies",
  summary: "Make a standing policy",
  description: `Makes a rule for outgoing mail: hold it, block it, ask for several approvals or for a passkey, or let it through. A rule that asks for more takes effect at once, also for mail that is queued. A rule that allows, or that stands before one that asks for more, must end within 90 days. ${loosening} Try it with replay_policy first.`,
  method: "POST",
  path: "/v1/policies",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    name: policyName,
    ...wanted,
    expires_at: time.optional().describe("When it ends; a rule that loosens must say so"),
  }),
  output: policy,
  status: 201,
  refusals: [...changing, "quota_exceeded"],
  tool: true,
  cli: { command: "create-policy", positional: ["name"] },
  async handle({ engine, actor, now }, { mailbox_id, required, ...input }) {
    const asked = { ...input, mailbox_id: mailbox_id ?? null, required: required ?? null };
    return policyOf(await engine.createPolicy(actor, asked), now());
  },
});

export const updatePolicy = operation({
  name: "update_policy",
  tag: "policies",
  summary: "Name, move or shorten a policy",
  description: `Changes a rule's name or place, or has it end sooner. What it says is fixed: to change that, revoke it and make another. ${loosening}`,
  method: "PATCH",
  path: "/v1/policies/{policy_id}",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    policy_id: id,
    name: policyName.optional(),
    position: wanted.position,
    expires_at: time.optional().describe("No later than it ends now"),
  }),
  output: policy,
  status: 200,
  refusals: [...changing, "not_editable"],
  tool: true,
  cli: { command: "update-policy", positional: ["policy_id"] },
  async handle({ engine, actor, now }, { policy_id, ...change }) {
    return policyOf(await engine.changePolicy(actor, policy_id, change), now());
  },
});

export const revokePolicy = operation({
  name: "revoke_policy",
  tag: "policies",
  summary: "Revoke a policy",
  description: `Ends a rule at once: what an allowing rule let through and has not left waits for a person again. Taking back a rule that asks for more loosens. ${loosening}`,
  method: "DELETE",
  path: "/v1/policies/{policy_id}",
  effect: "destroy",
  access: "admin",
  sensitive: true,
  input: z.strictObject({ policy_id: id }),
  output: policy,
  status: 200,
  refusals: [...changing, "not_editable"],
  tool: true,
  cli: { command: "revoke-policy", positional: ["policy_id"] },
  async handle({ engine, actor, now }, { policy_id }) {
    return policyOf(await engine.revokePolicy(actor, policy_id), now());
  },
});

export const replayPolicy = operation({
  name: "replay_policy",
  tag: "policies",
  summary: "Try a policy on past mail",
  description:
    "Tries a rule, without making it, on the last 200 messages that were submitted (for direction inbound: received): which it would have let through, held or blocked under today's modes and rules, and what happened to them then. Held and refused mail is tried for callers with oversight only.",
  method: "POST",
  path: "/v1/policies/replay",
  effect: "read",
  access: "admin",
  input: z.strictObject(wanted),
  output: replay,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required"],
  tool: true,
  cli: { command: "replay-policy", json: true },
  async handle({ engine, actor }, { mailbox_id, required, ...input }) {
    const asked = { ...input, mailbox_id: mailbox_id ?? null, required: required ?? null };
    return replayOf(await engine.replayPolicy(actor, asked));
  },
});
