/** Sessions of people: begun anew at each sign-in, under a token that changes, with an idle and an absolute end. */
import type { Admission, SessionView } from "../contract/sign-in.ts";
import { type Actor, type SignInMethod, roleScopes } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { getOperator } from "../store/operators.ts";
import { holdPerson } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import {
  type SessionRow,
  endSession,
  endSessions,
  findSession,
  insertSession,
  listSessions,
  personOfSession,
  rotateSession,
  touchSession,
} from "../store/sessions.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { assertPerson } from "./person-rules.ts";
import { type EntryAuthor, makeEntry } from "./record.ts";
import { hashToken, newToken } from "./tokens.ts";

const minute = 60_000;
/** A session ends twelve hours after sign-in, or after two hours without use. */
const sessionLife = 12 * 60 * minute;
const idleLife = 2 * 60 * minute;
/** After an hour of use the token is another; the one before works a minute longer, for requests that are under way. */
const tokenLife = 60 * minute;
const tokenGrace = minute;

/** A living session as found by its token. */
export type Found = { row: SessionRow; current: boolean };

/**
 * Begins a session in the caller's transaction; null when the person is not there any more. No token that a client brought ever
 * becomes one: the token is made here.
 */
export async function beginSession(
  context: EngineContext,
  tx: Tx,
  arrival: { person_id: string; by: SignInMethod; user_agent: string | null },
): Promise<Admission | null> {
  // Held to the end, so that whoever removes the person sees this session and ends it.
  if (!(await holdPerson(tx, arrival.person_id))) return null;
  if ((await getOperator(tx))?.closed_at !== null) return null;
  const now = context.now();
  const session = newToken("mm_session_", context.random);
  const expiresAt = new Date(now.getTime() + sessionLife);
  const id = context.new_id();
  const author: EntryAuthor = {
    kind: "person",
    credential_id: id,
    person_id: arrival.person_id,
  };
  const about = { resource: arrival.person_id };
  const entry = makeEntry(context, "person.signed_in", author, about, { by: arrival.by });
  await insertSession(tx, {
    session_id: id,
    token_hash: session.hash,
    csrf_token: newToken("", context.random).token,
    person_id: arrival.person_id,
    created_at: now,
    last_seen_at: now,
    expires_at: expiresAt,
    ended_at: null,
    method: arrival.by,
    user_agent: arrival.user_agent?.slice(0, 300).replaceAll(/\p{Cc}/gu, " ") ?? null,
    verified_at: now,
    verified_by: arrival.by,
    previous_hash: null,
    rotated_at: now,
  });
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  return { session_token: session.token, expires_at: expiresAt.toISOString() };
}

/**
 * The living session of a token; null where there is none. A token that was rotated away more than a minute ago is a copy: the
 * session ends for whoever holds the present one, too.
 */
export async function livingSession(context: EngineContext, token: string): Promise<Found | null> {
  const now = context.now();
  const found = await findSession(context.database, hashToken(token), now);
  if (!found || now.getTime() - found.row.last_seen_at.getTime() > idleLife) return null;
  const { row } = found;
  const rotatedAt = (row.rotated_at ?? row.created_at).getTime();
  if (found.token === "present") return { row, current: true };
  if (found.token === "previous" && now.getTime() - rotatedAt <= tokenGrace)
    return { row, current: false };
  await endCopied(context, row);
  return null;
}

/** The session of a token as the pages see it; gives it another token where it is time. */
export async function openSession(
  context: EngineContext,
  token: string,
): Promise<SessionView | null> {
  const found = await livingSession(context, token);
  if (!found) return null;
  const { row, current } = found;
  const now = context.now();
  if (current && now.getTime() - (row.rotated_at ?? row.created_at).getTime() > tokenLife) {
    const next = newToken("mm_session_", context.random);
    const rotation = { session_id: row.session_id, from: row.token_hash, to: next.hash, now };
    const rotated = await context.database.transaction(row.operator_id, (tx) =>
      rotateSession(tx, rotation),
    );
    // Of requests that come together one gets the next token; the others are within the grace.
    if (rotated) return { ...viewOf(row, true), next_token: next.token };
  }
  if (now.getTime() - row.last_seen_at.getTime() > minute)
    await touchSession(context.database, row, now);
  return viewOf(row, current);
}

/** Ends the session behind a token. */
export function closeSession(context: EngineContext, token: string): Promise<void> {
  return endSession(context.database, hashToken(token), context.now());
}

/**
 * Gives a session another token because its person has just proved who they are, in the caller's transaction. Throws
 * `unauthenticated` where the session ended or got another token meanwhile.
 */
