/** Sessions and one-time sign-in links. Tokens are stored as SHA-256 of high-entropy secrets, those rotated away too. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { PersonRow } from "./people.ts";
import type { Tables } from "./tables.ts";

/** A session with its person. */
export type SessionRow = Selectable<Tables["session"]> & Pick<PersonRow, "name" | "email" | "role">;

/** Tokens of a session that are remembered after they were rotated away. */
const remembered = 64;

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

/** Makes the links that a person still has worthless. */
export async function voidSignInLinks(tx: Tx, personId: string, now: Date): Promise<void> {
  await tx.run(
    db
      .updateTable("sign_in_link")
      .set({ used_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "=", personId)
      .where("used_at", "is", null),
  );
}

/** Adds a session. */
export async function insertSession(
  tx: Tx,
  session: Omit<Insertable<Tables["session"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("session").values({ ...session, operator_id: tx.operator_id }));
}

/** How a token belongs to a session: its present one, the one before, or an older one. */
export type TokenAge = "present" | "previous" | "spent";

const columns = "s.*, p.name, p.email, p.role";
const living =
  "FROM session s JOIN person p USING (operator_id, person_id) WHERE s.ended_at IS NULL AND s.expires_at > $2 AND p.removed_at IS NULL AND EXISTS (SELECT 1 FROM operator o WHERE o.operator_id = s.operator_id AND o.closed_at IS NULL)";

/** The living session that a token is or was of. */
export function findSession(
  database: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<{ row: SessionRow; token: TokenAge } | null> {
  return database.as(everyOperator, async (tx) => {
    const lookUps = [
      ["present", "s.token_hash = $1"],
      ["previous", "s.previous_hash = $1"],
      ["spent", "s.spent_hashes @> ARRAY[$1::bytea]"],
    ] as const;
    for (const [token, where] of lookUps) {
      const text = `SELECT ${columns} ${living} AND ${where}`;
      const values = [tokenHash, now.toISOString()];
      const [row] = await tx.named<SessionRow>(`find_session_${token}`, text, values);
      if (row) return { row, token };
    }
    return null;
  });
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

/**
 * Gives a session another token; false when the present one is another than `from` by now, or the session ended. `verified` is a
 * proof of who the person is that came with it.
 */
export async function rotateSession(
  tx: Tx,
  rotation: {
    session_id: string;
    from: Buffer;
    to: Buffer;
    now: Date;
    verified_by?: SessionRow["verified_by"];
  },
): Promise<boolean> {
  const { session_id, from, to, now, verified_by } = rotation;
  const rows = await tx.run(
    db
      .updateTable("session")
      .set({
        token_hash: to,
        previous_hash: from,
        spent_hashes: sql<Buffer[]>`CASE WHEN previous_hash IS NULL THEN spent_hashes
          ELSE (array_prepend(previous_hash, spent_hashes))[1:${sql.lit(remembered)}] END`,
        rotated_at: now,
        last_seen_at: now,
        ...(verified_by === undefined ? {} : { verified_at: now, verified_by }),
      })
      .where("operator_id", "=", tx.operator_id)
      .where("session_id", "=", session_id)
      .where("token_hash", "=", from)
      .where("ended_at", "is", null)
      .returning("session_id"),
  );
  return rows.length > 0;
}

/** Ends the session behind a token. */
export async function endSession(database: Database, tokenHash: Buffer, now: Date): Promise<void> {
  await database.as(everyOperator, (tx) =>
    tx.run(
      db
        .updateTable("session")
        .set({ ended_at: now })
        .where((either) =>
          either.or([
            either("token_hash", "=", tokenHash),
            either("previous_hash", "=", tokenHash),
          ]),
        )
        .where("ended_at", "is", null),
    ),
  );
}

/** Ends sessions of the operator: one, all of a person but perhaps one, or all; answers their ids and people. */
export async function endSessions(
  tx: Tx,
  which: { session_id: string } | { person_id: string; except?: string } | "all",
  now: Date,
): Promise<{ session_id: string; person_id: string }[]> {
  let query = db
    .updateTable("session")
    .set({ ended_at: now })
    .where("operator_id", "=", tx.operator_id)
    .where("ended_at", "is", null);
  if (which === "all") return tx.run(query.returning(["session_id", "person_id"]));
  if ("session_id" in which) query = query.where("session_id", "=", which.session_id);
  else {
    query = query.where("person_id", "=", which.person_id);
    if (which.except !== undefined) query = query.where("session_id", "<>", which.except);
  }
  return tx.run(query.returning(["session_id", "person_id"]));
}

/** A page of the living sessions of one person, or of all. */
export function listSessions(
  tx: Tx,
  page: {
    person_id: string | null;
    now: Date;
    idle_since: Date;
    after_id?: string | undefined;
    limit: number;
  },
): Promise<SessionRow[]> {
  let query = db
    .selectFrom("session as s")
    .innerJoin("person as p", (join) =>
      join.onRef("p.operator_id", "=", "s.operator_id").onRef("p.person_id", "=", "s.person_id"),
    )
    .selectAll("s")
    .select(["p.name", "p.email", "p.role"])
    .where("s.operator_id", "=", tx.operator_id)
    .where("s.ended_at", "is", null)
    .where("s.expires_at", ">", page.now)
    .where("s.last_seen_at", ">", page.idle_since);
  if (page.person_id !== null) query = query.where("s.person_id", "=", page.person_id);
  if (page.after_id) query = query.where("s.session_id", ">", page.after_id);
  return tx.run(query.orderBy("s.session_id").limit(page.limit));
}

/** The person of a living session of the operator; null when it is not there. */
export async function personOfSession(tx: Tx, sessionId: string): Promise<string | null> {
  const [row] = await tx.run(
    db
      .selectFrom("session")
      .select("person_id")
      .where("operator_id", "=", tx.operator_id)
      .where("session_id", "=", sessionId)
      .where("ended_at", "is", null),
  );
  return row?.person_id ?? null;
}
