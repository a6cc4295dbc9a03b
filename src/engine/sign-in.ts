/** People signing in: one-time links, sessions with an idle and an absolute end. */
import type { SessionView, SignIn } from "../contract/sign-in.ts";
import { type Actor, roleScopes } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import {
  type SessionRow,
  endSession,
  findSession,
  firstOwner,
  insertSession,
  insertSignInLink,
  touchSession,
  useSignInLink,
} from "../store/credentials.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry } from "./record.ts";
import { hashToken, newToken } from "./tokens.ts";

const minute = 60_000;
/** A link works for a day, once. */
const linkLife = 24 * 60 * minute;
/** A session ends twelve hours after sign-in, or after two hours without use. */
const sessionLife = 12 * 60 * minute;
const idleLife = 2 * 60 * minute;
/** Sensitive acts want a sign-in no older than this. */
const freshLife = 15 * minute;

/** Throws `fresh_sign_in_required` unless the person signed in within the last 15 minutes. */
export function assertFresh(now: Date, actor: Actor): void {
  if (actor.signed_in_at === null || now.getTime() - Date.parse(actor.signed_in_at) > freshLife)
    throw new Refusal("fresh_sign_in_required", "This needs a sign-in of the last 15 minutes.", {
      hint: "Sign out and in again with a new link.",
    });
}

/** Makes a one-time link for the operator's first owner. */
export async function mintSignInLink(context: EngineContext, operatorId: string): Promise<string> {
  const { token, hash } = newToken("mm_link_", context.random);
  const now = context.now();
  await context.database.transaction(operatorId, async (tx) => {
    const owner = await firstOwner(tx);
    if (!owner) throw new Error(`operator ${operatorId} has no owner`);
    await insertSignInLink(tx, {
      token_hash: hash,
      person_id: owner.person_id,
      created_at: now,
      expires_at: new Date(now.getTime() + linkLife),
      used_at: null,
    });
  });
  return `${context.public_url}/sign-in?token=${token}`;
}

/** Sign-in for the pages. */
export function createSignIn(context: EngineContext): SignIn {
  return {
    async redeem(token) {
      const now = context.now();
      const link = await useSignInLink(context.database, hashToken(token), now);
      if (!link)
        throw new Refusal(
          "invalid_link",
          "This sign-in link is unknown, was used, or has expired.",
          {
            hint: "Make a new one on the server with: npx multimail sign-in-link",
          },
        );
      return beginSession(context, link, now);
    },

    async session(token) {
      const now = context.now();
      const row = await findSession(context.database, hashToken(token), now);
      if (!row || now.getTime() - row.last_seen_at.getTime() > idleLife) return null;
      if (now.getTime() - row.last_seen_at.getTime() > minute)
        await touchSession(context.database, row, now);
      return viewOf(row);
    },

    end: (token) => endSession(context.database, hashToken(token), context.now()),
  };
}

async function beginSession(
  context: EngineContext,
  link: { operator_id: string; person_id: string },
  now: Date,
): Promise<{ session_token: string; expires_at: string }> {
  const session = newToken("mm_session_", context.random);
  const expiresAt = new Date(now.getTime() + sessionLife);
  const id = context.new_id();
  const author = { kind: "person", credential_id: id, person_id: link.person_id } as const;
  const about = { resource: link.person_id };
  const entry = makeEntry(context, "person.signed_in", author, about, { by: "link" });
  await context.database.transaction(link.operator_id, async (tx) => {
    await insertSession(tx, {
      session_id: id,
      token_hash: session.hash,
      csrf_token: newToken("", context.random).token,
      person_id: link.person_id,
      created_at: now,
      last_seen_at: now,
      expires_at: expiresAt,
      ended_at: null,
    });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  });
  context.wake.sequence();
  return { session_token: session.token, expires_at: expiresAt.toISOString() };
}

function viewOf(row: SessionRow): SessionView {
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
      signed_in_at: row.created_at.toISOString(),
    },
    person: { id: row.person_id, name: row.name, email: row.email },
    csrf_token: row.csrf_token,
    expires_at: row.expires_at.toISOString(),
  };
}
