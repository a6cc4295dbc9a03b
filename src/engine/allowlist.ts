/** A mailbox's allowlist: whom mail of a gated mailbox may reach without a look. A person adds; anybody who may send removes. */
import type { Actor } from "../core/actor.ts";
import { readPattern } from "../core/allowlist.ts";
import { Refusal } from "../core/refusal.ts";
import { type AllowlistRow, deleteAllowlistEntry, listAllowlist } from "../store/allowlist.ts";
import type { Tx } from "../store/database.ts";
import {
  type MailboxRow,
  getLivingMailbox,
  getMailbox,
  insertAllowlistEntry,
} from "../store/mailboxes.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { commitTo, makeEntry, sealOpenings } from "./record.ts";
import { passSensitive } from "./sensitive.ts";

/** Every hand-off of the mailbox reads them all. */
const most = 1000;

/** A page of the entries, oldest first. Throws `not_found`, `invalid_cursor`. */
export async function findAllowlist(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  page: PageRequest,
): Promise<Page<AllowlistRow>> {
  const rows = await context.database.as(actor.operator_id, async (tx) => {
    await existing(tx, mailboxId);
    return listAllowlist(tx, mailboxId, {
      after_id: readCursor(page.cursor),
      limit: page.limit + 1,
    });
  });
  return paged(rows, page.limit, (row) => row.entry_id);
}

/**
 * Adds an entry. A person needs a fresh sign-in; for a key it is a sensitive change. Throws `validation_failed`, `not_found`,
 * `already_exists`, `test_key`, and what {@link passSensitive} throws.
 */
export async function addAllowlistEntry(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  text: string,
): Promise<AllowlistRow> {
  const pattern = await patternOf(text);
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    const mailbox = await existing(tx, mailboxId, true);
    assertLive(actor);
    const entries = await listAllowlist(tx, mailboxId, { limit: most });
    if (entries.some((entry) => entry.pattern.toLowerCase() === pattern))
      throw new Refusal("already_exists", `${pattern} is on the allowlist already.`, {
        field: "pattern",
      });
    if (entries.length >= most)
      throw new Refusal("quota_exceeded", `An allowlist has ${most} entries at most.`, {
        field: "pattern",
      });
    const { by, change } = await passSensitive(context, tx, actor, {
      summary: `Let mail of ${mailbox.address} to ${pattern} leave without anybody looking at it.`,
      message: "Only an owner or admin can add to an allowlist.",
      field: "pattern",
    });
    const made: AllowlistRow = {
      operator_id: tx.operator_id,
      mailbox_id: mailboxId,
      entry_id: context.new_id(),
      pattern,
      confirmed_by: by,
      created_at: context.now(),
    };
    const { operator_id: _, ...values } = made;
    await insertAllowlistEntry(tx, values);
    await record(context, tx, "allowlist.added", actor, made, { confirmed_by: by, ...change });
    return made;
  });
  context.wake.sequence();
  return row;
}

/** Removes an entry, at once: what it let through waits for a person again. Throws `not_found`, `test_key`. */
export async function removeAllowlistEntry(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  entryId: string,
): Promise<AllowlistRow> {
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    await existing(tx, mailboxId, true);
    assertLive(actor);
    const gone = await deleteAllowlistEntry(tx, mailboxId, entryId);
    if (!gone) throw new Refusal("not_found", "There is no such entry.", { field: "entry_id" });
    await record(context, tx, "allowlist.removed", actor, gone, {});
    return gone;
  });
  context.wake.sequence();
  return row;
}

function assertLive(actor: Actor): void {
  if (actor.test) throw liveThing("A test key changes no allowlists: they serve live mail too.");
}

/** The mailbox, held to be changed where it `lives`; one that was deleted can be read. */
async function existing(tx: Tx, mailboxId: string, lives = false): Promise<MailboxRow> {
  const mailbox = await (lives ? getLivingMailbox(tx, mailboxId, true) : getMailbox(tx, mailboxId));
  if (!mailbox)
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
  return mailbox;
}

/** The pattern as it is stored. A whole public suffix would let mail through to strangers. */
async function patternOf(text: string): Promise<string> {
  const invalid = (problem: string): Refusal =>
    new Refusal("validation_failed", `pattern: ${problem}`, {
      field: "pattern",
      hint: "Give an address, or *@example.com for everybody there.",
    });
  const read = readPattern(text);
  if ("problem" in read) throw invalid(read.problem);
  const { getPublicSuffix } = await import("tldts");
  if (read.whole && getPublicSuffix(read.domain) === read.domain)
    throw invalid("is a public suffix, under which everybody has names");
  return read.pattern;
}

/** The pattern names a person: it stands in the log as a commitment. */
async function record(
  context: EngineContext,
  tx: Tx,
  type: string,
  actor: Actor,
  row: AllowlistRow,
  data: Record<string, unknown>,
): Promise<void> {
  const subject = await context.subjects.within(tx, row.pattern);
  const pattern = commitTo(context.random, "pattern", row.pattern);
  const about = { resource: row.entry_id, mailbox_id: row.mailbox_id };
  const entry = makeEntry(context, type, actor, about, { pattern: pattern.c, ...data });
  await appendRecords(tx, {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, [pattern], context.random)],
    events: [],
  });
}
