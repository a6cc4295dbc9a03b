/** Telling people of mail that waits for them: notices, reminders at half time, escalation at four fifths, and digests. */
import { hasApproved } from "../core/oversight/machine.ts";
import { quietUntil } from "../core/quiet-hours.ts";
import { type Claim, deleteDues, putDue, putDueEarlier, standingTokens } from "../store/due.ts";
import type { Tx } from "../store/database.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import { type LoadedMessage, loadMessages } from "../store/messages.ts";
import {
  type Decider,
  type NoticeAbout,
  hasEscalation,
  keepNotices,
  listDeciders,
  takeNotices,
} from "../store/notices.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import { countNotices } from "../store/service-mail.ts";
import type { EngineContext } from "./context.ts";
import { about, standingApprovals } from "./machine-row.ts";
import { createTelling } from "./notice-telling.ts";
import { type NoticePreferences, readPreferences, timingOf } from "./notice-preferences.ts";
import { makeEntry, makeEvent, worker } from "./record.ts";

/** Kinds of rows by which people are told. */
export const noticeKinds = ["notify", "remind", "escalate"] as const;

/** One of {@link noticeKinds}. */
export type NoticeKind = (typeof noticeKinds)[number];

const abouts = { notify: "pending", remind: "reminder", escalate: "escalation" } as const;

const hour = 3_600_000;

/** Notices in an hour after which a person's next ones come together; and messages told of one by one at a time. */
const maxAnHour = 20;
const maxOneByOne = 3;

/**
 * Tells whoever is to be told of what came due of one operator. The claims are messages, or (kind `notify`) people for whom notices
 * were gathered. A message that was decided meanwhile is left alone; the transaction that decides waits for ours or comes first.
 */
export async function tellDue(
  context: EngineContext,
  kind: NoticeKind,
  operatorId: string,
  claims: readonly Claim[],
): Promise<void> {
  await context.database.transaction(operatorId, async (tx) => {
    const ids = claims.map((claim) => claim.message_id);
    const tokens = await standingTokens(tx, kind, ids);
    const held = claims
      .filter((claim) => tokens.get(claim.message_id) === claim.token)
      .map((claim) => claim.message_id);
    await deleteDues(tx, [kind], held);
    const loaded = await loadMessages(tx, held, false);
    const round = await openRound(context, tx);
    const waiting = loaded.filter(isWaiting);
    const told = await tellMessages(round, abouts[kind], waiting);
    await appendRecords(tx, recordsOf(context, kind, waiting, told));
    const messages = new Set(loaded.map(({ row }) => row.message_id));
    for (const id of held) if (!messages.has(id)) await tellGathered(round, id);
  });
  context.wake.service_mail();
  if (kind !== "notify") context.wake.sequence();
}

function isWaiting({ row }: LoadedMessage): boolean {
  return row.status === "pending_approval" || row.status === "pending_inbound_approval";
}

/** What one transaction of telling has to know. */
type Round = {
  context: EngineContext;
  tx: Tx;
  now: Date;
  deciders: readonly Decider[];
  preferences: ReadonlyMap<string, NoticePreferences>;
  /** True for those who had too many notices of late. */
  pressed: ReadonlySet<string>;
  telling: ReturnType<typeof createTelling>;
};

async function openRound(context: EngineContext, tx: Tx): Promise<Round> {
  const now = context.now();
  const deciders = await listDeciders(tx);
  const preferences = new Map(
    deciders.map((one) => [one.person_id, readPreferences(one.notify)] as const),
  );
  const placesOf = (one: Decider): string[] => {
    const url = preferences.get(one.person_id)?.chat_webhook_url ?? null;
    return url === null ? [one.email] : [one.email, url];
  };
  const counts = await countNotices(tx, deciders.flatMap(placesOf), new Date(now.getTime() - hour));
  const pressed = new Set(
    deciders
      .filter((one) => placesOf(one).some((place) => (counts.get(place) ?? 0) >= maxAnHour))
      .map((one) => one.person_id),
  );
  return { context, tx, now, deciders, preferences, pressed, telling: createTelling(context, tx) };
}

/** Tells each person of their messages; answers how many were asked about each. */
async function tellMessages(
  round: Round,
  what: NoticeAbout,
  messages: readonly LoadedMessage[],
): Promise<ReadonlyMap<string, number>> {
  const asked = new Map<string, number>();
  const byPerson = new Map<Decider, LoadedMessage[]>();
  const mailboxes = await getMailboxes(round.tx, [
    ...new Set(messages.map(({ row }) => row.mailbox_id)),
  ]);
  for (const message of messages) {
    const mailbox = mailboxes.find(({ mailbox_id }) => mailbox_id === message.row.mailbox_id);
    const people = askedOf(what, message, mailbox?.approver_ids ?? null, round.deciders);
    asked.set(message.row.message_id, people.length);
    // What a test key writes leaves by no socket: it waits in the queue of the dashboard only.
    if (message.row.test) continue;
    for (const person of people) byPerson.set(person, [...(byPerson.get(person) ?? []), message]);
  }
  for (const [person, theirs] of byPerson) await tellPerson(round, person, what, theirs);
  return asked;
}

