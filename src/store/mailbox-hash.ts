/** Mailboxes by the hash of their address, of whatever operator. */
import { type Database, everyOperator } from "./database.ts";

/** Whose mailbox has an address of this hash (hex SHA-256 of the address in lower case). */
export async function findByHash(
  database: Database,
  hash: string,
): Promise<{ operator_id: string; mailbox_id: string } | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string; mailbox_id: string }>(
      "mailbox_by_hash",
      "SELECT * FROM mailbox_by_hash($1)",
      [hash],
    ),
  );
  return row ?? null;
}
