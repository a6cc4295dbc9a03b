/** OAuth tokens: a code for the first pair, a refresh token for the next, and the end of a grant whose code or token was copied. */
import type { AuthorizationServer, TokenAnswer } from "../contract/oauth.ts";
import { type Audience, isFor, verifies } from "../oauth/authorization-request.ts";
import { delegable, readScope } from "../oauth/access.ts";
import { OAuthError } from "../oauth/oauth-error.ts";
import type { Actor } from "../core/actor.ts";
import type { Tx } from "../store/database.ts";
import {
  type FoundToken,
  type GrantView,
  deleteTokens,
  getToken,
  holdGrant,
  insertTokens,
  locateGrant,
  spendCode,
  spendToken,
} from "../store/oauth.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { endGrant } from "./oauth-grants.ts";
import { type EntryAuthor, makeEntry } from "./record.ts";
import { hashToken, newToken } from "./tokens.ts";

/** Access tokens work an hour. */
const accessLife = 3_600_000;
/** A refresh token works thirty days, and its successor thirty from then: a grant ends where it is not used. */
const refreshLife = 30 * 24 * 3_600_000;

const codeForm = /^mm_oac_[A-Za-z0-9_-]{43}$/;
const refreshForm = /^mm_ort_[A-Za-z0-9_-]{43}$/;
const tokenForm = /^mm_o[ar]t_[A-Za-z0-9_-]{43}$/;

/** True for what has the form of an access token. */
export function isAccessToken(text: string): boolean {
  return tokenForm.test(text) && text.startsWith("mm_oat_");
}

/** What a transaction came to: tokens, or a refusal whose consequences are to stay, so that nothing is thrown inside it. */
type Outcome = TokenAnswer | OAuthError;

/**
 * Exchanges a code. Of several who try at once one gets tokens, and then all the others end the grant: a code that comes twice was copied
 * (RFC 6749 section 4.1.2). A code that comes with anything wrong is used up. A `resource` that is a part of what was granted
 * narrows the grant to that (RFC 8707 section 2.2).
 */
export async function redeemCode(
  context: EngineContext,
  given: Parameters<AuthorizationServer["redeemCode"]>[0],
): Promise<TokenAnswer> {
  const hash = hashToken(given.code);
  const place = codeForm.test(given.code) && (await locateGrant(context.database, "code", hash));
  if (!place) throw unknownGrant();
  const outcome = await context.database.transaction(
    place.operator_id,
    async (tx): Promise<Outcome> => {
      const grant = await holdGrant(tx, place.grant_id);
      if (!grant) return unknownGrant();
      const now = context.now();
      if (grant.code_used_at !== null) return reuse(context, tx, grant, "code");
      const whole = grant.resource === context.public_url;
      const fault =
        codeFault(grant, given, now) ?? (whole ? null : resourceFault(grant, given.resource));
      const resource = given.resource ?? grant.resource;
      await spendCode(tx, grant.grant_id, fault === null ? { now, resource } : { now });
      if (fault !== null) return fault;
      const about = { resource: grant.grant_id };
      const entry = makeEntry(context, "oauth.begun", authorOf(grant), about, {});
      await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
      return issue(context, tx, grant);
    },
  );
  context.wake.sequence();
  return answerOf(outcome);
}

function codeFault(
  grant: GrantView,
  given: Parameters<AuthorizationServer["redeemCode"]>[0],
  now: Date,
): OAuthError | null {
  if (grant.client_id !== given.client_id || !isAlive(grant, now) || grant.code_expires_at <= now)
    return unknownGrant();
  // RFC 6749 section 4.1.3: the same one, exactly as it was sent; the port too.
  if (given.redirect_uri !== grant.redirect_uri)
    return new OAuthError("invalid_grant", "redirect_uri: not the one of the request");
  if (given.code_verifier === null || !verifies(given.code_verifier, grant.code_challenge))
    return new OAuthError("invalid_grant", "code_verifier: does not fit the challenge");
  return null;
}

/**
 * Exchanges a refresh token for the next pair. One that was exchanged already is a copy, or the client's own after an answer was lost;
 * nobody can tell, and the grant ends (RFC 9700 section 4.14.2).
 */
