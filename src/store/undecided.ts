/** Which messages wait for a decision, or will. */
import type { Tx } from "./database.ts";

/** Those of the messages that people have not decided on: pending ones, and scheduled ones whose gate comes after the wait. */
export async function undecided(tx: Tx, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.named<{ message_id: string }>(
    "undecided",
    `SELECT m.message_id FROM message m WHERE m.operator_id = $1 AND m.message_id = ANY($2) AND m.direction = 'outbound'
     AND (m.status IN ('pending_scan', 'pending_approval')
          OR m.status = 'scheduled' AND m.gated AND NOT EXISTS (
            SELECT 1 FROM decision d WHERE d.operator_id = m.operator_id AND d.message_id = m.message_id
            AND d.decision = 'approve' AND d.voided_at IS NULL))`,
    [tx.operator_id, ids],
  );
  return new Set(rows.map((row) => row.message_id));
}
