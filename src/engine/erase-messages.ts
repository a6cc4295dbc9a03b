/** Erasing messages: their content, the people that are meant, and what the log hid of them; a leaf for each says what went. */
import { erasureType } from "../audit/bundle-story.ts";
import type { Tx } from "../store/database.ts";
import { type SealedEntry, sealedOfMessages } from "../store/erasures.ts";
import {
  type Erased,
  deleteOpenings,
  eraseMessages,
  erasedAddress,
  replaceOpenings,
} from "../store/erasing.ts";
import type { LoadedMessage } from "../store/messages.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { about } from "./machine-row.ts";
import { makeEntry, openOpenings, sealOpenings, worker } from "./record.ts";

/** One leaf with the fields whose openings are gone, as `erasure` entries list them. [formats §6] */
export type ErasedFields = { index: number; fields: string[] };

/** Why, and whose data go. Without a subject everybody's, as when mail gets too old or its account is closed. */
export type Erasing = {
  because: "subject" | "retention" | "account";
  /** The erasure that this is part of. */
  erasure_id: string | null;
  subject: { subject_id: string; address: string } | null;
};

/** Statuses in which nothing happens any more to a message of ours. */
const ended = new Set([
  "blocked",
  "rejected",
  "cancelled",
  "expired",
  "suppressed",
  "send_failed",
  "bounced",
  "sandboxed",
  "sent",
  "delivered",
]);

/** True where a message has come to its end. Received mail is always erasable. */
export function isErasable(row: { direction: string; status: string }): boolean {
  return row.direction === "inbound" || ended.has(row.status);
}

/** Openings of these fields tell what a message says, whoever they are sealed for. */
function isContent(field: string): boolean {
  return /^(?:subject|body|attachments\[\d+\]|reason|note)$/.test(field);
}

/** What becomes of the sealed openings of messages. */
type OpeningPlan = {
  remove: { entry_id: string; subject_id: string }[];
  replace: { entry_id: string; subject_id: string; sealed: Buffer }[];
  /** By message. */
  fields: Map<string, ErasedFields[]>;
};

/**
 * Erases messages that are locked in this transaction, that are {@link isErasable} and outside any hold. Those of which the log
 * has entries without a place yet are left for later: a leaf names what it erased by its index. Answers how many were erased.
 */
export async function eraseLoaded(
  context: EngineContext,
  tx: Tx,
  messages: readonly LoadedMessage[],
  erasing: Erasing,
): Promise<{ messages: number; openings: number; left: number }> {
  const sealed = await sealedOfMessages(
    tx,
    messages.map(({ row }) => row.message_id),
  );
  const unplaced = new Set(sealed.filter((one) => one.idx === null).map((one) => one.resource));
  const ready = messages.filter(({ row }) => !unplaced.has(row.message_id));
  const plan = await planOpenings(
    context,
    tx.operator_id,
    sealed.filter((one) => !unplaced.has(one.resource)),
    erasing.subject?.subject_id ?? null,
  );
  const records = noRecords();
  const erased: Erased[] = ready.map((message) => {
    const fields = plan.fields.get(message.row.message_id) ?? [];
    const at = recordErasure(context, records, about(message.row), erasing, fields);
    return { message_id: message.row.message_id, at, ...peopleOf(context, message, erasing) };
  });
  await appendRecords(tx, records);
  await eraseMessages(tx, erased);
  await deleteOpenings(tx, plan.remove);
  await replaceOpenings(tx, plan.replace);
  return {
    messages: erased.length,
    openings: plan.remove.length + plan.replace.length,
    left: unplaced.size,
  };
}

function peopleOf(
  { subjects }: Pick<EngineContext, "subjects">,
  { row, recipients }: LoadedMessage,
  { subject }: Erasing,
): Pick<Erased, "sender" | "recipients"> {
  const isMeant = (address: string): boolean =>
    subject === null || address.toLowerCase() === subject.address;
  return {
    sender: row.direction === "inbound" && isMeant(row.from_address),
    recipients: recipients
      .filter(({ address }) => address !== erasedAddress && isMeant(address))
      .map(({ position, kind, address }) => ({
        position,
        // They have the links to unsubscribe that we sent them.
        subject_id:
          row.direction === "outbound" && kind !== "copy"
            ? subjects.idOf(row.operator_id, address)
            : null,
      })),
  };
}

async function planOpenings(
  context: EngineContext,
  operatorId: string,
  sealed: readonly SealedEntry[],
  subjectId: string | null,
): Promise<OpeningPlan> {
  const keys = await context.subjects.existing(operatorId, [
    ...new Set(sealed.map((one) => one.subject_id)),
  ]);
  const plan: OpeningPlan = { remove: [], replace: [], fields: new Map() };
  for (const one of sealed) {
    const key = keys.get(one.subject_id);
    const openings = key ? openingsOf(one, key) : [];
    const goes = (field: string): boolean =>
      isContent(field) || subjectId === null || one.subject_id === subjectId;
    const kept = openings.filter(({ field }) => !goes(field));
    const gone = openings.filter(({ field }) => goes(field)).map(({ field }) => field);
    if (gone.length === 0 && kept.length > 0) continue;
    if (key && kept.length > 0)
      plan.replace.push(
        sealOpenings(one.entry_id, { subject_id: one.subject_id, key }, kept, context.random),
      );
    else plan.remove.push({ entry_id: one.entry_id, subject_id: one.subject_id });
    addFields(plan.fields, one, gone);
  }
  return plan;
}

/** What is sealed, or nothing where another key than the standing one sealed it: then it opens to nobody. */
export function openingsOf(
  one: Pick<SealedEntry, "entry_id" | "sealed">,
  key: Buffer,
): ReturnType<typeof openOpenings> {
  try {
    return openOpenings(one.entry_id, key, one.sealed);
  } catch {
    return [];
  }
}

function addFields(
  fields: OpeningPlan["fields"],
  { resource, idx }: SealedEntry,
  gone: string[],
): void {
  if (gone.length === 0 || idx === null || resource === null) return;
  const list = fields.get(resource) ?? [];
  fields.set(resource, list);
  const known = list.find(({ index }) => index === idx);
  if (known) known.fields.push(...gone);
  else list.push({ index: idx, fields: gone });
}

/** Bytes of fields that one leaf names; a leaf has at most 65,535. */
const maxNamed = 30_000;

/** Adds the leaves of one thing's erasure to the records; answers the moment that they name. */
export function recordErasure(
  context: EngineContext,
  records: Records,
  what: Parameters<typeof makeEntry>[3],
  { because, erasure_id }: Pick<Erasing, "because" | "erasure_id">,
  fields: readonly ErasedFields[],
): Date {
  const parts: ErasedFields[][] = [[]];
  let size = 0;
  for (const one of fields) {
    size += JSON.stringify(one).length;
    if (size > maxNamed) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(one);
  }
  // Of one moment: the database holds an erasure to its leaf by it.
  const at = context.now();
  const moment = { now: () => at, new_id: context.new_id };
  for (const erased of parts)
    records.entries.push(
      makeEntry(moment, erasureType, worker, what, { because, erasure: erasure_id, erased }).row,
    );
  return at;
}
