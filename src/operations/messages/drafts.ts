/** Drafts: list, read, write, change, throw away and send. */
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import { email, emailSummary, id, nextCursor, page, wireStatus } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import type { MessageDetail } from "../../engine/read-messages.ts";
import { operation } from "../context.ts";
import { editedAnswer, seenDigest } from "./edit-scheduled-email.ts";
import { sendEmail, writtenFields } from "./send-email.ts";
import { detailOf, summaryOf, toWire } from "./views.ts";
import {
  addresses,
  attachment,
  decodeAttachments,
  gateTiming,
  idempotencyKey,
  markdown,
  maxMailBody,
  sendAt,
} from "./writing.ts";

const place = { mailbox_id: id, draft_id: id };
const path = "/v1/mailboxes/{mailbox_id}/drafts";
const { idempotency_key: keyField, ...draftFields } = writtenFields;

/** The draft as it is shown; throws `not_found` for what is no draft (any more). */
function shown(message: MessageDetail): z.input<typeof email> {
  if (message.row.status !== "draft" || message.row.direction !== "outbound")
    throw new Refusal("not_found", "There is no such draft.", { field: "draft_id" });
  return detailOf(message);
}

export const listDrafts = operation({
  name: "list_drafts",
  tag: "drafts",
  summary: "List drafts",
  description:
    "Lists the drafts of a mailbox, newest first, without their bodies. A message that a person sent back is among them.",
  method: "GET",
  path,
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id, ...page }),
  output: z.object({ drafts: z.array(emailSummary), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: false,
  async handle({ read, actor }, input) {
    await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.messages(
      actor,
      {
        mailbox_id: input.mailbox_id,
        direction: "outbound",
        statuses: ["draft"],
        order: "newest",
      },
      input,
    );
    return { drafts: rows.map(summaryOf), next_cursor };
  },
});

export const getDraft = operation({
  name: "get_draft",
  tag: "drafts",
  summary: "Read a draft",
  description: "Answers one draft with its text, and with the note where a person sent it back.",
  method: "GET",
  path: `${path}/{draft_id}`,
  effect: "read",
  access: "read",
  input: z.strictObject(place),
  output: email,
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  async handle({ read, actor }, input) {
    return shown(await read.message(actor, input.draft_id, input.mailbox_id));
  },
});

export const createDraft = operation({
  name: "create_draft",
  tag: "drafts",
  summary: "Write a draft",
  description:
    "Writes an email without sending it. Recipients, subject and body may still be missing. update_draft changes it, send_draft sends it; until then nobody is asked to decide on it. With reply_of it is an answer to that email, in its thread; to and subject replace what is made, cc adds.",
  method: "POST",
  path,
  effect: "write",
  access: "send",
  or_access: "draft",
  input: z.strictObject({
    mailbox_id: id,
    ...draftFields,
    to: addresses.default([]),
    subject: z.string().max(998).default(""),
    markdown: markdown.default(""),
    reply_of: id
      .optional()
      .describe(
        "The email that this answers: recipients, subject and thread are made as by reply_email",
      ),
    reply_all: z.boolean().default(false).describe("With reply_of: to everybody of To and Cc"),
    send_at: sendAt.optional(),
    gate_timing: gateTiming.optional(),
  }),
  output: email,
  status: 201,
  refusals: ["validation_failed", "not_found", "payload_too_large", "unavailable"],
  tool: true,
  max_body: maxMailBody,
  async handle({ engine, read, actor }, input) {
    const draftId = await engine.createDraft(actor, {
      ...input,
      attachments: decodeAttachments(input.attachments),
    });
    return shown(await read.message(actor, draftId, input.mailbox_id));
  },
});

export const updateDraft = operation({
  name: "update_draft",
  tag: "drafts",
  summary: "Change a draft",
  description:
    "Changes a draft, or a message that a person sent back. Give only what changes; to, cc, bcc and attachments replace what stood. send_at null takes the time away.",
  method: "PATCH",
  path: `${path}/{draft_id}`,
  effect: "write",
  access: "send",
  or_access: "draft",
  input: z.strictObject({
    ...place,
    to: addresses.optional(),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    subject: z.string().max(998).optional(),
    markdown: markdown.optional(),
    attachments: z.array(attachment).max(100).optional(),
    send_at: sendAt.nullable().optional(),
    digest: seenDigest,
  }),
  output: email,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "not_editable",
    "stale_digest",
    "test_key",
    "payload_too_large",
    "unavailable",
  ],
  tool: true,
  max_body: maxMailBody,
  async handle({ engine, read, actor }, { mailbox_id, draft_id, attachments, ...change }) {
    await engine.edit(
      actor,
      { mailbox_id, email_id: draft_id, only: "draft" },
      {
        ...change,
        attachments: attachments === undefined ? undefined : decodeAttachments(attachments),
      },
    );
    return shown(await read.message(actor, draft_id, mailbox_id));
  },
});

export const deleteDraft = operation({
  name: "delete_draft",
  tag: "drafts",
  summary: "Throw a draft away",
  description: "Cancels a draft: it can no longer be changed or sent. The log keeps that it was.",
  method: "DELETE",
  path: `${path}/{draft_id}`,
  effect: "destroy",
  access: "send",
  or_access: "draft",
  input: z.strictObject(place),
  output: z.object({ id, status: wireStatus }),
  status: 200,
  refusals: ["validation_failed", "not_found", "not_editable", "test_key"],
  tool: false,
  async handle({ engine, actor }, { mailbox_id, draft_id }) {
    const done = await engine.cancel(actor, mailbox_id, draft_id, "draft");
    return { id: done.id, status: toWire(done.status) };
  },
});

export const sendDraft = operation({
  name: "send_draft",
  tag: "drafts",
  summary: "Send a draft",
  description:
    "Sends a draft like send_email: scan, suppression and oversight are asked now, and with send_at it waits until then. A message that a person sent back has to be changed first. Give an idempotency_key to make retries safe.",
  method: "POST",
  path: `${path}/{draft_id}/send`,
  effect: "send",
  access: "send",
  input: z.strictObject({ ...place, idempotency_key: keyField }),
  output: editedAnswer.extend({ status: z.string(), idempotent: z.boolean().optional() }),
  status: 202,
  also: { 200: "The idempotency key was used before for this draft: nothing new was sent" },
  refusals: [
    ...sendEmail.refusals.filter((code) => code !== "payload_too_large" && code !== "rate_limited"),
    "not_editable",
    "content_blocked",
    "test_key",
    "unavailable",
  ],
  tool: true,
  hidden_when_read_only: true,
  async handle({ engine, actor, meta }, { idempotency_key, ...where }) {
    const { replayed, ...sent } = await engine.sendDraft(actor, {
      ...where,
      idempotency_key: idempotencyKey(idempotency_key, meta.idempotency_key),
    });
    return replayed
      ? json(200, { ...sent, status: "already_sent", idempotent: true })
      : { ...sent, status: toWire(sent.status) };
  },
});
