/** What the pages need to know people: links, codes and passkeys, sessions, and the token against cross-site requests. */
import type { Actor } from "../core/actor.ts";
import type { RequestOptions } from "./webauthn.ts";

/** A living session. `csrf_token` must come back in every form of it. */
export type SessionView = {
  actor: Actor;
  person: { id: string; name: string; email: string };
  csrf_token: string;
  expires_at: string;
  /** The token that stands for the session from now on, where it was time for another. */
  next_token?: string;
};

/** A session that has just begun, or goes on under another token. */
export type Admission = { session_token: string; expires_at: string };

/** Who knocks: the address they come from, and what they say their browser is. */
export type Visitor = { source: string; user_agent: string | null };

/** Sign-in as the HTTP door sees it; the engine implements it. Each way in is paced by where the visitor comes from. */
export type SignIn = {
  /** Exchanges a one-time link token for a session; throws `invalid_link` when unknown, used or expired. */
  redeem(token: string, visitor: Visitor): Promise<Admission>;
  /** Accepts an invitation and begins the new member's session; throws `invalid_link`, whatever the reason. */
  accept(token: string, visitor: Visitor): Promise<Admission>;
  /** Mails a code to whoever has the address, in each operator; says nothing of whether there is anybody. */
  requestCode(email: string, visitor: Visitor): Promise<void>;
  /** Exchanges a mailed code for a session; throws `invalid_code`. */
  redeemCode(given: { email: string; code: string }, visitor: Visitor): Promise<Admission>;
  /** Options of a prompt for whatever passkey the device has; throws `passkeys_unavailable`. */
  passkeyOptions(visitor: Visitor): Promise<RequestOptions>;
  /** Exchanges the prompt's answer, as JSON, for a session; throws `invalid_passkey`. */
  redeemPasskey(answer: unknown, visitor: Visitor): Promise<Admission>;
  /** The session behind a cookie value, or null when there is none, it ended or expired. */
  session(session_token: string): Promise<SessionView | null>;
  /** Ends a session; unknown tokens are no error. */
  end(session_token: string): Promise<void>;
  /** Proving again who one is, in a living session. Its token is another afterwards. */
  stepUp: {
    /** Mails a code; throws `rate_limited`. */
    requestCode(session_token: string): Promise<void>;
    redeemCode(session_token: string, code: string): Promise<Admission>;
    /** Options of a prompt for the person's own passkeys; null where they have none. */
    passkeyOptions(session_token: string): Promise<RequestOptions | null>;
    redeemPasskey(session_token: string, answer: unknown): Promise<Admission>;
  };
};

/**
 * Finds who is behind an API key or, at a door that names itself, an OAuth token that is for it; null when unknown, revoked or expired.
 */
export type Authenticate = (credential: string, door?: "api" | "mcp") => Promise<Actor | null>;
