/** Sensitive changes that keys asked for: open until a person grants or refuses them, granted until they are used. */
import type { Insertable, Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `change_request`. */
export type ChangeRow = Selectable<Tables["change_request"]>;

/** Which call a change lets through: whose it is, of which operation, with which input. */
export type ChangeOf = { requested_by: string; operation: string; input_hash: Buffer };

/** Adds a change. */
export async function insertChange(
  tx: Tx,
  change: Omit<Insertable<Tables["change_request"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("change_request").values({ ...change, operator_id: tx.operator_id }));
}

/** Lets one caller at a time ask for changes of a credential, until the transaction ends. */
export async function lockChanges(tx: Tx, requestedBy: string): Promise<void> {
  await tx.named("lock_changes", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    JSON.stringify(["change_request", tx.operator_id, requestedBy]),
  ]);
}

/** The change that lets a call through, or will; held until the transaction ends. A granted one comes first. */
export async function holdChange(tx: Tx, of: ChangeOf, now: Date): Promise<ChangeRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("change_request")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("requested_by", "=", of.requested_by)
      .where("operation", "=", of.operation)
      .where("input_hash", "=", of.input_hash)
      .where("used_at", "is", null)
      .where("refused_by", "is", null)
      .where("expires_at", ">", now)
      .orderBy("granted_at", (order) => order.asc().nullsLast())
      .orderBy("change_id")
      .limit(1)
      .forUpdate(),
  );
  return row ?? null;
}

/** A change by id, held until the transaction ends. */
export async function getChange(tx: Tx, changeId: string): Promise<ChangeRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("change_request")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("change_id", "=", changeId)
      .forUpdate(),
  );
  return row ?? null;
}

/** When a credential asked for changes since `since`, oldest first. */
export async function changesSince(tx: Tx, requestedBy: string, since: Date): Promise<Date[]> {
  const rows = await tx.run(
    db
      .selectFrom("change_request")
      .select("created_at")
      .where("operator_id", "=", tx.operator_id)
      .where("requested_by", "=", requestedBy)
      .where("created_at", ">", since)
      .orderBy("created_at"),
  );
  return rows.map((row) => row.created_at);
}

/** Changes that wait for a person, newest first; of one credential, or all. */
export function openChanges(
  tx: Tx,
  filter: {
    requested_by: string | null;
    now: Date;
    before_id?: string | undefined;
    limit: number;
  },
): Promise<ChangeRow[]> {
  let query = db
    .selectFrom("change_request")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("used_at", "is", null)
    .where("granted_at", "is", null)
    .where("refused_by", "is", null)
    .where("expires_at", ">", filter.now);
  if (filter.requested_by !== null) query = query.where("requested_by", "=", filter.requested_by);
  if (filter.before_id !== undefined) query = query.where("change_id", "<", filter.before_id);
  return tx.run(query.orderBy("change_id", "desc").limit(filter.limit));
}

/** Notes what became of a change. */
export async function settleChange(
  tx: Tx,
  changeId: string,
  what: { granted_by: string; granted_at: Date } | { refused_by: string } | { used_at: Date },
): Promise<void> {
  await tx.run(
    db
      .updateTable("change_request")
      .set(what)
      .where("operator_id", "=", tx.operator_id)
      .where("change_id", "=", changeId),
  );
}

/** True where the address, or what it is without its tag, is a mailbox of the operator: its agents read what comes there. */
export async function isOwnMailbox(tx: Tx, address: string): Promise<boolean> {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at).split("+")[0] ?? "";
  const [row] = await tx.run(
    db
      .selectFrom("mailbox")
      .select("mailbox_id")
      .where("operator_id", "=", tx.operator_id)
      .where("address", "in", [address.toLowerCase(), `${local}${address.slice(at)}`.toLowerCase()])
      .limit(1),
  );
  return row !== undefined;
}

/** Deletes changes that are over and whose words name an address (in lower case). */
export async function forgetChanges(tx: Tx, address: string, now: Date): Promise<void> {
  await tx.named(
    "forget_changes",
    `DELETE FROM change_request WHERE operator_id = $1 AND strpos(lower(summary), $2) > 0
       AND (used_at IS NOT NULL OR refused_by IS NOT NULL OR expires_at <= $3)`,
    [tx.operator_id, address, now.toISOString()],
  );
}
