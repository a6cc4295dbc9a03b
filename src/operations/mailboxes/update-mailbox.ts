/** `update_mailbox`: changes settings; lowering a mode is free, raising it needs a person. */
import { z } from "zod";
import { id, mailbox } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { copiesOf, mailboxLimits, mailboxSettings } from "./settings.ts";
import { mailboxOf } from "./views.ts";

export const updateMailbox = operation({
  name: "update_mailbox",
  tag: "mailboxes",
  summary: "Change a mailbox",
  description:
    "Changes a mailbox's settings. A stricter oversight mode takes effect at once, also for mail that is scheduled or queued. A freer one, fewer approvals, a shorter undo time, a longer expiry and hiding the AI line, and likewise a higher quota, ending a warm-up, resuming a paused mailbox, a looser outbound scan, others who are asked to decide, a webhook and another address for copies, need a person: a signed-in owner or admin. Asked for by a key they wait for one: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "PATCH",
  path: "/v1/mailboxes/{mailbox_id}",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({ mailbox_id: id, ...mailboxSettings, ...mailboxLimits }),
  output: mailbox,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "mode_raise_needs_person",
    "fresh_sign_in_required",
    "role_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  tool: true,
  cli: { command: "update-mailbox", positional: ["mailbox_id"] },
  async handle({ engine, actor }, input) {
    const { mailbox_id: mailboxId, auto_cc, auto_bcc, ...change } = input;
    const copies = copiesOf({ auto_cc, auto_bcc });
    return mailboxOf(await engine.changeMailbox(actor, mailboxId, { ...change, ...copies }));
  },
});
