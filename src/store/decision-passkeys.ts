/** Passkeys that people decide with: the approver directory. Those for signing in stand in the same table and are never found here. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `passkey`. */
export type PasskeyRow = Selectable<Tables["passkey"]>;

/** A passkey with whose it is, and where its enrolment stands in the log: null until the sequencer has placed it. */
export type DirectoryRow = PasskeyRow & {
  person_name: string;
  person_email: string;
  idx: number | null;
};

/** Adds a passkey for decisions; the same transaction appends the entry that it names. */
export async function insertDecisionPasskey(
  tx: Tx,
  passkey: Omit<Insertable<Tables["passkey"]>, "operator_id" | "purpose"> & {
    entry_id: string;
    leaf_hash: Buffer;
  },
): Promise<void> {
  const row = { ...passkey, purpose: "decision" as const, operator_id: tx.operator_id };
  await tx.run(db.insertInto("passkey").values(row));
}

/** The directory, oldest first: living passkeys, or with `revoked` all there ever were; of one person, or of everybody. */
export async function listDirectory(
  tx: Tx,
  filter: { person_id?: string; passkey_id?: string; revoked: boolean },
): Promise<DirectoryRow[]> {
  let query = db
    .selectFrom("passkey as k")
    .innerJoin("person as p", (join) =>
      join.onRef("p.operator_id", "=", "k.operator_id").onRef("p.person_id", "=", "k.person_id"),
    )
    .leftJoin("log_index as i", (join) =>
      join.onRef("i.operator_id", "=", "k.operator_id").onRef("i.entry_id", "=", "k.entry_id"),
    )
    .selectAll("k")
    .select([
      "p.name as person_name",
      "p.email as person_email",
      sql<string | null>`i.idx`.as("idx"),
    ])
    .where("k.operator_id", "=", tx.operator_id)
    .where("k.purpose", "=", "decision");
  if (filter.person_id !== undefined) query = query.where("k.person_id", "=", filter.person_id);
  if (filter.passkey_id !== undefined) query = query.where("k.passkey_id", "=", filter.passkey_id);
  if (!filter.revoked) query = query.where("k.revoked_at", "is", null);
  const rows = await tx.run(query.orderBy("k.passkey_id"));
  return rows.map((row) => ({ ...row, idx: row.idx === null ? null : Number(row.idx) }));
}

/** Living passkeys for decisions with these credential ids, of people who were not removed. */
export function findDecisionPasskeys(
  tx: Tx,
  credentialIds: readonly Buffer[],
): Promise<PasskeyRow[]> {
  return tx.named<PasskeyRow>(
    "find_decision_passkeys",
    `SELECT k.* FROM passkey k JOIN person p USING (operator_id, person_id)
     WHERE k.operator_id = $1 AND k.credential_id = ANY($2) AND k.purpose = 'decision' AND k.revoked_at IS NULL
       AND p.removed_at IS NULL`,
    [tx.operator_id, credentialIds],
  );
}

/** An entry that changed the directory, with its place in the log. */
export type DirectoryEntry = {
  passkey_id: string;
  entry_id: string;
  idx: number | null;
  body: Buffer;
  type: string;
};

/** The entries that enrolled and revoked these passkeys. */
export async function directoryEntries(
  tx: Tx,
  passkeyIds: readonly string[],
): Promise<DirectoryEntry[]> {
  const rows = await tx.named<Omit<DirectoryEntry, "idx"> & { idx: string | null }>(
    "directory_entries",
    `SELECT e.resource AS passkey_id, e.entry_id, e.type, e.body, i.idx FROM log_entry e
     LEFT JOIN log_index i ON i.operator_id = e.operator_id AND i.entry_id = e.entry_id
     WHERE e.operator_id = $1 AND e.resource = ANY($2) AND e.type IN ('approver.enrolled', 'approver.revoked')
     ORDER BY e.entry_id`,
    [tx.operator_id, passkeyIds],
  );
  return rows.map((row) => ({ ...row, idx: row.idx === null ? null : Number(row.idx) }));
}

/** Passkeys for decisions by id, revoked ones too. */
export function getDecisionPasskeys(tx: Tx, ids: readonly string[]): Promise<PasskeyRow[]> {
  return tx.named<PasskeyRow>(
    "get_decision_passkeys",
    "SELECT * FROM passkey WHERE operator_id = $1 AND passkey_id = ANY($2) AND purpose = 'decision'",
    [tx.operator_id, ids],
  );
}

/** Notes that passkeys were decided with. */
export async function noteDecisionPasskeys(
  tx: Tx,
  uses: readonly { passkey_id: string; sign_count: number; backed_up: boolean }[],
  now: Date,
): Promise<void> {
  if (uses.length === 0) return;
  await tx.named(
    "note_decision_passkeys",
    `UPDATE passkey k SET last_used_at = $5, sign_count = greatest(k.sign_count, r.sign_count), backed_up = r.backed_up
     FROM (SELECT DISTINCT ON (id) * FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS r(id, sign_count, backed_up)
           ORDER BY id, sign_count DESC) r
     WHERE k.operator_id = $1 AND k.passkey_id = r.id AND k.revoked_at IS NULL`,
    [
      tx.operator_id,
      uses.map((use) => use.passkey_id),
      uses.map((use) => use.sign_count),
      uses.map((use) => use.backed_up),
      now.toISOString(),
    ],
  );
}

/** Revokes one; null when there is none that lives. */
export async function revokeDecisionPasskey(
  tx: Tx,
  passkeyId: string,
  by: { revoked_by: string; now: Date },
): Promise<PasskeyRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("passkey")
      .set({ revoked_at: by.now, revoked_by: by.revoked_by })
      .where("operator_id", "=", tx.operator_id)
      .where("passkey_id", "=", passkeyId)
      .where("purpose", "=", "decision")
      .where("revoked_at", "is", null)
      .returningAll(),
  );
  return row ?? null;
}
