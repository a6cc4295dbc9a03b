/** Suppression: the one road by which an address stops being written to, and the way back. */
import { type Actor, mayUseMailbox } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import { type MessageRow, loadMessages } from "../store/messages.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import {
  type NewSuppression,
  type SuppressionRow,
  deleteSuppressions,
  insertSuppressions,
  listSuppressions,
  lockHandOffs,
  markFeedback,
} from "../store/suppressions.ts";
import { untilNoneBegins } from "./clearance.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { formsOf } from "./erased-people.ts";
import { about } from "./machine-row.ts";
import { type EntryAuthor, commitTo, makeEntry, makeEvent, sealOpenings } from "./record.ts";
import type { Subject } from "./subjects.ts";

/** Why an address is suppressed. */
export const suppressionReasons = ["manual", "bounced", "unsubscribed", "complained"] as const;

/** One of {@link suppressionReasons}. */
export type SuppressionReason = (typeof suppressionReasons)[number];

/** What came back from a recipient of a message of ours. */
export type Feedback = {
  reason: Exclude<SuppressionReason, "manual">;
  /** The message that it is about. Its row may be locked already; locks are taken message first, then mailbox. */
  message: Pick<MessageRow, "message_id" | "mailbox_id" | "thread_id">;
  /** As it was written to, or what stands for it (`suppressibleAs`). */
  address: string;
  /** For the mailbox that wrote, or for all of the operator's. */
  scope: "mailbox" | "operator";
  /** Who entries name; the recipient unless given. */
  author?: EntryAuthor;
  /** Added to the log entry; no addresses and no content. */
  data?: Record<string, unknown>;
};

/** The recipient of a message, as author of what they asked for. */
export const recipientAuthor: EntryAuthor = {
  kind: "system",
  credential_id: "recipient",
  person_id: null,
};

/** A bounce's own entry and event are written with the status that it changes, so here it is a suppression only. */
const told = {
  unsubscribed: { type: "message.unsubscribed", mark: "unsubscribed_at" },
  complained: { type: "message.complained", mark: "complained_at" },
  bounced: null,
} as const;

/**
 * Suppresses the recipient of a message in the caller's transaction: row, mark on the message, log entry, and the events
 * `suppression.added` and `message.unsubscribed` or `message.complained` with the thread. Once the transaction has
 * committed, no hand-off to the address commits, and within a second no copy begins. Records are written here, or added to
 * `into`. Answers false where nothing was new.
 */
export async function suppressRecipient(
  context: EngineContext,
  tx: Tx,
  feedback: Feedback,
  into?: Records,
): Promise<boolean> {
  const { message, reason } = feedback;
  const mailboxId = feedback.scope === "operator" ? "" : message.mailbox_id;
  const author = feedback.author ?? recipientAuthor;
  const words = told[reason];
  const now = context.now();
  const subject = await context.subjects.within(tx, feedback.address);
  // The message's row first: hand-offs lock in this order too.
  const marked = words ? await markFeedback(tx, message.message_id, words.mark, now) : false;
  await lockHandOffs(tx, [mailboxId]);
  const added = await insertSuppressions(tx, [
    {
      address: feedback.address.toLowerCase(),
      mailbox_id: mailboxId,
      reason,
      message_id: message.message_id,
      note: null,
      created_by: `${author.kind}:${author.credential_id}`,
      expires_at: null,
      created_at: now,
    },
  ]);
  if (added.length === 0 && !marked) return false;
  const records = into ?? noRecords();
  const where = about(message);
  const address = commitTo(context.random, "address", feedback.address);
  const entry = makeEntry(context, words?.type ?? "suppression.added", author, where, {
    address: address.c,
    ...(words ? {} : { reason }),
    ...feedback.data,
  });
  records.entries.push(entry.row);
  records.openings.push(sealOpenings(entry.row.entry_id, subject, [address], context.random));
  if (words) records.events.push(makeEvent(context, words.type, where));
  if (added.length > 0)
    records.events.push(
      makeEvent(context, "suppression.added", where, { reason, scope: feedback.scope }),
    );
  if (!into) await appendRecords(tx, records);
  return true;
}

