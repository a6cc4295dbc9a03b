/** Erasing what a deleted account left behind: asked for by whoever runs the instance, since nobody else may act in its name any more. */
import { setTimeout as delay } from "node:timers/promises";
import { Refusal } from "../core/refusal.ts";
import { countUnfinished, forgetPeople, sealedOfOperator } from "../store/closed-operators.ts";
import type { Tx } from "../store/database.ts";
import { deleteOpenings } from "../store/erasing.ts";
import type { ErasureRow, SealedEntry } from "../store/erasures.ts";
import { isOwnAddress } from "../store/erasures.ts";
import { countHolds } from "../store/legal-holds.ts";
import { getOperator, holdOperator, listOperators, shareOperator } from "../store/operators.ts";
import { appendRecords, noRecords } from "../store/records.ts";
import { agedMessages } from "../store/retention.ts";
import { personalAddress } from "./compliance-rules.ts";
import type { EngineContext } from "./context.ts";
import { type ErasedFields, openingsOf, recordErasure } from "./erase-messages.ts";
import { type Left, eraseFound, nothingLeft } from "./erasing-pass.ts";
import { type EntryAuthor, makeEntry } from "./record.ts";
import { assertNoHold, beginErasure } from "./subject-erasure.ts";

/** Whoever runs the instance, as author of entries. */
const host: EntryAuthor = { kind: "system", credential_id: "host", person_id: null };

/** Of one transaction. */
const batch = { messages: 50, openings: 500 };

/** For so long, in milliseconds, it is waited for what ends soon: entries that get their place, copies on the wire. */
const patience = { in_all: 30_000, between: 200 };

/** What became of an account, and what cannot go yet. */
export type ClosedErasure = {
  operator_id: string;
  messages: number;
  openings: number;
  /** True once nothing of it is left that names people; else it is to be asked for again. */
  done: boolean;
  /** Messages under a legal hold. */
  held: number;
  /** When the first of those is free that must be kept. */
  retained_until: Date | null;
  /** What has yet to come to its end. */
  waiting: number;
};

/** Throws `not_found` for an operator that is not there, `validation_failed` for one that is open. No closed one opens again. */
async function assertClosed(context: EngineContext, operatorId: string): Promise<void> {
  const operator = await context.database.as(operatorId, getOperator);
  if (operator?.closed_at) return;
  if (operator)
    throw new Refusal("validation_failed", "This account is open: its own people erase.", {
      field: "operator",
      hint: "POST /v1/subjects/erase, or DELETE /v1/account first.",
    });
  const closed = (await listOperators(context.database)).filter((one) => one.closed_at !== null);
  const names = closed.map((one) => `${one.operator_id} (${one.name})`).join(", ");
  throw new Refusal("not_found", "There is no such account.", {
    field: "operator",
    hint: `Accounts that were deleted: ${names === "" ? "none" : names}.`,
  });
}

/**
 * Begins to erase a person from a deleted account, as its people would have: the worker carries it on. Asked for again it answers
 * the one under way. Throws `validation_failed`, `not_found`, `legal_hold`.
 */
export async function eraseFromClosed(
  context: EngineContext,
  operatorId: string,
  wanted: { address: string; reference: string | null },
): Promise<ErasureRow> {
  const address = personalAddress(wanted.address);
  await assertClosed(context, operatorId);
  const row = await context.database.transaction(operatorId, async (tx) => {
    await shareOperator(tx);
    if (await isOwnAddress(tx, address))
      throw new Refusal("validation_failed", `${address} was one of its own.`, {
        field: "address",
        hint: "Its members go with everything else of the account.",
      });
    await assertNoHold(context, tx, address);
    const { reference } = wanted;
    const asked = { author: host, requested_by: "system:host", data: {} };
    return beginErasure(context, tx, { ...asked, address, reference });
  });
  context.wake.sequence();
  return row;
}

/**
 * Erases everything of a deleted account that names people: its messages, each with its leaf, what the log hides, and at last
 * contacts, members and what is kept of them. What is under a hold, or must be kept, stays, and with it the rest; asked for again it
 * goes on. The log stays, and what its entries commit to. Throws `validation_failed`, `not_found`.
 */
