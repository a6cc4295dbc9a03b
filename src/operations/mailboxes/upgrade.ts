/** `request_upgrade` and `apply_upgrade`: more autonomy for a mailbox, with a code that a person was mailed. */
import { z } from "zod";
import { id, mode, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const requestUpgrade = operation({
  name: "request_upgrade",
  tag: "mailboxes",
  summary: "Ask for more autonomy",
  description:
    "Asks people to put a mailbox into a freer oversight mode. A one-time code is mailed to the oversight address; give it to apply_upgrade when somebody tells it to you. At most three requests an hour for a mailbox.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/request-upgrade",
  effect: "write",
  access: "send",
  or_access: "admin",
  input: z.strictObject({
    mailbox_id: id,
    target_mode: mode.describe("The mode that is wanted, freer than the present one"),
  }),
  output: z.object({
    status: z.literal("upgrade_requested"),
    mailbox_id: id,
    mode: mode.describe("The mode now, which stays until the code is used"),
    target_mode: mode,
    expires_at: time.describe("When the code ends"),
    hint: z.string(),
  }),
  status: 202,
  refusals: [
    "validation_failed",
    "not_found",
    "mode_raise_needs_person",
    "rate_limited",
    "test_key",
  ],
  tool: true,
  cli: { command: "request-upgrade", positional: ["mailbox_id", "target_mode"] },
  async handle({ engine, actor }, input) {
    const asked = await engine.requestUpgrade(actor, input.mailbox_id, input.target_mode);
    return {
      status: "upgrade_requested" as const,
      mailbox_id: input.mailbox_id,
      ...asked,
      hint: "A one-time code was mailed to the oversight address. Give it to apply_upgrade.",
    };
  },
});

export const applyUpgrade = operation({
  name: "apply_upgrade",
  tag: "mailboxes",
  summary: "Use a code for more autonomy",
  description:
    "Raises a mailbox to the oversight mode that its code was mailed for. A code works once, for 24 hours, and dies after five wrong tries.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/upgrade",
  effect: "write",
  access: "send",
  or_access: "admin",
  input: z.strictObject({
    mailbox_id: id,
    code: z.string().min(1).max(32).describe("Such as A7X-29K; case and hyphen do not matter"),
  }),
  output: z.object({ status: z.literal("upgraded"), mailbox_id: id, mode }),
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "invalid_code",
    "mode_raise_needs_person",
    "test_key",
  ],
  tool: true,
  cli: { command: "apply-upgrade", positional: ["mailbox_id", "code"] },
  async handle({ engine, actor }, input) {
    const applied = await engine.applyUpgrade(actor, input.mailbox_id, input.code);
    return { status: "upgraded" as const, mailbox_id: input.mailbox_id, mode: applied.mode };
  },
});
