/** The authorization request: its parameters, PKCE, and the resources that a token may be for. */
import { createHash, timingSafeEqual } from "node:crypto";
import { type GrantScope, readScope } from "./access.ts";
import { OAuthError } from "./oauth-error.ts";

/** Longest value of a parameter, in characters. */
const maxValue = 2000;

/** What a token may be for: everything here, or the MCP door alone. */
export type Audience = "api" | "mcp";

/** A request whose client and redirect URI have been found good; what is thrown about the rest goes back to the client. */
export type AuthorizationRequest = {
  state: string | null;
  /** Null: the client leaves it open. */
  scopes: GrantScope[] | null;
  resource: string;
  code_challenge: string;
};

/** One parameter; throws `invalid_request` where it is there twice (RFC 6749 section 3.1) or too long. Empty counts as absent. */
export function parameter(query: URLSearchParams, name: string): string | null {
  const values = query.getAll(name);
  if (values.length > 1) throw new OAuthError("invalid_request", `${name}: given twice`);
  const [value = ""] = values;
  if (value.length > maxValue) throw new OAuthError("invalid_request", `${name}: too long`);
  return value === "" ? null : value;
}

/** Reads the rest of a request. Throws {@link OAuthError}. PKCE by S256 is a must: without, or by `plain`, nothing is given. */
export function readRequest(query: URLSearchParams, public_url: string): AuthorizationRequest {
  const state = parameter(query, "state");
  const type = parameter(query, "response_type");
  if (type === null) throw new OAuthError("invalid_request", "response_type: missing");
  if (type !== "code")
    throw new OAuthError("unsupported_response_type", "response_type: only code is supported");
  const mode = parameter(query, "response_mode");
  if (mode !== null && mode !== "query")
    throw new OAuthError("invalid_request", "response_mode: only query is supported");
  if (parameter(query, "request") !== null || parameter(query, "request_uri") !== null)
    throw new OAuthError("invalid_request", "request objects are not supported");
  const challenge = parameter(query, "code_challenge");
  if (challenge === null) throw new OAuthError("invalid_request", "code_challenge: missing");
  if (parameter(query, "code_challenge_method") !== "S256")
    throw new OAuthError("invalid_request", "code_challenge_method: only S256 is supported");
  // 32 octets in base64url, as S256 makes them (RFC 7636 section 4.2).
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge))
    throw new OAuthError("invalid_request", "code_challenge: not one of S256");
  const scopes = readScope(parameter(query, "scope"));
  if (scopes?.length === 0)
    throw new OAuthError("invalid_scope", "scope: none of read, draft, send, oversight");
  const resource = readResource(query, public_url) ?? public_url;
  return { state, scopes, resource, code_challenge: challenge };
}

/**
 * The resource of a request (RFC 8707), null where it names none; throws `invalid_target` for one that is not ours. Of several the widest
 * counts: they are all one service.
 */
export function readResource(query: URLSearchParams, public_url: string): string | null {
  const values = query.getAll("resource").filter((value) => value !== "");
  if (values.length === 0) return null;
  const known = values.slice(0, 10).map((value) => resourceOf(value, public_url));
  if (values.length > 10 || known.includes(null))
    throw new OAuthError("invalid_target", "resource: not one of this server");
  return known.includes(public_url) ? public_url : `${public_url}/mcp`;
}

function resourceOf(value: string, public_url: string): string | null {
  const url = value.length > maxValue || value.includes("#") ? null : URL.parse(value);
  if (!url || url.search !== "" || url.username !== "" || url.origin !== new URL(public_url).origin)
    return null;
  const path = url.pathname.replace(/\/$/, "");
  return path === "" ? public_url : path === "/mcp" ? `${public_url}/mcp` : null;
}

/** True where a token for `resource` is good at a door: the MCP door's own, or everything's. */
export function isFor(resource: string, audience: Audience, public_url: string): boolean {
  return resource === public_url || (audience === "mcp" && resource === `${public_url}/mcp`);
}

/** True where the verifier is that of the challenge (RFC 7636 sections 4.1 and 4.6). */
export function verifies(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const made = createHash("sha256").update(verifier).digest();
  const known = Buffer.from(challenge, "base64url");
  return made.length === known.length && timingSafeEqual(made, known);
}
