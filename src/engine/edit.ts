/** Edits: other words, recipients or time for a message that was never handed off. An edit voids what was approved. */
import { type Actor, principal } from "../core/actor.ts";
import { maySubmit } from "../core/oversight/mode.ts";
import { Refusal } from "../core/refusal.ts";
import { getApiKeys } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import { putDue } from "../store/due.ts";
import { updateRow } from "../store/message-edits.ts";
import type { LoadedMessage, MessageRow } from "../store/messages.ts";
import { type Records, appendRecords } from "../store/records.ts";
import { type Draft, type Envelope, type Text, envelopeOf } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import {
  type Judged,
  type Surroundings,
  askRules,
  judge,
  modeForbids,
  recipientsOf,
  refuseSuppressed,
  underRuling,
} from "./judging.ts";
import { type Copied, withCopies } from "./auto-copies.ts";
import { about, stands, toMachine } from "./machine-row.ts";
import { type Scanned, scanOutgoing } from "./outbound-scan.ts";
import { rulingReason } from "./policy-facts.ts";
import { entryActor, makeEntry, makeEvent } from "./record.ts";
import {
  type Composing,
  type Revised,
  answerFor,
  assertMayRevise,
  contentBlocked,
  entryOf,
  recompose,
  surroundingsOf,
  take,
  underPresentMode,
} from "./revision.ts";
import { type Rewritten, rewrite, sameRecipients, stillAsLoaded } from "./rewrite.ts";
import { readSendAt } from "./send-time.ts";
import {
  type StoredMessage,
  loadOutbound,
  mailboxText,
  textOf,
  writtenTo,
} from "./stored-draft.ts";
import { refuseLocked } from "./thread-lock.ts";
import { keepVersion } from "./versions.ts";

/** What to change; what is left out stays. `send_at` null takes the time away. */
export type Edit = {
  to?: readonly string[] | undefined;
  cc?: readonly string[] | undefined;
  bcc?: readonly string[] | undefined;
  subject?: string | undefined;
  markdown?: string | undefined;
  attachments?: Draft["attachments"] | undefined;
  send_at?: string | null | undefined;
  /** The digest of the content that the editor saw. */
  digest?: string | undefined;
  /** Why, for whoever wrote it. */
  reason?: string | undefined;
};

/** Which message, and the one status that the caller means, where they mean one. */
export type Place = {
  mailbox_id: string | null;
  email_id: string;
  only?: "draft" | "pending_approval";
};

/** How often an edit begins anew because the message changed meanwhile. */
const maxRounds = 20;

/** Runs a change again until nobody else changed the message in between. */
export async function untilUndisturbed<T>(round: () => Promise<T | null>): Promise<T> {
  for (let n = 1; n <= maxRounds; n++) {
    const done = await round();
    if (done !== null) return done;
  }
  throw new Refusal(
    "unavailable",
    "The message keeps changing: nothing was changed by this call.",
    {
      retry_after: 1,
    },
  );
}

/**
 * Changes a message that is `draft`, `pending_approval` or `scheduled`. Other content or recipients: new digest, approvals
 * voided, scan asked anew, of scheduled mail the gate too. Throws `not_editable`, `content_blocked`, `stale_digest` and more.
 */
export async function edit(
  context: EngineContext,
  actor: Actor,
  place: Place,
  change: Edit,
): Promise<Revised> {
  const answer = await untilUndisturbed(() => editOnce(context, actor, place, change));
  context.wake.deliver();
  context.wake.timers();
  context.wake.sequence();
  return answer;
}

async function editOnce(
  context: EngineContext,
  actor: Actor,
  place: Place,
  change: Edit,
): Promise<Revised | null> {
  const stored = await context.database.as(actor.operator_id, (tx) =>
    loadOutbound(tx, actor, place.mailbox_id, place.email_id),
  );
  const { loaded } = stored;
  const { row } = loaded;
  assertMayRevise(actor, row, change.digest);
  if (place.only !== undefined && row.status !== place.only)
    throw place.only === "draft"
      ? new Refusal("not_editable", `The message is ${row.status}: it is no draft any more.`)
      : new Refusal("not_pending", `The message is ${row.status}: it waits for no decision.`);
  const text = await textOf(context, stored);
  const wanted = wantedText(text, change);
  const { envelope, around } = await wantedEnvelope(context, loaded, change);
  const sendAt =
    change.send_at === undefined
      ? row.send_at
      : change.send_at === null
        ? null
        : readSendAt(change.send_at, context.now());
  // A draft is asked for its mode when it is sent.
  const before = row.status === "draft" ? toMachine(loaded) : underPresentMode(loaded, around);
  // Asked of every edit, also of one that changes nothing: whether it may be edited at all.
  const edited = take(
    before,
    { type: "edit", by: principal(actor), digest: before.digest },
    around,
  );
  refuseHtmlLeftBehind(text, wanted);
  const same = sameRecipients(writtenTo(loaded.recipients), envelope) && sameText(text, wanted);
  if (same && sendAt?.getTime() === row.send_at?.getTime()) return answerFor(row, row);
  if (row.status !== "draft" && !maySubmit(before.mode)) throw modeForbids(around.mailbox);
  if (same) return move(context, actor, stored, sendAt, around.mailbox.undo_seconds);
  if (row.status !== "draft") refuseSuppressed(around, envelope);
  const composing: Composing = {
    stored,
    around,
    text: wanted,
    envelope,
    scanned: scanFor(context, row, wanted, envelope, around.mailbox),
    send_at: sendAt,
  };
  const after = await recompose(context, composing, rejudge(context, edited, composing));
  return save(context, actor, stored, after, change.reason ?? null);
}

