/** Erasing a person: asked for once, carried out batch by batch, each batch whole with its leaves; a crash leaves a row that goes on. */
import { type Actor, principal } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { forgetChanges } from "../store/change-requests.ts";
import type { Tx } from "../store/database.ts";
import {
  type ErasureRow,
  dueErasures,
  erasureOf,
  getErasure,
  insertErasure,
  isArriving,
  isOwnAddress,
  listErasures,
  messagesWith,
  updateErasure,
} from "../store/erasures.ts";
import { heldAmong, isAddressHeld } from "../store/legal-holds.ts";
import { shareOperator } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import { assertWholeOperator, personalAddress } from "./compliance-rules.ts";
import type { EngineContext } from "./context.ts";
import { type Left, eraseFound, nothingLeft } from "./erasing-pass.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { type EntryAuthor, commitTo, makeEntry, sealOpenings } from "./record.ts";
import { passSensitive } from "./sensitive.ts";
import { eraseSubject, settleSubject } from "./subject-openings.ts";
import { memoryMs } from "./subjects.ts";

/** Messages of one transaction. */
const batch = 50;

/** Milliseconds until an erasure looks again: what is on the wire ends, entries get their place, holds are released. */
const pauses = { again: 1000, wire: 5000, failed: 30_000, held: 3_600_000 };

/**
 * Asks for the erasure of a person. A person needs a fresh sign-in; for a key it is a sensitive change. Asked for again while it
 * is under way, it answers that. Throws `validation_failed`, `legal_hold`, `scope_required`, `test_key`, and what
 * {@link passSensitive} throws.
 */
export async function requestErasure(
  context: EngineContext,
  actor: Actor,
  wanted: { address: string; reference: string | null },
): Promise<ErasureRow> {
  assertWholeOperator(actor);
  const address = personalAddress(wanted.address);
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    await shareOperator(tx);
    if (await isOwnAddress(tx, address))
      throw new Refusal("validation_failed", `${address} is one of your own: nobody outside.`, {
        field: "address",
        hint: "Members are removed under /v1/members, mailboxes deleted, the oversight address changed.",
      });
    await assertNoHold(context, tx, address);
    const { change } = await passSensitive(context, tx, actor, {
      summary: `Erase ${address}: every message with that person, and what the log hides about them. This cannot be undone.`,
      message: "Only an owner or admin can erase a person.",
      field: "address",
    });
    return beginErasure(context, tx, {
      author: actor,
      requested_by: principal(actor),
      address,
      reference: wanted.reference,
      data: change,
    });
  });
  context.wake.sequence();
  return row;
}

/** A person to be erased, and who asks for it. */
export type NewErasure = {
  author: EntryAuthor;
  requested_by: string;
  /** In lower case. */
  address: string;
  reference: string | null;
  /** Added to the log entry; no addresses. */
  data: Record<string, unknown>;
};

/** Begins an erasure in the caller's transaction; answers the one that is under way where there is one. */
export async function beginErasure(
  context: EngineContext,
  tx: Tx,
  { author, requested_by, address, reference, data }: NewErasure,
): Promise<ErasureRow> {
  const now = context.now();
  const erasureId = context.new_id();
  const isNew = await insertErasure(tx, {
    erasure_id: erasureId,
    address,
    reference,
    status: "running",
    requested_by,
    requested_at: now,
    next_at: now,
  });
  if (!isNew) {
    const running = await erasureOf(tx, address);
    if (running) return running;
    throw new Refusal("already_exists", "This person is being erased.", { field: "address" });
  }
  const subject = await context.subjects.within(tx, address);
  const who = commitTo(context.random, "address", address);
  const entry = makeEntry(
    context,
    "subject.erasure_requested",
    author,
    { resource: erasureId },
    { address: who.c, ...data },
  );
  await appendRecords(tx, {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, [who], context.random)],
    events: [],
  });
  const row = await getErasure(tx, erasureId);
  if (!row) throw new Error("an erasure vanished in its own transaction");
  return row;
}

/** Throws `legal_hold` where a hold covers any of what would go. */
export async function assertNoHold(context: EngineContext, tx: Tx, address: string): Promise<void> {
  let held = await isAddressHeld(tx, address);
  let afterId = "";
  const before = context.now();
  while (!held) {
    const ids = await messagesWith(tx, address, { before, after_id: afterId, limit: 1000 });
    held = (await heldAmong(tx, ids)).size > 0;
    afterId = ids.at(-1) ?? "";
    if (ids.length < 1000) break;
  }
  if (held)
    throw new Refusal("legal_hold", "A legal hold covers mail with this person.", {
      field: "address",
      hint: "GET /v1/legal-holds lists the holds; the erasure can be asked for once they are released.",
    });
}