export async function eraseClosed(
  context: EngineContext,
  operatorId: string,
): Promise<ClosedErasure> {
  await assertClosed(context, operatorId);
  await context.database.transaction(operatorId, async (tx) => {
    const what = { resource: tx.operator_id };
    const entry = makeEntry(context, "operator.erasure_requested", host, what, {});
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  });
  const gone = { messages: 0, openings: 0 };
  for (const end = performance.now() + patience.in_all; ;) {
    context.wake.sequence();
    const left = await eraseMessagesOf(context, operatorId, gone);
    const rest = left.count === 0 ? await eraseRest(context, operatorId, gone) : null;
    const waiting = rest === null ? left.soon + left.wire : rest.waiting;
    const held = left.held + (rest?.holds ?? 0);
    if (waiting === 0 || performance.now() > end)
      return {
        operator_id: operatorId,
        ...gone,
        done: rest?.done ?? false,
        held,
        retained_until: left.retained,
        waiting,
      };
    await delay(patience.between);
  }
}

type Gone = { messages: number; openings: number };

async function eraseMessagesOf(
  context: EngineContext,
  operatorId: string,
  gone: Gone,
): Promise<Left> {
  const left = nothingLeft();
  const before = new Date(context.now().getTime() + 86_400_000);
  for (let afterId: string | undefined = ""; afterId !== undefined;) {
    const from: string = afterId;
    afterId = await context.database.transaction(operatorId, async (tx) => {
      const found = await agedMessages(tx, { before, after_id: from, limit: batch.messages });
      const ids = found.map((one) => one.message_id);
      const erasing = { because: "account", erasure_id: null, subject: null } as const;
      const done = await eraseFound(context, tx, ids, erasing, left);
      gone.messages += done.messages;
      gone.openings += done.openings;
      return ids.length < batch.messages ? undefined : ids.at(-1);
    });
  }
  return left;
}

/** What there is beside messages, once these are gone and nothing else is to come. */
async function eraseRest(
  context: EngineContext,
  operatorId: string,
  gone: Gone,
): Promise<{ done: boolean; waiting: number; holds: number }> {
  for (;;) {
    const step = await context.database.transaction(operatorId, async (tx) => {
      // Held: no legal hold is placed before this commits.
      await holdOperator(tx);
      const holds = await countHolds(tx);
      const waiting = await countUnfinished(tx);
      if (holds > 0 || waiting > 0) return { done: false, waiting, holds };
      const sealed = await sealedOfOperator(tx, batch.openings);
      const unplaced = sealed.filter((one) => one.idx === null).length;
      if (unplaced > 0) return { done: false, waiting: unplaced, holds };
      if (sealed.length > 0) {
        await eraseOpenings(context, tx, sealed);
        gone.openings += sealed.length;
        return null;
      }
      await forgetPeople(tx);
      const entry = makeEntry(context, "operator.erased", host, { resource: tx.operator_id }, gone);
      await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
      return { done: true, waiting: 0, holds };
    });
    if (step !== null) return step;
  }
}

/** Deletes openings with a leaf that names them, for each thing that their entries are about. */
async function eraseOpenings(
  context: EngineContext,
  tx: Tx,
  sealed: readonly SealedEntry[],
): Promise<void> {
  const ids = [...new Set(sealed.map((one) => one.subject_id))];
  const keys = await context.subjects.existing(tx.operator_id, ids);
  const records = noRecords();
  for (const [resource, rows] of Map.groupBy(sealed, (one) => one.resource ?? tx.operator_id)) {
    const fields = rows.flatMap((one): ErasedFields[] => {
      const key = keys.get(one.subject_id);
      const names = key ? openingsOf(one, key).map(({ field }) => field) : [];
      return one.idx === null || names.length === 0 ? [] : [{ index: one.idx, fields: names }];
    });
    const because = { because: "account", erasure_id: null } as const;
    if (fields.length > 0) recordErasure(context, records, { resource }, because, fields);
  }
  await appendRecords(tx, records);
  await deleteOpenings(tx, sealed);
}
