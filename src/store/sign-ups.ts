/** Sign-ups: who asked to be let in and with which proof of work; whether an address is somebody's already. */
import type { Insertable, Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Wanted } from "./sign-up-tables.ts";
import type { Tables } from "./tables.ts";

export type { Wanted } from "./sign-up-tables.ts";

/** A row of `sign_up`. */
export type SignUpRow = Selectable<Tables["sign_up"]>;

/** The operator that hosts the instance: the first. Sign-ups are its rows, and their mail leaves by its queue. */
export async function hostOperator(database: Database): Promise<string> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string }>(
      "host_operator",
      "SELECT operator_id FROM operator ORDER BY operator_id LIMIT 1",
      [],
    ),
  );
  if (!row) throw new Error("an instance without an operator");
  return row.operator_id;
}

/** The ids of every operator, oldest first; at most `limit`. */
export async function operatorIds(database: Database, limit: number): Promise<string[]> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string }>(
      "operator_ids",
      "SELECT operator_id FROM operator ORDER BY operator_id LIMIT $1",
      [limit],
    ),
  );
  return rows.map((row) => row.operator_id);
}

/** Lets sign-ups of one address go one after the other, until the transaction ends. */
export async function lockSignUps(tx: Tx, email: string): Promise<void> {
  await tx.named("lock_sign_ups", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    JSON.stringify(["sign_up", email.toLowerCase()]),
  ]);
}

/** Adds a sign-up. */
export async function insertSignUp(
  tx: Tx,
  signUp: Omit<Insertable<Tables["sign_up"]>, "operator_id" | "wanted" | "ended_at"> & {
    wanted: Wanted;
  },
): Promise<void> {
  const wanted = JSON.stringify(signUp.wanted);
  await tx.run(db.insertInto("sign_up").values({ ...signUp, wanted, operator_id: tx.operator_id }));
}

/** A sign-up by its id, held until the transaction ends. */
export async function holdSignUp(
  tx: Tx,
  signUpId: string,
  kind: SignUpRow["kind"],
): Promise<SignUpRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("sign_up")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("sign_up_id", "=", signUpId)
      .where("kind", "=", kind)
      .forUpdate(),
  );
  return row ?? null;
}

/** When an address was signed up since a moment, by whomever; oldest first. */
export async function signUpsSince(
  tx: Tx,
  of: { email: string; kind: SignUpRow["kind"] },
  since: Date,
): Promise<Date[]> {
  const rows = await tx.named<{ created_at: Date }>(
    "sign_ups_since",
    `SELECT created_at FROM sign_up WHERE operator_id = $1 AND lower(email) = lower($2) AND kind = $3 AND created_at > $4
     ORDER BY created_at`,
    [tx.operator_id, of.email, of.kind, since.toISOString()],
  );
  return rows.map((row) => row.created_at);
}

