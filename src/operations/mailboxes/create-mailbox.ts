/** `create_mailbox`: a new address for agents to write from. */
import { z } from "zod";
import { mailbox } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { usualMailbox } from "../../engine/mailboxes.ts";
import { operation } from "../context.ts";
import { copiesOf, mailboxSettings } from "./settings.ts";
import { mailboxOf } from "./views.ts";

export const createMailbox = operation({
  name: "create_mailbox",
  tag: "mailboxes",
  summary: "Create a mailbox",
  description:
    "Creates a mailbox on a verified domain of the operator. It starts in gated_send unless a stricter mode is given; a person can raise it later. A freer one that a key asks for waits for a person: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "POST",
  path: "/v1/mailboxes",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    address: z
      .string()
      .min(1)
      .max(254)
      .optional()
      .describe("Full address, or only the part before the @"),
    address_local: z.string().min(1).max(64).optional().describe("The same as address"),
    address_local_part: z.string().min(1).max(64).optional().describe("The same as address"),
    ...mailboxSettings,
  }),
  output: mailbox,
  status: 201,
  refusals: [
    "validation_failed",
    "unknown_domain",
    "address_taken",
    "quota_exceeded",
    "mode_raise_needs_person",
    "fresh_sign_in_required",
    "role_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  tool: true,
  whole: true,
  cli: { command: "create-mailbox", positional: ["address"] },
  async handle({ engine, actor }, input) {
    const given = [input.address, input.address_local, input.address_local_part].filter(
      (text) => text !== undefined,
    );
    const [address] = given;
    if (address === undefined || given.length > 1)
      throw new Refusal("validation_failed", "address: give it once.", { field: "address" });
    return mailboxOf(
      await engine.createMailbox(actor, {
        address,
        display_name: input.display_name ?? null,
        oversight_mode: input.oversight_mode ?? usualMailbox.oversight_mode,
        approvals_required: input.approvals_required ?? usualMailbox.approvals_required,
        expiry_seconds: input.expiry_seconds ?? usualMailbox.expiry_seconds,
        undo_seconds: input.undo_seconds ?? usualMailbox.undo_seconds,
        ai_disclosure: input.ai_disclosure ?? usualMailbox.ai_disclosure,
        webhook_url: input.webhook_url,
        oversight_webhook_url: input.oversight_webhook_url,
        ...copiesOf(input),
      }),
    );
  },
});
