/** Passkeys that people sign in with, and what is done to all passkeys of a person; those for decisions sign nobody in. */
import type { Insertable, Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `passkey`. */
export type PasskeyRow = Selectable<Tables["passkey"]>;

/** Adds a passkey for signing in. */
export async function insertSignInPasskey(
  tx: Tx,
  passkey: Omit<Insertable<Tables["passkey"]>, "operator_id" | "purpose">,
): Promise<void> {
  const row = { ...passkey, purpose: "sign_in" as const, operator_id: tx.operator_id };
  await tx.run(db.insertInto("passkey").values(row));
}

/** The living sign-in passkey with this credential id, in whatever operator, of a person who was not removed. */
export async function findSignInPasskey(
  database: Database,
  credentialId: Buffer,
): Promise<PasskeyRow | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<PasskeyRow>(
      "find_sign_in_passkey",
      `SELECT k.* FROM passkey k JOIN person p USING (operator_id, person_id)
       WHERE k.credential_id = $1 AND k.purpose = 'sign_in' AND k.revoked_at IS NULL AND p.removed_at IS NULL`,
      [credentialId],
    ),
  );
  return row ?? null;
}

/** The living sign-in passkeys of a person, oldest first. */
export function listSignInPasskeys(tx: Tx, personId: string): Promise<PasskeyRow[]> {
  return tx.run(
    db
      .selectFrom("passkey")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "=", personId)
      .where("purpose", "=", "sign_in")
      .where("revoked_at", "is", null)
      .orderBy("passkey_id"),
  );
}

/** What a person's living passkeys of one purpose are known by: no device holds two of the same. */
export function listCredentials(
  tx: Tx,
  personId: string,
  purpose: PasskeyRow["purpose"],
): Promise<Pick<PasskeyRow, "credential_id" | "transports">[]> {
  return tx.run(
    db
      .selectFrom("passkey")
      .select(["credential_id", "transports"])
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "=", personId)
      .where("purpose", "=", purpose)
      .where("revoked_at", "is", null),
  );
}

/** Notes a use; false when another use brought the count as far already, which a copied authenticator would. */
export async function useSignInPasskey(
  tx: Tx,
  use: { passkey_id: string; sign_count: number; backed_up: boolean; now: Date },
): Promise<boolean> {
  const rows = await tx.run(
    db
      .updateTable("passkey")
      .set({ sign_count: use.sign_count, backed_up: use.backed_up, last_used_at: use.now })
      .where("operator_id", "=", tx.operator_id)
      .where("passkey_id", "=", use.passkey_id)
      .where("purpose", "=", "sign_in")
      .where("revoked_at", "is", null)
      .where((either) =>
        either.or([
          either("sign_count", "<", String(use.sign_count)),
          // Many authenticators do not count.
          either.and([either("sign_count", "=", "0"), either.lit(use.sign_count === 0)]),
        ]),
      )
      .returning("passkey_id"),
  );
  return rows.length > 0;
}

/** Renames a sign-in passkey of a person; null when there is none. */
export async function renameSignInPasskey(
  tx: Tx,
  of: { passkey_id: string; person_id: string },
  name: string,
): Promise<PasskeyRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("passkey")
      .set({ name })
      .where("operator_id", "=", tx.operator_id)
      .where("passkey_id", "=", of.passkey_id)
      .where("person_id", "=", of.person_id)
      .where("purpose", "=", "sign_in")
      .where("revoked_at", "is", null)
      .returningAll(),
  );
  return row ?? null;
}

/** Revokes one sign-in passkey of a person; null when there is none. */
export async function revokeSignInPasskey(
  tx: Tx,
  of: { passkey_id: string; person_id: string },
  by: { revoked_by: string; now: Date },
): Promise<PasskeyRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("passkey")
      .set({ revoked_at: by.now, revoked_by: by.revoked_by })
      .where("operator_id", "=", tx.operator_id)
      .where("passkey_id", "=", of.passkey_id)
      .where("person_id", "=", of.person_id)
      .where("purpose", "=", "sign_in")
      .where("revoked_at", "is", null)
      .returningAll(),
  );
  return row ?? null;
}

/** Revokes every passkey of a person, of either purpose; answers what was revoked. Those for decisions need their entry. */
export function revokeAllPasskeys(
  tx: Tx,
  personId: string,
  by: { revoked_by: string; now: Date },
): Promise<PasskeyRow[]> {
  return tx.run(
    db
      .updateTable("passkey")
      .set({ revoked_at: by.now, revoked_by: by.revoked_by })
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "=", personId)
      .where("revoked_at", "is", null)
      .returningAll(),
  );
}