/** An address to be suppressed by hand. */
export type ManualSuppression = {
  address: string;
  /** Null for all mailboxes. */
  mailbox_id: string | null;
  reason: SuppressionReason;
  note: string | null;
  expires_at: Date | null;
};

/**
 * Suppresses an address by hand; answers what stands then, and whether this changed it. Once it has answered no node begins to
 * send to the address.
 */
export async function addSuppression(
  context: EngineContext,
  actor: Actor,
  wanted: ManualSuppression,
): Promise<{ row: SuppressionRow; added: boolean }> {
  assertWithin(actor, wanted.mailbox_id);
  const subject = await context.subjects.of(actor.operator_id, wanted.address);
  const done = await context.database.transaction(actor.operator_id, async (tx) => {
    await assertMailboxes(tx, wanted.mailbox_id === null ? [] : [wanted.mailbox_id]);
    assertLive(actor);
    const mailboxId = wanted.mailbox_id ?? "";
    await lockHandOffs(tx, [mailboxId]);
    const added = await insertSuppressions(tx, [toRow(context, actor, wanted)]);
    if (added.length > 0)
      await appendRecords(
        tx,
        changeRecords(context, actor, "suppression.added", subject, { ...wanted, thread: null }),
      );
    const [row] = await listSuppressions(tx, {
      mailbox_ids: null,
      addresses: [wanted.address],
      mailbox_id: mailboxId,
      limit: 1,
    });
    if (!row)
      throw new Refusal("validation_failed", "expires_at: has passed.", { field: "expires_at" });
    return { row, added: added.length > 0 };
  });
  context.wake.sequence();
  const { address, mailbox_id } = wanted;
  await untilNoneBegins(context, actor.operator_id, [{ address, mailbox_id: mailbox_id ?? "" }]);
  return done;
}

/** Takes an address off the list; throws `not_found` where the caller's mailboxes have no row of it. */
export async function removeSuppression(
  context: EngineContext,
  actor: Actor,
  wanted: { address: string; mailbox_id: string | null; note: string | null },
): Promise<SuppressionRow[]> {
  const subject = await context.subjects.of(actor.operator_id, wanted.address);
  const removed = await context.database.transaction(actor.operator_id, async (tx) => {
    const forms = formsOf(context, tx, wanted.address);
    const rows = await listSuppressions(tx, {
      mailbox_ids: null,
      addresses: forms,
      mailbox_id: wanted.mailbox_id ?? undefined,
      limit: 10_000,
    });
    // What holds for all mailboxes is not one mailbox's to lift.
    const own = rows.filter(
      (row) => actor.mailbox_ids === null || actor.mailbox_ids.includes(row.mailbox_id),
    );
    if (own.length === 0)
      throw new Refusal("not_found", "This address is not suppressed.", { field: "address" });
    assertLive(actor);
    assertMayRemove(own, wanted.note);
    const gone = await deleteSuppressions(
      tx,
      forms,
      own.map((row) => row.mailbox_id),
    );
    for (const row of gone)
      await appendRecords(
        tx,
        changeRecords(context, actor, "suppression.removed", subject, {
          address: row.address,
          mailbox_id: row.mailbox_id || null,
          reason: row.reason,
          note: wanted.note,
          expires_at: null,
          thread: await threadOf(tx, row),
        }),
      );
    return gone;
  });
  context.wake.sequence();
  return removed;
}

/** Many addresses by hand as {@link addSuppression}, each pair of address and mailbox once. Answers how many were new. */
export async function importSuppressions(
  context: EngineContext,
  actor: Actor,
  wanted: readonly ManualSuppression[],
): Promise<number> {
  assertLive(actor);
  for (const one of wanted) assertWithin(actor, one.mailbox_id);
  let added = 0;
  for (let from = 0; from < wanted.length; from += 5000) {
    const some = wanted.slice(from, from + 5000);
    added += await context.database.transaction(actor.operator_id, async (tx) => {
      await lockHandOffs(tx, [...new Set(some.map((one) => one.mailbox_id ?? ""))]);
      const rows = await insertSuppressions(
        tx,
        some.map((one) => toRow(context, actor, one)),
      );
      if (rows.length > 0) {
        const entry = makeEntry(
          context,
          "suppression.imported",
          actor,
          { resource: null },
          {
            given: some.length,
            added: rows.length,
          },
        );
        const event = makeEvent(
          context,
          "suppression.imported",
          { mailbox_id: null, message_id: null, thread_id: null },
          { added: rows.length },
        );
        await appendRecords(tx, { entries: [entry.row], openings: [], events: [event] });
      }
      return rows.length;
    });
  }
  context.wake.sequence();
  const rows = wanted.map(({ address, mailbox_id }) => ({ address, mailbox_id: mailbox_id ?? "" }));
  await untilNoneBegins(context, actor.operator_id, rows);
  return added;
}

