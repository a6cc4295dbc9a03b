/** The public resources in zod: what REST, MCP and CLI answer with. Times are ISO 8601 in UTC, ids 26 characters. */
import { z } from "zod";
import { heldScopes, scopes } from "../core/actor.ts";
import { idPattern } from "../core/id.ts";
import { inboundStatuses } from "../core/inbound-status.ts";
import { modes, statuses } from "../core/oversight/types.ts";

/** Ids of ours. */
export const id = z
  .string()
  .regex(idPattern, "must be a 26-character id")
  .describe("26-character id, sorts by time");

/** ISO 8601 in UTC. */
export const time = z.iso.datetime({ offset: true }).describe("ISO 8601 time");

/** An oversight mode. */
export const mode = z.enum(modes).describe("Oversight mode, in ascending order of autonomy");

/** A scope of keys. */
export const scope = z.enum(scopes);

/** What a credential of any kind may hold. */
export const heldScope = z.enum(heldScopes);

/** Statuses of outbound mail as REST spells them: the machine's, with `pending_approval` as `pending_send_approval`. */
export const outboundWireStatuses = [
  ...statuses.filter((status) => status !== "pending_approval"),
  "pending_send_approval",
] as const;

/** Statuses of either direction; `rejected` is one of both. */
export const wireStatuses = [
  ...outboundWireStatuses,
  ...inboundStatuses.filter((status) => status !== "rejected"),
] as const;

/** A status on the wire. */
export const wireStatus = z.enum(wireStatuses);

/** A mailbox. */
export const mailbox = z.object({
  id,
  address: z.string(),
  display_name: z.string().nullable(),
  oversight_mode: mode,
  approvals_required: z.int(),
  passkey_required: z.boolean().describe("True where only decisions by passkey (class A) approve"),
  approver_ids: z
    .array(id)
    .nullable()
    .describe("Members who are asked first about what waits; null: everybody who may decide"),
  expiry_seconds: z.int().describe("Seconds after which pending mail expires"),
  undo_seconds: z
    .int()
    .describe("Seconds a message approved in the dashboard waits before it leaves"),
  ai_disclosure: z.boolean(),
  daily_quota: z.int().nullable().describe("Messages a day; null: the instance's limit"),
  warm_up: z.boolean(),
  paused: z.boolean().describe("True where it sends nothing until a person resumes it"),
  paused_at: time.nullable(),
  paused_reason: z.string().nullable(),
  scan_policy: z.record(z.string(), z.string()),
  webhook_url: z.string().nullable(),
  oversight_webhook_url: z.string().nullable(),
  auto_cc: z.array(z.string()).describe("Who gets a visible copy of everything it writes"),
  auto_bcc: z.array(z.string()).describe("Who gets a hidden copy of everything it writes"),
  deleted_at: time.nullable(),
  created_at: time,
  updated_at: time,
});

/** What the remote server answered for one recipient. */
export const receipt = z.object({
  at: time,
  host: z.string().nullable(),
  address: z.string().nullable().describe("IP address of the server"),
  code: z.int().nullable(),
  enhanced_status_code: z.string().nullable().describe("RFC 3463"),
  reply: z.string(),
  tls: z
    .object({
      version: z.string(),
      cipher: z.string(),
      authorized: z
        .boolean()
        .describe("The certificate chains to a trusted root and names the host"),
      policy: z
        .enum(["none", "mta-sts", "dane"])
        .optional()
        .describe("What the destination demands of TLS, in direct delivery"),
      verified: z.boolean().optional().describe("The certificate fits that policy"),
    })
    .nullable(),
  outcome: z.enum(["accepted", "temporary", "permanent", "unknown"]),
  note: z.string().optional().describe("Hosts tried in vain before, a handshake that failed"),
});

/** One envelope recipient of a message. */
export const recipient = z.object({
  address: z.string(),
  name: z.string().nullable(),
  kind: z
    .enum(["to", "cc", "bcc", "copy"])
    .describe("`copy` is the oversight address of a monitored mailbox"),
  status: z.enum(["pending", "deferred", "sent", "delivered", "bounced", "failed", "suppressed"]),
  attempts: z.int(),
  receipt: receipt.nullable(),
});

/** One decision on a message. */
export const decision = z.object({
  decision: z.enum(["approve", "reject", "revise"]),
  by: z.string().describe("The person's name, or the credential's"),
  class: z.enum(["A", "B", "C"]),
  reason: z.string().nullable(),
  digest: z.string(),
  at: time,
  voided_at: time
    .nullable()
    .describe("When it stopped counting: pulled back, or the text was edited; else null"),
});

