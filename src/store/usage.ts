/** What an operator uses, counted where it stands: messages by ids, which sort by time, and what mailboxes handed over by day. */
import type { Tx } from "./database.ts";
import { visibleMessages } from "./message-list.ts";

/** Counts of one mailbox on one day; `day` is the index into the days asked for. */
export type UsageRow = { mailbox_id: string; day: number; count: number };

/** What was handed to the wire, and what came back. */
export type HandedRow = {
  mailbox_id: string;
  date: string;
  handed: number;
  bounced: number;
  complained: number;
};

/** From which day to which (UTC, `2026-11-21`), of which mailboxes. */
export type UsageSpan = { from: string; to: string; mailbox_ids: readonly string[] };

/** Sent mail by day and mailbox. */
export function handedByDay(tx: Tx, span: UsageSpan): Promise<HandedRow[]> {
  return tx.named<HandedRow>(
    "handed_by_day",
    `SELECT mailbox_id, day::text AS date, handed, bounced, complained FROM mailbox_day
     WHERE operator_id = $1 AND mailbox_id = ANY($2) AND day BETWEEN $3::date AND $4::date`,
    [tx.operator_id, span.mailbox_ids, span.from, span.to],
  );
}

/** Received messages, the withheld ones (core/inbound-status) where asked for. `firsts` are the least ids of each day and of the day after the last. */
export function receivedByDay(
  tx: Tx,
  mailboxIds: readonly string[],
  firsts: readonly string[],
  withheld: boolean,
): Promise<UsageRow[]> {
  return tx.named<UsageRow>(
    withheld ? "received_by_day_withheld" : "received_by_day",
    `SELECT mailbox_id, width_bucket(message_id COLLATE "C", $3::text[]) - 1 AS day, count(*)::int AS count FROM message m
     WHERE operator_id = $1 AND mailbox_id = ANY($2) AND direction = 'inbound'${withheld ? "" : ` AND ${visibleMessages("m")}`}
       AND message_id >= ($3::text[])[1] AND message_id < ($3::text[])[cardinality($3::text[])] GROUP BY 1, 2`,
    [tx.operator_id, mailboxIds, firsts],
  );
}

/** Decisions on outgoing mail, each by what was decided. */
export function decidedByDay(
  tx: Tx,
  mailboxIds: readonly string[],
  firsts: readonly string[],
): Promise<(UsageRow & { decision: "approve" | "reject" | "revise" })[]> {
  return tx.named(
    "decided_by_day",
    `SELECT m.mailbox_id, d.decision, width_bucket(d.decision_id COLLATE "C", $3::text[]) - 1 AS day, count(*)::int AS count
     FROM decision d JOIN message m USING (operator_id, message_id)
     WHERE d.operator_id = $1 AND m.mailbox_id = ANY($2)
       AND d.decision_id >= ($3::text[])[1] AND d.decision_id < ($3::text[])[cardinality($3::text[])] GROUP BY 1, 2, 3`,
    [tx.operator_id, mailboxIds, firsts],
  );
}

/** Messages that wait for a decision now, by mailbox. */
export function pendingNow(
  tx: Tx,
  mailboxIds: readonly string[],
): Promise<{ mailbox_id: string; count: number }[]> {
  return tx.named(
    "pending_now",
    `SELECT mailbox_id, count(*)::int AS count FROM message
     WHERE operator_id = $1 AND mailbox_id = ANY($2) AND status = 'pending_approval' GROUP BY 1`,
    [tx.operator_id, mailboxIds],
  );
}

/** Mailboxes of the operator, deleted ones too, with their addresses. */
export function usageMailboxes(
  tx: Tx,
  ids: readonly string[] | null,
): Promise<{ mailbox_id: string; address: string; deleted: boolean }[]> {
  return tx.named(
    "usage_mailboxes",
    `SELECT mailbox_id, address, deleted_at IS NOT NULL AS deleted FROM mailbox
     WHERE operator_id = $1 AND ($2::text[] IS NULL OR mailbox_id = ANY($2)) ORDER BY mailbox_id`,
    [tx.operator_id, ids],
  );
}

/** Live messages that were submitted since an id, whatever became of them. */
export async function countSubmitted(tx: Tx, sinceId: string): Promise<number> {
  const [row] = await tx.named<{ count: number }>(
    "count_submitted",
    `SELECT count(*)::int AS count FROM message
     WHERE operator_id = $1 AND message_id >= $2 AND direction = 'outbound' AND NOT test AND status <> 'draft'`,
    [tx.operator_id, sinceId],
  );
  return row?.count ?? 0;
}

/** Bytes of the mail that is kept, of some mailboxes or all, with those of withheld mail or without. */
export async function storedBytes(
  tx: Tx,
  mailboxIds: readonly string[] | null,
  withheld: boolean,
): Promise<number> {
  const [row] = await tx.named<{ bytes: number }>(
    withheld ? "stored_bytes_withheld" : "stored_bytes",
    `SELECT coalesce(sum(size_bytes), 0)::float8 AS bytes FROM message m
     WHERE operator_id = $1 AND ($2::text[] IS NULL OR mailbox_id = ANY($2))${withheld ? "" : ` AND ${visibleMessages("m")}`}`,
    [tx.operator_id, mailboxIds],
  );
  return row?.bytes ?? 0;
}
