/** Decisions: approve, reject, revise, each bound to a digest, stated, signed and logged before anything moves. */
import { type Actor, mayUseMailbox, principal } from "../core/actor.ts";
import { countApprovals, step } from "../core/oversight/machine.ts";
import type { Message } from "../core/oversight/types.ts";
import { Refusal, type RefusalCode } from "../core/refusal.ts";
import { findEdited } from "../store/audit-log.ts";
import { batcher } from "../store/batcher.ts";
import { type Tx, mayBeOneItems } from "../store/database.ts";
import { putDue } from "../store/due.ts";
import { type MailboxRow, getMailboxes } from "../store/mailboxes.ts";
import {
  type LoadedMessage,
  insertDecisions,
  loadMessages,
  updateMessages,
} from "../store/messages.ts";
import { addRecords, appendRecords, noRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { loadProofs, noteSpent, prove, spendProofs } from "./decision-proofs.ts";
import {
  type DecisionProof,
  type Made as StatedDecision,
  loadQuoted,
  stateDecision,
} from "./decision-statement.ts";
import { assertInTime, deletePending } from "./pending-due.ts";
import { toMachine, toUpdate } from "./machine-row.ts";
import { makeEvent } from "./record.ts";

/** One decision as asked for. */
export type DecisionRequest = {
  email_id: string;
  decision: "approve" | "reject" | "revise";
  /** The digest that was seen; may be left out only while the message has never been edited. */
  digest?: string | undefined;
  reason?: string | undefined;
  /** How it is proved; the service vouches (B) where nothing else is said. */
  proof?: DecisionProof | undefined;
};

/** What a decision did. */
export type Decided = {
  id: string;
  status: string;
  decision: string;
  approvals: number;
  approvals_required: number;
  /** When a message approved in the dashboard leaves; until then it can be cancelled. */
  leaves_at: string | null;
};

type Job = { actor: Actor; requests: readonly DecisionRequest[] };

/** Decides on several messages, all or none. */
export function createDecide(
  context: EngineContext,
): (actor: Actor, requests: readonly DecisionRequest[]) => Promise<Decided[]> {
  const run = batcher<Job, Decided[]>({
    max_items: 32,
    max_in_flight: 2,
    group: (job) => job.actor.operator_id,
    retry_alone: mayBeOneItems,
    async serve(jobs) {
      const operatorId = jobs[0]?.actor.operator_id ?? "";
      const answers = await context.database.transaction(
        operatorId,
        (tx) => decideAll(context, tx, jobs),
        { reads_first: true },
      );
      return jobs.map((job) => answers.get(job) ?? new Error("decision was not made"));
    },
  });
  return async (actor, requests) => {
    const ids = new Set(requests.map((request) => request.email_id));
    if (ids.size < requests.length)
      throw new Refusal("validation_failed", "decisions: a message is named twice.", {
        field: "decisions",
      });
    const decided = await run({ actor, requests });
    context.wake.deliver();
    context.wake.timers();
    context.wake.sequence();
    return decided;
  };
}

/** State of one message while several decisions of a transaction are applied to it. */
type Working = {
  loaded: LoadedMessage;
  state: Message;
  /** Whoever read it may have read another content than it has now. Only known where a decision names no digest. */
  edited: boolean;
  leaves_at: Date | null;
  touched: boolean;
};

async function decideAll(
  context: EngineContext,
  tx: Tx,
  jobs: readonly Job[],
): Promise<Map<Job, Decided[] | Error>> {
  const ids = [...new Set(jobs.flatMap((job) => job.requests.map((request) => request.email_id)))];
  const loaded = (await loadMessages(tx, ids, true)).filter(isSent);
  const blind = jobs.flatMap((job) => job.requests).filter(({ digest }) => digest === undefined);
  const edited = await findEdited(
    tx,
    blind.map((request) => request.email_id),
  );
  const working = new Map<string, Working>(
    loaded.map((message) => [
      message.row.message_id,
      {
        loaded: message,
        state: toMachine(message),
        edited: edited.has(message.row.message_id),
        leaves_at: null,
        touched: false,
      },
    ]),
  );
  const mailboxes = new Map(
    (await getMailboxes(tx, [...new Set(loaded.map((message) => message.row.mailbox_id))])).map(
      (mailbox) => [mailbox.mailbox_id, mailbox],
    ),
  );
  const proofs = await loadProofs(
    context,
    tx,
    jobs.flatMap((job) => job.requests).map(({ proof }) => proof),
  );
  const answers = new Map<Job, Decided[] | Error>();
  const made: Made[] = [];
  for (const job of jobs) {
    // Steps are tried on a copy, so that a job that is refused leaves no trace of its first half.
    const trial = new Map(working);
    try {
      const drafts = job.requests.map((request) => {
        const after = tryStep(context, job.actor, request, trial, mailboxes);
        const { row, recipients } = after.loaded;
        const proven = prove(context, job.actor, { request, row }, proofs);
        return { after, made: { actor: job.actor, request, row, recipients, proven } };
      });
      const steps = drafts.map(({ after }) => after);
      for (const [id, state] of trial) working.set(id, state);
      for (const draft of drafts) {
        made.push(draft.made);
        noteSpent(draft.made, proofs);
      }
      answers.set(
        job,
        steps.map((after, i) => answerOf(after, job.requests[i])),
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answers.set(job, error);
    }
  }
  await write(
    context,
    tx,
    made,
    [...working.values()].filter((message) => message.touched),
  );
  return answers;
}

/** Received mail that is held is released or refused, which is no decision of this kind. */
function isSent({ row }: LoadedMessage): boolean {
  return row.direction === "outbound";
}

type Made = StatedDecision & { request: DecisionRequest };

function answerOf(after: Working, request: DecisionRequest | undefined): Decided {
  return {
    id: after.loaded.row.message_id,
    status: after.state.status,
    decision: request?.decision ?? "",
    approvals: countApprovals(after.state, after.state.digest),
    approvals_required: after.state.required,
    leaves_at: after.leaves_at?.toISOString() ?? null,
  };
}

function tryStep(
  context: EngineContext,
  actor: Actor,
  request: DecisionRequest,
  working: Map<string, Working>,
  mailboxes: ReadonlyMap<string, MailboxRow>,
): Working {
  const before = working.get(request.email_id);
  if (!before || !mayUseMailbox(actor, before.loaded.row.mailbox_id))
    throw new Refusal("not_found", "There is no such message.", { field: "email_id" });
  const { row } = before.loaded;
  if (actor.test && !row.test)
    throw new Refusal("test_key", "A test key decides on messages of test keys only.", {
      hint: "Nothing that a test key does may let mail leave.",
    });
  if (request.digest === undefined && before.edited)
    throw new Refusal(
      "stale_digest",
      "The message was edited: the decision must name the digest it saw.",
      {
        field: "digest",
        hint: `Read the message again; its digest is ${row.digest}.`,
      },
    );
  if (before.state.status === "pending_approval") assertInTime(row, context.now());
  const mailbox = mailboxes.get(row.mailbox_id);
  const undo = actor.kind === "person" ? (mailbox?.undo_seconds ?? 0) : 0;
  const notBefore = row.send_at !== null && row.send_at > context.now() ? row.send_at : null;
  const by = principal(actor);
  // An assistant that decides for its person does not decide on what another assistant of theirs wrote.
  if (actor.agents?.some((agent) => before.state.authors.includes(agent)))
    throw refusalOf("self_approval", before.state);
  const digest = request.digest ?? before.state.digest;
  const wait = undo > 0 || notBefore !== null;
  const after = step(
    before.state,
    request.decision === "approve"
      ? { type: "approve", by, digest, class: request.proof?.class ?? "B", wait }
      : { type: request.decision, by, digest },
  );
  if (!after.ok) throw refusalOf(after.refusal, before.state);
  // What its mailbox asks for since the message waits, hand-off would ask for too: better now than after a vain approval.
  if (mailbox?.passkey_required && request.decision === "approve" && request.proof?.class !== "A")
    throw refusalOf("passkey_required", before.state);
  const undoUntil = new Date(context.now().getTime() + undo * 1000);
  const result: Working = {
    ...before,
    state: after.message,
    leaves_at:
      after.message.status === "scheduled"
        ? notBefore && notBefore > undoUntil
          ? notBefore
          : undoUntil
        : null,
    touched: true,
  };
  working.set(request.email_id, result);
  return result;
}

function refusalOf(code: RefusalCode, state: Message): Refusal {
  switch (code) {
    case "not_pending":
      return new Refusal(code, `The message is ${state.status}: there is nothing to decide.`);
    case "stale_digest":
      return new Refusal(code, "The message changed since it was read.", {
        field: "digest",
        hint: `Read it again; its digest is ${state.digest}.`,
      });
    case "self_approval":
      return new Refusal(code, "Whoever wrote or edited a message cannot decide on it.");
    case "passkey_required":
      return new Refusal(code, "This message is approved by passkey only.", {
        hint: "Approve it in the dashboard with a decision passkey.",
      });
    case "already_decided":
      return new Refusal(code, "You have approved this message already; another person has to.");
    default:
      return new Refusal(code, "The message cannot be decided on.");
  }
}

/** True for what a person may still have to look at, because votes are missing or it is pulled back: why it was held stays said. */
function waitsStill({ status }: Message): boolean {
  return status === "pending_approval" || status === "scheduled";
}

/** Statement, signature, decision row, entry and event of each decision; then the messages' new states. */
async function write(
  context: EngineContext,
  tx: Tx,
  made: readonly Made[],
  touched: readonly Working[],
): Promise<void> {
  if (made.length === 0) return;
  const quoted = await loadQuoted(tx, made);
  const stated = await Promise.all(
    made.map(async (decision) => {
      const own = noRecords();
      const row = await stateDecision(context, tx, decision, quoted, own);
      return { row, own };
    }),
  );
  // Signing takes its time; the log tells of decisions in the order in which they were made.
  const records = noRecords();
  for (const { own } of stated) addRecords(records, own);
  const rows = stated.map(({ row }) => row);
  const now = context.now();
  const updates = touched.map(({ loaded, state }) =>
    toUpdate(loaded.row, state, {
      reason: waitsStill(state)
        ? loaded.row.reason
        : (made.findLast((one) => one.row === loaded.row)?.request.reason ?? null),
      expires_at: state.status === "pending_approval" ? loaded.row.expires_at : null,
    }),
  );
  const decided = touched.filter(({ state }) => state.status !== "pending_approval");
  // Without a time to undo it, what was approved is queued at once.
  for (const { loaded, state } of decided)
    if (state.status === "queued") {
      const { mailbox_id, message_id, thread_id } = loaded.row;
      const where = { mailbox_id, message_id, thread_id };
      records.events.push(makeEvent(context, "message.queued", where));
    }
  const rowsOf = (status: string): { message_id: string; at: Date }[] =>
    decided
      .filter(({ state }) => state.status === status)
      .map(({ loaded, leaves_at }) => ({
        message_id: loaded.row.message_id,
        at: leaves_at ?? now,
      }));
  // In this order: decisions are about pending messages. Begun together, run one after the other.
  await Promise.all([
    insertDecisions(tx, rows),
    updateMessages(tx, updates, now),
    deletePending(
      tx,
      decided.map(({ loaded }) => loaded.row.message_id),
    ),
    putDue(tx, "deliver", rowsOf("queued")),
    putDue(tx, "release", rowsOf("scheduled")),
    appendRecords(tx, records),
    spendProofs(tx, made, now),
  ]);
}
