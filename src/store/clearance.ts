/** What is asked of the database right before a copy goes to the wire, and about copies that are on their way there. */
import { type Database, type Tx, everyOperator } from "./database.ts";

/** One recipient's copy of a message that was handed off, under the token of its claim. */
export type HandedCopy = {
  operator_id: string;
  message_id: string;
  mailbox_id: string;
  token: string;
  address: string;
  /** What stands for the address where its person was erased. */
  alias: string;
};

// Subqueries of one row each: whatever the tables hold when the plan is made, it looks up keys and scans nothing.
const clearText = `
SELECT i.n::int AS n
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[]) WITH ORDINALITY
  AS i(operator_id, message_id, mailbox_id, token, address, alias, n)
WHERE (SELECT o.stopped_at IS NULL FROM operator o WHERE o.operator_id = i.operator_id)
  AND (SELECT d.token FROM due d WHERE d.operator_id = i.operator_id AND d.kind = 'deliver' AND d.message_id = i.message_id) = i.token
  AND (SELECT count(*) FROM suppression s WHERE s.operator_id = i.operator_id AND s.address IN (i.address, i.alias)
         AND s.mailbox_id IN ('', i.mailbox_id) AND (s.expires_at IS NULL OR s.expires_at > now())) = 0`;

/**
 * Which of the copies may begin now, by their places in the list: the operator is not stopped, the claim still stands, and the
 * address is not suppressed.
 */
export async function copiesInTheClear(
  database: Database,
  copies: readonly HandedCopy[],
): Promise<Set<number>> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<{ n: number }>("copies_in_the_clear", clearText, [
      copies.map((copy) => copy.operator_id),
      copies.map((copy) => copy.message_id),
      copies.map((copy) => copy.mailbox_id),
      copies.map((copy) => copy.token),
      copies.map((copy) => copy.address.toLowerCase()),
      copies.map((copy) => copy.alias),
    ]),
  );
  return new Set(rows.map(({ n }) => n - 1));
}

/** True where a message that is handed off has yet to hear from one of the addresses. `mailbox_id` `""` is all mailboxes. */
export async function isUnderWay(
  tx: Tx,
  wanted: readonly { address: string; mailbox_id: string }[],
): Promise<boolean> {
  const rows = await tx.named(
    "is_under_way",
    `SELECT 1 FROM unnest($2::text[], $3::text[]) AS w(address, mailbox_id)
     JOIN recipient r ON r.operator_id = $1 AND lower(r.address) = w.address AND r.status IN ('pending', 'deferred')
     JOIN message m ON m.operator_id = $1 AND m.message_id = r.message_id AND m.status = 'sending'
       AND (w.mailbox_id = '' OR m.mailbox_id = w.mailbox_id)
     LIMIT 1`,
    [
      tx.operator_id,
      wanted.map(({ address }) => address.toLowerCase()),
      wanted.map(({ mailbox_id }) => mailbox_id),
    ],
  );
  return rows.length > 0;
}
