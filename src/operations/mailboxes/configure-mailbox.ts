/** `configure_mailbox`: what an agent may change of the mailbox it writes from: its oversight, downwards. */
import { z } from "zod";
import { id, mailbox, mode } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";
import { mailboxOf } from "./views.ts";

export const configureMailbox = operation({
  name: "configure_mailbox",
  tag: "mailboxes",
  summary: "Put a mailbox under more oversight",
  description:
    "Puts a mailbox under a stricter oversight mode, or has it take approvals by passkey only, at once, also for mail that waits or is queued. Anyone who may send may ask for more oversight; for less there is request_upgrade.",
  method: "PATCH",
  path: "/v1/mailboxes/{mailbox_id}/configure",
  effect: "write",
  access: "send",
  input: z.strictObject({
    mailbox_id: id,
    oversight_mode: mode.optional(),
    passkey_required: z
      .literal(true)
      .optional()
      .describe("From now on only approvals by passkey (class A) count"),
  }),
  output: mailbox,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "mode_raise_needs_person",
    "fresh_sign_in_required",
    "role_required",
    "test_key",
  ],
  tool: true,
  cli: { command: "configure-mailbox", positional: ["mailbox_id"] },
  async handle({ engine, actor }, input) {
    const { mailbox_id: mailboxId, ...change } = input;
    if (change.oversight_mode === undefined && change.passkey_required === undefined)
      throw new Refusal("validation_failed", "oversight_mode: give it, or passkey_required.", {
        field: "oversight_mode",
      });
    return mailboxOf(await engine.changeMailbox(actor, mailboxId, change));
  },
});