/** Those of the mailboxes that there are for the actor. */
export async function knownMailboxes(
  context: EngineContext,
  actor: Actor,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await context.database.as(actor.operator_id, (tx) => getMailboxes(tx, ids));
  return new Set(rows.flatMap(({ mailbox_id: id }) => (mayUseMailbox(actor, id) ? [id] : [])));
}

function toRow(context: EngineContext, actor: Actor, wanted: ManualSuppression): NewSuppression {
  return {
    ...wanted,
    mailbox_id: wanted.mailbox_id ?? "",
    message_id: null,
    created_by:
      actor.person_id === null ? `key:${actor.credential_id}` : `person:${actor.person_id}`,
    created_at: context.now(),
  };
}

/** Entry, opening and event of a change by hand. The note may name people, so it is sealed with the address. */
function changeRecords(
  context: EngineContext,
  actor: Actor,
  type: "suppression.added" | "suppression.removed",
  subject: Subject,
  what: Omit<ManualSuppression, "reason"> & {
    reason: string;
    thread: { message_id: string; thread_id: string } | null;
  },
): Records {
  const address = commitTo(context.random, "address", what.address);
  const openings = [address];
  const data: Record<string, unknown> = { reason: what.reason, address: address.c };
  if (what.note !== null) {
    const note = commitTo(context.random, "note", what.note);
    openings.push(note);
    data["note"] = note.c;
  }
  if (what.expires_at) data["expires_at"] = what.expires_at.toISOString();
  const where = {
    resource: what.thread?.message_id ?? null,
    mailbox_id: what.mailbox_id,
    thread_id: what.thread?.thread_id ?? null,
    message_id: what.thread?.message_id ?? null,
  };
  const entry = makeEntry(context, type, actor, where, data);
  return {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, openings, context.random)],
    events: [
      makeEvent(context, type, where, {
        reason: what.reason,
        scope: what.mailbox_id === null ? "operator" : "mailbox",
      }),
    ],
  };
}

/** The conversation that a suppression came from. */
async function threadOf(
  tx: Tx,
  { message_id: id }: SuppressionRow,
): Promise<{ message_id: string; thread_id: string } | null> {
  if (id === null) return null;
  const [message] = await loadMessages(tx, [id], false);
  return message ? { message_id: id, thread_id: message.row.thread_id } : null;
}

/** Writing again to somebody who asked not to be written to, or called it spam, wants a reason that stands in the log. */
function assertMayRemove(rows: readonly SuppressionRow[], note: string | null): void {
  const grave = rows.find(({ reason }) => reason === "unsubscribed" || reason === "complained");
  if (grave && (note === null || note.trim() === ""))
    throw new Refusal(
      "validation_failed",
      `note: this address ${grave.reason}; say why it may be written to again.`,
      {
        field: "note",
        hint: "Give note; it is kept in the audit log.",
      },
    );
}

function assertLive(actor: Actor): void {
  if (actor.test)
    throw liveThing("A test key changes no suppressions: they hold for live mail too.");
}

/** A credential that is bound to mailboxes suppresses for these only. */
function assertWithin(actor: Actor, mailboxId: string | null): void {
  if (actor.mailbox_ids === null) return;
  if (mailboxId === null)
    throw new Refusal(
      "scope_required",
      "This credential is bound to mailboxes: it cannot speak for all.",
      {
        field: "mailbox_id",
        hint: "Give mailbox_id.",
      },
    );
  if (!actor.mailbox_ids.includes(mailboxId))
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
}

async function assertMailboxes(tx: Tx, ids: readonly string[]): Promise<void> {
  if ((await getMailboxes(tx, ids)).length < ids.length)
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
}
