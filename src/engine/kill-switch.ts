/** The kill switch: whoever oversees stops all sending of an operator; a person lets it go on. Every node asks before it begins (`clearance.ts`). */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  type OperatorRow,
  getOperator,
  holdOperator,
  releaseStopped,
  setStopped,
} from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { commitTo, entryActor, makeEntry, makeEvent, sealOpenings } from "./record.ts";
import { passSensitive } from "./sensitive.ts";

/**
 * Stops the operator: from the commit on no hand-off commits, and within a second no node begins a copy that was handed off
 * before. Whoever stops a stopped one changes nothing. Throws `scope_required` for keys bound to mailboxes, `test_key`.
 */
export async function stopOperator(
  context: EngineContext,
  actor: Actor,
  reason: string | null,
): Promise<OperatorRow> {
  assertMay(actor);
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    const operator = await held(tx);
    if (operator.stopped_at !== null) return operator;
    const who = entryActor(actor);
    const by = `${who.kind}:${who.id}`;
    await setStopped(tx, { stopped_at: context.now(), stopped_by: by, stopped_reason: reason });
    // Free text may speak of people: the log holds a commitment.
    const words = commitTo(context.random, "reason", reason ?? "");
    const subject = await context.subjects.within(tx, by);
    const about = { resource: tx.operator_id };
    const entry = makeEntry(context, "operator.stopped", actor, about, { reason: words.c });
    await appendRecords(tx, {
      entries: [entry.row],
      openings: [sealOpenings(entry.row.entry_id, subject, [words], context.random)],
      events: [makeEvent(context, "operator.stopped", nowhere, { by })],
    });
    return held(tx);
  });
  context.wake.sequence();
  return row;
}

/**
 * Lets an operator send again; what was held is due at once. A person needs a fresh sign-in; for a key it is a sensitive
 * change. Throws as {@link stopOperator}, and what {@link passSensitive} throws.
 */
export async function resumeOperator(context: EngineContext, actor: Actor): Promise<OperatorRow> {
  assertMay(actor);
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    const operator = await held(tx);
    if (operator.stopped_at === null) return operator;
    const { by, change } = await passSensitive(context, tx, actor, {
      summary: `Let ${operator.name} send mail again, which was stopped at ${operator.stopped_at.toISOString()}.`,
      message: "Only an owner or admin can let sending go on.",
    });
    await setStopped(tx, { stopped_at: null, stopped_by: null, stopped_reason: null });
    // After the line above, which waits for hand-offs that are just being held back.
    await releaseStopped(tx, context.now());
    const about = { resource: tx.operator_id };
    const entry = makeEntry(context, "operator.resumed", actor, about, { by, ...change });
    const event = makeEvent(context, "operator.resumed", nowhere, { by });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [event] });
    return held(tx);
  });
  context.wake.sequence();
  context.wake.deliver();
  return row;
}

const nowhere = { mailbox_id: null, message_id: null, thread_id: null };

async function held(tx: Tx): Promise<OperatorRow> {
  await holdOperator(tx);
  const operator = await getOperator(tx);
  if (!operator) throw new Error(`operator ${tx.operator_id} is gone`);
  return operator;
}

function assertMay(actor: Actor): void {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "A key that is bound to mailboxes cannot stop or resume all of them.",
    );
  if (actor.test) throw liveThing("A test key neither stops nor resumes live mail.");
}