/**
 * Whom a message is put to. First those whom its mailbox names, else all who may decide; when time runs out the others, and where
 * there are none the owners and admins once more. Never its authors, nor whose approval counts.
 */
export function askedOf(
  what: NoticeAbout,
  message: Pick<LoadedMessage, "row" | "decisions">,
  approverIds: readonly string[] | null,
  deciders: readonly Decider[],
): Decider[] {
  const able = deciders.filter((person) => mayStill(message, person));
  const named = able.filter(({ person_id }) => approverIds?.includes(person_id));
  const first = named.length > 0 ? named : able;
  if (what !== "escalation") return first;
  const others = able.filter((person) => !first.includes(person));
  return others.length > 0
    ? others
    : able.filter(({ role }) => role === "owner" || role === "admin");
}

function mayStill(
  message: Pick<LoadedMessage, "row" | "decisions">,
  { person_id }: Decider,
): boolean {
  const principal = `person:${person_id}`;
  const { authors, passkey } = message.row;
  // What waits may be received mail too, of which the machine knows nothing.
  const approvals = standingApprovals(message);
  return !authors.includes(principal) && !hasApproved({ approvals, passkey }, principal);
}

/** Tells one person of messages by the ways and at the times of their choice. */
async function tellPerson(
  round: Round,
  person: Decider,
  what: NoticeAbout,
  messages: readonly LoadedMessage[],
): Promise<void> {
  const { tx, now, telling } = round;
  const preferences = round.preferences.get(person.person_id);
  if (!preferences) return;
  const timing = timingOf(preferences, now, {
    escalation: what === "escalation",
    pressed: round.pressed.has(person.person_id),
  });
  const items = messages.map((message) => ({ message, about: what }));
  const together = items.length > maxOneByOne;
  const url = preferences.chat_webhook_url;
  const at = (when: Date | null): boolean => when !== null && when <= now;
  if (at(timing.mail)) await telling.mail(person, items, together);
  if (url !== null && at(timing.chat)) await telling.chat(person, url, items, together);
  const later = {
    mail: timing.mail !== null && timing.mail > now,
    chat: timing.chat !== null && timing.chat > now,
  };
  if (!later.mail && !later.chat) return;
  await keepNotices(
    tx,
    person.person_id,
    messages.map(({ row }) => ({ message_id: row.message_id, about: what, ...later })),
    now,
  );
  const times = [timing.mail, timing.chat].flatMap((one) =>
    one && one > now ? [one.getTime()] : [],
  );
  await putDueEarlier(tx, "notify", person.person_id, new Date(Math.min(...times)));
}

/** Tells a person what was gathered for them and still waits. Nobody who may decide no longer. */
async function tellGathered(round: Round, personId: string): Promise<void> {
  const { tx, now, telling } = round;
  const person = round.deciders.find(({ person_id }) => person_id === personId);
  const preferences = round.preferences.get(personId);
  if (!person || !preferences) {
    await takeNotices(tx, personId);
    return;
  }
  const { quiet, chat_webhook_url: url } = preferences;
  const end = quiet && quietUntil(now, quiet);
  if (end && !(await hasEscalation(tx, personId)))
    return putDue(tx, "notify", [{ message_id: personId, at: end }]);
  const notices = await takeNotices(tx, personId);
  const loaded = await loadMessages(
    tx,
    notices.map(({ message_id }) => message_id),
    false,
  );
  const items = notices.flatMap((notice) => {
    const message = loaded.find(({ row }) => row.message_id === notice.message_id);
    if (!message || !isWaiting(message) || !mayStill(message, person)) return [];
    return [{ ...notice, message }];
  });
  const mailed = items.filter(({ mail }) => mail);
  const posted = items.filter(({ chat }) => chat);
  if (mailed.length > 0) await telling.mail(person, mailed, mailed.length > 1);
  if (url !== null && posted.length > 0) await telling.chat(person, url, posted, posted.length > 1);
}

const words = {
  remind: { entry: "message.reminded", data: {} },
  escalate: { entry: "message.escalated", data: { escalated: true } },
} as const;

/** The log tells of reminders and escalations; that people were asked follows from the message's waiting. */
function recordsOf(
  context: EngineContext,
  kind: NoticeKind,
  messages: readonly LoadedMessage[],
  asked: ReadonlyMap<string, number>,
): Records {
  const records = noRecords();
  if (kind === "notify") return records;
  const { entry, data } = words[kind];
  for (const { row } of messages) {
    const { message_id, mailbox_id, thread_id, digest } = row;
    const told = { digest, asked: asked.get(message_id) ?? 0 };
    records.entries.push(makeEntry(context, entry, worker, about(row), told).row);
    const expires = row.expires_at?.toISOString() ?? null;
    const event = { status: row.status, expires_at: expires, ...data };
    records.events.push(
      makeEvent(context, "oversight.reminder", { message_id, mailbox_id, thread_id }, event),
    );
  }
  return records;
}
