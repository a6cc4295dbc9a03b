/** People of an operator: whoever was removed stays in the log and in what they decided, and can do nothing. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `person`. */
export type PersonRow = Selectable<Tables["person"]>;

/** Lets changes of who may do what go one after the other, from here to the end of the transaction. */
export async function lockPeople(tx: Tx): Promise<void> {
  await tx.named("lock_people", "SELECT 1 FROM operator WHERE operator_id = $1 FOR NO KEY UPDATE", [
    tx.operator_id,
  ]);
}

/** Adds a person. */
export async function insertPerson(
  tx: Tx,
  person: Omit<Insertable<Tables["person"]>, "operator_id">,
): Promise<void> {
  await tx.run(db.insertInto("person").values({ ...person, operator_id: tx.operator_id }));
}

/** People by id, removed ones too. */
export function getPeople(tx: Tx, ids: readonly string[]): Promise<PersonRow[]> {
  return tx.run(
    db
      .selectFrom("person")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "in", [...ids, ""]),
  );
}

/** A person who was not removed, and is not removed or changed before the transaction ends. */
export async function holdPerson(tx: Tx, personId: string): Promise<PersonRow | null> {
  const [row] = await tx.named<PersonRow>(
    "hold_person",
    "SELECT * FROM person WHERE operator_id = $1 AND person_id = $2 AND removed_at IS NULL FOR SHARE",
    [tx.operator_id, personId],
  );
  return row ?? null;
}

/** A person, with how many passkeys they sign in with and decide with. */
export type MemberRow = PersonRow & { sign_in_passkeys: number; decision_passkeys: number };

/** A page of the people who were not removed. */
export function listPeople(
  tx: Tx,
  page: { after_id?: string | undefined; limit: number },
): Promise<MemberRow[]> {
  const passkeys = (
    purpose: "sign_in" | "decision",
  ) => sql<number>`(SELECT count(*)::int FROM passkey k
    WHERE k.operator_id = person.operator_id AND k.person_id = person.person_id AND k.purpose = ${purpose} AND k.revoked_at IS NULL)`;
  let query = db
    .selectFrom("person")
    .selectAll()
    .select([
      passkeys("sign_in").as("sign_in_passkeys"),
      passkeys("decision").as("decision_passkeys"),
    ])
    .where("operator_id", "=", tx.operator_id)
    .where("removed_at", "is", null);
  if (page.after_id) query = query.where("person_id", ">", page.after_id);
  return tx.run(query.orderBy("person_id").limit(page.limit));
}

/** The operator's owner who was there first. */
export async function firstOwner(tx: Tx): Promise<PersonRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("person")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("role", "=", "owner")
      .where("removed_at", "is", null)
      .orderBy("person_id")
      .limit(1),
  );
  return row ?? null;
}

/** How many owners there are. */
export async function countOwners(tx: Tx): Promise<number> {
  const [row] = await tx.run(
    db
      .selectFrom("person")
      .select(sql<number>`count(*)::int`.as("owners"))
      .where("operator_id", "=", tx.operator_id)
      .where("role", "=", "owner")
      .where("removed_at", "is", null),
  );
  return row?.owners ?? 0;
}

/** The person of the operator with this address, in whatever case. */
export async function findPersonByEmail(tx: Tx, email: string): Promise<PersonRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("person")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where(sql<boolean>`lower(email) = lower(${email})`)
      .where("removed_at", "is", null),
  );
  return row ?? null;
}

/** Whoever has this address, in every operator that was not closed; at most `limit`. */
export function findPeopleByEmail(
  database: Database,
  email: string,
  limit: number,
): Promise<(PersonRow & { operator_name: string })[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<PersonRow & { operator_name: string }>(
      "find_people_by_email",
      `SELECT p.*, o.name AS operator_name FROM person p JOIN operator o USING (operator_id)
       WHERE lower(p.email) = lower($1) AND p.removed_at IS NULL AND o.closed_at IS NULL ORDER BY p.operator_id LIMIT $2`,
      [email, limit],
    ),
  );
}

/** Changes a person's name or role; null when they are not there. */
export async function updatePerson(
  tx: Tx,
  personId: string,
  change: { name?: string; role?: PersonRow["role"]; removed_at?: Date },
): Promise<PersonRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("person")
      .set(change)
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "=", personId)
      .where("removed_at", "is", null)
      .returningAll(),
  );
  return row ?? null;
}
