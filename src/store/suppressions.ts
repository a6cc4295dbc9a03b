/** Suppression: addresses that are not written to, for one mailbox or for all of an operator. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `suppression`. */
export type SuppressionRow = Selectable<Tables["suppression"]>;

/** A suppression to be written. `address` is lower case, `mailbox_id` `""` for all mailboxes. */
export type NewSuppression = Omit<
  Insertable<Tables["suppression"]>,
  "operator_id" | "created_at" | "created_by" | "note" | "expires_at" | "message_id"
> & {
  message_id: string | null;
  note: string | null;
  created_by: string;
  expires_at: Date | null;
  created_at: Date;
};

/** Reasons from the least to the gravest; the gravest of several is the one that stands. */
const gravity = "ARRAY['manual', 'bounced', 'unsubscribed', 'complained']";

// What stands is never loosened: a later end, or none, and the graver reason win. One that has ended counts as not there.
const insertText = `
INSERT INTO suppression AS s (operator_id, address, mailbox_id, reason, message_id, note, created_by, expires_at, created_at)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
ON CONFLICT (operator_id, address, mailbox_id) DO UPDATE SET
  reason = CASE WHEN s.expires_at <= now() OR coalesce(array_position(${gravity}, excluded.reason), 0) >= coalesce(array_position(${gravity}, s.reason), 0)
    THEN excluded.reason ELSE s.reason END,
  expires_at = CASE WHEN s.expires_at <= now() THEN excluded.expires_at
    WHEN s.expires_at IS NULL OR excluded.expires_at IS NULL THEN NULL ELSE greatest(s.expires_at, excluded.expires_at) END,
  message_id = coalesce(excluded.message_id, s.message_id), note = coalesce(excluded.note, s.note),
  created_by = excluded.created_by, created_at = excluded.created_at
WHERE s.expires_at <= now()
  OR coalesce(array_position(${gravity}, excluded.reason), 0) > coalesce(array_position(${gravity}, s.reason), 0)
  OR s.expires_at IS NOT NULL AND (excluded.expires_at IS NULL OR excluded.expires_at > s.expires_at)
RETURNING address, mailbox_id`;

/** Suppresses addresses, each at most once in `rows`. Answers those for which this changed something. */
export function insertSuppressions(
  tx: Tx,
  rows: readonly NewSuppression[],
): Promise<{ address: string; mailbox_id: string }[]> {
  if (rows.length === 0) return Promise.resolve([]);
  const time = (at: Date | string | null): string | null =>
    at === null ? null : new Date(at).toISOString();
  return tx.named<{ address: string; mailbox_id: string }>("insert_suppressions", insertText, [
    tx.operator_id,
    rows.map((row) => row.address),
    rows.map((row) => row.mailbox_id),
    rows.map((row) => row.reason),
    rows.map((row) => row.message_id),
    rows.map((row) => row.note),
    rows.map((row) => row.created_by),
    rows.map((row) => time(row.expires_at)),
    rows.map((row) => time(row.created_at)),
  ]);
}

/**
 * Waits until no hand-off is under way that has not seen what this transaction writes, and lets none begin before it is
 * committed: hand-offs hold these rows while they look at suppressions. `""` is all mailboxes. To be taken behind locks on messages.
 */
export async function lockHandOffs(tx: Tx, mailboxIds: readonly string[]): Promise<void> {
  const own = mailboxIds.filter((one) => one !== "").toSorted();
  if (own.length > 0)
    await tx.named(
      "lock_mailboxes",
      "SELECT 1 FROM mailbox WHERE operator_id = $1 AND mailbox_id = ANY($2) ORDER BY mailbox_id FOR NO KEY UPDATE",
      [tx.operator_id, own],
    );
  if (own.length < mailboxIds.length)
    await tx.named(
      "lock_operator",
      "SELECT 1 FROM operator WHERE operator_id = $1 FOR NO KEY UPDATE",
      [tx.operator_id],
    );
}

/** Which suppressions a list shows. */
export type SuppressionFilter = {
  /** Mailboxes whose rows are seen beside those for all; null for every mailbox. */
  mailbox_ids: readonly string[] | null;
  reason?: string | undefined;
  mailbox_id?: string | undefined;
  /** Beginning of the address, lower case. */
  prefix?: string | undefined;
  /** Any of these, lower case. */
  addresses?: readonly string[] | undefined;
  after?: { address: string; mailbox_id: string } | undefined;
  limit: number;
};

/** Suppressions that count now, by address and mailbox. */
export function listSuppressions(tx: Tx, filter: SuppressionFilter): Promise<SuppressionRow[]> {
  let query = db
    .selectFrom("suppression")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where(sql<boolean>`(expires_at IS NULL OR expires_at > now())`);
  if (filter.mailbox_ids) query = query.where("mailbox_id", "in", [...filter.mailbox_ids, ""]);
  if (filter.mailbox_id !== undefined) query = query.where("mailbox_id", "=", filter.mailbox_id);
  if (filter.reason !== undefined) query = query.where("reason", "=", filter.reason);
  if (filter.addresses !== undefined) query = query.where("address", "in", [...filter.addresses]);
  const { prefix, after } = filter;
  if (prefix !== undefined && prefix !== "")
    query = query
      .where("address", ">=", prefix)
      .where(sql<boolean>`starts_with(address, ${prefix})`);
  if (after)
    query = query.where((eb) =>
      eb(eb.refTuple("address", "mailbox_id"), ">", eb.tuple(after.address, after.mailbox_id)),
    );
  return tx.run(query.orderBy("address").orderBy("mailbox_id").limit(filter.limit));
}

/** Takes suppressions away; answers what was taken. */
export function deleteSuppressions(
  tx: Tx,
  addresses: readonly string[],
  mailboxIds: readonly string[],
): Promise<SuppressionRow[]> {
  return tx.named<SuppressionRow>(
    "delete_suppressions",
    "DELETE FROM suppression WHERE operator_id = $1 AND address = ANY($2) AND mailbox_id = ANY($3) RETURNING *",
    [tx.operator_id, addresses, mailboxIds],
  );
}

/** Marks when a recipient unsubscribed by a message, or called it spam; false where it was marked before. */
export async function markFeedback(
  tx: Tx,
  messageId: string,
  mark: "unsubscribed_at" | "complained_at",
  at: Date,
): Promise<boolean> {
  const rows = await tx.run(
    db
      .updateTable("message")
      .set({ [mark]: at })
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId)
      .where(mark, "is", null)
      .returning("message_id"),
  );
  return rows.length > 0;
}