export async function renewSession(
  context: EngineContext,
  tx: Tx,
  row: SessionRow,
  by: SignInMethod,
): Promise<Admission> {
  const next = newToken("mm_session_", context.random);
  const rotated = await rotateSession(tx, {
    session_id: row.session_id,
    from: row.token_hash,
    to: next.hash,
    now: context.now(),
    verified_by: by,
  });
  if (!rotated)
    throw new Refusal("unauthenticated", "Your session has changed meanwhile.", {
      hint: "Try again.",
    });
  const entry = makeEntry(
    context,
    "person.verified",
    authorOf(row),
    { resource: row.person_id },
    {
      by,
    },
  );
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  return { session_token: next.token, expires_at: row.expires_at.toISOString() };
}

/** The living sessions of the actor; an owner may ask for another person's. */
export async function findSessions(
  context: EngineContext,
  actor: Actor,
  page: PageRequest & { person_id?: string | undefined },
): Promise<Page<SessionRow>> {
  const self = assertPerson(actor);
  const personId = page.person_id ?? self;
  if (personId !== self && actor.role !== "owner")
    throw new Refusal("role_required", "Only an owner sees the sessions of others.");
  const now = context.now();
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listSessions(tx, {
      person_id: personId,
      now,
      idle_since: new Date(now.getTime() - idleLife),
      after_id: readCursor(page.cursor),
      limit: page.limit + 1,
    }),
  );
  return paged(rows, page.limit, (row) => row.session_id);
}

/** Ends one session: an own one or, for an owner, anybody's. What is not theirs is `not_found`. */
export async function revokeSession(
  context: EngineContext,
  actor: Actor,
  sessionId: string,
): Promise<void> {
  const self = assertPerson(actor);
  await context.database.transaction(actor.operator_id, async (tx) => {
    const personId = await personOfSession(tx, sessionId);
    if (personId === null || (personId !== self && actor.role !== "owner"))
      throw new Refusal("not_found", "There is no such session.", { field: "session_id" });
    await endAndRecord(context, tx, actor, { session_id: sessionId });
  });
  context.wake.sequence();
}

/** Ends every session of the actor, or all but the present one; answers how many. */
export async function revokeOwnSessions(
  context: EngineContext,
  actor: Actor,
  keepPresent: boolean,
): Promise<number> {
  const self = assertPerson(actor);
  const which = {
    person_id: self,
    ...(keepPresent ? { except: actor.credential_id } : {}),
  };
  const ended = await context.database.transaction(actor.operator_id, (tx) =>
    endAndRecord(context, tx, actor, which),
  );
  context.wake.sequence();
  return ended;
}

/** Ends sessions with an entry for each, in the caller's transaction; answers how many. */
export async function endAndRecord(
  context: EngineContext,
  tx: Tx,
  author: EntryAuthor,
  which: Parameters<typeof endSessions>[1],
): Promise<number> {
  const ended = await endSessions(tx, which, context.now());
  const entries = ended.map(
    ({ session_id, person_id }) =>
      makeEntry(context, "session.revoked", author, { resource: session_id }, { person_id }).row,
  );
  await appendRecords(tx, { entries, openings: [], events: [] });
  return ended.length;
}

async function endCopied(context: EngineContext, row: SessionRow): Promise<void> {
  await context.database.transaction(row.operator_id, async (tx) => {
    const ended = await endSessions(tx, { session_id: row.session_id }, context.now());
    const about = { resource: row.session_id };
    const data = { person_id: row.person_id };
    const entries = ended.map(
      () => makeEntry(context, "session.reuse_detected", authorOf(row), about, data).row,
    );
    await appendRecords(tx, { entries, openings: [], events: [] });
  });
  context.wake.sequence();
}

function authorOf(row: SessionRow): EntryAuthor {
  return { kind: "person", credential_id: row.session_id, person_id: row.person_id };
}

/** `current` is false for a token in its last minute: whoever has it may be somebody else, and proves nothing fresh. */
function viewOf(row: SessionRow, current: boolean): SessionView {
  return {
    actor: {
      kind: "person",
      operator_id: row.operator_id,
      credential_id: row.session_id,
      person_id: row.person_id,
      role: row.role,
      scopes: roleScopes[row.role],
      mailbox_ids: null,
      test: false,
      signed_in_at: current ? (row.verified_at ?? row.created_at).toISOString() : null,
      verified_by: row.verified_by,
    },
    person: { id: row.person_id, name: row.name, email: row.email },
    csrf_token: row.csrf_token,
    expires_at: row.expires_at.toISOString(),
  };
}
