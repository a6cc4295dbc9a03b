/** Drafts: written without leaving, and sent by asking everything that submission asks. */
import { createHash } from "node:crypto";
import { type Actor, principal } from "../core/actor.ts";
import { readMode } from "../core/oversight/mode.ts";
import type { GateTiming, Message } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { claimKeys, findKey } from "../store/idempotency.ts";
import { type NewMessage, insertMessages, isUnder } from "../store/messages.ts";
import { appendRecords } from "../store/records.ts";
import { type Draft, type Envelope, type Text, envelopeOf } from "./composition.ts";
import { contentEntry } from "./content-entry.ts";
import type { EngineContext } from "./context.ts";
import { reviewOf, untilUndisturbed } from "./edit.ts";
import { type Surroundings, judge, loadSurroundings, refuseSuppressed } from "./judging.ts";
import { overTurns, reviewWithTurns } from "./loop-guard.ts";
import { newMessage } from "./new-message.ts";
import { scanOutgoing } from "./outbound-scan.ts";
import { quotaGate } from "./quota.ts";
import { makeEvent } from "./record.ts";
import {
  type Composing,
  type Revised,
  answerFor,
  assertMayRevise,
  entryOf,
  recompose,
  surroundingsOf,
  take,
  underPresentMode,
} from "./revision.ts";
import { rewrite, stillAsLoaded } from "./rewrite.ts";
import { answerTo } from "./reply.ts";
import { readSendAt } from "./send-time.ts";
import { withCopies } from "./auto-copies.ts";
import { type StoredMessage, loadOutbound, textOf, writtenTo } from "./stored-draft.ts";
import { keyConflict, submissionEvents } from "./submit.ts";
import { refuseLocked } from "./thread-lock.ts";

/** A draft as it is written: everything may still be missing. */
export type DraftRequest = Draft & {
  mailbox_id: string;
  thread_id?: string | undefined;
  /** Our id of the message that this answers; recipients, subject and thread then follow from it. */
  reply_of?: string | undefined;
  reply_all?: boolean | undefined;
  /** A reason for which a person has to look when it is sent. */
  review?: string | undefined;
  tags: Record<string, string>;
  metadata: Record<string, string>;
  send_at?: string | undefined;
  gate_timing?: GateTiming | undefined;
};

/** Writes a draft; answers its id. Also in a `read_only` mailbox, which then refuses to send it. */
export async function createDraft(
  context: EngineContext,
  actor: Actor,
  asked: DraftRequest,
): Promise<string> {
  if (asked.reply_all === true && asked.reply_of === undefined)
    throw new Refusal("validation_failed", "reply_all: only an answer goes to all.", {
      field: "reply_all",
      hint: "Say in reply_of which email it answers.",
    });
  const request =
    asked.reply_of === undefined ? asked : await answering(context, actor, asked, asked.reply_of);
  const envelope = envelopeOf(request, 0);
  const id = await untilUndisturbed(() => createOnce(context, actor, request, envelope));
  context.wake.sequence();
  return id;
}

/**
 * The draft of an answer: as `reply` makes it, but that `to` and `subject` stay where they are given. Throws `not_found`, and
 * `validation_failed` for a thread that the answered message is not in.
 */
async function answering(
  context: EngineContext,
  actor: Actor,
  asked: DraftRequest,
  replyOf: string,
): Promise<DraftRequest> {
  const { mailbox_id, reply_all = false } = asked;
  const made = await answerTo(context, actor, { mailbox_id, email_id: replyOf, reply_all }).catch(
    (error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== "not_found") throw error;
      throw new Refusal(error.code, error.message, { field: "reply_of" });
    },
  );
  if (asked.thread_id !== undefined && asked.thread_id !== made.thread_id)
    throw new Refusal("validation_failed", "thread_id: an answer is in the thread of its email.", {
      field: "thread_id",
      hint: "Leave it out.",
    });
  return {
    ...asked,
    ...made,
    to: asked.to.length > 0 ? asked.to : made.to,
    cc: [...made.cc, ...asked.cc],
    subject: asked.subject === "" ? made.subject : asked.subject,
  };
}

