/** Contacts: the people an operator knows, by address in lower case. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `contact`. */
export type ContactRow = Selectable<Tables["contact"]>;

/** Addresses of contacts, those last touched first. */
export async function listContactAddresses(tx: Tx, limit: number): Promise<string[]> {
  const rows = await tx.run(
    db
      .selectFrom("contact")
      .select("email")
      .where("operator_id", "=", tx.operator_id)
      .orderBy("updated_at", "desc")
      .limit(limit),
  );
  return rows.map((row) => row.email);
}

/** Contacts, the newest first; `q` is a part of the address or the name, compared without case. */
export function searchContacts(
  tx: Tx,
  filter: { q?: string | undefined; before_id?: string | undefined; limit: number },
): Promise<ContactRow[]> {
  let query = db.selectFrom("contact").selectAll().where("operator_id", "=", tx.operator_id);
  if (filter.q) {
    const pattern = `%${filter.q.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    query = query.where((eb) =>
      eb.or([eb("email", "ilike", pattern), eb("name", "ilike", pattern)]),
    );
  }
  if (filter.before_id) query = query.where("contact_id", "<", filter.before_id);
  return tx.run(query.orderBy("contact_id", "desc").limit(filter.limit));
}

/** A contact by address; `lock` holds the row until the transaction ends. */
export function findContact(tx: Tx, email: string, lock: boolean): Promise<ContactRow | null> {
  return contactBy(tx, "email", email, lock);
}

/** A contact by id; `lock` holds the row until the transaction ends. */
export function getContact(tx: Tx, contactId: string, lock: boolean): Promise<ContactRow | null> {
  return contactBy(tx, "contact_id", contactId, lock);
}

async function contactBy(
  tx: Tx,
  column: "email" | "contact_id",
  value: string,
  lock: boolean,
): Promise<ContactRow | null> {
  let query = db
    .selectFrom("contact")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where(column, "=", value);
  if (lock) query = query.forNoKeyUpdate();
  const [row] = await tx.run(query);
  return row ?? null;
}

/** A new contact, or new words about one. */
export type ContactChange = {
  contact_id: string;
  email: string;
  name: string | null;
  metadata: Record<string, string>;
  now: Date;
};

/** Adds a contact; false where the address has one already. */
export async function insertContact(tx: Tx, contact: ContactChange): Promise<boolean> {
  const { now, metadata, ...row } = contact;
  const inserted = await tx.run(
    db
      .insertInto("contact")
      .values({
        ...row,
        operator_id: tx.operator_id,
        metadata: JSON.stringify(metadata),
        created_at: now,
        updated_at: now,
      })
      .onConflict((conflict) => conflict.columns(["operator_id", "email"]).doNothing())
      .returning("contact_id"),
  );
  return inserted.length > 0;
}

/** Changes what is said of a contact. */
export async function updateContact(
  tx: Tx,
  { contact_id, name, metadata, now }: Omit<ContactChange, "email">,
): Promise<void> {
  await tx.run(
    db
      .updateTable("contact")
      .set({ name, metadata: JSON.stringify(metadata), updated_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("contact_id", "=", contact_id),
  );
}

/** Removes a contact; answers the row that went, or null. */
export async function deleteContact(tx: Tx, contactId: string): Promise<ContactRow | null> {
  const [row] = await tx.run(
    db
      .deleteFrom("contact")
      .where("operator_id", "=", tx.operator_id)
      .where("contact_id", "=", contactId)
      .returningAll(),
  );
  return row ?? null;
}