/** Erasures, newest first. Throws `scope_required`, `test_key`, `invalid_cursor`. */
export async function findErasures(
  context: EngineContext,
  actor: Actor,
  page: PageRequest,
): Promise<Page<ErasureRow>> {
  assertWholeOperator(actor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listErasures(tx, { before_id: readCursor(page.cursor), limit: page.limit + 1 }),
  );
  return paged(rows, page.limit, (row) => row.erasure_id);
}

/** One erasure. Throws `not_found`. */
export async function readErasure(
  context: EngineContext,
  actor: Actor,
  erasureId: string,
): Promise<ErasureRow> {
  assertWholeOperator(actor);
  const row = await context.database.as(actor.operator_id, (tx) => getErasure(tx, erasureId));
  if (!row) throw new Refusal("not_found", "There is no such erasure.", { field: "erasure_id" });
  return row;
}

/** Takes every erasure that is to go on one pass further, on whatever node. One that fails keeps no other waiting. */
export async function continueErasures(context: EngineContext): Promise<void> {
  const due = await dueErasures(context.database, context.now());
  for (const { operator_id, erasure_id } of due)
    try {
      await onePass(context, operator_id, erasure_id);
    } catch (error) {
      context.log.error({ erasure_id, error: String(error) }, "a pass of an erasure failed");
      const next_at = new Date(context.now().getTime() + pauses.failed);
      await context.database.as(operator_id, (tx) => updateErasure(tx, erasure_id, { next_at }));
    }
  if (due.length > 0) context.wake.sequence();
}

async function onePass(context: EngineContext, operatorId: string, id: string): Promise<void> {
  const left = nothingLeft();
  let afterId: string | null = "";
  while (afterId !== null) {
    const from: string = afterId;
    afterId = await context.database.transaction(operatorId, async (tx) => {
      const erasure = await getErasure(tx, id, true);
      if (!erasure || erasure.address === null || erasure.status === "settling") return null;
      return messageBatch(context, tx, { ...erasure, address: erasure.address }, from, left);
    });
  }
  await context.database.transaction(operatorId, async (tx) => {
    const erasure = await getErasure(tx, id, true);
    if (!erasure || erasure.address === null) return;
    await advance(context, tx, { ...erasure, address: erasure.address }, left);
  });
  const { subjects } = context;
  const row = await context.database.as(operatorId, (tx) => getErasure(tx, id));
  if (row?.address) subjects.forget(operatorId, subjects.idOf(operatorId, row.address));
}

type Running = ErasureRow & { address: string };

/** One batch, erased as far as it can be; answers where the next begins. */
async function messageBatch(
  context: EngineContext,
  tx: Tx,
  erasure: Running,
  afterId: string,
  left: Left,
): Promise<string | null> {
  const { address, requested_at: before } = erasure;
  const ids = await messagesWith(tx, address, { before, after_id: afterId, limit: batch });
  const subject_id = context.subjects.idOf(tx.operator_id, address);
  const erasing = {
    because: "subject",
    erasure_id: erasure.erasure_id,
    subject: { subject_id, address },
  } as const;
  const done = await eraseFound(context, tx, ids, erasing, left);
  await updateErasure(tx, erasure.erasure_id, {
    messages: erasure.messages + done.messages,
    openings: erasure.openings + done.openings,
  });
  return ids.length < batch ? null : (ids.at(-1) ?? null);
}

/** Says when to look again; where nothing is left, takes what else there is of the person. */
async function advance(
  context: EngineContext,
  tx: Tx,
  erasure: Running,
  left: Left,
): Promise<void> {
  const now = context.now().getTime();
  const { erasure_id: id, address } = erasure;
  if (erasure.status === "settling") {
    await settleSubject(context, tx, erasure);
    await forgetChanges(tx, address, context.now());
    await updateErasure(tx, id, {
      status: "done",
      done_at: new Date(now),
      next_at: null,
      address: null,
    });
    return;
  }
  const waits = left.count > 0 || (await isArriving(tx, address, erasure.requested_at));
  if (waits || (await isAddressHeld(tx, address))) {
    await updateErasure(tx, id, { remaining: left.count, ...waitOf(left, waits, now) });
    return;
  }
  const gone = await eraseSubject(context, tx, erasure);
  if (gone === null) {
    await updateErasure(tx, id, { next_at: new Date(now + pauses.again) });
    return;
  }
  await updateErasure(tx, id, {
    status: "settling",
    remaining: 0,
    openings: erasure.openings + gone,
    next_at: new Date(now + 2 * memoryMs),
  });
}

function waitOf(
  left: Left,
  waits: boolean,
  now: number,
): { status: ErasureRow["status"]; next_at: Date } {
  if (left.soon > 0) return { status: "running", next_at: new Date(now + pauses.again) };
  if (left.wire > 0) return { status: "running", next_at: new Date(now + pauses.wire) };
  if (left.held > 0 || !waits) return { status: "held", next_at: new Date(now + pauses.held) };
  if (left.retained !== null) return { status: "retained", next_at: left.retained };
  return { status: "running", next_at: new Date(now + pauses.wire) };
}
