/** `verify_email`: who sent a received message, as far as it can be proven here. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { verifyIdentity } from "../../mail/identity.ts";
import { operation } from "../context.ts";

export const verifyEmail = operation({
  name: "verify_email",
  tag: "identity",
  summary: "Verify who sent an email",
  description:
    "Answers what is proven of a received email: what SPF, DKIM, DMARC and ARC said when it came, and whether a MultiMail identity in it holds against this server's keys: which operator and agent, under which oversight, approved by whom. Only verdict valid proves the identity; unknown_key means that another server signed, whose keys were not asked.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/verify",
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id.optional(), email_id: id }),
  output: z.object({
    email_id: id,
    from_address: z
      .string()
      .describe("As the message says; DMARC tells whether its domain stands behind it"),
    identity: z.object({
      verdict: z.enum([
        "none",
        "valid",
        "valid_modified",
        "valid_not_for_you",
        "expired",
        "revoked",
        "invalid",
        "unknown_key",
      ]),
      reason: z.string(),
      operator: z
        .object({ name: z.string(), id: z.string(), verified: z.boolean() })
        .nullable()
        .describe("Who answers for the sender; null unless the signature is good"),
      agent: z.string().nullable(),
      ai_generated: z.boolean().nullable(),
      oversight: z.string().nullable().describe("The mode under which it was sent"),
      approval: z
        .object({ class: z.string(), log: z.string() })
        .nullable()
        .describe("The decision of a person that it was sent by; null where there was none"),
    }),
    authentication: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("What SPF, DKIM, DMARC and ARC said"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "content_erased"],
  tool: true,
  cli: { command: "verify-email", positional: ["email_id"] },
  async handle({ read, engine, actor, now }, input) {
    const { row } = await read.message(actor, input.email_id, input.mailbox_id);
    if (row.direction !== "inbound")
      throw new Refusal("not_inbound", "The message was not received: it was written here.", {
        hint: "get_proof proves what was sent from here.",
      });
    const raw = await read.raw(actor, input.email_id, input.mailbox_id);
    const { address } = await read.mailbox(actor, row.mailbox_id);
    const { keys } = await engine.jwks();
    const { verdict, reason, claims } = await verifyIdentity(
      raw,
      { keys: [...keys] },
      { recipient: address, now: now() },
    );
    const none = verdict === "invalid" && reason === "the message has no identity header";
    return {
      email_id: row.message_id,
      from_address: row.from_address,
      identity: {
        verdict: none ? ("none" as const) : spelled[verdict],
        reason,
        operator: claims?.operator ?? null,
        agent: claims?.agent ?? null,
        ai_generated: claims?.ai_generated ?? null,
        oversight: claims?.oversight ?? null,
        approval: claims?.approval
          ? { class: claims.approval.class, log: claims.approval.log }
          : null,
      },
      authentication: row.authentication,
    };
  },
});

/** Verdicts in the spelling of this API. */
const spelled = {
  valid: "valid",
  "valid-modified": "valid_modified",
  "valid-not-for-you": "valid_not_for_you",
  expired: "expired",
  revoked: "revoked",
  invalid: "invalid",
  "unknown-key": "unknown_key",
} as const;
