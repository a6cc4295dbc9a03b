/** `configure_mailbox`: what an agent may change of the mailbox it writes from: its oversight, downwards. */
import { z } from "zod";
import { id, mailbox, mode } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { mailboxOf } from "./views.ts";

export const configureMailbox = operation({
  name: "configure_mailbox",
  tag: "mailboxes",
  summary: "Lower a mailbox's oversight mode",
  description:
    "Puts a mailbox under a stricter oversight mode, at once, also for mail that is queued. Anyone who may send may ask for more oversight; for less there is request_upgrade.",
  method: "PATCH",
  path: "/v1/mailboxes/{mailbox_id}/configure",
  effect: "write",
  access: "send",
  input: z.strictObject({ mailbox_id: id, oversight_mode: mode }),
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
    const { mailbox_id: mailboxId, oversight_mode } = input;
    return mailboxOf(await engine.changeMailbox(actor, mailboxId, { oversight_mode }));
  },
});
