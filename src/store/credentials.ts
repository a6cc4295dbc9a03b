/** API keys. Secrets are stored as SHA-256 of high-entropy tokens. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `api_key`. */
export type ApiKeyRow = Selectable<Tables["api_key"]>;

/** Finds keys by the hash of their secret, in whatever operator. */
export function findApiKeys(database: Database, hashes: readonly Buffer[]): Promise<ApiKeyRow[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<ApiKeyRow>(
      "find_api_keys",
      `SELECT * FROM api_key k WHERE token_hash = ANY($1)
       AND EXISTS (SELECT 1 FROM operator o WHERE o.operator_id = k.operator_id AND o.closed_at IS NULL)`,
      [hashes],
    ),
  );
}

/** Adds a key. */
export async function insertApiKey(
  tx: Tx,
  key: Omit<Insertable<Tables["api_key"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("api_key").values({ ...key, operator_id: tx.operator_id }));
}

/** A key by id. */
export async function getApiKey(tx: Tx, keyId: string): Promise<ApiKeyRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("api_key")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("key_id", "=", keyId),
  );
  return row ?? null;
}

/** A key by id, held until the transaction ends. */
export async function holdApiKey(tx: Tx, keyId: string): Promise<ApiKeyRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("api_key")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("key_id", "=", keyId)
      // What a person granted by OAuth does not change.
      .where("prefix", "<>", "mm_oat_")
      .forNoKeyUpdate(),
  );
  return row ?? null;
}

/** Changes what a key is called and may do. */
export async function updateApiKey(
  tx: Tx,
  keyId: string,
  change: Partial<Pick<ApiKeyRow, "name" | "scopes" | "mailbox_ids" | "expires_at">>,
): Promise<void> {
  await tx.run(
    db
      .updateTable("api_key")
      .set(change)
      .where("operator_id", "=", tx.operator_id)
      .where("key_id", "=", keyId),
  );
}

/** Revokes every key of the operator; answers their ids. */
export async function revokeAllKeys(tx: Tx, now: Date): Promise<string[]> {
  const rows = await tx.run(
    db
      .updateTable("api_key")
      .set({ revoked_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("revoked_at", "is", null)
      .returning("key_id"),
  );
  return rows.map((row) => row.key_id);
}

/** Several keys at once; missing ones are left out. */
export function getApiKeys(tx: Tx, ids: readonly string[]): Promise<ApiKeyRow[]> {
  return tx.named<ApiKeyRow>(
    "get_api_keys",
    "SELECT * FROM api_key WHERE operator_id = $1 AND key_id = ANY($2)",
    [tx.operator_id, ids],
  );
}

/** A page of keys by id: of those bound to no other mailboxes than the given ones, or all. */
export function listApiKeys(
  tx: Tx,
  filter: { within: readonly string[] | null; after_id?: string | undefined; limit: number },
): Promise<ApiKeyRow[]> {
  // OAuth grants are listed as such.
  let query = db
    .selectFrom("api_key")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("prefix", "<>", "mm_oat_");
  if (filter.within)
    query = query.where(sql<boolean>`mailbox_ids <@ ${[...filter.within]}::text[]`);
  if (filter.after_id) query = query.where("key_id", ">", filter.after_id);
  return tx.run(query.orderBy("key_id").limit(filter.limit));
}

/** Revokes a key; false when it was revoked already or is not there. */
export async function revokeApiKey(tx: Tx, keyId: string, now: Date): Promise<boolean> {
  const rows = await tx.run(
    db
      .updateTable("api_key")
      .set({ revoked_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("key_id", "=", keyId)
      .where("revoked_at", "is", null)
      .returning("key_id"),
  );
  return rows.length > 0;
}

/** Notes when keys were last used, at a minute's grain so that busy keys are not rewritten at every call. */
export async function touchApiKeys(
  database: Database,
  keyIds: readonly string[],
  now: Date,
): Promise<void> {
  await database.as(everyOperator, (tx) =>
    tx.named(
      "touch_api_keys",
      "UPDATE api_key SET last_used_at = $2::timestamptz WHERE key_id = ANY($1) AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')",
      [keyIds, now.toISOString()],
    ),
  );
}

/** Revokes keys that stand for a person: all of them, or those that hold one of the scopes. Answers their ids. */
export async function revokeKeysOf(
  tx: Tx,
  personId: string,
  scopes: readonly string[] | null,
  now: Date,
): Promise<string[]> {
  let query = db
    .updateTable("api_key")
    .set({ revoked_at: now })
    .where("operator_id", "=", tx.operator_id)
    .where("person_id", "=", personId)
    .where("revoked_at", "is", null);
  if (scopes) query = query.where(sql<boolean>`scopes && ${[...scopes]}::text[]`);
  return (await tx.run(query.returning("key_id"))).map((row) => row.key_id);
}
