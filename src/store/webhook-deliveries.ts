/** The delivery log of webhooks: read by people, and the way to have something delivered again. */
import type { Tx } from "./database.ts";
import { withheldEvents } from "./events.ts";

/** One delivery with its last attempt. */
export type DeliveryRow = {
  delivery_id: string;
  webhook_id: string;
  event_id: string;
  event_type: string;
  mailbox_id: string | null;
  thread_id: string | null;
  status: "pending" | "delivered" | "dead";
  attempts: number;
  due_at: Date;
  created_at: Date;
  ended_at: Date | null;
};

/** One try. */
export type AttemptRow = {
  delivery_id: string;
  attempt: number;
  at: Date;
  duration_ms: number;
  url: string;
  request_headers: Record<string, string>;
  status: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  error: string | null;
};

/** What of the log a caller sees. */
export type DeliveryWall = {
  /** Deliveries of webhooks that are limited to these mailboxes; null for all. */
  mailbox_ids: readonly string[] | null;
  /** Whether those that told of withheld mail are among them. */
  withheld: boolean;
};

/** Which deliveries. */
export type DeliveryFilter = DeliveryWall & {
  webhook_id: string | null;
  status: DeliveryRow["status"] | null;
  /** Types in any spelling; null for all. */
  types: readonly string[] | null;
};

const columns = `d.delivery_id, d.webhook_id, d.event_id, d.event_type, d.mailbox_id, d.thread_id, d.status, d.attempts, d.due_at,
  d.created_at, d.ended_at`;

// A webhook may have been of other mailboxes before: what it was told of those is not for whoever sees it now.
const visible = `($2::text[] IS NULL OR EXISTS (SELECT 1 FROM webhook w WHERE w.operator_id = d.operator_id
  AND w.webhook_id = d.webhook_id AND w.mailbox_id = ANY($2)) AND (d.mailbox_id IS NULL OR d.mailbox_id = ANY($2)))`;

const tellsOfWithheld = `EXISTS (SELECT 1 FROM event e WHERE e.operator_id = d.operator_id AND e.event_id = d.event_id
  AND ${withheldEvents("e")})`;

/** Told of withheld mail or not: the condition, and what the statement is called beside the one without it. */
function shown({ withheld }: DeliveryWall): { condition: string; suffix: string } {
  return withheld
    ? { condition: "true", suffix: "_withheld" }
    : { condition: `NOT ${tellsOfWithheld}`, suffix: "" };
}

/** A page of deliveries, newest first. */
export function listDeliveries(
  tx: Tx,
  filter: DeliveryFilter,
  page: { before_id?: string | undefined; limit: number },
): Promise<DeliveryRow[]> {
  const { condition, suffix } = shown(filter);
  return tx.named<DeliveryRow>(
    `list_webhook_deliveries${suffix}`,
    `SELECT ${columns} FROM webhook_delivery d WHERE d.operator_id = $1 AND ${visible} AND ${condition}
       AND ($3::text IS NULL OR d.webhook_id = $3) AND ($4::text IS NULL OR d.status = $4)
       AND ($5::text[] IS NULL OR d.event_type = ANY($5)) AND ($6::text IS NULL OR d.delivery_id < $6)
     ORDER BY d.delivery_id DESC LIMIT $7`,
    [
      tx.operator_id,
      filter.mailbox_ids,
      filter.webhook_id,
      filter.status,
      filter.types,
      page.before_id ?? null,
      page.limit,
    ],
  );
}

/** One delivery; null where it is not there or not among what the caller may see. */
export async function getDelivery(
  tx: Tx,
  wall: DeliveryWall,
  deliveryId: string,
): Promise<DeliveryRow | null> {
  const { condition, suffix } = shown(wall);
  const [row] = await tx.named<DeliveryRow>(
    `get_webhook_delivery${suffix}`,
    `SELECT ${columns} FROM webhook_delivery d WHERE d.operator_id = $1 AND ${visible} AND ${condition} AND d.delivery_id = $3`,
    [tx.operator_id, wall.mailbox_ids, deliveryId],
  );
  return row ?? null;
}

/** The last attempts of deliveries. */
export async function lastAttempts(
  tx: Tx,
  ids: readonly string[],
): Promise<Map<string, AttemptRow>> {
  const rows = await tx.named<AttemptRow>(
    "last_webhook_attempts",
    `SELECT DISTINCT ON (delivery_id) * FROM webhook_attempt WHERE operator_id = $1 AND delivery_id = ANY($2)
     ORDER BY delivery_id, attempt DESC`,
    [tx.operator_id, ids],
  );
  return new Map(rows.map((row) => [row.delivery_id, row]));
}

/** All attempts of one delivery, oldest first; at most `limit` of the newest. */
export async function listAttempts(
  tx: Tx,
  deliveryId: string,
  limit: number,
): Promise<AttemptRow[]> {
  const rows = await tx.named<AttemptRow>(
    "list_webhook_attempts",
    "SELECT * FROM webhook_attempt WHERE operator_id = $1 AND delivery_id = $2 ORDER BY attempt DESC LIMIT $3",
    [tx.operator_id, deliveryId, limit],
  );
  return rows.toReversed();
}

/** Which deliveries of a webhook are to be made again. */
export type Redelivery = DeliveryWall & {
  webhook_id: string;
  /** Only this one. */
  delivery_id: string | null;
  statuses: readonly DeliveryRow["status"][];
  types: readonly string[] | null;
  since: Date | null;
  until: Date | null;
  limit: number;
};

/** Queues deliveries again, oldest first, each with a whole schedule before it. Answers how many. */
export async function redeliver(tx: Tx, wanted: Redelivery, now: Date): Promise<number> {
  const { condition, suffix } = shown(wanted);
  const rows = await tx.named(
    `redeliver_webhook${suffix}`,
    `UPDATE webhook_delivery SET status = 'pending', tries = 0, first_try_at = NULL, due_at = $8, ended_at = NULL
     WHERE (operator_id, delivery_id) IN (SELECT operator_id, delivery_id FROM webhook_delivery d
       WHERE operator_id = $1 AND webhook_id = $2 AND ($3::text IS NULL OR delivery_id = $3) AND status = ANY($4)
         AND ($5::text[] IS NULL OR event_type = ANY($5)) AND ($6::timestamptz IS NULL OR created_at >= $6)
         AND ($7::timestamptz IS NULL OR created_at < $7)
         AND ($10::text[] IS NULL OR mailbox_id IS NULL OR mailbox_id = ANY($10)) AND ${condition}
       ORDER BY delivery_id LIMIT $9 FOR UPDATE)
     RETURNING 1`,
    [
      tx.operator_id,
      wanted.webhook_id,
      wanted.delivery_id,
      wanted.statuses,
      wanted.types,
      // As Dates: the ISO text of some years that callers may name is nothing to PostgreSQL.
      wanted.since,
      wanted.until,
      now.toISOString(),
      wanted.limit,
      wanted.mailbox_ids,
    ],
  );
  return rows.length;
}

/** Makes what waits for a webhook due now: it is called again. */
export async function hastenDeliveries(tx: Tx, webhookId: string, now: Date): Promise<void> {
  await tx.named(
    "hasten_webhook_deliveries",
    `UPDATE webhook_delivery SET due_at = $3 WHERE operator_id = $1 AND webhook_id = $2 AND status = 'pending' AND due_at > $3`,
    [tx.operator_id, webhookId, now.toISOString()],
  );
}
