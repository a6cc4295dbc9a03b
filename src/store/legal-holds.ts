/** Legal holds: what they cover is erased by nobody while they stand. */
import { type Selectable, sql } from "kysely";
import type { ComplianceTables } from "./compliance-tables.ts";
import { type Tx, sqlBuilder as db } from "./database.ts";
import { visibleMessages } from "./message-list.ts";

/** A row of `legal_hold`. */
export type HoldRow = Selectable<ComplianceTables["legal_hold"]>;

/** Places a hold. */
export async function insertHold(
  tx: Tx,
  hold: Omit<HoldRow, "operator_id" | "released_by" | "released_at">,
): Promise<void> {
  await tx.run(db.insertInto("legal_hold").values({ ...hold, operator_id: tx.operator_id }));
}

/** True where the message that a hold is on is withheld (core/inbound-status). */
const onWithheld = sql<boolean>`EXISTS (SELECT 1 FROM message m WHERE m.operator_id = legal_hold.operator_id
  AND m.message_id = legal_hold.message_id AND NOT ${sql.raw(visibleMessages("m"))})`;

/** Holds by id, newest first; those that stand, or all; those on withheld messages or without them. */
export function listHolds(
  tx: Tx,
  wanted: { released: boolean; withheld: boolean; before_id: string | undefined; limit: number },
): Promise<HoldRow[]> {
  let query = db.selectFrom("legal_hold").selectAll().where("operator_id", "=", tx.operator_id);
  if (!wanted.released) query = query.where("released_at", "is", null);
  if (!wanted.withheld) query = query.where((eb) => eb.not(onWithheld));
  if (wanted.before_id !== undefined) query = query.where("hold_id", "<", wanted.before_id);
  return tx.run(query.orderBy("hold_id", "desc").limit(wanted.limit));
}

/** How many holds stand. */
export async function countHolds(tx: Tx): Promise<number> {
  const [row] = await tx.named<{ n: number }>(
    "count_holds",
    "SELECT count(*)::int AS n FROM legal_hold WHERE operator_id = $1 AND released_at IS NULL",
    [tx.operator_id],
  );
  return row?.n ?? 0;
}

/** Releases a hold that stands; null where there is none. */
export async function releaseHold(
  tx: Tx,
  holdId: string,
  by: string,
  at: Date,
): Promise<HoldRow | null> {
  const [row] = await tx.run(
    db
      .updateTable("legal_hold")
      .set({ released_by: by, released_at: at })
      .where("operator_id", "=", tx.operator_id)
      .where("hold_id", "=", holdId)
      .where("released_at", "is", null)
      .returningAll(),
  );
  return row ?? null;
}

/** Of these messages, those that a hold covers. */
export async function heldAmong(tx: Tx, messageIds: readonly string[]): Promise<Set<string>> {
  if (messageIds.length === 0 || (await countHolds(tx)) === 0) return new Set();
  const rows = await tx.named<{ message_id: string }>(
    "held_among",
    "SELECT message_id FROM unnest($2::text[]) AS m (message_id) WHERE is_held($1, message_id)",
    [tx.operator_id, messageIds],
  );
  return new Set(rows.map((row) => row.message_id));
}

/** True where a hold covers everything of the operator, or of this address (in lower case). */
export async function isAddressHeld(tx: Tx, address: string): Promise<boolean> {
  const rows = await tx.named(
    "is_address_held",
    `SELECT 1 FROM legal_hold WHERE operator_id = $1 AND released_at IS NULL
       AND (scope = 'operator' OR scope = 'address' AND address = $2) LIMIT 1`,
    [tx.operator_id, address],
  );
  return rows.length > 0;
}
