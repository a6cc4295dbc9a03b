/** Links to attachments: making one, and opening it without a credential. */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { servedType } from "../../engine/attachments.ts";
import { operation } from "../context.ts";
import { attachmentWish } from "./download-attachment.ts";

export const getAttachmentUrl = operation({
  name: "get_attachment_url",
  tag: "messages",
  summary: "Get a link to an attachment",
  description:
    "Answers a link that downloads one attachment without a credential, for 15 minutes unless expires_in is given. It dies earlier when the email is held or deleted.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/attachments/{filename}/url",
  effect: "read",
  access: "read",
  input: z.strictObject({
    ...attachmentWish,
    expires_in: z.int().min(60).max(86_400).default(900).describe("Seconds"),
  }),
  output: z.object({
    url: z.string(),
    filename: z.string(),
    content_type: z.string(),
    size_bytes: z.int(),
    expires_in: z.int().describe("Seconds"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  async handle({ engine, actor }, input) {
    const link = await engine.attachmentLink(actor, input, input.expires_in);
    const { url, filename, content_type, size_bytes, expires_in } = link;
    return { url, filename, content_type, size_bytes, expires_in };
  },
});

export const openAttachmentLink = operation({
  name: "open_attachment_link",
  tag: "messages",
  summary: "Open a link to an attachment",
  description: "Downloads the attachment that a link was made for.",
  method: "GET",
  path: "/v1/attachments/{token}",
  effect: "read",
  access: "public",
  input: z.strictObject({ token: z.string().max(200) }),
  output: { content_type: "application/octet-stream" },
  status: 200,
  refusals: ["validation_failed", "invalid_link"],
  tool: false,
  async handle({ engine }, input) {
    const found = await engine.openAttachmentLink(input.token);
    return bytes(servedType(found.content_type), found.content, { filename: found.filename });
  },
});
