/** Challenges of WebAuthn: kept until they are answered, answered once. */
import { type Selectable, sql } from "kysely";
import { type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `webauthn_challenge`. */
export type ChallengeRow = Selectable<Tables["webauthn_challenge"]>;

/** What a challenge is for. */
export type ChallengePurpose = ChallengeRow["purpose"];

/** Before it is known who signs in, challenges stand under no operator. */
function ownerOf(tx: Tx): string {
  return tx.operator_id === everyOperator ? "" : tx.operator_id;
}

/** Keeps a challenge, and forgets those of the operator that nobody can answer any more. */
export async function insertChallenge(
  tx: Tx,
  row: Omit<ChallengeRow, "operator_id">,
): Promise<void> {
  await tx.run(
    db
      .deleteFrom("webauthn_challenge")
      .where("operator_id", "=", ownerOf(tx))
      .where("expires_at", "<", row.created_at),
  );
  await tx.run(
    db
      .insertInto("webauthn_challenge")
      .values({ ...row, data: JSON.stringify(row.data), operator_id: ownerOf(tx) }),
  );
}

/** Living challenges that nobody has answered yet, of one person or, with null, of nobody yet known. */
export async function countChallenges(
  tx: Tx,
  by: { purpose: ChallengePurpose; person_id: string | null; now: Date },
): Promise<number> {
  const [row] = await tx.run(
    db
      .selectFrom("webauthn_challenge")
      .select(sql<number>`count(*)::int`.as("count"))
      .where("operator_id", "=", ownerOf(tx))
      .where("purpose", "=", by.purpose)
      .where("person_id", "is not distinct from", by.person_id)
      .where("expires_at", ">", by.now),
  );
  return row?.count ?? 0;
}

/**
 * Takes the challenge away and gives it; null when there is none of this purpose and person that still works. Nothing of it is
 * left: for decisions it holds what opens commitments, which must not outlive an erasure.
 */
export async function takeChallenge(
  tx: Tx,
  by: { purpose: ChallengePurpose; challenge: Buffer; person_id: string | null; now: Date },
): Promise<ChallengeRow | null> {
  const [row] = await tx.run(
    db
      .deleteFrom("webauthn_challenge")
      .where("operator_id", "=", ownerOf(tx))
      .where("challenge", "=", by.challenge)
      .where("purpose", "=", by.purpose)
      .where("person_id", "is not distinct from", by.person_id)
      .where("expires_at", ">", by.now)
      .returningAll(),
  );
  return row ?? null;
}

/** Living challenges for decisions. Each is about one message: whoever holds that message's row is the only one to take it. */
export function readDecisionChallenges(
  tx: Tx,
  challenges: readonly Buffer[],
  now: Date,
): Promise<ChallengeRow[]> {
  return tx.run(
    db
      .selectFrom("webauthn_challenge")
      .selectAll()
      .where("operator_id", "=", ownerOf(tx))
      .where("challenge", "in", [...challenges, Buffer.alloc(0)])
      .where("purpose", "=", "decide")
      .where("expires_at", ">", now),
  );
}

/** Takes away what decisions were made by; throws when one is gone already. */
export async function spendChallenges(tx: Tx, challenges: readonly Buffer[]): Promise<void> {
  if (challenges.length === 0) return;
  const gone = await tx.run(
    db
      .deleteFrom("webauthn_challenge")
      .where("operator_id", "=", ownerOf(tx))
      .where("challenge", "in", [...challenges])
      .returning("challenge"),
  );
  if (gone.length !== challenges.length)
    throw new Error("a challenge was spent while its message was locked");
}