async function createOnce(
  context: EngineContext,
  actor: Actor,
  request: DraftRequest,
  envelope: Envelope,
): Promise<string | null> {
  const [around] = await context.database.as(actor.operator_id, (tx) =>
    loadSurroundings(context, tx, [{ mailbox_id: request.mailbox_id, addresses: [] }]),
  );
  if (!around) throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
  const message = await newDraft(context, actor, request, envelope, around);
  const { entry, openings } = await contentEntry(context, "message.drafted", actor, {
    ...message,
    size: message.mime.length,
  });
  return context.database
    .transaction(actor.operator_id, async (tx) => {
      const [under] = await insertMessages(tx, [message]);
      // Tightened between the look and the insert: the entry would say less than the row.
      if (!isUnder(under, message)) throw new Disturbed();
      await appendRecords(tx, { entries: [entry.row], openings, events: [] });
      return message.message_id;
    })
    .catch((error: unknown) => {
      if (error instanceof Disturbed) return null;
      throw error;
    });
}

/** Rolls back a draft whose mailbox changed meanwhile. */
class Disturbed extends Error {}

async function newDraft(
  context: EngineContext,
  actor: Actor,
  request: DraftRequest,
  envelope: Envelope,
  { mailbox, operator }: Surroundings,
): Promise<NewMessage> {
  const now = context.now();
  const recipients = envelope.map(({ kind, address, name }) => ({ kind, address, name }));
  const described = await newMessage(context, actor, request, envelope, {
    operator,
    mailbox,
    state: {
      mode: readMode(mailbox.mode),
      test: actor.test,
      required: mailbox.approvals_required,
      passkey: mailbox.passkey_required,
      timing: request.gate_timing ?? "gate_first",
      gated: false,
      authors: [principal(actor)],
    },
    recipients,
    send_at: request.send_at === undefined ? null : readSendAt(request.send_at, now),
    now,
  });
  return {
    ...described,
    status: "draft",
    reason: null,
    policy_id: null,
    screening: request.review === undefined ? null : { review: request.review },
    expires_at: null,
    due: [],
  };
}

/** Which draft is sent. */
export type DraftPlace = {
  mailbox_id: string;
  draft_id: string;
  idempotency_key?: string | undefined;
};

/** What sending a draft answers. */
export type DraftSent = Revised & { replayed: boolean };

/**
 * Sends a draft, or a message that was sent back and changed since. Throws `validation_failed` while something is missing,
 * `content_blocked` for one that was sent back and is as it was, and what submission throws.
 */
export async function sendDraft(
  context: EngineContext,
  actor: Actor,
  place: DraftPlace,
): Promise<DraftSent> {
  const answer = await untilUndisturbed(() => sendOnce(context, actor, place));
  context.wake.deliver();
  context.wake.timers();
  context.wake.sequence();
  return answer;
}

async function sendOnce(
  context: EngineContext,
  actor: Actor,
  place: DraftPlace,
): Promise<DraftSent | null> {
  const stored = await context.database.as(actor.operator_id, (tx) =>
    loadOutbound(tx, actor, place.mailbox_id, place.draft_id),
  );
  const { row } = stored.loaded;
  assertMayRevise(actor, row, undefined);
  if (await wasSentBy(context, actor, place)) return { ...answerFor(row, row), replayed: true };
  if (row.status !== "draft")
    throw new Refusal("not_editable", `The message is ${row.status}: it is no draft any more.`);
  const text = await textOf(context, stored);
  const written = writtenTo(stored.loaded.recipients);
  const sentBack = stored.loaded.decisions.filter(({ decision }) => decision === "revise");
  assertReady(context, stored, written);
  const { envelope, around } = await withCopies(written, (to) => surroundingsOf(context, row, to));
  const state = resubmitted(actor, stored, around);
  if (sentBack.some(({ digest }) => digest === row.digest))
    throw new Refusal("content_blocked", "The message was sent back, and is as it was.", {
      hint: "Change what the note asks for, then send it again.",
    });
  refuseSuppressed(around, envelope);
  const composing: Composing = {
    stored,
    around,
    text,
    envelope,
    scanned: scanOutgoing(context, text, envelope, around.mailbox),
    send_at: row.send_at,
  };
  const wait = row.send_at !== null && row.send_at > context.now();
  const { scanned } = composing;
  const review = await reviewWithTurns(context, actor.operator_id, row, reviewOf(row));
  const { tags } = row;
  const now = context.now();
  const judged = judge(state, { around, envelope, scanned, tags, now, wait, review });
  const saved = (): Promise<DraftSent | null> =>
    save(context, actor, place, composing, judged, sentBack.length > 0);
  return row.test ? saved() : quotaGate(context)(actor.operator_id, saved);
}