/** A draft is scanned when it is sent. */
function scanFor(
  context: EngineContext,
  row: MessageRow,
  text: Text,
  envelope: Envelope,
  mailbox: Parameters<typeof scanOutgoing>[3],
): Scanned {
  if (row.status === "draft")
    return { verdict: "pass", reason: null, attachments: 0, screening: {} };
  const scanned = scanOutgoing(context, text, envelope, mailbox);
  if (scanned.verdict === "block") throw contentBlocked(scanned);
  return scanned;
}

/** Where the edited message goes: scheduled mail is asked about anew, pending mail and drafts stay what they are. */
function rejudge(
  context: EngineContext,
  edited: ReturnType<typeof take>,
  { stored, around, envelope, scanned, send_at }: Composing,
): Judged {
  const { row } = stored.loaded;
  const { reason, policy_id, screening, tags } = row;
  if (row.status === "draft") {
    const recipients = envelope.map(({ kind, address, name }) => ({ kind, address, name }));
    return { state: edited, recipients, reason, policy_id, screening };
  }
  const review = reviewOf(row);
  const now = context.now();
  const question = { around, envelope, scanned, tags, now };
  const ruling = askRules(question);
  const ruled = rulingReason(ruling);
  if (ruling.verdict === "block") throw contentBlocked({ reason: ruled });
  if (edited.status === "pending_scan")
    return judge(edited, { ...question, wait: send_at !== null && send_at > now, review });
  const reasons = [scanned.reason, ruled].filter((one) => one !== null);
  return {
    state: underRuling(edited, ruling),
    recipients: recipientsOf(edited, around.operator, envelope),
    reason: reasons.length > 0 ? reasons.join("; ") : (review ?? null),
    policy_id: ruling.policy?.policy_id ?? null,
    screening: { ...scanned.screening, ...(review === undefined ? {} : { review }) },
  };
}

/** The reason for which a person had to look from the beginning, whatever the content is now. */
export function reviewOf({ screening }: Pick<MessageRow, "screening">): string | undefined {
  const review = screening?.["review"];
  return typeof review === "string" ? review : undefined;
}

function wantedText(text: Text, change: Edit): Text {
  return {
    ...text,
    subject: change.subject ?? text.subject,
    markdown: change.markdown ?? text.markdown,
    attachments: change.attachments ?? text.attachments,
  };
}

/** Whom the edited message goes to. Whoever changes that leaves the mailbox's copies in; a draft gets them when it is sent. */
async function wantedEnvelope(
  context: EngineContext,
  { row, recipients }: LoadedMessage,
  change: Edit,
): Promise<Copied> {
  const look = (to: Envelope): Promise<Surroundings> => surroundingsOf(context, row, to);
  const before = writtenTo(recipients);
  const of = (kind: "to" | "cc" | "bcc"): readonly string[] =>
    change[kind] ?? before.filter((one) => one.kind === kind).map(mailboxText);
  const moves = change.to ?? change.cc ?? change.bcc;
  if (moves === undefined) return { envelope: before, around: await look(before) };
  const isDraft = row.status === "draft";
  const moved = envelopeOf({ to: of("to"), cc: of("cc"), bcc: of("bcc") }, isDraft ? 0 : 1);
  return isDraft ? { envelope: moved, around: await look(moved) } : withCopies(moved, look);
}

/** New words stand in the text part only where the author gave HTML: most readers would go on showing the old ones. */
function refuseHtmlLeftBehind(text: Text, wanted: Text): void {
  if (text.html === undefined || wanted.markdown === text.markdown) return;
  throw new Refusal(
    "not_editable",
    "The message was submitted with HTML of its own, which an edit of the text would lose.",
    {
      field: "markdown",
      hint: "Change its subject, recipients, attachments or time; for other words, cancel it and submit it anew.",
    },
  );
}

