/** What the pages need to know people: one-time links, sessions and the token against cross-site requests. */
import type { Actor } from "../core/actor.ts";

/** A living session. `csrf_token` must come back in every form of it. */
export type SessionView = {
  actor: Actor;
  person: { id: string; name: string; email: string };
  csrf_token: string;
  expires_at: string;
};

/** Sign-in as the HTTP door sees it; the engine implements it. */
export type SignIn = {
  /** Exchanges a one-time link token for a session; throws `invalid_link` when unknown, used or expired. */
  redeem(token: string): Promise<{ session_token: string; expires_at: string }>;
  /** The session behind a cookie value, or null when there is none, it ended or expired. */
  session(session_token: string): Promise<SessionView | null>;
  /** Ends a session; unknown tokens are no error. */
  end(session_token: string): Promise<void>;
};

/** Finds who is behind an API key; null when unknown, revoked or expired. */
export type Authenticate = (api_key: string) => Promise<Actor | null>;
