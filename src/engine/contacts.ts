/** Contacts: the people an operator knows. Whom a change is about stands in the log as a commitment. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import {
  type ContactRow,
  deleteContact,
  findContact,
  getContact,
  insertContact,
  searchContacts,
  updateContact,
} from "../store/contacts.ts";
import type { Tx } from "../store/database.ts";
import { appendRecords } from "../store/records.ts";
import { readMailbox } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { commitTo, makeEntry, sealOpenings } from "./record.ts";
import type { Subject } from "./subjects.ts";

/** A contact as it stands. */
export type Contact = ContactRow;

/** A contact as it is asked for. Absent members of one that exists stay as they are. */
export type NewContact = {
  email: string;
  name?: string | undefined;
  metadata?: Record<string, string> | undefined;
};

/** What of a contact is to be another; absent members stay. `null` takes the name away. */
export type ContactChange = {
  name?: string | null | undefined;
  metadata?: Record<string, string> | undefined;
};

/** One contact. Throws `not_found`, and `scope_required` for keys bound to mailboxes. */
export async function readContact(
  context: EngineContext,
  actor: Actor,
  contactId: string,
): Promise<ContactRow> {
  assertUnbound(actor);
  const contact = await context.database.as(actor.operator_id, (tx) =>
    getContact(tx, contactId, false),
  );
  if (!contact)
    throw new Refusal("not_found", "There is no such contact.", { field: "contact_id" });
  return contact;
}

/** Changes name and metadata of a contact. Throws `not_found`, `scope_required`, `test_key`. */
export async function changeContact(
  context: EngineContext,
  actor: Actor,
  contactId: string,
  change: ContactChange,
): Promise<ContactRow> {
  const { email } = await readContact(context, actor, contactId);
  if (actor.test) throw liveThing("A test key changes no contacts: live mail uses them too.");
  const subject = await context.subjects.of(actor.operator_id, email);
  const changed = await context.database.transaction(actor.operator_id, async (tx) => {
    const before = await getContact(tx, contactId, true);
    if (!before)
      throw new Refusal("not_found", "There is no such contact.", { field: "contact_id" });
    const after = {
      name: change.name === undefined ? before.name : change.name,
      metadata: change.metadata ?? before.metadata,
    };
    if (after.name === before.name && sameLabels(after.metadata, before.metadata)) return before;
    await updateContact(tx, { contact_id: contactId, ...after, now: context.now() });
    const contact = (await getContact(tx, contactId, false)) ?? before;
    await log(context, tx, actor, "contact.changed", contact, subject);
    return contact;
  });
  context.wake.sequence();
  return changed;
}

/** Finds contacts by a part of address or name. Throws `scope_required` for keys bound to mailboxes. */
export async function findContacts(
  context: EngineContext,
  actor: Actor,
  q: string | undefined,
  page: PageRequest,
): Promise<Page<ContactRow>> {
  assertUnbound(actor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    searchContacts(tx, { q, before_id: readCursor(page.cursor), limit: page.limit + 1 }),
  );
  return paged(rows, page.limit, (row) => row.contact_id);
}

/** Adds a contact, or changes the one with this address. Throws `validation_failed`, `scope_required`, `test_key`. */
export async function addContact(
  context: EngineContext,
  actor: Actor,
  wanted: NewContact,
): Promise<{ contact: ContactRow; is_new: boolean }> {
  assertUnbound(actor);
  if (actor.test) throw liveThing("A test key changes no contacts: live mail uses them too.");
  const read = readMailbox(wanted.email, "email");
  const email = read.address.toLowerCase();
  const name = wanted.name ?? read.name ?? undefined;
  const subject = await context.subjects.of(actor.operator_id, email);
  const added = await context.database.transaction(actor.operator_id, async (tx) => {
    const now = context.now();
    const fresh = {
      contact_id: context.new_id(),
      email,
      name: name ?? null,
      metadata: wanted.metadata ?? {},
      now,
    };
    const isNew = await insertContact(tx, fresh);
    const before = isNew ? null : await findContact(tx, email, true);
    if (before) {
      const same =
        (name === undefined || name === before.name) &&
        (wanted.metadata === undefined || sameLabels(wanted.metadata, before.metadata));
      if (same) return { contact: before, is_new: false };
      await updateContact(tx, {
        contact_id: before.contact_id,
        name: name ?? before.name,
        metadata: wanted.metadata ?? before.metadata,
        now,
      });
    }
    const contact = await findContact(tx, email, false);
    if (!contact) throw new Error("a contact vanished in its own transaction");
    await log(context, tx, actor, isNew ? "contact.added" : "contact.changed", contact, subject);
    return { contact, is_new: isNew };
  });
  context.wake.sequence();
  return added;
}

/** Removes a contact. Throws `not_found`, `scope_required`, `test_key`. */
export async function removeContact(
  context: EngineContext,
  actor: Actor,
  contactId: string,
): Promise<ContactRow> {
  assertUnbound(actor);
  const removed = await context.database.transaction(actor.operator_id, async (tx) => {
    const contact = await deleteContact(tx, contactId);
    if (!contact)
      throw new Refusal("not_found", "There is no such contact.", { field: "contact_id" });
    if (actor.test) throw liveThing("A test key changes no contacts: live mail uses them too.");
    const subject = await context.subjects.within(tx, contact.email);
    await log(context, tx, actor, "contact.deleted", contact, subject);
    return contact;
  });
  context.wake.sequence();
  return removed;
}

/** Contacts are the operator's, with people whom a single mailbox has nothing to do with. */
function assertUnbound(actor: Actor): void {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "A key that is bound to mailboxes does not see the operator's contacts.",
      { hint: "Use a key for all mailboxes." },
    );
}

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

async function log(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  type: string,
  contact: ContactRow,
  subject: Subject,
): Promise<void> {
  const email = commitTo(context.random, "email", contact.email);
  const name = commitTo(context.random, "name", contact.name ?? "");
  const entry = makeEntry(
    context,
    type,
    actor,
    { resource: contact.contact_id },
    { email: email.c, name: name.c },
  );
  await appendRecords(tx, {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, [email, name], context.random)],
    events: [],
  });
}
