/** Webhooks and deliveries as REST shows them; no secret is among it. */
import type { z } from "zod";
import type { attempt, delivery, webhook } from "../../contract/webhooks.ts";
import type { Engine } from "../../engine/engine.ts";

type WebhookRow = Awaited<ReturnType<Engine["oneWebhook"]>>;
type DeliveryView = Awaited<ReturnType<Engine["redeliverOne"]>>;
type AttemptRow = NonNullable<DeliveryView["last"]>;

/** A subscription. */
export function webhookOf(row: WebhookRow, now: Date): z.infer<typeof webhook> {
  const overlap = row.old_until !== null && row.old_until > now ? row.old_until : null;
  return {
    id: row.webhook_id,
    url: row.url,
    events: row.events,
    mailbox_id: row.mailbox_id,
    origin: row.origin,
    description: row.description,
    ordered: row.ordered,
    active: row.paused_at === null,
    paused: row.paused_at !== null,
    paused_at: row.paused_at?.toISOString() ?? null,
    paused_reason: row.paused_reason,
    failing_since: row.failing_since?.toISOString() ?? null,
    last_success_at: row.last_success_at?.toISOString() ?? null,
    last_failure_at: row.last_failure_at?.toISOString() ?? null,
    old_secret_until: overlap?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** A delivery with its last try. */
export function deliveryOf(row: DeliveryView): z.infer<typeof delivery> {
  return {
    id: row.delivery_id,
    webhook_id: row.webhook_id,
    event_id: row.event_id,
    event: row.event_type,
    type: row.event_type,
    mailbox_id: row.mailbox_id,
    thread_id: row.thread_id,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === "pending" ? row.due_at.toISOString() : null,
    last_attempt: row.last && attemptOf(row.last),
    created_at: row.created_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}

/** One try. */
export function attemptOf(row: AttemptRow): z.infer<typeof attempt> {
  return {
    attempt: row.attempt,
    at: row.at.toISOString(),
    duration_ms: row.duration_ms,
    request: { method: "POST", url: row.url, headers: row.request_headers },
    response:
      row.status === null
        ? null
        : {
            status: row.status,
            headers: row.response_headers ?? {},
            body: row.response_body ?? "",
          },
    error: row.error,
  };
}
