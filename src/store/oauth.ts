/** OAuth grants and their tokens. A grant's scopes, mailboxes and end are those of the key of the same id. */
import type { Insertable, Selectable } from "kysely";
import type { ApiKeyRow } from "./credentials.ts";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { PersonRow } from "./people.ts";
import type { Tables } from "./tables.ts";

/** A row of `oauth_grant`. */
export type GrantRow = Selectable<Tables["oauth_grant"]>;

/** A grant with what its key says, and whose it is. */
export type GrantView = GrantRow &
  Pick<
    ApiKeyRow,
    "scopes" | "mailbox_ids" | "created_at" | "expires_at" | "revoked_at" | "last_used_at"
  > & { person_name: string; role: PersonRow["role"]; removed_at: Date | null };

/** A row of `oauth_token`. */
export type TokenRow = Selectable<Tables["oauth_token"]>;

/** What is found behind an access token. `agents`: the person's other grants, as principals. */
export type FoundToken = ApiKeyRow & {
  found_hash: Buffer;
  token_expires_at: Date;
  resource: string;
  role: PersonRow["role"];
  agents: string[];
};

/** Finds access tokens of living people by their hashes, in whatever operator. */
export function findAccessTokens(
  database: Database,
  hashes: readonly Buffer[],
): Promise<FoundToken[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<FoundToken>(
      "find_access_tokens",
      `SELECT k.*, t.token_hash AS found_hash, t.expires_at AS token_expires_at, g.resource, p.role,
         CASE WHEN 'oversight' = ANY (k.scopes) THEN ARRAY(SELECT 'key:' || o.grant_id FROM oauth_grant o
           WHERE o.operator_id = g.operator_id AND o.person_id = g.person_id AND o.grant_id <> g.grant_id)
         ELSE ARRAY[]::text[] END AS agents
       FROM oauth_token t
       JOIN oauth_grant g USING (operator_id, grant_id)
       JOIN api_key k ON k.operator_id = g.operator_id AND k.key_id = g.grant_id
       JOIN person p ON p.operator_id = g.operator_id AND p.person_id = g.person_id
       WHERE t.token_hash = ANY($1) AND t.kind = 'access' AND p.removed_at IS NULL
         AND EXISTS (SELECT 1 FROM operator c WHERE c.operator_id = k.operator_id AND c.closed_at IS NULL)`,
      [hashes],
    ),
  );
}

/** Adds a grant; its key must be there. */
export async function insertGrant(
  tx: Tx,
  grant: Omit<Insertable<Tables["oauth_grant"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("oauth_grant").values({ ...grant, operator_id: tx.operator_id }));
}

/** Where the grant of a code, or of a token, is; in whatever operator. */
export async function locateGrant(
  database: Database,
  by: "code" | "token",
  hash: Buffer,
): Promise<{ operator_id: string; grant_id: string } | null> {
  const text =
    by === "code"
      ? "SELECT operator_id, grant_id FROM oauth_grant WHERE code_hash = $1"
      : "SELECT operator_id, grant_id FROM oauth_token WHERE token_hash = $1";
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string; grant_id: string }>(`locate_grant_by_${by}`, text, [hash]),
  );
  return row ?? null;
}

const viewColumns = `g.*, k.scopes, k.mailbox_ids, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
  p.name AS person_name, p.role, p.removed_at`;
const viewTables = `FROM oauth_grant g
  JOIN api_key k ON k.operator_id = g.operator_id AND k.key_id = g.grant_id
  JOIN person p ON p.operator_id = g.operator_id AND p.person_id = g.person_id`;

/** A grant, which nobody else changes before the transaction ends. */
export async function holdGrant(tx: Tx, grantId: string): Promise<GrantView | null> {
  // The row is locked first and read after, so that what was changed while this waited is seen.
  await tx.named(
    "lock_grant",
    "SELECT 1 FROM oauth_grant WHERE operator_id = $1 AND grant_id = $2 FOR UPDATE",
    [tx.operator_id, grantId],
  );
  const [row] = await tx.named<GrantView>(
    "hold_grant",
    `SELECT ${viewColumns} ${viewTables} WHERE g.operator_id = $1 AND g.grant_id = $2`,
    [tx.operator_id, grantId],
  );
  return row ?? null;
}

/** A page of the living grants that a client has taken up, of one person or of all. */
export function listGrants(
  tx: Tx,
  page: { person_id: string | null; now: Date; after_id?: string | undefined; limit: number },
): Promise<GrantView[]> {
  return tx.named<GrantView>(
    "list_grants",
    `SELECT ${viewColumns} ${viewTables}
     WHERE g.operator_id = $1 AND ($2::text IS NULL OR g.person_id = $2) AND g.grant_id > $3
       AND g.begun_at IS NOT NULL AND k.revoked_at IS NULL AND k.expires_at > $4 AND p.removed_at IS NULL
     ORDER BY g.grant_id LIMIT $5`,
    [tx.operator_id, page.person_id, page.after_id ?? "", page.now.toISOString(), page.limit],
  );
}

