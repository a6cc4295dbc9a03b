/** Domains of operators: asked for, proven, checked again, let go; and the keys that sign for them. */
import type { Insertable, Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { SigningKeyRow } from "./operators.ts";
import type { DomainCheck, Tables } from "./tables.ts";

export type { DomainCheck } from "./tables.ts";

/** A row of `domain`. */
export type DomainRow = Selectable<Tables["domain"]>;

/** Adds a domain; false where the operator has that name already. */
export async function insertDomain(
  tx: Tx,
  domain: Omit<Insertable<Tables["domain"]>, "operator_id">,
): Promise<boolean> {
  const rows = await tx.run(
    db
      .insertInto("domain")
      .values({ ...domain, operator_id: tx.operator_id })
      .onConflict((conflict) => conflict.columns(["operator_id", "name"]).doNothing())
      .returning("domain_id"),
  );
  return rows.length > 0;
}

/** A domain by its id or its name; `lock` holds the row until the transaction ends. */
export async function getDomain(
  tx: Tx,
  by: { domain_id: string } | { name: string },
  lock = false,
): Promise<DomainRow | null> {
  let query = db.selectFrom("domain").selectAll().where("operator_id", "=", tx.operator_id);
  query =
    "name" in by ? query.where("name", "=", by.name) : query.where("domain_id", "=", by.domain_id);
  if (lock) query = query.forUpdate();
  const [row] = await tx.run(query);
  return row ?? null;
}

/** Whether the operator has proven the name; keeps it from being let go until the transaction ends. */
export async function holdVerifiedDomain(tx: Tx, name: string): Promise<boolean> {
  const rows = await tx.named(
    "hold_verified_domain",
    "SELECT 1 FROM domain WHERE operator_id = $1 AND name = $2 AND verified_at IS NOT NULL FOR SHARE",
    [tx.operator_id, name],
  );
  return rows.length > 0;
}

/** Domains, the newest first. */
export function listDomainRows(
  tx: Tx,
  filter: { before_id?: string | undefined; limit: number },
): Promise<DomainRow[]> {
  let query = db.selectFrom("domain").selectAll().where("operator_id", "=", tx.operator_id);
  if (filter.before_id) query = query.where("domain_id", "<", filter.before_id);
  return tx.run(query.orderBy("domain_id", "desc").limit(filter.limit));
}

/** How many domains the operator has. */
export async function countDomains(tx: Tx): Promise<number> {
  const [row] = await tx.named<{ count: number }>(
    "count_domains",
    "SELECT count(*)::int AS count FROM domain WHERE operator_id = $1",
    [tx.operator_id],
  );
  return row?.count ?? 0;
}

/** What a check may change of a domain. */
type DomainUpdate = {
  verified_at?: Date;
  checks?: readonly DomainCheck[];
  checked_at?: Date;
  failures?: number;
  sts_mode?: DomainRow["sts_mode"];
};

/** Changes a domain. Throws a unique violation of `domain_verified` where another operator has proven the name. */
export async function updateDomain(
  tx: Tx,
  domainId: string,
  { checks, ...change }: DomainUpdate,
): Promise<void> {
  await tx.run(
    db
      .updateTable("domain")
      .set({ ...change, ...(checks ? { checks: JSON.stringify(checks) } : {}) })
      .where("operator_id", "=", tx.operator_id)
      .where("domain_id", "=", domainId),
  );
}

/** Lets a domain go. */
export async function deleteDomain(tx: Tx, domainId: string): Promise<void> {
  await tx.run(
    db
      .deleteFrom("domain")
      .where("operator_id", "=", tx.operator_id)
      .where("domain_id", "=", domainId),
  );
}

/** How many mailboxes of the operator lie in a domain. */
export async function countMailboxesAt(tx: Tx, name: string): Promise<number> {
  const [row] = await tx.named<{ count: number }>(
    "count_mailboxes_at",
    `SELECT count(*)::int AS count FROM mailbox
     WHERE operator_id = $1 AND deleted_at IS NULL AND right(address, length($2) + 1) = '@' || $2`,
    [tx.operator_id, name],
  );
  return row?.count ?? 0;
}

/** The keys made for a domain, oldest first: the newest is the one to come where it is pending. */
export function listDomainKeys(tx: Tx, name: string): Promise<SigningKeyRow[]> {
  return tx.run(
    db
      .selectFrom("signing_key")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("purpose", "=", "dkim")
      .where("domain", "=", name)
      .orderBy("key_id"),
  );
}

/** The operator's identity keys that verify what is signed, oldest first. */
export function listOwnIdentityKeys(tx: Tx): Promise<SigningKeyRow[]> {
  return tx.run(
    db
      .selectFrom("signing_key")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("purpose", "=", "identity")
      .where("status", "in", ["active", "retired"])
      .orderBy("key_id"),
  );
}

/** Moves a key on; `expires_at` is until when its record must stay in DNS. */
export async function updateSigningKey(
  tx: Tx,
  keyId: string,
  change: { status: SigningKeyRow["status"]; expires_at: Date | null },
): Promise<void> {
  await tx.run(
    db
      .updateTable("signing_key")
      .set(change)
      .where("operator_id", "=", tx.operator_id)
      .where("key_id", "=", keyId),
  );
}

/** Whether a name is, or lies within, the own domain of an instance's other operator. */
export async function liesInForeignHost(
  database: Database,
  operatorId: string,
  name: string,
): Promise<boolean> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named(
      "lies_in_foreign_host",
      `SELECT 1 FROM domain WHERE instance AND operator_id <> $1
       AND (name = $2 OR right($2, length(name) + 1) = '.' || name) LIMIT 1`,
      [operatorId, name],
    ),
  );
  return rows.length > 0;
}

/** How a proven domain wants mail to it protected on the way (RFC 8461), whosever it is; null for other names. */
export async function stsModeOf(
  database: Database,
  name: string,
): Promise<DomainRow["sts_mode"] | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<Pick<DomainRow, "sts_mode">>(
      "sts_mode_of",
      "SELECT sts_mode FROM domain WHERE name = $1 AND verified_at IS NOT NULL",
      [name],
    ),
  );
  return row?.sts_mode ?? null;
}
