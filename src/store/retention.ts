/** Retention rules in their versions, and the mail that they reach. */
import type { Selectable } from "kysely";
import type { RetentionRules } from "../core/compliance.ts";
import type { ComplianceTables } from "./compliance-tables.ts";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";

/** A row of `retention`. */
export type RetentionRow = Selectable<ComplianceTables["retention"]>;

/** Every version, newest first. */
export function retentionVersions(tx: Tx): Promise<RetentionRow[]> {
  return tx.run(
    db
      .selectFrom("retention")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .orderBy("version", "desc"),
  );
}

/** Adds a version. */
export async function insertRetention(
  tx: Tx,
  version: { version: number; rules: RetentionRules; created_by: string; created_at: Date },
): Promise<void> {
  await tx.run(
    db.insertInto("retention").values({
      ...version,
      rules: JSON.stringify(version.rules),
      operator_id: tx.operator_id,
    }),
  );
}

/** Operators whose newest rules erase mail by age. */
export async function operatorsWithRetention(database: Database): Promise<string[]> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string }>(
      "operators_with_retention",
      `SELECT operator_id FROM (
         SELECT DISTINCT ON (operator_id) operator_id, rules FROM retention ORDER BY operator_id, version DESC) newest
       WHERE EXISTS (SELECT 1 FROM jsonb_each(rules) AS r WHERE r.value -> 'delete_after_days' <> 'null'::jsonb)`,
      [],
    ),
  );
  return rows.map((row) => row.operator_id);
}

/** What retention asks of a message. */
export type AgedMessage = {
  message_id: string;
  direction: "outbound" | "inbound";
  status: string;
  /** What somebody called it, `spam` or `not_spam`. */
  user_label: string | null;
  /** At least its `verdict`. */
  screening: Record<string, unknown> | null;
  created_at: Date;
};

/** Messages that still say something, from before a moment, in the order of their ids. */
export function agedMessages(
  tx: Tx,
  wanted: { before: Date; after_id: string; limit: number },
): Promise<AgedMessage[]> {
  return tx.named(
    "aged_messages",
    `SELECT message_id, direction, status, user_label, jsonb_build_object('verdict', screening -> 'verdict') AS screening, created_at
     FROM message
     WHERE operator_id = $1 AND message_id > $2 AND erased_at IS NULL AND created_at < $3 ORDER BY message_id LIMIT $4`,
    [tx.operator_id, wanted.after_id, wanted.before.toISOString(), wanted.limit],
  );
}