/** Grants of a person that were not revoked. */
export async function livingGrantsOf(
  tx: Tx,
  personId: string,
): Promise<{ grant_id: string; scopes: string[] }[]> {
  return tx.named(
    "living_grants_of",
    `SELECT g.grant_id, k.scopes FROM oauth_grant g JOIN api_key k ON k.operator_id = g.operator_id AND k.key_id = g.grant_id
     WHERE g.operator_id = $1 AND g.person_id = $2 AND k.revoked_at IS NULL ORDER BY g.grant_id`,
    [tx.operator_id, personId],
  );
}

/** Uses a grant's code up; with `resource` where it was exchanged well, for that much of what was granted. */
export async function spendCode(
  tx: Tx,
  grantId: string,
  { now, resource }: { now: Date; resource?: string },
): Promise<void> {
  await tx.run(
    db
      .updateTable("oauth_grant")
      .set({ code_used_at: now, ...(resource === undefined ? {} : { begun_at: now, resource }) })
      .where("operator_id", "=", tx.operator_id)
      .where("grant_id", "=", grantId),
  );
}

/** A token of the operator, whatever its kind and state. */
export async function getToken(tx: Tx, hash: Buffer): Promise<TokenRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("oauth_token")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("token_hash", "=", hash),
  );
  return row ?? null;
}

/** Adds tokens of a grant, and deletes those of it that have expired. */
export async function insertTokens(
  tx: Tx,
  grantId: string,
  now: Date,
  tokens: readonly { token_hash: Buffer; kind: TokenRow["kind"]; expires_at: Date }[],
): Promise<void> {
  await tx.run(
    db
      .deleteFrom("oauth_token")
      .where("operator_id", "=", tx.operator_id)
      .where("grant_id", "=", grantId)
      .where("expires_at", "<=", now),
  );
  const own = { operator_id: tx.operator_id, grant_id: grantId, created_at: now, used_at: null };
  await tx.run(db.insertInto("oauth_token").values(tokens.map((token) => ({ ...token, ...own }))));
}

/** Marks a refresh token as exchanged. */
export async function spendToken(tx: Tx, hash: Buffer, now: Date): Promise<void> {
  await tx.run(
    db
      .updateTable("oauth_token")
      .set({ used_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("token_hash", "=", hash),
  );
}

/** Deletes one token, or every token of a grant. */
export async function deleteTokens(
  tx: Tx,
  which: { token_hash: Buffer } | { grant_id: string },
): Promise<void> {
  const query = db.deleteFrom("oauth_token").where("operator_id", "=", tx.operator_id);
  await tx.run(
    "grant_id" in which
      ? query.where("grant_id", "=", which.grant_id)
      : query.where("token_hash", "=", which.token_hash),
  );
}

/** A client that registered, or null. */
export async function getClient(
  database: Database,
  clientId: string,
): Promise<Record<string, unknown> | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.run(db.selectFrom("oauth_client").select("metadata").where("client_id", "=", clientId)),
  );
  return row?.metadata ?? null;
}

/** Registers a client; false where `at_most` wait already for somebody to use them. Those of yesterday are deleted first. */
export async function insertClient(
  database: Database,
  client: { client_id: string; metadata: object; created_at: Date },
  limits: { unused_since: Date; at_most: number },
): Promise<void> {
  await database.transaction(everyOperator, async (tx) => {
    await tx.run(
      db
        .deleteFrom("oauth_client")
        .where("used_at", "is", null)
        .where("created_at", "<", limits.unused_since),
    );
    // The oldest go, so that nobody closes the door by registering.
    const kept = db
      .selectFrom("oauth_client")
      .select("client_id")
      .where("used_at", "is", null)
      .orderBy("created_at", "desc")
      .limit(limits.at_most - 1);
    await tx.run(
      db.deleteFrom("oauth_client").where("used_at", "is", null).where("client_id", "not in", kept),
    );
    const { client_id, created_at } = client;
    const metadata = JSON.stringify(client.metadata);
    await tx.run(
      db.insertInto("oauth_client").values({ client_id, metadata, created_at, used_at: null }),
    );
  });
}

/** Notes that somebody granted the client something: from then on it stays. */
export async function noteClientUsed(tx: Tx, clientId: string, now: Date): Promise<void> {
  await tx.run(
    db
      .updateTable("oauth_client")
      .set({ used_at: now })
      .where("client_id", "=", clientId)
      .where("used_at", "is", null),
  );
}
