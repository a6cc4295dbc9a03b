/** Agents that register themselves with a member's account, by six digits that are mailed to the member. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { mailboxName, mailedCode, oversightEmail } from "./fields.ts";

const agentCall = { tag: "agent", access: "public", tool: false, effect: "write" } as const;

const agentScope = z.enum(["read", "send"]);

export const registerAgent = operation({
  ...agentCall,
  name: "register_agent",
  summary: "Ask to be let in as an agent",
  description:
    "For agents whose overseer has an account here. If the address is an owner's, an admin's, or the oversight address, six digits are mailed to it with what the agent asks for; the answer is the same for every address. An agent gets read and send at most.",
  method: "POST",
  path: "/agent/auth",
  input: z.strictObject({
    oversight_email: oversightEmail,
    agent_name: z
      .string()
      .trim()
      .min(1)
      .max(60)
      // It is quoted in a mail: no name is a link there.
      .refine(
        (name) => /^[\p{L}\p{M}\p{N} _'()-]+$/u.test(name),
        "must be letters, digits, spaces and _ ' ( ) - only",
      )
      .describe(
        "What the person who is asked knows the agent by: letters, digits, spaces and _ ' ( ) -",
      ),
    scopes: z
      .array(agentScope)
      .min(1)
      .max(2)
      .default(["read", "send"])
      .describe("read and send; no agent decides or administers"),
    mailbox_local_part: mailboxName
      .optional()
      .describe("Name of its mailbox, before the @; made from agent_name if absent"),
  }),
  output: z.object({
    status: z.literal("code_mailed"),
    registration_id: id.describe("Goes with the code to /agent/auth/confirm"),
    expires_at: time,
    hint: z.string(),
  }),
  status: 202,
  refusals: ["validation_failed", "rate_limited"],
  async handle({ engine }, input) {
    const scopes = [...new Set(input.scopes)];
    const asked = await engine.requestAgent({ ...input, scopes });
    return {
      status: "code_mailed" as const,
      registration_id: asked.registration_id,
      expires_at: asked.expires_at.toISOString(),
      hint: "If this is the address of a member, six digits were mailed to it. Ask for them, and POST them with registration_id to /agent/auth/confirm.",
    };
  },
});

export const confirmAgent = operation({
  ...agentCall,
  name: "confirm_agent",
  summary: "Be let in as an agent",
  description:
    "Gives the agent a mailbox of its own in gated_send and a key bound to it, which is shown once. What it sends waits until a person approves it.",
  method: "POST",
  path: "/agent/auth/confirm",
  input: z.strictObject({ registration_id: id, code: mailedCode }),
  output: z.object({
    account_id: id,
    api_key: z.string().describe("The secret: shown once"),
    key_id: id,
    scopes: z.array(agentScope),
    mailbox_id: id,
    mailbox_address: z.string(),
    oversight_mode: z.literal("gated_send"),
  }),
  status: 201,
  refusals: ["validation_failed", "invalid_code", "unknown_domain", "quota_exceeded"],
  async handle({ engine }, input) {
    const { operator_id: account_id, scopes, ...admitted } = await engine.confirmAgent(input);
    return {
      ...admitted,
      account_id,
      scopes: scopes.filter((one) => one === "read" || one === "send"),
      oversight_mode: "gated_send" as const,
    };
  },
});
