/** What the log hides of a person beside their messages: erased with their key, named in leaves. */
import { decodeEntry } from "../audit/entry.ts";
import type { Tx } from "../store/database.ts";
import { type ErasureRow, sealedOfSubject } from "../store/erasures.ts";
import { deleteOpenings, forgetPerson, replaceOpenings } from "../store/erasing.ts";
import { loadMessages } from "../store/messages.ts";
import { appendRecords, noRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { type ErasedFields, openingsOf, recordErasure } from "./erase-messages.ts";
import { makeEntry, sealOpenings, worker } from "./record.ts";

/** Openings read at a time. */
const batch = 500;

type Row = Awaited<ReturnType<typeof sealedOfSubject>>[number];

/** What is sealed for a person, each row with what it opens to. */
async function* rowsOf(tx: Tx, subjectId: string): AsyncGenerator<Row[]> {
  let afterId = "";
  for (;;) {
    const rows = await sealedOfSubject(tx, subjectId, {
      after_id: afterId,
      limit: batch,
      withheld: true,
    });
    if (rows.length > 0) yield rows;
    if (rows.length < batch) return;
    afterId = rows.at(-1)?.entry_id ?? "";
  }
}

/**
 * Erases the rest, once the person's messages are: their key, the openings under it, contact and allowlist entries. Suppression
 * stays, so that nobody writes to them. Mail that began after the erasure was asked for is sealed anew under another key. Answers
 * how many openings went, or null while an entry has no place in the log yet.
 */
export async function eraseSubject(
  context: EngineContext,
  tx: Tx,
  erasure: ErasureRow & { address: string },
): Promise<number | null> {
  const { address, erasure_id } = erasure;
  const subjectId = context.subjects.idOf(tx.operator_id, address);
  const key = (await context.subjects.existing(tx.operator_id, [subjectId])).get(subjectId);
  const gone: Row[] = [];
  const later: Row[] = [];
  for await (const rows of rowsOf(tx, subjectId)) {
    const written = await messagesSince(tx, rows, erasure.requested_at);
    for (const row of rows) {
      if (written.has(row.resource ?? "")) later.push(row);
      else if (row.idx === null) return null;
      else gone.push(row);
    }
  }
  const records = noRecords();
  record(context, records, erasure_id, fieldsOf(gone, key));
  const forgotten = await forgetPerson(tx, address);
  records.entries.push(
    makeEntry(
      context,
      "subject.erased",
      worker,
      { resource: erasure_id },
      { messages: erasure.messages, openings: erasure.openings + gone.length, ...forgotten },
    ).row,
  );
  await deleteOpenings(tx, gone);
  const opened = key ? later.map((row) => ({ ...row, openings: openingsOf(row, key) })) : [];
  const fresh = await context.subjects.drop(tx, subjectId, opened.length > 0);
  if (fresh)
    await replaceOpenings(
      tx,
      opened.map((row) => sealOpenings(row.entry_id, fresh, row.openings, context.random)),
    );
  await appendRecords(tx, records);
  return gone.length;
}

/** Of the messages that these entries speak of, those made after a moment. */
async function messagesSince(tx: Tx, rows: readonly Row[], at: Date): Promise<Set<string>> {
  const ids = [
    ...new Set(rows.filter((row) => row.at >= at).flatMap(({ resource }) => resource ?? [])),
  ];
  const loaded = await loadMessages(tx, ids, false);
  return new Set(loaded.filter(({ row }) => row.created_at > at).map(({ row }) => row.message_id));
}

function fieldsOf(rows: readonly Row[], key: Buffer | undefined): ErasedFields[] {
  return rows.flatMap((row) => {
    const fields = key ? openingsOf(row, key).map(({ field }) => field) : [];
    return row.idx === null || fields.length === 0 ? [] : [{ index: row.idx, fields }];
  });
}

function record(
  context: EngineContext,
  records: ReturnType<typeof noRecords>,
  erasureId: string,
  fields: readonly ErasedFields[],
  resource = erasureId,
): void {
  const erasing = { because: "subject", erasure_id: erasureId } as const;
  if (fields.length > 0) recordErasure(context, records, { resource }, erasing, fields);
}

/**
 * Later, when every node has forgotten the old key: deletes what was sealed with it meanwhile, which opens to nobody. New mail to
 * the person keeps what opens under the new key.
 */
export async function settleSubject(
  context: EngineContext,
  tx: Tx,
  erasure: ErasureRow & { address: string },
): Promise<void> {
  const subjectId = context.subjects.idOf(tx.operator_id, erasure.address);
  const key = (await context.subjects.existing(tx.operator_id, [subjectId])).get(subjectId);
  const dead: Row[] = [];
  for await (const rows of rowsOf(tx, subjectId))
    dead.push(...rows.filter((row) => !key || openingsOf(row, key).length === 0));
  await deleteOpenings(tx, dead);
  const records = noRecords();
  // Told with the message, so that its evidence says what is missing from it.
  for (const [resource, rows] of Map.groupBy(dead, (row) => row.resource)) {
    const fields = rows.flatMap(({ idx, body }) =>
      idx === null ? [] : [{ index: idx, fields: committedFields(decodeEntry(body).data) }],
    );
    record(context, records, erasure.erasure_id, fields, resource ?? erasure.erasure_id);
  }
  await appendRecords(tx, records);
}

/** Fields that an entry commits to: those of a message's content, else each that looks like a commitment. */
function committedFields(data: Record<string, unknown>): string[] {
  const isCommitment = (value: unknown): boolean =>
    typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
  const of = (values: object): string[] =>
    Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
      if (Array.isArray(value))
        return value.flatMap((one, i) => (isCommitment(one) ? [`${name}[${i}]`] : []));
      return isCommitment(value) && name !== "digest" && name !== "statement" ? [name] : [];
    });
  const { content } = data;
  return typeof content === "object" && content !== null ? of(content) : of(data);
}
