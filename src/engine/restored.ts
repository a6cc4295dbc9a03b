/** What the log says once data was put back from a backup: that sending is stopped since, and from when the data are. */
import type { EngineContext } from "./context.ts";
import { appendRecords } from "../store/records.ts";
import { type EntryAuthor, makeEntry, makeEvent } from "./record.ts";

const restorer: EntryAuthor = { kind: "system", credential_id: "restore", person_id: null };

/**
 * Writes the entry and the event of the stop that a restore made. The log goes on from the backup's last entry, so that whoever
 * kept a later checkpoint sees a fork: this entry says why.
 */
export async function recordRestore(
  context: EngineContext,
  operatorId: string,
  backup: { created_at: string },
): Promise<void> {
  await context.database.transaction(operatorId, async (tx) => {
    const about = { resource: operatorId };
    const data = { restored_from: backup.created_at };
    const entry = makeEntry(context, "operator.stopped", restorer, about, data);
    const nowhere = { mailbox_id: null, message_id: null, thread_id: null };
    const event = makeEvent(context, "operator.stopped", nowhere, { by: "system:restore" });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [event] });
  });
}
