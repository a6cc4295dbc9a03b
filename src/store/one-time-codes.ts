/** One-time codes that were mailed: stored as HMAC, tried a few times, used once. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `one_time_code`. */
export type CodeRow = Selectable<Tables["one_time_code"]>;

/** What a code is for. */
export type CodeSubject = { purpose: string; subject: string };

/** Lets one caller at a time issue codes of a subject, until the transaction ends. */
export async function lockCodes(tx: Tx, of: CodeSubject): Promise<void> {
  await tx.named("lock_codes", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    JSON.stringify(["one_time_code", tx.operator_id, of.purpose, of.subject]),
  ]);
}

/** When the codes of a subject were issued that are younger than `since`, oldest first. */
export async function codesSince(tx: Tx, of: CodeSubject, since: Date): Promise<Date[]> {
  const rows = await tx.run(
    db
      .selectFrom("one_time_code")
      .select("created_at")
      .where("operator_id", "=", tx.operator_id)
      .where("purpose", "=", of.purpose)
      .where("subject", "=", of.subject)
      .where("created_at", ">", since)
      .orderBy("created_at"),
  );
  return rows.map((row) => row.created_at);
}

/** Adds a code. */
export async function insertCode(
  tx: Tx,
  code: Omit<Insertable<Tables["one_time_code"]>, "operator_id" | "data"> & {
    data: Record<string, unknown>;
  },
): Promise<void> {
  await tx.run(
    db.insertInto("one_time_code").values({
      ...code,
      data: JSON.stringify(code.data),
      operator_id: tx.operator_id,
    }),
  );
}

/** The codes of a subject that may still be used, held until the transaction ends: who tries at the same time waits. */
export function holdLivingCodes(
  tx: Tx,
  of: CodeSubject,
  now: Date,
  tries: number,
): Promise<CodeRow[]> {
  return tx.run(
    db
      .selectFrom("one_time_code")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("purpose", "=", of.purpose)
      .where("subject", "=", of.subject)
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .where("tries", "<", tries)
      .orderBy("code_id")
      .forUpdate(),
  );
}

/** Those of these codes that may still be used; they are not held. */
export async function livingCodes(
  tx: Tx,
  codeIds: readonly string[],
  now: Date,
  tries: number,
): Promise<string[]> {
  if (codeIds.length === 0) return [];
  const rows = await tx.run(
    db
      .selectFrom("one_time_code")
      .select("code_id")
      .where("operator_id", "=", tx.operator_id)
      .where("code_id", "in", [...codeIds])
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .where("tries", "<", tries),
  );
  return rows.map(({ code_id }) => code_id);
}

/** Counts a wrong try on each of the codes. */
export async function countTry(tx: Tx, codeIds: readonly string[]): Promise<void> {
  await tx.run(
    db
      .updateTable("one_time_code")
      .set({ tries: sql<number>`tries + 1` })
      .where("operator_id", "=", tx.operator_id)
      .where("code_id", "in", [...codeIds, ""]),
  );
}

/** Uses codes up. */
export async function useCodes(tx: Tx, codeIds: readonly string[], now: Date): Promise<void> {
  await tx.run(
    db
      .updateTable("one_time_code")
      .set({ used_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("code_id", "in", [...codeIds, ""])
      .where("used_at", "is", null),
  );
}

/** Removes codes of the operator, whatever they were for, that ended before `before` and were issued before it. */
export async function removeOldCodes(tx: Tx, before: Date): Promise<void> {
  await tx.run(
    db
      .deleteFrom("one_time_code")
      .where("operator_id", "=", tx.operator_id)
      .where("expires_at", "<", before)
      .where("created_at", "<", before),
  );
}