/** What a message is; everything that was sent from here is `mail`. */
export const mailKind = z.enum(["mail", "auto_reply", "bounce", "complaint", "report"]);

/** A message in a list. Both spellings of `from`, `to` and the time are always there. */
export const emailSummary = z.object({
  id,
  mailbox_id: id,
  direction: z.enum(["outbound", "inbound"]),
  status: wireStatus,
  thread_id: z.string(),
  message_id: z.string().describe("Message-ID header, RFC 5322"),
  from: z.string(),
  from_address: z.string(),
  to: z.array(z.string()),
  to_addresses: z.array(z.string()),
  cc: z.array(z.string()),
  bcc: z.array(z.string()),
  subject: z.string(),
  kind: mailKind,
  from_name: z.string().nullable().describe("The sender's name; in lists of received mail only"),
  in_reply_to: z.string().nullable().describe("In-Reply-To header, RFC 5322"),
  reply_of: z.string().nullable().describe("Id of the email here that this one answers"),
  user_label: z
    .string()
    .nullable()
    .describe("What somebody said about received mail, whatever screening found"),
  has_attachments: z.boolean(),
  size_bytes: z.int(),
  tags: z.record(z.string(), z.string()),
  test: z.boolean(),
  oversight_mode: mode.describe("The mailbox's mode when the message was submitted"),
  approvals_required: z.int(),
  passkey_required: z.boolean().describe("True where only approvals by passkey (class A) count"),
  approvals: z.int().describe("Distinct approvals of the current content"),
  digest: z.string().describe("SHA-256 of the content and the envelope: what a decision names"),
  reason: z.string().nullable().describe("Why the message is in this status"),
  send_at: time.nullable(),
  expires_at: time.nullable(),
  complained_at: time.nullable().describe("When a recipient called it spam"),
  unsubscribed_at: time.nullable().describe("When a recipient unsubscribed by it"),
  created_at: time,
  received_at: time,
  updated_at: time,
});

/** One attachment without its bytes. */
export const attachmentMeta = z.object({
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  inline: z.boolean().optional().describe("Meant to stand inside the HTML, such as a logo"),
  content_id: z.string().nullable().optional(),
});

/** A message whole. */
export const email = emailSummary.extend({
  from_name: z.string().nullable().describe("The sender's name as recipients see it"),
  reply_to: z
    .array(z.string())
    .describe("Where answers go, from the message itself; empty: to the mailbox"),
  markdown: z.string(),
  text_body: z.string(),
  new_text: z
    .string()
    .nullable()
    .describe(
      "Of received mail: what its writer wrote now, without quotation and signature. Null for sent mail",
    ),
  truncated: z
    .boolean()
    .describe("True where text_body or the HTML shown is not the whole of the message"),
  attachments: z.array(attachmentMeta),
  authentication: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("Of received mail: what SPF, DKIM, DMARC and ARC said"),
  screening: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("What screening found in received mail, or the scan in outgoing mail"),
  recipients: z.array(recipient),
  decisions: z.array(decision),
  metadata: z.record(z.string(), z.string()),
  author: z.object({ kind: z.string(), id: z.string() }),
  erased_at: time.nullable().describe("When what it said was erased; the log says why"),
});

/** An API key without its secret. */
export const apiKey = z.object({
  id,
  name: z.string(),
  prefix: z.string().describe("First characters of the key, to recognise it"),
  scopes: z.array(scope),
  mailbox_ids: z.array(id).nullable(),
  test: z.boolean(),
  person_id: id.nullable(),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  last_used_at: time.nullable(),
});

/** One entry of the audit log. `index` is null until the sequencer has placed it. */
export const auditEntry = z.object({
  id,
  index: z.int().nullable(),
  at: time,
  type: z.string(),
  actor: z.object({ kind: z.string(), id: z.string() }),
  resource: z.string().nullable(),
  mailbox_id: z.string().nullable(),
  thread_id: z.string().nullable(),
  leaf_hash: z.string().describe("Hex SHA-256 of the leaf, RFC 6962"),
  data: z.record(z.string(), z.unknown()),
});

/** Every list takes these. */
export const page = {
  limit: z.int().min(1).max(100).default(20).describe("How many, 1 to 100"),
  cursor: z.string().max(200).optional().describe("Opaque; `next_cursor` of the page before"),
};

/** Every list answers with this beside its rows. */
export const nextCursor = z
  .string()
  .nullable()
  .describe("Give it as `cursor` for the next page; null at the end");
