/** `get_mailbox`: one mailbox with its settings. */
import { z } from "zod";
import { id, mailbox } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { mailboxOf } from "./views.ts";

export const getMailbox = operation({
  name: "get_mailbox",
  tag: "mailboxes",
  summary: "Get a mailbox",
  description: "Answers one mailbox with its oversight mode and settings.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}",
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id }),
  output: mailbox,
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  resource: { uri: "multimail://mailbox/{mailbox_id}" },
  cli: { command: "mailbox", positional: ["mailbox_id"] },
  async handle({ read, actor }, input) {
    return mailboxOf(await read.mailbox(actor, input.mailbox_id));
  },
});