export async function refresh(
  context: EngineContext,
  given: Parameters<AuthorizationServer["refresh"]>[0],
): Promise<TokenAnswer> {
  const hash = hashToken(given.refresh_token);
  const place =
    refreshForm.test(given.refresh_token) && (await locateGrant(context.database, "token", hash));
  if (!place) throw unknownGrant();
  const outcome = await context.database.transaction(
    place.operator_id,
    async (tx): Promise<Outcome> => {
      const grant = await holdGrant(tx, place.grant_id);
      const token = await getToken(tx, hash);
      const now = context.now();
      if (!grant || token?.kind !== "refresh" || grant.client_id !== given.client_id)
        return unknownGrant();
      if (token.used_at !== null) return reuse(context, tx, grant, "refresh_token");
      if (token.expires_at <= now || !isAlive(grant, now)) return unknownGrant();
      const fault = resourceFault(grant, given.resource) ?? scopeFault(grant, given.scope);
      if (fault !== null) return fault;
      await spendToken(tx, hash, now);
      return issue(context, tx, grant);
    },
  );
  context.wake.sequence();
  return answerOf(outcome);
}

/** Ends what a token stands for: an access token alone, a refresh token with its grant. Another client's is left as it is. */
export async function revokeToken(
  context: EngineContext,
  text: string,
  clientId: string,
): Promise<void> {
  const hash = hashToken(text);
  const place = tokenForm.test(text) && (await locateGrant(context.database, "token", hash));
  if (!place) return;
  await context.database.transaction(place.operator_id, async (tx) => {
    const grant = await holdGrant(tx, place.grant_id);
    const token = await getToken(tx, hash);
    if (!grant || !token || grant.client_id !== clientId) return;
    if (token.kind === "access") return deleteTokens(tx, { token_hash: hash });
    const author = authorOf(grant);
    await endGrant(context, tx, grant.grant_id, { type: "oauth.revoked", author });
  });
  context.wake.sequence();
}

/** Who is behind an access token at a door: a key's actor, within what the person's role may give today. Null where it is good for nothing. */
export function actorOfToken(
  row: FoundToken | null,
  now: Date,
  at: { audience: Audience; public_url: string },
): Actor | null {
  if (!row || row.revoked_at !== null || row.token_expires_at <= now) return null;
  if (row.expires_at !== null && row.expires_at <= now) return null;
  if (!isFor(row.resource, at.audience, at.public_url)) return null;
  return {
    kind: "api_key",
    operator_id: row.operator_id,
    credential_id: row.key_id,
    person_id: row.person_id,
    role: null,
    scopes: delegable(row.role, row.scopes),
    mailbox_ids: row.mailbox_ids,
    test: false,
    signed_in_at: null,
    agents: row.agents,
  };
}

async function issue(context: EngineContext, tx: Tx, grant: GrantView): Promise<TokenAnswer> {
  const now = context.now();
  const access = newToken("mm_oat_", context.random);
  const next = newToken("mm_ort_", context.random);
  await insertTokens(tx, grant.grant_id, now, [
    { token_hash: access.hash, kind: "access", expires_at: new Date(now.getTime() + accessLife) },
    { token_hash: next.hash, kind: "refresh", expires_at: new Date(now.getTime() + refreshLife) },
  ]);
  return {
    access_token: access.token,
    token_type: "Bearer",
    expires_in: accessLife / 1000,
    refresh_token: next.token,
    scope: delegable(grant.role, grant.scopes).join(" "),
  };
}

async function reuse(
  context: EngineContext,
  tx: Tx,
  grant: GrantView,
  what: "code" | "refresh_token",
): Promise<OAuthError> {
  const author = authorOf(grant);
  // Said once: whoever has a copy could otherwise fill the log with it.
  if (grant.revoked_at === null) {
    const data = { what, person_id: grant.person_id };
    await endGrant(context, tx, grant.grant_id, { type: "oauth.reuse_detected", author, data });
  }
  return unknownGrant();
}

function isAlive(grant: GrantView, now: Date): boolean {
  return (
    grant.revoked_at === null &&
    grant.removed_at === null &&
    (grant.expires_at === null || grant.expires_at > now)
  );
}

function resourceFault(grant: GrantView, resource: string | null): OAuthError | null {
  return resource === null || resource === grant.resource
    ? null
    : new OAuthError("invalid_target", "resource: not the one that was granted");
}

/** A client may name what it was given or less; it gets what was given. */
function scopeFault(grant: GrantView, scope: string | null): OAuthError | null {
  const wanted = readScope(scope) ?? [];
  return wanted.every((one) => grant.scopes.includes(one))
    ? null
    : new OAuthError("invalid_scope", "scope: more than was granted");
}

function authorOf(grant: GrantView): EntryAuthor {
  const person_id = grant.scopes.includes("oversight") ? grant.person_id : null;
  return { kind: "api_key", credential_id: grant.grant_id, person_id };
}

/** One answer whatever is wrong, so that nothing is learned of codes and tokens that exist. */
function unknownGrant(): OAuthError {
  return new OAuthError("invalid_grant", "The code or token is unknown, used or expired");
}

function answerOf(outcome: Outcome): TokenAnswer {
  if (outcome instanceof OAuthError) throw outcome;
  return outcome;
}
