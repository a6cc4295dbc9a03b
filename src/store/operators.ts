/** Operators, their domains and signing keys. */
import type { Insertable, Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `operator`. */
export type OperatorRow = Selectable<Tables["operator"]>;
/** A row of `signing_key`. */
export type SigningKeyRow = Selectable<Tables["signing_key"]>;

/** Every operator, oldest first. */
export function listOperators(database: Database): Promise<OperatorRow[]> {
  return database.as(everyOperator, (tx) =>
    tx.run(db.selectFrom("operator").selectAll().orderBy("operator_id")),
  );
}

/** Lets one transaction at a time look whether there are operators and found one; readers do not wait. */
export async function lockOperators(tx: Tx): Promise<void> {
  await tx.named("lock_operators", "LOCK TABLE operator IN SHARE ROW EXCLUSIVE MODE", []);
}

/** The operator the statement is bound to. */
export async function getOperator(tx: Tx): Promise<OperatorRow | null> {
  const [row] = await tx.named<OperatorRow>(
    "get_operator",
    "SELECT * FROM operator WHERE operator_id = $1",
    [tx.operator_id],
  );
  return row ?? null;
}

/** Holds the operator's row until the transaction ends: hand-offs that are under way commit before, or see what is written. */
export async function holdOperator(tx: Tx): Promise<void> {
  await tx.named(
    "hold_operator",
    "SELECT 1 FROM operator WHERE operator_id = $1 FOR NO KEY UPDATE",
    [tx.operator_id],
  );
}

/** Changes the operator's own data. */
export async function updateOperator(
  tx: Tx,
  change: Partial<Pick<OperatorRow, "name" | "postal_address" | "oversight_address">>,
): Promise<void> {
  await tx.run(db.updateTable("operator").set(change).where("operator_id", "=", tx.operator_id));
}

/** Stops the operator, or lets it go on. */
export async function setStopped(
  tx: Tx,
  stop: Pick<OperatorRow, "stopped_at" | "stopped_by" | "stopped_reason">,
): Promise<void> {
  await tx.run(db.updateTable("operator").set(stop).where("operator_id", "=", tx.operator_id));
}

/** Closes the operator for good; it is stopped with it, where it was not. */
export async function closeOperator(tx: Tx, by: string, now: Date): Promise<void> {
  await tx.named(
    "close_operator",
    `UPDATE operator SET closed_at = $2, stopped_at = coalesce(stopped_at, $2), stopped_by = coalesce(stopped_by, $3),
       stopped_reason = coalesce(stopped_reason, 'the account was deleted') WHERE operator_id = $1`,
    [tx.operator_id, now.toISOString(), by],
  );
}

// No node has this name: it marks what waits for the operator to go on.
const waitsForOperator = "(stopped)";

/**
 * Puts hand-offs back that a stopped operator refused, to be looked at again at `at`. The transaction must hold the operator by
 * {@link shareOperator}: whoever lets it go on waits, and then finds what was marked here.
 */
export async function putStopped(tx: Tx, messageIds: readonly string[], at: Date): Promise<void> {
  if (messageIds.length === 0) return;
  await tx.named(
    "put_stopped",
    `UPDATE due SET token = nextval('due_token'), due_at = $3, node = $4
     WHERE operator_id = $1 AND kind = 'deliver' AND message_id = ANY($2)`,
    [tx.operator_id, messageIds, at.toISOString(), waitsForOperator],
  );
}

/** Makes what {@link putStopped} put back due at once. */
export async function releaseStopped(tx: Tx, now: Date): Promise<void> {
  await tx.named(
    "release_stopped",
    "UPDATE due SET due_at = $2, node = NULL WHERE operator_id = $1 AND kind = 'deliver' AND node = $3",
    [tx.operator_id, now.toISOString(), waitsForOperator],
  );
}

/** The operator, neither stopped nor let go on before the transaction ends. */
export async function shareOperator(tx: Tx): Promise<OperatorRow | null> {
  const [row] = await tx.named<OperatorRow>(
    "get_operator_shared",
    "SELECT * FROM operator WHERE operator_id = $1 FOR SHARE",
    [tx.operator_id],
  );
  return row ?? null;
}

/** Makes an operator with its empty log. */
export async function insertOperator(
  tx: Tx,
  operator: Omit<Insertable<Tables["operator"]>, "operator_id">,
  logOrigin: string,
): Promise<void> {
  await tx.run(db.insertInto("operator").values({ ...operator, operator_id: tx.operator_id }));
  await tx.run(
    db.insertInto("log_head").values({ operator_id: tx.operator_id, origin: logOrigin, size: 0 }),
  );
}

/** The operator's verified domains; the first is the one that it began with. */
export async function listDomains(tx: Tx): Promise<string[]> {
  const rows = await tx.named<{ name: string }>(
    "list_domains",
    "SELECT name FROM domain WHERE operator_id = $1 AND verified_at IS NOT NULL ORDER BY created_at, name",
    [tx.operator_id],
  );
  return rows.map((row) => row.name);
}

/** Those that it has proven as its own; the ones that the instance gave it need no proof and are none. */
export async function listProvenDomains(tx: Tx): Promise<string[]> {
  const rows = await tx.named<{ name: string }>(
    "list_proven_domains",
    "SELECT name FROM domain WHERE operator_id = $1 AND verified_at IS NOT NULL AND NOT instance",
    [tx.operator_id],
  );
  return rows.map((row) => row.name);
}

/** Adds a signing key. */
export async function insertSigningKey(
  tx: Tx,
  key: Omit<Insertable<Tables["signing_key"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("signing_key").values({ ...key, operator_id: tx.operator_id }));
}

/**
 * What an operator signs with, and the name of its log. Over the connections that serve every operator: whoever asks may be in a
 * transaction, and must not wait for a second connection of the same pool.
 */
export function loadSigning(
  database: Database,
  operatorId: string,
): Promise<{ rows: SigningKeyRow[]; origin: string }> {
  return database.as(everyOperator, async (tx) => {
    const rows = await tx.run(
      db
        .selectFrom("signing_key")
        .selectAll()
        .where("operator_id", "=", operatorId)
        .orderBy("key_id"),
    );
    const [log] = await tx.run(
      db.selectFrom("log_head").select("origin").where("operator_id", "=", operatorId),
    );
    if (!log) throw new Error(`operator ${operatorId} has no log`);
    return { rows, origin: log.origin };
  });
}

/** Public identity keys of every operator, for the instance's JWKS. */
export function listIdentityKeys(
  database: Database,
): Promise<
  Pick<SigningKeyRow, "key_id" | "public_key" | "status" | "not_before" | "expires_at">[]
> {
  return database.as(everyOperator, (tx) =>
    tx.run(
      db
        .selectFrom("signing_key")
        .select(["key_id", "public_key", "status", "not_before", "expires_at"])
        .where("purpose", "=", "identity")
        .orderBy("key_id"),
    ),
  );
}
