/** The key that the operator signs the approver directory with, its public half only, and the heads they signed. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `directory_head`. */
export type HeadRow = Selectable<Tables["directory_head"]>;

/** The public key, as `ssh-ed25519 AAAA…`; null where the operator has none. */
export async function getDirectoryKey(tx: Tx): Promise<string | null> {
  const [row] = await tx.run(
    db.selectFrom("operator").select("directory_key").where("operator_id", "=", tx.operator_id),
  );
  return row?.directory_key ?? null;
}

/** Puts the public key, or takes it away. */
export async function setDirectoryKey(tx: Tx, key: string | null): Promise<void> {
  await tx.run(
    db
      .updateTable("operator")
      .set({ directory_key: key })
      .where("operator_id", "=", tx.operator_id),
  );
}

/** Keeps a signed head. */
export async function insertHead(
  tx: Tx,
  head: Pick<HeadRow, "head_id" | "statement" | "signature" | "created_at">,
): Promise<void> {
  await tx.run(db.insertInto("directory_head").values({ ...head, operator_id: tx.operator_id }));
}

/** Signed heads, newest first. */
export function listHeads(tx: Tx, limit: number): Promise<HeadRow[]> {
  return tx.run(
    db
      .selectFrom("directory_head")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .orderBy("head_id", "desc")
      .limit(limit),
  );
}
