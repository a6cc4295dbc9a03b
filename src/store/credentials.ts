/** API keys, people, one-time links and sessions. Secrets are stored as SHA-256 of high-entropy tokens. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `api_key`. */
export type ApiKeyRow = Selectable<Tables["api_key"]>;
/** A row of `person`. */
export type PersonRow = Selectable<Tables["person"]>;
/** A session with its person. */
export type SessionRow = Selectable<Tables["session"]> & Pick<PersonRow, "name" | "email" | "role">;

/** Finds keys by the hash of their secret, in whatever operator. */
export function findApiKeys(database: Database, hashes: readonly Buffer[]): Promise<ApiKeyRow[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<ApiKeyRow>("find_api_keys", "SELECT * FROM api_key WHERE token_hash = ANY($1)", [
      hashes,
    ]),
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
  let query = db.selectFrom("api_key").selectAll().where("operator_id", "=", tx.operator_id);
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

/** Adds a person. */
export async function insertPerson(
  tx: Tx,
  person: Omit<Insertable<Tables["person"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("person").values({ ...person, operator_id: tx.operator_id }));
}

/** People by id. */
export function getPeople(tx: Tx, ids: readonly string[]): Promise<PersonRow[]> {
  return tx.run(
    db
      .selectFrom("person")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "in", [...ids, ""]),
  );
}

/** The operator's owner who was there first. */
export async function firstOwner(tx: Tx): Promise<PersonRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("person")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("role", "=", "owner")
      .orderBy("person_id")
      .limit(1),
  );
  return row ?? null;
}

/** Adds a one-time sign-in link. */
export async function insertSignInLink(
  tx: Tx,
  link: Omit<Insertable<Tables["sign_in_link"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("sign_in_link").values({ ...link, operator_id: tx.operator_id }));
}

/** Uses up a link: of two who try, one gets it. Null when unknown, used or expired. */
export async function useSignInLink(
  database: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<{ operator_id: string; person_id: string } | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.run(
      db
        .updateTable("sign_in_link")
        .set({ used_at: now })
        .where("token_hash", "=", tokenHash)
        .where("used_at", "is", null)
        .where("expires_at", ">", now)
        .returning(["operator_id", "person_id"]),
    ),
  );
  return row ?? null;
}

/** Adds a session. */
export async function insertSession(
  tx: Tx,
  session: Omit<Insertable<Tables["session"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("session").values({ ...session, operator_id: tx.operator_id }));
}

/** The living session behind a token. */
export async function findSession(
  database: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<SessionRow | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.run(
      db
        .selectFrom("session as s")
        .innerJoin("person as p", (join) =>
          join
            .onRef("p.operator_id", "=", "s.operator_id")
            .onRef("p.person_id", "=", "s.person_id"),
        )
        .selectAll("s")
        .select(["p.name", "p.email", "p.role"])
        .where("s.token_hash", "=", tokenHash)
        .where("s.ended_at", "is", null)
        .where("s.expires_at", ">", now),
    ),
  );
  return row ?? null;
}

/** Notes that a session was used, which keeps it from ending for idleness. */
export async function touchSession(
  database: Database,
  session: Pick<SessionRow, "operator_id" | "session_id">,
  now: Date,
): Promise<void> {
  await database.as(session.operator_id, (tx) =>
    tx.run(
      db
        .updateTable("session")
        .set({ last_seen_at: now })
        .where("operator_id", "=", session.operator_id)
        .where("session_id", "=", session.session_id),
    ),
  );
}

/** Ends the session behind a token. */
export async function endSession(database: Database, tokenHash: Buffer, now: Date): Promise<void> {
  await database.as(everyOperator, (tx) =>
    tx.run(
      db
        .updateTable("session")
        .set({ ended_at: now })
        .where("token_hash", "=", tokenHash)
        .where("ended_at", "is", null),
    ),
  );
}
