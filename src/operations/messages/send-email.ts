/** `send_email`: an agent writes a message; the mailbox's oversight decides whether it waits or leaves. */
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import { id } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";
import { toWire } from "./views.ts";

const addresses = z
  .union([z.string().max(1000), z.array(z.string().max(1000)).max(50)])
  .transform((value) => (typeof value === "string" ? [value] : value));

// Both spellings are taken: `name` and `content_base64` are what existing clients send.
const attachment = z.strictObject({
  filename: z.string().min(1).max(255).optional(),
  name: z.string().min(1).max(255).optional().describe("The same as filename"),
  content_type: z
    .string()
    .max(200)
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/, "must be a media type such as application/pdf")
    .default("application/octet-stream"),
  content: z.string().optional().describe("The bytes in base64"),
  content_base64: z.string().optional().describe("The same as content"),
});

const labels = z
  .record(
    z.string().regex(/^[\w.-]{1,64}$/, "keys are 1 to 64 of A-Z a-z 0-9 _ . -"),
    z.string().max(500),
  )
  .refine((value) => Object.keys(value).length <= 50, "at most 50 keys")
  .default({});

/** Attachments of one message, decoded, in bytes. */
const maxAttachmentBytes = 25 * 1024 * 1024;

export const sendEmail = operation({
  name: "send_email",
  tag: "messages",
  summary: "Send an email",
  description:
    "Writes an email from a mailbox, in markdown. In gated modes it waits for a person (status pending_send_approval); otherwise it is queued. Answers 202 once the message is on disk. Give an idempotency_key to make retries safe.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/send",
  effect: "send",
  access: "send",
  input: z.strictObject({
    mailbox_id: id,
    to: addresses.describe("Recipients: name@example.com or Name <name@example.com>"),
    cc: addresses.default([]),
    bcc: addresses.default([]),
    reply_to: z.string().max(1000).optional().describe("Where answers go instead of the mailbox"),
    subject: z.string().min(1).max(998),
    markdown: z
      .string()
      .min(1)
      .max(1024 * 1024)
      .describe("The body in markdown"),
    attachments: z.array(attachment).max(100).default([]),
    thread_id: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, "is 1 to 200 printable ASCII characters without spaces")
      .optional()
      .describe("Your own id of the conversation; it comes back on everything in the thread"),
    tags: labels,
    metadata: labels,
    idempotency_key: z
      .string()
      .max(255)
      .optional()
      .describe("The same key and content within 24 hours is the same message"),
  }),
  output: z.object({
    id,
    status: z.string(),
    thread_id: z.string(),
    message_id: z.string(),
    idempotent: z.boolean().optional(),
  }),
  status: 202,
  also: { 200: "The idempotency key was used before for the same message: nothing new was sent" },
  refusals: [
    "validation_failed",
    "invalid_idempotency_key",
    "mode_forbids_send",
    "not_found",
    "idempotency_conflict",
    "recipient_suppressed",
    "payload_too_large",
    "rate_limited",
  ],
  tool: true,
  hidden_when_read_only: true,
  cli: { command: "send" },
  max_body: 40 * 1024 * 1024,
  async handle({ engine, actor, meta }, input) {
    const key = idempotencyKey(input.idempotency_key, meta.idempotency_key);
    const attachments = input.attachments.map((given, i) => decode(given, `attachments[${i}]`));
    const total = attachments.reduce((sum, one) => sum + one.content.length, 0);
    if (total > maxAttachmentBytes)
      throw new Refusal("payload_too_large", "attachments: more than 25 MiB together.", {
        field: "attachments",
      });
    const { idempotency_key: _key, ...rest } = input;
    const sent = await engine.submit(actor, {
      ...rest,
      attachments,
      ...(key === undefined ? {} : { idempotency_key: key }),
    });
    const { replayed, ...answer } = sent;
    return replayed
      ? json(200, { ...answer, status: "already_sent", idempotent: true })
      : { ...answer, status: toWire(answer.status) };
  },
});

function idempotencyKey(body: string | undefined, header: string | undefined): string | undefined {
  if (body !== undefined && header !== undefined && body !== header)
    throw new Refusal(
      "invalid_idempotency_key",
      "The header and the body give different idempotency keys.",
      {
        field: "idempotency_key",
      },
    );
  const key = body ?? header;
  if (key !== undefined && !/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key))
    throw new Refusal(
      "invalid_idempotency_key",
      "idempotency_key: empty, too long or not printable ASCII.",
      {
        field: "idempotency_key",
        hint: "Use 1 to 255 printable characters, such as a UUID.",
      },
    );
  return key;
}

/** Of two spellings one is enough; two that disagree are refused, since one of them would be dropped. */
function assertOneSpelling(
  given: z.output<typeof attachment>,
  ours: "filename" | "content",
  theirs: "name" | "content_base64",
  field: string,
): void {
  if (given[ours] !== undefined && given[theirs] !== undefined && given[ours] !== given[theirs])
    throw new Refusal(
      "validation_failed",
      `${field}.${theirs}: differs from ${ours}, which means the same.`,
      {
        field: `${field}.${theirs}`,
      },
    );
}

function decode(
  given: z.output<typeof attachment>,
  field: string,
): { filename: string; content_type: string; content: Buffer } {
  assertOneSpelling(given, "filename", "name", field);
  assertOneSpelling(given, "content", "content_base64", field);
  const filename = given.filename ?? given.name;
  if (filename === undefined)
    throw new Refusal("validation_failed", `${field}.filename: is missing.`, {
      field: `${field}.filename`,
    });
  const text = given.content ?? given.content_base64;
  if (text === undefined)
    throw new Refusal("validation_failed", `${field}.content: is missing.`, {
      field: `${field}.content`,
      hint: "Give the bytes in base64.",
    });
  const compact = /\s/.test(text) ? text.replaceAll(/\s+/g, "") : text;
  const content = Buffer.from(compact, "base64");
  // The decoder passes over what is no base64: then there are fewer bytes than so many characters carry.
  const padding = compact.endsWith("==") ? 2 : compact.endsWith("=") ? 1 : 0;
  if (compact.length % 4 !== 0 || content.length !== (compact.length / 4) * 3 - padding)
    throw new Refusal("validation_failed", `${field}.content: is not base64.`, {
      field: `${field}.content`,
    });
  return { filename, content_type: given.content_type, content };
}
