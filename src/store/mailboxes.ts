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

/** A mailbox that was not deleted. */
export async function getLivingMailbox(
  tx: Tx,
  mailboxId: string,
  lock = false,
): Promise<MailboxRow | null> {
  const row = await getMailbox(tx, mailboxId, lock);
  return row?.deleted_at === null ? row : null;
}

/** How many mailboxes the operator has that were not deleted. */
export async function countMailboxes(tx: Tx): Promise<number> {
  const [row] = await tx.named<{ count: number }>(
    "count_mailboxes",
    "SELECT count(*)::int AS count FROM mailbox WHERE operator_id = $1 AND deleted_at IS NULL",
    [tx.operator_id],
  );
  return row?.count ?? 0;
}

/** The running transaction's number; see {@link writersEnded}. */
export async function transactionId(tx: Tx): Promise<string> {
  const [row] = await tx.named<{ id: string }>(
    "transaction_id",
    "SELECT pg_current_xact_id()::text AS id",
    [],
  );
  return row?.id ?? "0";
}

/** True when every transaction has ended that may have written without seeing what a transaction wrote. */
export async function writersEnded(tx: Tx, transaction: string): Promise<boolean> {
  const [row] = await tx.named<{ ended: boolean }>(
    "writers_ended",
    "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS ended",
    [transaction],
  );
  return row?.ended === true;
}

/** Ids of a mailbox's mail that has not left yet, by id, after one of them. */
export async function listUnsentIds(
  tx: Tx,
  mailboxId: string,
  afterId: string,
  limit: number,
): Promise<string[]> {
  const rows = await tx.named<{ message_id: string }>(
    "list_unsent_ids",
    `SELECT message_id FROM message WHERE operator_id = $1 AND mailbox_id = $2 AND message_id > $3 AND direction = 'outbound'
       AND status IN ('draft', 'pending_scan', 'pending_approval', 'scheduled', 'queued') ORDER BY message_id LIMIT $4`,
    [tx.operator_id, mailboxId, afterId, limit],
  );
  return rows.map((row) => row.message_id);
}

/** Several mailboxes at once; missing ones are left out. */
export function getMailboxes(tx: Tx, ids: readonly string[]): Promise<MailboxRow[]> {
  return tx.named<MailboxRow>(
    "get_mailboxes",
    "SELECT * FROM mailbox WHERE operator_id = $1 AND mailbox_id = ANY($2)",
    [tx.operator_id, ids],
  );
}

/** Which mailboxes a list shows. */
export type MailboxFilter = {
  ids: readonly string[] | null;
  /** A part of the address, compared without case. */
  address_contains?: string | undefined;
  modes?: readonly string[] | undefined;
  /** Those that were deleted, instead of those that were not. */
  deleted?: boolean;
  after_id?: string | undefined;
  limit: number;
  offset?: number | undefined;
};

/** A page of mailboxes by id. */
export function listMailboxes(tx: Tx, filter: MailboxFilter): Promise<MailboxRow[]> {
  let query = db
    .selectFrom("mailbox")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("deleted_at", filter.deleted === true ? "is not" : "is", null);
  if (filter.address_contains) {
    const part = filter.address_contains.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`);
    query = query.where("address", "ilike", `%${part}%`);
  }
  if (filter.modes) query = query.where("mode", "in", [...filter.modes]);
  // A cursor is behind what the first page passed over.
  if (filter.offset && !filter.after_id) query = query.offset(filter.offset);
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
    .where("operator_id", "=", tx.operator_id)
    .where("deleted_at", "is", null);
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

/**
 * Of the given addresses, those suppressed now as {@link suppressionKey}s: as the database's own guard of hand-offs counts, and
 * those who asked for it after they were erased. `aliasOf` says what stands for an address then.
 */
export async function loadSuppressed(
  tx: Tx,
  addresses: readonly string[],
  aliasOf: (address: string) => string,
): Promise<Set<string>> {
  const known = new Map(
    addresses.flatMap((one) => {
      const address = one.toLowerCase();
      return [
        [address, address],
        [aliasOf(address), address],
      ];
    }),
  );
  const rows = await tx.named<{ mailbox_id: string; address: string }>(
    "load_suppressed",
    `SELECT mailbox_id, address FROM suppression
     WHERE operator_id = $1 AND address = ANY($2) AND (expires_at IS NULL OR expires_at > now())`,
    [tx.operator_id, [...known.keys()]],
  );
  return new Set(
    rows.map((row) => suppressionKey(row.mailbox_id, known.get(row.address) ?? row.address)),
  );
}
