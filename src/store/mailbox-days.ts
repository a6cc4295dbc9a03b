/** What mailboxes handed to the wire day by day, and what came back. Days are UTC. */
import type { Tx } from "./database.ts";

/** Counts of one mailbox. */
export type DayCounts = { handed: number; bounced: number; complained: number };

/** `2026-11-21` of a moment. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Adds to the counts of a day. */
export async function addToDay(
  tx: Tx,
  day: string,
  rows: readonly (DayCounts & { mailbox_id: string })[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.named(
    "add_to_day",
    `INSERT INTO mailbox_day AS d (operator_id, mailbox_id, day, handed, bounced, complained)
     SELECT $1, mailbox_id, $2::date, handed, bounced, complained
       FROM unnest($3::text[], $4::int[], $5::int[], $6::int[]) AS r(mailbox_id, handed, bounced, complained) ORDER BY mailbox_id
     ON CONFLICT (operator_id, mailbox_id, day) DO UPDATE SET handed = d.handed + excluded.handed,
       bounced = d.bounced + excluded.bounced, complained = d.complained + excluded.complained`,
    [
      tx.operator_id,
      day,
      rows.map((row) => row.mailbox_id),
      rows.map((row) => row.handed),
      rows.map((row) => row.bounced),
      rows.map((row) => row.complained),
    ],
  );
}

/** How many messages mailboxes handed over on a day; those without any are left out. */
export async function handedOn(
  tx: Tx,
  day: string,
  mailboxIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await tx.named<{ mailbox_id: string; handed: number }>(
    "handed_on",
    "SELECT mailbox_id, handed FROM mailbox_day WHERE operator_id = $1 AND mailbox_id = ANY($3) AND day = $2::date",
    [tx.operator_id, day, mailboxIds],
  );
  return new Map(rows.map((row) => [row.mailbox_id, row.handed]));
}

/** The sums of a mailbox since a day. */
export async function countsSince(tx: Tx, day: string, mailboxId: string): Promise<DayCounts> {
  const [row] = await tx.named<DayCounts>(
    "counts_since",
    `SELECT coalesce(sum(handed), 0)::int AS handed, coalesce(sum(bounced), 0)::int AS bounced,
       coalesce(sum(complained), 0)::int AS complained
     FROM mailbox_day WHERE operator_id = $1 AND mailbox_id = $3 AND day >= $2::date`,
    [tx.operator_id, day, mailboxId],
  );
  return row ?? { handed: 0, bounced: 0, complained: 0 };
}
