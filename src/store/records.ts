/** Appending to the audit log and the event outbox: part of every transaction that changes something. */
import type { Tx } from "./database.ts";
import { pack } from "./packing.ts";

/** An audit entry ready to be written. `body` is the canonical JSON that is hashed. */
export type EntryRow = {
  entry_id: string;
  type: string;
  actor_kind: string;
  actor_id: string;
  resource: string | null;
  mailbox_id: string | null;
  thread_id: string | null;
  at: Date;
  body: Buffer;
};

/** What an entry's commitments hide, sealed under the data subject's key. */
export type OpeningRow = { entry_id: string; subject_id: string; sealed: Buffer };

/** An event of the outbox. */
export type EventRow = {
  event_id: string;
  type: string;
  mailbox_id: string | null;
  message_id: string | null;
  thread_id: string | null;
  data: Record<string, unknown>;
  at: Date;
};

/** Everything that one change leaves behind. */
export type Records = { entries: EntryRow[]; openings: OpeningRow[]; events: EventRow[] };

/** No records yet. */
export function noRecords(): Records {
  return { entries: [], openings: [], events: [] };
}

/** Appends one change's records to another's, in place. */
export function addRecords(into: Records, more: Records): void {
  into.entries.push(...more.entries);
  into.openings.push(...more.openings);
  into.events.push(...more.events);
}

const appendEntries = `
WITH rows AS (
  SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $11::int[], $12::int[]) WITH ORDINALITY
    AS r(entry_id, type, actor_kind, actor_id, resource, mailbox_id, thread_id, at, pos, len, n)
), entries AS (
  INSERT INTO log_entry (operator_id, entry_id, type, actor_kind, actor_id, resource, mailbox_id, thread_id, at, body)
  SELECT $1, entry_id, type, actor_kind, actor_id, resource, mailbox_id, thread_id, at, substring($10::bytea FROM pos FOR len)
  FROM rows ORDER BY n
)
INSERT INTO log_pending (operator_id, entry_id) SELECT $1, entry_id FROM rows ORDER BY n`;

const appendOpenings = `
INSERT INTO log_opening (operator_id, entry_id, subject_id, sealed)
SELECT $1, entry_id, subject_id, substring($4::bytea FROM pos FOR len)
FROM unnest($2::text[], $3::text[], $5::int[], $6::int[]) AS r(entry_id, subject_id, pos, len)`;

const appendEvents = `
INSERT INTO event (operator_id, event_id, type, mailbox_id, message_id, thread_id, data, at)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::timestamptz[])`;

/** Writes the records in the current transaction, entries in the order given. */
export async function appendRecords(tx: Tx, records: Records): Promise<void> {
  const { entries, openings, events } = records;
  const written: Promise<unknown>[] = [];
  if (entries.length > 0) {
    const bodies = pack(entries.map((entry) => entry.body));
    written.push(
      tx.named("append_entries", appendEntries, [
        tx.operator_id,
        entries.map((entry) => entry.entry_id),
        entries.map((entry) => entry.type),
        entries.map((entry) => entry.actor_kind),
        entries.map((entry) => entry.actor_id),
        entries.map((entry) => entry.resource),
        entries.map((entry) => entry.mailbox_id),
        entries.map((entry) => entry.thread_id),
        entries.map((entry) => entry.at.toISOString()),
        bodies.blob,
        bodies.offsets,
        bodies.lengths,
      ]),
    );
  }
  if (openings.length > 0) {
    const sealed = pack(openings.map((opening) => opening.sealed));
    written.push(
      tx.named("append_openings", appendOpenings, [
        tx.operator_id,
        openings.map((opening) => opening.entry_id),
        openings.map((opening) => opening.subject_id),
        sealed.blob,
        sealed.offsets,
        sealed.lengths,
      ]),
    );
  }
  if (events.length > 0)
    written.push(
      tx.named("append_events", appendEvents, [
        tx.operator_id,
        events.map((event) => event.event_id),
        events.map((event) => event.type),
        events.map((event) => event.mailbox_id),
        events.map((event) => event.message_id),
        events.map((event) => event.thread_id),
        events.map((event) => JSON.stringify(event.data)),
        events.map((event) => event.at.toISOString()),
      ]),
    );
  await Promise.all(written);
}
