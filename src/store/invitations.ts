/** Invitations: a mailed link that makes somebody a member, once. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `invitation`. */
export type InvitationRow = Selectable<Tables["invitation"]>;

/** Adds an invitation. */
export async function insertInvitation(
  tx: Tx,
  invitation: Omit<Insertable<Tables["invitation"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("invitation").values({ ...invitation, operator_id: tx.operator_id }));
}

/** A page of the invitations that can still be accepted. */
export function listInvitations(
  tx: Tx,
  page: { now: Date; after_id?: string | undefined; limit: number },
): Promise<InvitationRow[]> {
  let query = db
    .selectFrom("invitation")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("accepted_at", "is", null)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", page.now);
  if (page.after_id) query = query.where("invitation_id", ">", page.after_id);
  return tx.run(query.orderBy("invitation_id").limit(page.limit));
}

/** How many were made since a moment. */
export async function countInvitationsSince(tx: Tx, since: Date): Promise<number> {
  const [row] = await tx.run(
    db
      .selectFrom("invitation")
      .select(sql<number>`count(*)::int`.as("made"))
      .where("operator_id", "=", tx.operator_id)
      .where("created_at", ">", since),
  );
  return row?.made ?? 0;
}

/** An invitation by id, whatever became of it. */
export async function getInvitation(tx: Tx, invitationId: string): Promise<InvitationRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("invitation")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("invitation_id", "=", invitationId),
  );
  return row ?? null;
}

/** Revokes the open invitations of an id, an address or an inviter; answers their ids. */
export async function revokeInvitations(
  tx: Tx,
  of: { invitation_id: string } | { email: string } | { invited_by: string },
  now: Date,
): Promise<string[]> {
  let query = db
    .updateTable("invitation")
    .set({ revoked_at: now })
    .where("operator_id", "=", tx.operator_id)
    .where("accepted_at", "is", null)
    .where("revoked_at", "is", null);
  if ("invitation_id" in of) query = query.where("invitation_id", "=", of.invitation_id);
  else if ("email" in of) query = query.where(sql<boolean>`lower(email) = lower(${of.email})`);
  else query = query.where("invited_by", "=", of.invited_by);
  return (await tx.run(query.returning("invitation_id"))).map((row) => row.invitation_id);
}

/** Whose operator a link of an invitation is of, whatever became of it. */
export async function operatorOfInvitation(
  database: Database,
  tokenHash: Buffer,
): Promise<string | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.run(db.selectFrom("invitation").select("operator_id").where("token_hash", "=", tokenHash)),
  );
  return row?.operator_id ?? null;
}

/** Uses an invitation up for a new person: of two who try, one gets it. Null when it is used, revoked or expired. */
export async function acceptInvitation(
  tx: Tx,
  accepted: { token_hash: Buffer; person_id: string; now: Date },
): Promise<InvitationRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("invitation")
      .set({ accepted_at: accepted.now, person_id: accepted.person_id })
      .where("operator_id", "=", tx.operator_id)
      .where("token_hash", "=", accepted.token_hash)
      .where("accepted_at", "is", null)
      .where("revoked_at", "is", null)
      .where("expires_at", ">", accepted.now)
      .returningAll(),
  );
  return row ?? null;
}
