/** Webhook subscriptions: who is told of events, and how it goes with them. */
import { createHash } from "node:crypto";
import type { Tx } from "./database.ts";

/** Where a subscription comes from: a call, or `webhook_url` or `oversight_webhook_url` of a mailbox. */
export type WebhookOrigin = "api" | "mailbox" | "oversight";

/** A row of `webhook`. */
export type WebhookRow = {
  operator_id: string;
  webhook_id: string;
  origin: WebhookOrigin;
  mailbox_id: string | null;
  url: string;
  description: string | null;
  events: string[];
  ordered: boolean;
  sealed_secret: Buffer;
  old_secret: Buffer | null;
  old_until: Date | null;
  paused_at: Date | null;
  paused_by: string | null;
  paused_reason: string | null;
  failing_since: Date | null;
  failures: number;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  created_by: string;
  created_at: Date;
  updated_at: Date;
};

/** What a new subscription says. */
export type NewWebhook = Pick<
  WebhookRow,
  | "webhook_id"
  | "origin"
  | "mailbox_id"
  | "url"
  | "description"
  | "events"
  | "ordered"
  | "sealed_secret"
  | "created_by"
  | "created_at"
>;

/** Adds a subscription. */
export async function insertWebhook(tx: Tx, row: NewWebhook): Promise<void> {
  await tx.named(
    "insert_webhook",
    `INSERT INTO webhook (operator_id, webhook_id, origin, mailbox_id, url, description, events, ordered, sealed_secret, created_by,
       created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
    [
      tx.operator_id,
      row.webhook_id,
      row.origin,
      row.mailbox_id,
      row.url,
      row.description,
      row.events,
      row.ordered,
      row.sealed_secret,
      row.created_by,
      row.created_at.toISOString(),
    ],
  );
}

/** A subscription by id; `lock` holds its row until the transaction ends. */
export async function getWebhook(
  tx: Tx,
  webhookId: string,
  lock = false,
): Promise<WebhookRow | null> {
  const [row] = await tx.named<WebhookRow>(
    lock ? "get_webhook_locked" : "get_webhook",
    `SELECT * FROM webhook WHERE operator_id = $1 AND webhook_id = $2${lock ? " FOR NO KEY UPDATE" : ""}`,
    [tx.operator_id, webhookId],
  );
  return row ?? null;
}

/** The subscription behind a mailbox's own URL; locked. */
export async function getMailboxWebhook(
  tx: Tx,
  mailboxId: string,
  origin: "mailbox" | "oversight",
): Promise<WebhookRow | null> {
  const [row] = await tx.named<WebhookRow>(
    "get_mailbox_webhook",
    "SELECT * FROM webhook WHERE operator_id = $1 AND mailbox_id = $2 AND origin = $3 FOR NO KEY UPDATE",
    [tx.operator_id, mailboxId, origin],
  );
  return row ?? null;
}

/** A page of subscriptions by id; `mailbox_ids` null for all, also those of no mailbox. */
export function listWebhooks(
  tx: Tx,
  filter: {
    mailbox_ids: readonly string[] | null;
    after_id?: string | undefined;
    limit: number;
  },
): Promise<WebhookRow[]> {
  return tx.named<WebhookRow>(
    "list_webhooks",
    `SELECT * FROM webhook WHERE operator_id = $1 AND ($2::text[] IS NULL OR mailbox_id = ANY($2)) AND webhook_id > $3
     ORDER BY webhook_id LIMIT $4`,
    [tx.operator_id, filter.mailbox_ids, filter.after_id ?? "", filter.limit],
  );
}

/** What publishing an event needs to know of subscriptions. */
export type Subscriber = Pick<
  WebhookRow,
  "webhook_id" | "origin" | "mailbox_id" | "events" | "paused_at"
>;

/** The subscriptions of these mailboxes, and those of all. They are not deleted before the transaction ends. */
export function listSubscribers(tx: Tx, mailboxIds: readonly string[]): Promise<Subscriber[]> {
  return tx.named<Subscriber>(
    "list_subscribers",
    `SELECT webhook_id, origin, mailbox_id, events, paused_at FROM webhook
     WHERE operator_id = $1 AND (mailbox_id IS NULL OR mailbox_id = ANY($2)) ORDER BY webhook_id FOR KEY SHARE`,
    [tx.operator_id, mailboxIds],
  );
}

/** How many subscriptions were made by calls. */
export async function countWebhooks(tx: Tx): Promise<number> {
  const [row] = await tx.named<{ n: number }>(
    "count_webhooks",
    "SELECT count(*)::int AS n FROM webhook WHERE operator_id = $1 AND origin = 'api'",
    [tx.operator_id],
  );
  return row?.n ?? 0;
}

/** What may change of a subscription. */
export type WebhookChange = Partial<
  Pick<
    WebhookRow,
    | "url"
    | "description"
    | "events"
    | "ordered"
    | "mailbox_id"
    | "sealed_secret"
    | "old_secret"
    | "old_until"
    | "paused_at"
    | "paused_by"
    | "paused_reason"
    | "failing_since"
    | "failures"
    | "last_success_at"
    | "last_failure_at"
    | "updated_at"
  >
>;

/** Changes a subscription. */
export async function updateWebhook(
  tx: Tx,
  webhookId: string,
  change: WebhookChange,
): Promise<void> {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  if (fields.length === 0) return;
  // The names are those of the type above, never a caller's.
  const sets = fields.map(([name], i) => `${name} = $${i + 3}`).join(", ");
  await tx.named(
    // One for each set of fields; PostgreSQL cuts longer names, and two would become one.
    `update_webhook_${createHash("sha256").update(sets).digest("hex").slice(0, 24)}`,
    `UPDATE webhook SET ${sets} WHERE operator_id = $1 AND webhook_id = $2`,
    [
      tx.operator_id,
      webhookId,
      ...fields.map(([, value]) => (value instanceof Date ? value.toISOString() : value)),
    ],
  );
}

/** Takes a subscription away, with its deliveries. */
export async function deleteWebhook(tx: Tx, webhookId: string): Promise<void> {
  await tx.named(
    "delete_webhook",
    "DELETE FROM webhook WHERE operator_id = $1 AND webhook_id = $2",
    [tx.operator_id, webhookId],
  );
}
