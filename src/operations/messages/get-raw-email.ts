/** `get_raw_email`: the frozen MIME message, as it was decided on. */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const getRawEmail = operation({
  name: "get_raw_email",
  tag: "messages",
  summary: "Download an email's source",
  description:
    "The MIME message that the digest is made of, before Date, identity header and DKIM signatures are put on top at hand-off.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/raw",
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id.optional(), email_id: id }),
  output: { content_type: "message/rfc822" },
  status: 200,
  refusals: ["validation_failed", "not_found", "content_erased"],
  tool: false,
  cli: { command: "raw", positional: ["email_id"] },
  async handle({ read, actor }, input) {
    const mime = await read.raw(actor, input.email_id, input.mailbox_id);
    return bytes("message/rfc822", mime, { filename: `${input.email_id}.eml` });
  },
});
