/** Messages as REST shows them: rows to resources, statuses to their wire names. */
import type { z } from "zod";
import type { decision, email, emailSummary, wireStatus } from "../../contract/resources.ts";
import { type InboundStatus, inboundStatuses } from "../../core/inbound-status.ts";
import { readMode } from "../../core/oversight/mode.ts";
import { type Status, statuses } from "../../core/oversight/types.ts";
import type { ListedView, MessageDetail } from "../../engine/read-messages.ts";

const wireNames = new Map<string, z.infer<typeof wireStatus>>(
  [...statuses, ...inboundStatuses].map((one) => [
    one,
    one === "pending_approval" ? "pending_send_approval" : one,
  ]),
);

/** `pending_approval` is `pending_send_approval` on the wire: existing clients filter by it. */
export function toWire(status: string): z.infer<typeof wireStatus> {
  const name = wireNames.get(status);
  if (!name) throw new Error(`unknown status ${status}`);
  return name;
}

/** The inverse of {@link toWire}. */
export function fromWire(status: z.infer<typeof wireStatus>): Status | InboundStatus {
  return status === "pending_send_approval" ? "pending_approval" : status;
}

/** A message in a list. */
export function summaryOf(view: ListedView): z.infer<typeof emailSummary> {
  const { row, recipients } = view;
  const of = (kind: string): string[] =>
    recipients.filter((recipient) => recipient.kind === kind).map((recipient) => recipient.address);
  const to = of("to");
  const created = row.created_at.toISOString();
  return {
    id: row.message_id,
    mailbox_id: row.mailbox_id,
    direction: row.direction,
    status: toWire(row.status),
    thread_id: row.thread_id,
    message_id: row.rfc_message_id,
    from: row.from_address,
    from_address: row.from_address,
    to,
    to_addresses: to,
    cc: of("cc"),
    bcc: of("bcc"),
    subject: row.subject,
    kind: row.kind,
    from_name: row.from_name,
    in_reply_to: row.in_reply_to,
    reply_of: row.reply_of,
    user_label: row.user_label,
    has_attachments: row.attachments.length > 0,
    size_bytes: row.size_bytes,
    tags: row.tags,
    test: row.test,
    oversight_mode: readMode(row.mode),
    approvals_required: row.required,
    passkey_required: row.passkey,
    approvals: view.approvals,
    digest: row.digest,
    reason: row.reason,
    send_at: row.send_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
    complained_at: row.complained_at?.toISOString() ?? null,
    unsubscribed_at: row.unsubscribed_at?.toISOString() ?? null,
    created_at: created,
    received_at: created,
    updated_at: row.updated_at.toISOString(),
  };
}

/** What somebody decided, and whether it still counts. */
export function decisionOf(row: MessageDetail["decisions"][number]): z.infer<typeof decision> {
  return {
    decision: row.decision,
    by: row.decided_by,
    class: row.class,
    reason: row.reason,
    digest: row.digest,
    at: row.created_at.toISOString(),
    voided_at: row.voided_at?.toISOString() ?? null,
  };
}

/** A message whole. */
export function detailOf(view: MessageDetail): z.infer<typeof email> {
  return {
    ...summaryOf(view),
    from_name: view.from_name,
    reply_to: view.reply_to,
    markdown: view.markdown,
    text_body: view.text,
    new_text: view.new_text,
    truncated: view.truncated,
    attachments: view.row.attachments,
    authentication: view.row.authentication,
    screening: view.row.screening,
    metadata: view.row.metadata,
    author: { kind: view.row.author_kind, id: view.row.author_id },
    erased_at: view.row.erased_at?.toISOString() ?? null,
    recipients: view.recipients.map(({ address, name, kind, status, attempts, receipt }) => ({
      address,
      name,
      kind,
      status,
      attempts,
      receipt,
    })),
    decisions: view.decisions.map(decisionOf),
  };
}