/** How many sign-ups of the kind there were since a moment; counted to `most` and no further. */
export async function countSignUps(
  tx: Tx,
  kind: SignUpRow["kind"],
  since: Date,
  most: number,
  mailed: boolean,
): Promise<number> {
  const [row] = await tx.named<{ n: number }>(
    "count_sign_ups",
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM sign_up WHERE operator_id = $1 AND created_at > $2 AND kind = $3
       AND (known OR NOT $5) LIMIT $4) s`,
    [tx.operator_id, since.toISOString(), kind, most, mailed],
  );
  return row?.n ?? 0;
}

/** Ends the open sign-ups of an address: one was let through, and the others must not be. */
export async function endSignUps(
  tx: Tx,
  of: { email: string; kind: SignUpRow["kind"] },
  now: Date,
): Promise<void> {
  await tx.named(
    "end_sign_ups",
    `UPDATE sign_up SET ended_at = $4 WHERE operator_id = $1 AND lower(email) = lower($2) AND kind = $3 AND ended_at IS NULL`,
    [tx.operator_id, of.email, of.kind, now.toISOString()],
  );
}

/** Ends one sign-up. */
export async function endSignUp(tx: Tx, signUpId: string, now: Date): Promise<void> {
  await tx.named(
    "end_sign_up",
    "UPDATE sign_up SET ended_at = $3 WHERE operator_id = $1 AND sign_up_id = $2 AND ended_at IS NULL",
    [tx.operator_id, signUpId, now.toISOString()],
  );
}

/** Takes a proof of work; false where it was taken before. */
export async function useProof(tx: Tx, challenge: string, expires_at: Date): Promise<boolean> {
  const rows = await tx.named<{ challenge: string }>(
    "use_proof",
    `INSERT INTO sign_up_proof (operator_id, challenge, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING challenge`,
    [tx.operator_id, challenge, expires_at.toISOString()],
  );
  return rows.length > 0;
}

/** Deletes sign-ups of before `before`, and proofs that expired before `now`. How many went. */
export async function pruneSignUps(database: Database, before: Date, now: Date): Promise<number> {
  return database.as(everyOperator, async (tx) => {
    const proofs = await tx.named(
      "prune_proofs",
      "DELETE FROM sign_up_proof WHERE expires_at < $1 RETURNING 1",
      [now.toISOString()],
    );
    const signUps = await tx.named(
      "prune_sign_ups",
      "DELETE FROM sign_up WHERE created_at < $1 RETURNING 1",
      [before.toISOString()],
    );
    return proofs.length + signUps.length;
  });
}

/**
 * True where an address is an owner's of whichever operator that was not closed: it has an account. An oversight address is not asked:
 * whoever names one need not read it.
 */
export async function ownsAccount(database: Database, email: string): Promise<boolean> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ known: boolean }>(
      "owns_account",
      `SELECT EXISTS (SELECT 1 FROM operator o WHERE o.closed_at IS NULL
           AND EXISTS (SELECT 1 FROM person p WHERE p.operator_id = o.operator_id AND lower(p.email) = lower($1)
             AND p.role = 'owner' AND p.removed_at IS NULL)) AS known`,
      [email],
    ),
  );
  return row?.known === true;
}

/** Who may let an agent in under an address: an operator, and its owner or admin; `person_id` is null for the oversight address. */
export type Admitter = { operator_id: string; operator_name: string; person_id: string | null };

/**
 * The oldest operator that an address may let agents into: its reader was proven to be an owner or admin there. Of the host's operator
 * the oversight address does too: whoever runs the instance named it. Anybody else could name a stranger's. Null where it is nobody's, or a mailbox there,
 * which agents read.
 */
export async function findAdmitter(
  database: Database,
  email: string,
  host: string,
): Promise<Admitter | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<Admitter>(
      "find_admitter",
      `SELECT o.operator_id, o.name AS operator_name, p.person_id FROM operator o
       LEFT JOIN person p ON p.operator_id = o.operator_id AND lower(p.email) = lower($1)
         AND p.role IN ('owner', 'admin') AND p.removed_at IS NULL
       WHERE o.closed_at IS NULL AND (p.person_id IS NOT NULL OR o.operator_id = $2 AND lower(o.oversight_address) = lower($1))
         AND NOT EXISTS (SELECT 1 FROM mailbox b
           WHERE b.address IN (lower($1), regexp_replace(lower($1), '[+][^@]*@', '@')))
       ORDER BY (p.person_id IS NULL), o.operator_id LIMIT 1`,
      [email, host],
    ),
  );
  return row ?? null;
}

/** True where mail for a domain comes to this instance: whoever has a mailbox there could be an agent. */
export async function isHostedDomain(
  database: Database,
  domain: string,
  instanceDomain: string,
): Promise<boolean> {
  if (domain === instanceDomain || domain.endsWith(`.${instanceDomain}`)) return true;
  const rows = await database.as(everyOperator, (tx) =>
    tx.named(
      "is_hosted_domain",
      "SELECT 1 FROM domain WHERE name = $1 AND verified_at IS NOT NULL",
      [domain],
    ),
  );
  return rows.length > 0;
}
