/** Legal holds: placed and released by people who administer; nothing that one covers is erased. */
import { type Actor, principal } from "../core/actor.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import type { HoldScope } from "../core/compliance.ts";
import type { Tx } from "../store/database.ts";
import { retryErasures } from "../store/erasures.ts";
import {
  type HoldRow,
  countHolds,
  insertHold,
  listHolds,
  releaseHold,
} from "../store/legal-holds.ts";
import { getMailbox } from "../store/mailboxes.ts";
import { holdOperator } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import { assertWholeOperator, personalAddress } from "./compliance-rules.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { commitTo, makeEntry, sealOpenings } from "./record.ts";
import { visibleMessage } from "./read-messages.ts";
import { passSensitive } from "./sensitive.ts";

/** What is to be held; which of the ids is given says what. None: everything of the operator. */
export type NewHold = {
  reason: string;
  mailbox_id?: string | undefined;
  thread_id?: string | undefined;
  email_id?: string | undefined;
  address?: string | undefined;
};

/** Holds that stand at a time: each erased message is compared with all of them. */
const most = 1000;

/** Places a hold. Throws `validation_failed`, `not_found`, `quota_exceeded`, `scope_required`, `test_key`. */
export async function placeHold(
  context: EngineContext,
  actor: Actor,
  wanted: NewHold,
): Promise<HoldRow> {
  assertWholeOperator(actor);
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    // Erasures that are under way commit before, or see the hold.
    await holdOperator(tx);
    if ((await countHolds(tx)) >= most)
      throw new Refusal("quota_exceeded", `At most ${most} legal holds stand at a time.`);
    const made: HoldRow = {
      operator_id: tx.operator_id,
      hold_id: context.new_id(),
      ...(await targetOf(tx, actor, wanted)),
      reason: wanted.reason,
      created_by: principal(actor),
      created_at: context.now(),
      released_by: null,
      released_at: null,
    };
    const { operator_id: _o, released_by: _b, released_at: _a, ...values } = made;
    await insertHold(tx, values);
    await record(context, tx, actor, "legal_hold.placed", made, {});
    return made;
  });
  context.wake.sequence();
  return row;
}

/**
 * Releases a hold: what it covered may be erased again. A person needs a fresh sign-in; for a key it is a sensitive change. Throws
 * `not_found`, `scope_required`, `test_key`, and what {@link passSensitive} throws.
 */
export async function endHold(
  context: EngineContext,
  actor: Actor,
  holdId: string,
): Promise<HoldRow> {
  assertWholeOperator(actor);
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    await holdOperator(tx);
    const now = context.now();
    const released = await releaseHold(tx, holdId, principal(actor), now);
    if (!released)
      throw new Refusal("not_found", "There is no such legal hold.", { field: "hold_id" });
    const { change } = await passSensitive(context, tx, actor, {
      summary: `Release the legal hold on ${wordsOf(released)}, which was placed for this reason: ${released.reason}`,
      message: "Only an owner or admin can release a legal hold.",
    });
    await retryErasures(tx, "held", now);
    await record(context, tx, actor, "legal_hold.released", released, change);
    return released;
  });
  context.wake.sequence();
  return row;
}

/** A page of the holds, newest first; `released` ones too where asked for. */
export async function findHolds(
  context: EngineContext,
  actor: Actor,
  released: boolean,
  page: PageRequest,
): Promise<Page<HoldRow>> {
  assertWholeOperator(actor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listHolds(tx, {
      released,
      withheld: seesWithheld(actor),
      before_id: readCursor(page.cursor),
      limit: page.limit + 1,
    }),
  );
  return paged(rows, page.limit, (row) => row.hold_id);
}

type Target = Pick<HoldRow, "scope" | "mailbox_id" | "thread_id" | "message_id" | "address">;

/** What is held, which must be there for whoever asks. */
async function targetOf(tx: Tx, actor: Actor, wanted: NewHold): Promise<Target> {
  const { mailbox_id, thread_id, email_id, address } = wanted;
  const named = [mailbox_id, email_id, address].filter((one) => one !== undefined).length;
  if (named > 1 || (thread_id !== undefined && mailbox_id === undefined))
    throw new Refusal(
      "validation_failed",
      "A legal hold is on one thing: a mailbox, a thread of a mailbox, an email, an address, or everything.",
      { hint: "Place several holds for several things." },
    );
  if (mailbox_id !== undefined && !(await getMailbox(tx, mailbox_id)))
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
  if (email_id !== undefined) await visibleMessage(tx, actor, email_id);
  return {
    scope: scopeOf(wanted),
    mailbox_id: mailbox_id ?? null,
    thread_id: thread_id ?? null,
    message_id: email_id ?? null,
    address: address === undefined ? null : personalAddress(address),
  };
}

function scopeOf({ mailbox_id, thread_id, email_id, address }: NewHold): HoldScope {
  if (thread_id !== undefined) return "thread";
  if (mailbox_id !== undefined) return "mailbox";
  if (email_id !== undefined) return "email";
  return address === undefined ? "operator" : "address";
}

function wordsOf({ scope, mailbox_id, thread_id, message_id, address }: HoldRow): string {
  if (scope === "operator") return "everything";
  return `${scope} ${[thread_id, mailbox_id, message_id, address].find((one) => one !== null) ?? ""}`;
}

/** The address names a person, and the reason may: both stand in the log as commitments. */
async function record(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  type: string,
  row: HoldRow,
  more: Record<string, unknown>,
): Promise<void> {
  const { scope, mailbox_id, thread_id, message_id, address } = row;
  const subject = await context.subjects.within(tx, address ?? row.hold_id);
  const openings = [
    commitTo(context.random, "note", row.reason),
    ...(address === null ? [] : [commitTo(context.random, "address", address)]),
  ];
  const commitments = Object.fromEntries(openings.map(({ field, c }) => [field, c]));
  const entry = makeEntry(
    context,
    type,
    actor,
    { resource: row.hold_id, mailbox_id, thread_id },
    { scope, email: message_id, ...commitments, ...more },
  );
  await appendRecords(tx, {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, openings, context.random)],
    events: [],
  });
}
