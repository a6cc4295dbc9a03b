/** What there is of one person outside, as lines of JSON: the answer to somebody who asks for their data. */
import type { Actor } from "../core/actor.ts";
import { maySee, seesWithheld } from "../core/inbound-status.ts";
import type { Tx } from "../store/database.ts";
import { messagesWith, sealedOfSubject } from "../store/erasures.ts";
import { loadMessages, loadMime, loadText } from "../store/messages.ts";
import { appendRecords } from "../store/records.ts";
import { findContact } from "../store/contacts.ts";
import { listSuppressions } from "../store/suppressions.ts";
import { assertWholeOperator, personalAddress } from "./compliance-rules.ts";
import type { EngineContext } from "./context.ts";
import { formsOf } from "./erased-people.ts";
import { openingsOf } from "./erase-messages.ts";
import { commitTo, makeEntry, sealOpenings } from "./record.ts";

/** Messages and openings read at a time. */
const batch = { messages: 100, openings: 500 };

/**
 * Records that a person's data are exported, and gives the lines in parts: `subject`, `message` (with its bytes, and of its
 * recipients that person alone), `opening` (what the log hides of them), `contact`, `suppression`, `end`. Mail that is withheld
 * from the caller is not in it; the first line says whether it would be. Throws `validation_failed`, `scope_required`, `test_key`.
 */
export async function exportSubject(
  context: EngineContext,
  actor: Actor,
  text: string,
): Promise<AsyncGenerator<string>> {
  assertWholeOperator(actor);
  const address = personalAddress(text);
  const at = context.now();
  await context.database.transaction(actor.operator_id, async (tx) => {
    const subject = await context.subjects.within(tx, address);
    const who = commitTo(context.random, "address", address);
    const about = { resource: tx.operator_id };
    const entry = makeEntry(context, "subject.exported", actor, about, { address: who.c });
    const openings = [sealOpenings(entry.row.entry_id, subject, [who], context.random)];
    await appendRecords(tx, { entries: [entry.row], openings, events: [] });
  });
  context.wake.sequence();
  return lines(context, actor, address, at);
}

async function* lines(
  context: EngineContext,
  actor: Actor,
  address: string,
  at: Date,
): AsyncGenerator<string> {
  const { operator_id: operatorId } = actor;
  const withheld = seesWithheld(actor);
  const counts = { messages: 0, openings: 0 };
  const as = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => context.database.as(operatorId, work);
  type Rows = Awaited<ReturnType<typeof sealedOfSubject>>;
  yield line({ type: "subject", address, at, withheld_mail: withheld });
  for (let afterId: string | undefined = ""; afterId !== undefined;) {
    const from: string = afterId;
    const ids: string[] = await as((tx) =>
      messagesWith(tx, address, { before: at, after_id: from, limit: batch.messages }),
    );
    for (const id of ids) {
      const message = await as((tx) => messageLine(tx, actor, id, address));
      if (message === null) continue;
      counts.messages++;
      yield message;
    }
    afterId = ids.length < batch.messages ? undefined : ids.at(-1);
  }
  const subjectId = context.subjects.idOf(operatorId, address);
  const key = (await context.subjects.existing(operatorId, [subjectId])).get(subjectId);
  for (let afterId: string | undefined = ""; key && afterId !== undefined;) {
    const from: string = afterId;
    const rows: Rows = await as((tx) =>
      sealedOfSubject(tx, subjectId, { after_id: from, limit: batch.openings, withheld }),
    );
    for (const row of rows)
      for (const { field, c, r, data } of openingsOf(row, key)) {
        counts.openings++;
        yield line({ type: "opening", entry_id: row.entry_id, index: row.idx, field, c, r, data });
      }
    afterId = rows.length < batch.openings ? undefined : rows.at(-1)?.entry_id;
  }
  const contact = await as((tx) => findContact(tx, address, false));
  if (contact) {
    const { email, name, metadata, created_at } = contact;
    yield line({ type: "contact", email, name, metadata, created_at });
  }
  for (const row of await as((tx) =>
    listSuppressions(tx, {
      mailbox_ids: null,
      addresses: formsOf(context, tx, address),
      limit: 1000,
    }),
  ))
    yield line({ type: "suppression", reason: row.reason, created_at: row.created_at });
  yield line({ type: "end", counts });
}

/** A message as it concerns one person: others who got it are not theirs to learn. */
async function messageLine(
  tx: Tx,
  actor: Actor,
  id: string,
  address: string,
): Promise<string | null> {
  const [message] = await loadMessages(tx, [id], false);
  if (message && !maySee(actor, message.row)) return null;
  // Read one by one: each may be as long as any message.
  const mime = (await loadMime(tx, [id])).get(id);
  const text = await loadText(tx, id);
  if (!message || !mime || !text) return null;
  const { row, recipients } = message;
  return line({
    type: "message",
    id,
    direction: row.direction,
    status: row.status,
    thread_id: row.thread_id,
    message_id: row.rfc_message_id,
    from: row.from_address,
    subject: row.subject,
    created_at: row.created_at,
    complained_at: row.complained_at,
    unsubscribed_at: row.unsubscribed_at,
    tags: row.tags,
    metadata: row.metadata,
    recipients: recipients
      .filter((one) => one.address.toLowerCase() === address)
      .map(({ kind, name, status, receipt }) => ({ kind, name, status, receipt })),
    markdown: text.markdown,
    mime_base64: mime.toString("base64"),
  });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
