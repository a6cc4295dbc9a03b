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
  row: Omit<ChallengeRow, "operator_id" | "used_at">,
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
      .values({ ...row, data: JSON.stringify(row.data), operator_id: ownerOf(tx), used_at: null }),
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
      .where("used_at", "is", null)
      .where("expires_at", ">", by.now),
  );
  return row?.count ?? 0;
}

/** Marks the challenge as used and gives it; null when there is none of this purpose and person that still works. */
export async function useChallenge(
  tx: Tx,
  by: { purpose: ChallengePurpose; challenge: Buffer; person_id: string | null; now: Date },
): Promise<ChallengeRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("webauthn_challenge")
      .set({ used_at: by.now })
      .where("operator_id", "=", ownerOf(tx))
      .where("challenge", "=", by.challenge)
      .where("purpose", "=", by.purpose)
      .where("person_id", "is not distinct from", by.person_id)
      .where("used_at", "is", null)
      .where("expires_at", ">", by.now)
      .returningAll(),
  );
  return row ?? null;
}
