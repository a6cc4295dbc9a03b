/** The API key of a request: `Authorization: Bearer` (RFC 6750 section 2.1) or `X-API-Key`. */
import { Refusal } from "../core/refusal.ts";

const bearer = /^Bearer +([A-Za-z0-9._~+/-]{1,4096}=*)$/i;
const plain = /^[A-Za-z0-9._~+/-]{1,4096}=*$/;

/**
 * The key, or null when none was sent. Throws `unauthenticated` for another scheme, a malformed value, or two headers
 * that disagree: which of the two a proxy before us had looked at nobody knows.
 */
export function readApiKey(headers: Headers): string | null {
  const authorization = headers.get("authorization");
  const header = headers.get("x-api-key");
  if (authorization === null && header === null) return null;
  const fromBearer = authorization === null ? null : (bearer.exec(authorization)?.[1] ?? "");
  const fromHeader = header === null ? null : plain.test(header) ? header : "";
  if (fromBearer === "" || fromHeader === "") throw invalidToken("The credential is malformed.");
  if (fromBearer !== null && fromHeader !== null && fromBearer !== fromHeader)
    throw invalidToken("Authorization and X-API-Key name two different keys.");
  return fromBearer ?? fromHeader;
}

/** A 401 for a call without a credential, with the one hint that helps. */
export function unauthenticated(message: string): Refusal {
  return new Refusal("unauthenticated", message, { hint });
}

/** A 401 for a credential that came and is no good: OAuth clients renew theirs at that word. */
export function invalidToken(message: string): Refusal {
  return new Refusal("unauthenticated", message, { hint, invalid_token: true });
}

const hint = "Send an API key as Authorization: Bearer mm_live_… or X-API-Key.";

/** The challenge of every 401 (RFC 9728 section 5.1). */
export function challenge(public_url: string): string {
  return `Bearer resource_metadata="${public_url.replace(/\/+$/, "")}/.well-known/oauth-protected-resource"`;
}
