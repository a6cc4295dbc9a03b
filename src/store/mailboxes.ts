/** Mailboxes, their allowlists, and suppression. */
import type { Insertable, Selectable, Updateable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `mailbox`. */
export type MailboxRow = Selectable<Tables["mailbox"]>;

/** Adds a mailbox; a unique violation on `address` says that it is taken. */
export async function insertMailbox(
  tx: Tx,
  mailbox: Omit<Insertable<Tables["mailbox"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("mailbox").values({ ...mailbox, operator_id: tx.operator_id }));
}

/** A mailbox by id; `lock` holds the row until the transaction ends. */
export async function getMailbox(
  tx: Tx,
  mailboxId: string,
  lock = false,
): Promise<MailboxRow | null> {
  const [row] = await tx.named<MailboxRow>(
    lock ? "get_mailbox_locked" : "get_mailbox",
    `SELECT * FROM mailbox WHERE operator_id = $1 AND mailbox_id = $2${lock ? " FOR NO KEY UPDATE" : ""}`,
    [tx.operator_id, mailboxId],
  );
  return row ?? null;
}

/** Several mailboxes at once; missing ones are left out. */
export function getMailboxes(tx: Tx, ids: readonly string[]): Promise<MailboxRow[]> {
  return tx.named<MailboxRow>(
    "get_mailboxes",
    "SELECT * FROM mailbox WHERE operator_id = $1 AND mailbox_id = ANY($2)",
    [tx.operator_id, ids],
  );
}

/** A page of mailboxes by id, of those named or all. */
export function listMailboxes(
  tx: Tx,
  filter: { ids: readonly string[] | null; after_id?: string | undefined; limit: number },
): Promise<MailboxRow[]> {
  let query = db.selectFrom("mailbox").selectAll().where("operator_id", "=", tx.operator_id);
  if (filter.ids) query = query.where("mailbox_id", "in", [...filter.ids, ""]);
  if (filter.after_id) query = query.where("mailbox_id", ">", filter.after_id);
  return tx.run(query.orderBy("mailbox_id").limit(filter.limit));
}

/** The distinct modes of the mailboxes named, or of all. */
export async function listModes(tx: Tx, ids: readonly string[] | null): Promise<string[]> {
  let query = db
    .selectFrom("mailbox")
    .select("mode")
    .distinct()
    .where("operator_id", "=", tx.operator_id);
  if (ids) query = query.where("mailbox_id", "in", [...ids, ""]);
  return (await tx.run(query)).map((row) => row.mode);
}

/** Changes a mailbox's settings. */
export async function updateMailbox(
  tx: Tx,
  mailboxId: string,
  change: Updateable<Tables["mailbox"]>,
): Promise<void> {
  await tx.run(
    db
      .updateTable("mailbox")
      .set(change)
      .where("operator_id", "=", tx.operator_id)
      .where("mailbox_id", "=", mailboxId),
  );
}

/** Allowlist patterns by mailbox. */
export async function loadAllowlists(
  tx: Tx,
  mailboxIds: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await tx.named<{ mailbox_id: string; pattern: string }>(
    "load_allowlists",
    "SELECT mailbox_id, pattern FROM allowlist_entry WHERE operator_id = $1 AND mailbox_id = ANY($2)",
    [tx.operator_id, mailboxIds],
  );
  const patterns = new Map<string, string[]>();
  for (const row of rows) {
    const list = patterns.get(row.mailbox_id);
    if (list) list.push(row.pattern);
    else patterns.set(row.mailbox_id, [row.pattern]);
  }
  return patterns;
}

/** Adds an allowlist entry that a person confirmed. */
export async function insertAllowlistEntry(
  tx: Tx,
  entry: Omit<Insertable<Tables["allowlist_entry"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("allowlist_entry").values({ ...entry, operator_id: tx.operator_id }));
}

/** Key of a suppressed pair: who, and for which mailbox (`""` for all). */
export function suppressionKey(mailboxId: string, address: string): string {
  return `${mailboxId} ${address.toLowerCase()}`;
}

/** Of the given addresses, those suppressed now as {@link suppressionKey}s: as the database's own guard of hand-offs counts. */
export async function loadSuppressed(tx: Tx, addresses: readonly string[]): Promise<Set<string>> {
  const rows = await tx.named<{ mailbox_id: string; address: string }>(
    "load_suppressed",
    `SELECT mailbox_id, address FROM suppression
     WHERE operator_id = $1 AND address = ANY($2) AND (expires_at IS NULL OR expires_at > now())`,
    [tx.operator_id, addresses.map((address) => address.toLowerCase())],
  );
  return new Set(rows.map((row) => suppressionKey(row.mailbox_id, row.address)));
}
