/** Entries of allowlists: read by mailbox, added one by one, removed. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `allowlist_entry`. */
export type AllowlistRow = Selectable<Tables["allowlist_entry"]>;

/** A page of a mailbox's entries by id. */
export function listAllowlist(
  tx: Tx,
  mailboxId: string,
  page: { after_id?: string | undefined; limit: number },
): Promise<AllowlistRow[]> {
  let query = db
    .selectFrom("allowlist_entry")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("mailbox_id", "=", mailboxId);
  if (page.after_id !== undefined) query = query.where("entry_id", ">", page.after_id);
  return tx.run(query.orderBy("entry_id").limit(page.limit));
}

/** Removes an entry and answers what it was; null where there is none. */
export async function deleteAllowlistEntry(
  tx: Tx,
  mailboxId: string,
  entryId: string,
): Promise<AllowlistRow | null> {
  const [row] = await tx.run(
    db
      .deleteFrom("allowlist_entry")
      .where("operator_id", "=", tx.operator_id)
      .where("mailbox_id", "=", mailboxId)
      .where("entry_id", "=", entryId)
      .returningAll(),
  );
  return row ?? null;
}
