/** What there is of a closed operator beside its messages, and the statements that erase it. */
import type { Tx } from "./database.ts";
import type { SealedEntry } from "./erasures.ts";

/** Sealed openings of the operator, of whatever entry. */
export async function sealedOfOperator(tx: Tx, limit: number): Promise<SealedEntry[]> {
  const rows = await tx.named<Omit<SealedEntry, "idx"> & { idx: string | null }>(
    "sealed_of_operator",
    `SELECT e.entry_id, i.idx, e.resource, o.subject_id, o.sealed
     FROM log_opening o JOIN log_entry e USING (operator_id, entry_id) LEFT JOIN log_index i USING (operator_id, entry_id)
     WHERE o.operator_id = $1 ORDER BY o.entry_id, o.subject_id LIMIT $2`,
    [tx.operator_id, limit],
  );
  return rows.map((row) => ({ ...row, idx: row.idx === null ? null : Number(row.idx) }));
}

/** How much of the operator has yet to come to its end: received mail that is not opened, mail to its people that was not sent. */
export async function countUnfinished(tx: Tx): Promise<number> {
  const [row] = await tx.named<{ count: number }>(
    "count_unfinished",
    `SELECT ((SELECT count(*) FROM inbound WHERE operator_id = $1)
       + (SELECT count(*) FROM service_mail WHERE operator_id = $1 AND sent_at IS NULL AND failed_at IS NULL)
       + (SELECT count(*) FROM erasure WHERE operator_id = $1 AND done_at IS NULL))::int AS count`,
    [tx.operator_id],
  );
  return row?.count ?? 0;
}

/** Rows that name people, each table as a whole. */
const tables = [
  "subject_key",
  "contact",
  "allowlist_entry",
  "suppression",
  "change_request",
  "one_time_code",
  "waiting_notice",
  "service_mail",
  "invitation",
  "sign_in_link",
  "session",
] as const;

/** Deletes what names people, and makes nobody of its members and of whoever oversaw it. Nothing that uses it is open any more. */
export async function forgetPeople(tx: Tx): Promise<void> {
  for (const table of tables)
    await tx.named(`forget_all_${table}`, `DELETE FROM ${table} WHERE operator_id = $1`, [
      tx.operator_id,
    ]);
  for (const [name, text] of [
    [
      "forget_members",
      `UPDATE person SET name = '', email = lower(person_id) || '@erased.invalid' WHERE operator_id = $1`,
    ],
    ["forget_events", "UPDATE event SET data = '{}' WHERE operator_id = $1 AND data <> '{}'"],
    [
      "forget_overseer",
      "UPDATE operator SET oversight_address = NULL, postal_address = '' WHERE operator_id = $1",
    ],
  ] as const)
    await tx.named(name, text, [tx.operator_id]);
}
