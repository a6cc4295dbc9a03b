/** The queue of webhooks: one due row for a webhook with anything to deliver, its deliveries behind it, and what came of them. */
import type { Tx } from "./database.ts";

/** A delivery about to be queued. */
export type NewDelivery = {
  delivery_id: string;
  webhook_id: string;
  event_id: string;
  /** In the subscriber's spelling. */
  event_type: string;
  position: number;
  mailbox_id: string | null;
  thread_id: string | null;
};

/** Queues deliveries. */
export async function insertDeliveries(
  tx: Tx,
  rows: readonly NewDelivery[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  await tx.named(
    "insert_webhook_deliveries",
    `INSERT INTO webhook_delivery (operator_id, delivery_id, webhook_id, event_id, event_type, position, mailbox_id, thread_id, status,
       due_at, created_at)
     SELECT $1, r.*, 'pending', $9, $9
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[]) AS r`,
    [
      tx.operator_id,
      rows.map((row) => row.delivery_id),
      rows.map((row) => row.webhook_id),
      rows.map((row) => row.event_id),
      rows.map((row) => row.event_type),
      rows.map((row) => row.position),
      rows.map((row) => row.mailbox_id),
      rows.map((row) => row.thread_id),
      now.toISOString(),
    ],
  );
}

/**
 * Makes webhooks due at a time, or sooner where they are due sooner. One that is being delivered to is left alone: whoever has it
 * looks for more before letting go ({@link releaseWebhook}), and waits for this transaction there. Call it after what it is about is
 * written.
 */
export async function wakeWebhooks(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx.named(
    "wake_webhooks",
    `INSERT INTO due (operator_id, kind, message_id, due_at) SELECT $1, 'webhook', id, $3 FROM unnest($2::text[]) AS r(id) ORDER BY id
     ON CONFLICT (operator_id, kind, message_id) DO UPDATE SET due_at = least(due.due_at, excluded.due_at) WHERE due.node IS NULL`,
    [tx.operator_id, [...ids].toSorted(), at.toISOString()],
  );
}

/** A claimed webhook. */
export type WebhookClaim = { message_id: string; token: string };

/** Holds a claim until `until`; false where it was overtaken. */
export async function holdWebhook(tx: Tx, claim: WebhookClaim, until: Date): Promise<boolean> {
  const rows = await tx.named(
    "hold_webhook",
    `UPDATE due SET due_at = $4 WHERE operator_id = $1 AND kind = 'webhook' AND message_id = $2 AND token = $3 RETURNING 1`,
    [tx.operator_id, claim.message_id, claim.token, until.toISOString()],
  );
  return rows.length > 0;
}

/** A delivery that is to be tried, with its event. */
export type DueDelivery = {
  delivery_id: string;
  event_id: string;
  event_type: string;
  thread_id: string | null;
  attempts: number;
  tries: number;
  first_try_at: Date | null;
  type: string;
  mailbox_id: string | null;
  message_id: string | null;
  data: Record<string, unknown>;
  at: Date;
};

const columns = `d.delivery_id, d.event_id, d.event_type, d.thread_id, d.attempts, d.tries, d.first_try_at, e.type, e.mailbox_id,
  e.message_id, e.data, e.at`;

/** Bytes of a message that count as its part of a body, and of all bodies of one look: they are in memory together. */
const largestText = 262_144;
const maxBytes = 1_048_576;

/**
 * Deliveries of a webhook that are due, as many as fit into {@link maxBytes} (one always does). `ordered`: by position, and none of a thread in which an earlier one waits for its next try.
 */
export function dueDeliveries(
  tx: Tx,
  webhookId: string,
  wanted: { ordered: boolean; now: Date; limit: number },
): Promise<DueDelivery[]> {
  const { ordered, now, limit } = wanted;
  const blocked = `NOT EXISTS (SELECT 1 FROM webhook_delivery b WHERE b.operator_id = d.operator_id AND b.webhook_id = d.webhook_id
    AND b.status = 'pending' AND b.thread_id = d.thread_id AND b.position < d.position AND b.due_at > $3)`;
  const order = ordered ? "d.position" : "d.due_at, d.position";
  return tx.named<DueDelivery>(
    ordered ? "due_deliveries_ordered" : "due_deliveries",
    `SELECT * FROM (
       SELECT ${columns}, sum(m.size_bytes) OVER (ORDER BY ${order}) - m.size_bytes AS before_it FROM (
         SELECT * FROM webhook_delivery d WHERE d.operator_id = $1 AND d.webhook_id = $2 AND d.status = 'pending' AND d.due_at <= $3
           ${ordered ? `AND (d.thread_id IS NULL OR ${blocked})` : ""}
         ORDER BY ${order} LIMIT $4) d
       JOIN event e ON e.operator_id = d.operator_id AND e.event_id = d.event_id
       CROSS JOIN LATERAL (SELECT coalesce((SELECT least(size_bytes, $5) FROM message
         WHERE operator_id = d.operator_id AND message_id = e.message_id), 0)::bigint AS size_bytes) m
       ORDER BY ${order}) due
     WHERE before_it <= $6`,
    [tx.operator_id, webhookId, now.toISOString(), limit, largestText, maxBytes],
  );
}

/** The delivery as it was queued, for showing what is sent. */
export async function getDueDelivery(tx: Tx, deliveryId: string): Promise<DueDelivery | null> {
  const [row] = await tx.named<DueDelivery>(
    "get_due_delivery",
    `SELECT ${columns} FROM webhook_delivery d JOIN event e ON e.operator_id = d.operator_id AND e.event_id = d.event_id
     WHERE d.operator_id = $1 AND d.delivery_id = $2`,
    [tx.operator_id, deliveryId],
  );
  return row ?? null;
}

/** What came of one try. */
export type SettledDelivery = {
  delivery_id: string;
  status: "pending" | "delivered" | "dead";
  attempt: number;
  tries: number;
  first_try_at: Date;
  due_at: Date;
  at: Date;
  duration_ms: number;
  url: string;
  request_headers: Record<string, string>;
  response_status: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  error: string | null;
};

/** Writes what came of tries. */
export async function settleDeliveries(tx: Tx, rows: readonly SettledDelivery[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map((row) => row.delivery_id);
  await Promise.all([
    tx.named(
      "settle_webhook_deliveries",
      `UPDATE webhook_delivery d SET status = r.status, attempts = r.attempt, tries = r.tries, first_try_at = r.first_try_at,
         due_at = r.due_at, ended_at = CASE WHEN r.status = 'pending' THEN NULL ELSE r.at END
       FROM unnest($2::text[], $3::text[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[])
         AS r(delivery_id, status, attempt, tries, first_try_at, due_at, at)
       WHERE d.operator_id = $1 AND d.delivery_id = r.delivery_id`,
      [
        tx.operator_id,
        ids,
        rows.map((row) => row.status),
        rows.map((row) => row.attempt),
        rows.map((row) => row.tries),
        rows.map((row) => row.first_try_at.toISOString()),
        rows.map((row) => row.due_at.toISOString()),
        rows.map((row) => row.at.toISOString()),
      ],
    ),
    tx.named(
      "insert_webhook_attempts",
      `INSERT INTO webhook_attempt (operator_id, delivery_id, attempt, at, duration_ms, url, request_headers, status, response_headers,
         response_body, error)
       SELECT $1, r.* FROM unnest($2::text[], $3::int[], $4::timestamptz[], $5::int[], $6::text[], $7::jsonb[], $8::int[], $9::jsonb[],
         $10::text[], $11::text[]) AS r(delivery_id, attempt, at, duration_ms, url, request_headers, status, response_headers, body, error)
       WHERE EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.operator_id = $1 AND d.delivery_id = r.delivery_id)
       ON CONFLICT DO NOTHING`,
      [
        tx.operator_id,
        ids,
        rows.map((row) => row.attempt),
        rows.map((row) => row.at.toISOString()),
        rows.map((row) => row.duration_ms),
        rows.map((row) => row.url),
        rows.map((row) => JSON.stringify(row.request_headers)),
        rows.map((row) => row.response_status),
        rows.map((row) => row.response_headers && JSON.stringify(row.response_headers)),
        rows.map((row) => row.response_body),
        rows.map((row) => row.error),
      ],
    ),
  ]);
}

/**
 * Lets go of a claim: the webhook is due again with its next delivery, not before `not_before`, or leaves the queue. Nothing happens
 * where the claim was overtaken.
 */
export async function releaseWebhook(
  tx: Tx,
  claim: WebhookClaim,
  options: { ordered: boolean; not_before: Date },
): Promise<void> {
  // Locked first: whoever queues more meanwhile is waited for, or waits.
  const [mine] = await tx.named(
    "lock_webhook_due",
    "SELECT 1 FROM due WHERE operator_id = $1 AND kind = 'webhook' AND message_id = $2 AND token = $3 FOR UPDATE",
    [tx.operator_id, claim.message_id, claim.token],
  );
  if (!mine) return;
  const own = "operator_id = $1 AND webhook_id = $2 AND status = 'pending'";
  const [row] = await tx.named<{ next: Date | null }>(
    options.ordered ? "next_webhook_due_ordered" : "next_webhook_due",
    options.ordered
      ? `SELECT min(due_at) AS next FROM (SELECT DISTINCT ON (coalesce(thread_id, delivery_id)) due_at FROM webhook_delivery
           WHERE ${own} ORDER BY coalesce(thread_id, delivery_id), position) AS heads`
      : `SELECT min(due_at) AS next FROM webhook_delivery WHERE ${own}`,
    [tx.operator_id, claim.message_id],
  );
  const next = row?.next ?? null;
  if (next === null) await dropWebhookDue(tx, claim);
  else
    await tx.named(
      "release_webhook",
      `UPDATE due SET due_at = greatest($4::timestamptz, $5::timestamptz), node = NULL, token = nextval('due_token')
       WHERE operator_id = $1 AND kind = 'webhook' AND message_id = $2 AND token = $3`,
      [
        tx.operator_id,
        claim.message_id,
        claim.token,
        next.toISOString(),
        options.not_before.toISOString(),
      ],
    );
}

/** Takes a claimed webhook out of the queue, unless the claim was overtaken. */
export async function dropWebhookDue(tx: Tx, claim: WebhookClaim): Promise<void> {
  await tx.named(
    "drop_webhook_due",
    "DELETE FROM due WHERE operator_id = $1 AND kind = 'webhook' AND message_id = $2 AND token = $3",
    [tx.operator_id, claim.message_id, claim.token],
  );
}

/** The texts of messages, each cut after so many characters. */
export async function loadTextHeads(
  tx: Tx,
  ids: readonly string[],
  characters: number,
): Promise<Map<string, { text: string; cut: boolean }>> {
  const rows = await tx.named<{ message_id: string; text: string; cut: boolean }>(
    "load_text_heads",
    `SELECT message_id, left(markdown, $3) AS text, length(markdown) > $3 AS cut FROM message_content
     WHERE operator_id = $1 AND message_id = ANY($2)`,
    [tx.operator_id, ids, characters],
  );
  return new Map(rows.map(({ message_id, text, cut }) => [message_id, { text, cut }]));
}