/** The state that is asked about: under the present mode, with the sender among the authors. */
function resubmitted(actor: Actor, stored: StoredMessage, around: Surroundings): Message {
  return take(
    underPresentMode(stored.loaded, around),
    { type: "resubmit", by: principal(actor), mode: readMode(around.mailbox.mode) },
    around,
  );
}

/** Throws `validation_failed` for the first thing that a message needs and the draft has not. */
function assertReady(
  context: EngineContext,
  { loaded: { row }, markdown }: StoredMessage,
  envelope: Envelope,
): void {
  const missing: [boolean, keyof Text | "to"][] = [
    [envelope.length === 0, "to"],
    [row.subject === "", "subject"],
    [markdown === "", "markdown"],
  ];
  for (const [is, field] of missing)
    if (is)
      throw new Refusal("validation_failed", `${field}: the draft has none yet.`, {
        field,
        hint: "Update the draft, then send it.",
      });
  if (row.send_at !== null) readSendAt(row.send_at.toISOString(), context.now());
}

/** What a key stands for: the sending of this draft. */
const fingerprintOf = (draftId: string): string =>
  createHash("sha256").update(`draft ${draftId}`).digest("hex");

/** True when the idempotency key was used for this draft; throws `idempotency_conflict` for another message. */
async function wasSentBy(
  context: EngineContext,
  actor: Actor,
  { mailbox_id, draft_id, idempotency_key: key }: DraftPlace,
): Promise<boolean> {
  if (key === undefined) return false;
  const known = await context.database.as(actor.operator_id, (tx) =>
    findKey(tx, mailbox_id, key, context.now()),
  );
  if (known !== null && known.fingerprint !== fingerprintOf(draft_id)) throw keyConflict();
  return known !== null;
}

async function save(
  context: EngineContext,
  actor: Actor,
  { mailbox_id, draft_id, idempotency_key: key }: DraftPlace,
  composing: Composing,
  judged: ReturnType<typeof judge>,
  again: boolean,
): Promise<DraftSent | null> {
  const { stored } = composing;
  const { row } = stored.loaded;
  const after = await recompose(context, composing, judged);
  const { status, digest } = after.state;
  const type = again ? "message.resubmitted" : "message.submitted";
  const { entry, openings } = await entryOf(context, type, actor, row, after);
  const event = makeEvent(
    context,
    submissionEvents[status] ?? "message.queued",
    { mailbox_id, message_id: draft_id, thread_id: row.thread_id },
    after.reason === null ? {} : { reason: after.reason },
  );
  const written = { ...row, author_kind: actor.kind, author_id: actor.credential_id };
  return context.database.transaction(actor.operator_id, async (tx) => {
    if (!(await stillAsLoaded(tx, stored.loaded))) return null;
    if (await overTurns(context, tx, [{ ...written, status, gated: after.state.gated }]))
      return null;
    const now = context.now();
    if (key !== undefined) {
      const claim = { mailbox_id, key, fingerprint: fingerprintOf(draft_id), message_id: draft_id };
      if ((await claimKeys(tx, [claim], now)).size === 0) throw keyConflict();
    }
    await refuseLocked(tx, [written], { begun: true });
    await rewrite(tx, stored, after, now);
    await appendRecords(tx, { entries: [entry.row], openings, events: [event] });
    return { ...answerFor(row, { ...after, status, digest }), replayed: false };
  });
}