function sameText(a: Text, b: Text): boolean {
  return (
    a.subject === b.subject &&
    a.markdown === b.markdown &&
    a.attachments.length === b.attachments.length &&
    a.attachments.every((one, i) => {
      const other = b.attachments[i];
      return (
        one.filename === other?.filename &&
        one.content_type === other.content_type &&
        one.content_id === other.content_id &&
        one.content.equals(other.content)
      );
    })
  );
}

/** Saves the edit with its entry and events, unless the message changed meanwhile: then null. */
async function save(
  context: EngineContext,
  actor: Actor,
  stored: StoredMessage,
  after: Rewritten,
  reason: string | null,
): Promise<Revised | null> {
  const { row } = stored.loaded;
  const { entry, openings } = await entryOf(context, "message.edited", actor, row, after);
  const { status } = after.state;
  const told = { mailbox_id: row.mailbox_id, message_id: row.message_id, thread_id: row.thread_id };
  const records: Records = {
    entries: [entry.row],
    openings,
    events: [
      makeEvent(context, "message.edited", told, {
        status,
        by: entryActor(actor),
        reason,
        changed: changedParts(stored, after),
      }),
    ],
  };
  if (status === "pending_approval")
    records.events.push(makeEvent(context, "oversight.pending", told));
  if (status === "queued") records.events.push(makeEvent(context, "message.queued", told));
  const written = { ...row, author_kind: actor.kind, author_id: actor.credential_id };
  return context.database.transaction(actor.operator_id, async (tx) => {
    if (!(await stillAsLoaded(tx, stored.loaded))) return null;
    if (status !== "draft") await refuseLocked(tx, [written], { begun: true });
    const now = context.now();
    await keepVersion(tx, actor, stored, { digest: after.state.digest, reason, now });
    await rewrite(tx, stored, after, now);
    await appendRecords(tx, records);
    return answerFor(row, { ...after, status, digest: after.state.digest });
  });
}

/** Which parts an edit changed; what it changed in them is for those who may read the message (`get_email_versions`). */
function changedParts({ loaded, markdown }: StoredMessage, after: Rewritten): string[] {
  const { row, recipients } = loaded;
  const written = (list: Rewritten["recipients"]): Rewritten["recipients"] =>
    list.filter(({ kind }) => kind !== "copy");
  const parts = {
    subject: row.subject !== after.subject,
    text: markdown !== after.markdown,
    recipients: !sameRecipients(written(recipients), written(after.recipients)),
    attachments: JSON.stringify(row.attachments) !== JSON.stringify(after.attachments),
  };
  return Object.entries(parts).flatMap(([name, isChanged]) => (isChanged ? [name] : []));
}

/** Another time alone: the content stays, and with it what was approved. */
async function move(
  context: EngineContext,
  actor: Actor,
  { loaded }: StoredMessage,
  sendAt: Date | null,
  undoSeconds: number,
): Promise<Revised | null> {
  const { row } = loaded;
  const entry = makeEntry(context, "message.rescheduled", actor, about(row), {
    digest: row.digest,
    send_at: sendAt?.toISOString() ?? null,
  });
  const { mailbox_id, message_id, thread_id } = row;
  const told = { mailbox_id, message_id, thread_id };
  const data = { send_at: sendAt?.toISOString() ?? null };
  return context.database.transaction(actor.operator_id, async (tx) => {
    if (!(await stillAsLoaded(tx, loaded))) return null;
    const now = context.now();
    await updateRow(tx, message_id, { send_at: sendAt }, now);
    if (row.status === "scheduled") await putRelease(tx, loaded, sendAt ?? now, undoSeconds);
    await appendRecords(tx, {
      entries: [entry.row],
      openings: [],
      events: [makeEvent(context, "message.rescheduled", told, data)],
    });
    return answerFor(row, { ...row, send_at: sendAt });
  });
}

/** A message approved in the dashboard waits its undo window, however early it is asked to leave. */
async function putRelease(
  tx: Tx,
  { row, decisions }: LoadedMessage,
  at: Date,
  undoSeconds: number,
): Promise<void> {
  const approvals = decisions.filter(stands);
  // Decisions of keys have no undo window, also where the key is a person's.
  const keys = await getApiKeys(
    tx,
    approvals.map(({ credential_id }) => credential_id),
  );
  const byKey = new Set(keys.map(({ key_id }) => key_id));
  const windows = approvals
    .filter(({ credential_id }) => !byKey.has(credential_id))
    .map(({ created_at }) => created_at.getTime() + undoSeconds * 1000);
  const earliest = new Date(Math.max(at.getTime(), ...windows));
  await putDue(tx, "release", [{ message_id: row.message_id, at: earliest }]);
}
