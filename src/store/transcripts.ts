/** Transcripts of deliveries: kept with the attempt's result, read message by message, deleted by age. */
import type { Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { DeliveryTables } from "./delivery-tables.ts";

/** A row of `delivery_transcript`. */
export type TranscriptRow = Selectable<DeliveryTables["delivery_transcript"]>;

/** What was said in one attempt for one recipient. */
export type NewTranscript = Pick<
  TranscriptRow,
  "message_id" | "attempt" | "position" | "transcript"
>;

/** Keeps transcripts. One that is there already stays. */
export async function insertTranscripts(
  tx: Tx,
  transcripts: readonly NewTranscript[],
  now: Date,
): Promise<void> {
  if (transcripts.length === 0) return;
  await tx.named(
    "insert_transcripts",
    `INSERT INTO delivery_transcript (operator_id, message_id, attempt, position, at, transcript)
     SELECT $1, message_id, attempt, position, $6, transcript
     FROM unnest($2::text[], $3::smallint[], $4::smallint[], $5::text[]) AS r(message_id, attempt, position, transcript)
     ON CONFLICT DO NOTHING`,
    [
      tx.operator_id,
      transcripts.map((one) => one.message_id),
      transcripts.map((one) => one.attempt),
      transcripts.map((one) => one.position),
      transcripts.map((one) => one.transcript),
      now.toISOString(),
    ],
  );
}

/** Most transcripts of one message that are shown. */
const maxShown = 500;

/** The transcripts of a message, oldest first; the newest 500 of them. */
export async function listTranscripts(tx: Tx, messageId: string): Promise<TranscriptRow[]> {
  const rows = await tx.run(
    db
      .selectFrom("delivery_transcript")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId)
      .orderBy("attempt", "desc")
      .orderBy("position", "desc")
      .limit(maxShown),
  );
  return rows.toReversed();
}

/** Deletes transcripts of all operators from before a moment, at most 5000 at once. Answers how many. */
export async function deleteTranscripts(database: Database, before: Date): Promise<number> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named(
      "delete_transcripts",
      `DELETE FROM delivery_transcript WHERE (operator_id, message_id, attempt, position) IN (
         SELECT operator_id, message_id, attempt, position FROM delivery_transcript WHERE at < $1 ORDER BY at LIMIT 5000)
       RETURNING 1`,
      [before.toISOString()],
    ),
  );
  return rows.length;
}
