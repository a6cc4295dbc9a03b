/** Mailboxes as REST shows them. */
import type { z } from "zod";
import type { mailbox } from "../../contract/resources.ts";
import { readMode } from "../../core/oversight/mode.ts";
import type { Engine } from "../../engine/engine.ts";

/** A row as a resource. */
export function mailboxOf(
  row: Awaited<ReturnType<Engine["createMailbox"]>>,
): z.infer<typeof mailbox> {
  return {
    id: row.mailbox_id,
    address: row.address,
    display_name: row.display_name,
    oversight_mode: readMode(row.mode),
    approvals_required: row.approvals_required,
    passkey_required: row.passkey_required,
    approver_ids: row.approver_ids,
    expiry_seconds: row.expiry_seconds,
    undo_seconds: row.undo_seconds,
    ai_disclosure: row.ai_disclosure,
    daily_quota: row.daily_quota,
    warm_up: row.warm_up_started_at !== null,
    paused: row.paused_at !== null,
    paused_at: row.paused_at?.toISOString() ?? null,
    paused_reason: row.paused_reason,
    scan_policy: row.scan_policy,
    webhook_url: row.webhook_url,
    oversight_webhook_url: row.oversight_webhook_url,
    auto_cc: row.auto_cc,
    auto_bcc: row.auto_bcc,
    deleted_at: row.deleted_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
