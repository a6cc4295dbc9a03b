/** Erasures of persons: what was asked for, how far it is, and what is still to be found of somebody. */
import type { Selectable } from "kysely";
import type { ComplianceTables } from "./compliance-tables.ts";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import { visibleMessages } from "./message-list.ts";

/** A row of `erasure`. */
export type ErasureRow = Selectable<ComplianceTables["erasure"]>;

/** Adds an erasure; false where one of this address is under way. */
export async function insertErasure(
  tx: Tx,
  row: Pick<
    ErasureRow,
    "erasure_id" | "address" | "reference" | "status" | "requested_by" | "requested_at" | "next_at"
  >,
): Promise<boolean> {
  const rows = await tx.run(
    db
      .insertInto("erasure")
      .values({ ...row, operator_id: tx.operator_id })
      .onConflict((conflict) => conflict.doNothing())
      .returning("erasure_id"),
  );
  return rows.length > 0;
}

/** An erasure by id; with `lock` held until the transaction ends, and null where another node holds it. */
export async function getErasure(
  tx: Tx,
  erasureId: string,
  lock = false,
): Promise<ErasureRow | null> {
  const query = db
    .selectFrom("erasure")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("erasure_id", "=", erasureId);
  const [row] = await tx.run(lock ? query.forUpdate().skipLocked() : query);
  return row ?? null;
}

/** The erasure of an address (in lower case) that is under way. A row that is done has forgotten its address. */
export async function erasureOf(tx: Tx, address: string): Promise<ErasureRow | null> {
  const [row] = await tx.run(
    db
      .selectFrom("erasure")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("address", "=", address)
      .where("done_at", "is", null),
  );
  return row ?? null;
}

/** Erasures, newest first. */
export function listErasures(
  tx: Tx,
  wanted: { before_id: string | undefined; limit: number },
): Promise<ErasureRow[]> {
  let query = db.selectFrom("erasure").selectAll().where("operator_id", "=", tx.operator_id);
  if (wanted.before_id !== undefined) query = query.where("erasure_id", "<", wanted.before_id);
  return tx.run(query.orderBy("erasure_id", "desc").limit(wanted.limit));
}

/** Erasures of any operator that are to go on, the longest waiting first. */
export function dueErasures(
  database: Database,
  now: Date,
): Promise<{ operator_id: string; erasure_id: string }[]> {
  return database.as(everyOperator, (tx) =>
    tx.named(
      "due_erasures",
      "SELECT operator_id, erasure_id FROM erasure WHERE next_at <= $1 ORDER BY next_at LIMIT 20",
      [now.toISOString()],
    ),
  );
}

/** Lets erasures that wait look again at `at`. */
export async function retryErasures(tx: Tx, status: "held" | "retained", at: Date): Promise<void> {
  await tx.named(
    "retry_erasures",
    "UPDATE erasure SET next_at = least(next_at, $3) WHERE operator_id = $1 AND status = $2",
    [tx.operator_id, status, at.toISOString()],
  );
}

/** Saves how far an erasure is. */
export async function updateErasure(
  tx: Tx,
  erasureId: string,
  change: Partial<
    Pick<
      ErasureRow,
      "address" | "status" | "messages" | "openings" | "remaining" | "next_at" | "done_at"
    >
  >,
): Promise<void> {
  await tx.run(
    db
      .updateTable("erasure")
      .set(change)
      .where("operator_id", "=", tx.operator_id)
      .where("erasure_id", "=", erasureId),
  );
}

/** Ids of messages from or to an address (in lower case), made no later than `before`, in the order of ids. */
export async function messagesWith(
  tx: Tx,
  address: string,
  wanted: { before: Date; after_id: string; limit: number },
): Promise<string[]> {
  const rows = await tx.named<{ message_id: string }>(
    "messages_with",
    "SELECT messages_with AS message_id FROM messages_with($1, $2, $3, $4, $5)",
    [tx.operator_id, address, wanted.before.toISOString(), wanted.after_id, wanted.limit],
  );
  return rows.map((row) => row.message_id);
}

/** True where mail of this sender came before a moment and is not opened up yet. */
export async function isArriving(tx: Tx, address: string, before: Date): Promise<boolean> {
  const rows = await tx.named(
    "is_arriving",
    "SELECT 1 FROM inbound WHERE operator_id = $1 AND lower(envelope_from) = $2 AND received_at <= $3 LIMIT 1",
    [tx.operator_id, address, before.toISOString()],
  );
  return rows.length > 0;
}

/** True for an address of the operator's own: a member's, the oversight address, a mailbox's. */
export async function isOwnAddress(tx: Tx, address: string): Promise<boolean> {
  const rows = await tx.named(
    "is_own_address",
    `SELECT 1 FROM person WHERE operator_id = $1 AND lower(email) = $2 AND removed_at IS NULL
     UNION ALL SELECT 1 FROM operator WHERE operator_id = $1 AND lower(oversight_address) = $2
     UNION ALL SELECT 1 FROM mailbox WHERE operator_id = $1 AND lower(address) = $2 LIMIT 1`,
    [tx.operator_id, address],
  );
  return rows.length > 0;
}

/** An entry with one of its sealed groups of openings; `idx` is null before it has its place in the log. */
export type SealedEntry = {
  entry_id: string;
  idx: number | null;
  resource: string | null;
  subject_id: string;
  sealed: Buffer;
};

const sealedColumns = "e.entry_id, i.idx, e.resource, o.subject_id, o.sealed";

/** What the log hides of messages. */
export async function sealedOfMessages(
  tx: Tx,
  messageIds: readonly string[],
): Promise<SealedEntry[]> {
  const rows = await tx.named<Omit<SealedEntry, "idx"> & { idx: string | null }>(
    "sealed_of_messages",
    `SELECT ${sealedColumns} FROM log_entry e JOIN log_opening o USING (operator_id, entry_id)
       LEFT JOIN log_index i USING (operator_id, entry_id)
     WHERE e.operator_id = $1 AND e.resource = ANY($2) ORDER BY e.entry_id`,
    [tx.operator_id, messageIds],
  );
  return rows.map(placed);
}

/** What the log hides of a subject. `withheld`: also in entries about withheld mail (core/inbound-status). */
export async function sealedOfSubject(
  tx: Tx,
  subjectId: string,
  wanted: { after_id: string; limit: number; withheld: boolean },
): Promise<(SealedEntry & { at: Date; body: Buffer })[]> {
  const wall = `AND NOT EXISTS (SELECT 1 FROM message m WHERE m.operator_id = e.operator_id AND m.message_id = e.resource
       AND NOT ${visibleMessages("m")})`;
  type Row = Omit<SealedEntry, "idx"> & { idx: string | null; at: Date; body: Buffer };
  const rows = await tx.named<Row>(
    wanted.withheld ? "sealed_of_subject_withheld" : "sealed_of_subject",
    `SELECT ${sealedColumns}, e.at, e.body FROM log_opening o JOIN log_entry e USING (operator_id, entry_id)
       LEFT JOIN log_index i USING (operator_id, entry_id)
     WHERE o.operator_id = $1 AND o.subject_id = $2 AND o.entry_id > $3 ${wanted.withheld ? "" : wall} ORDER BY o.entry_id LIMIT $4`,
    [tx.operator_id, subjectId, wanted.after_id, wanted.limit],
  );
  return rows.map(placed);
}

function placed<T extends { idx: string | null }>(row: T): T & { idx: number | null } {
  return { ...row, idx: row.idx === null ? null : Number(row.idx) };
}
