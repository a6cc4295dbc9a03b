/** Reading X-MultiMail-Identity back: one verdict of seven, with the reason in words. [formats §2] */
import { compactVerify, decodeProtectedHeader, errors, importJWK } from "jose";
import type { JSONWebKeySet, JWK } from "jose";
import { relaxedBodyHash } from "./dkim.ts";
import { MessageSyntaxError, readMessage, withCrlf } from "./headers.ts";
import type { Message } from "./headers.ts";
import {
  IDENTITY_HEADER,
  IDENTITY_SIGNED_HEADERS,
  IDENTITY_TYPE,
  identityHeaderHash,
  recipientHash,
  thumbprint,
} from "./identity-claims.ts";
import type { IdentityClaims } from "./identity-claims.ts";

export type IdentityVerdict =
  | "valid"
  | "valid-modified"
  | "valid-not-for-you"
  | "expired"
  | "revoked"
  | "invalid"
  | "unknown-key";

/** `claims` are given only when the signature is good; `invalid` and `unknown-key` never carry them. */
export interface IdentityResult {
  verdict: IdentityVerdict;
  reason: string;
  claims?: IdentityClaims;
}

const MAX_TOKEN_LENGTH = 32_768;
/** Seconds that the signer's clock may run ahead of ours. */
const CLOCK_SKEW = 300;

class Invalid extends Error {}

function readToken(message: Message): string {
  const found = message.fields.filter((field) => field.key === IDENTITY_HEADER.toLowerCase());
  const [field] = found;
  if (!field) throw new Invalid("the message has no identity header");
  if (found.length > 1) throw new Invalid("the message has more than one identity header");
  if (field.value.length > MAX_TOKEN_LENGTH) throw new Invalid("the identity header is too long");
  const token = field.value.toString("latin1").replace(/[ \t\r\n]+/g, "");
  if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/.test(token)) {
    throw new Invalid("the identity header is no compact ES256 JWS");
  }
  // 86 characters hold four bits more than 64 bytes: the one spelling with zeros there is taken.
  const signature = token.slice(-86);
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature)
    throw new Invalid("the signature is misspelt");
  return token;
}

/** The key id, after refusing every JOSE header but the one we write: a token must not choose its own key or algorithm. */
function readKeyId(token: string): string {
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    throw new Invalid("the JOSE header cannot be read");
  }
  if (header["alg"] !== "ES256") throw new Invalid("the algorithm is not ES256");
  if (header["typ"] !== IDENTITY_TYPE) throw new Invalid(`the type is not ${IDENTITY_TYPE}`);
  for (const name of Object.keys(header)) {
    if (name !== "alg" && name !== "typ" && name !== "kid")
      throw new Invalid("the JOSE header holds a parameter that is not allowed");
  }
  const kid = header["kid"];
  if (typeof kid !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(kid))
    throw new Invalid("the key id is no RFC 7638 thumbprint");
  return kid;
}

async function findKey(jwks: JSONWebKeySet, kid: string): Promise<JWK | null> {
  const key = jwks.keys.find((candidate) => candidate.kid === kid);
  if (!key) return null;
  if (key.kty !== "EC" || key.crv !== "P-256" || key.d !== undefined)
    throw new Invalid("the key is no public P-256 key");
  // The id must be the key's own thumbprint, or a key set could pass one key off as another.
  if ((await thumbprint(key)) !== kid)
    throw new Invalid("the key id is not the thumbprint of its key");
  return key;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= 1_000 && value.every((item) => typeof item === "string")
  );
}

function isApproval(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isObject(value)) return false;
  const leaf = value["leaf"];
  return (
    ["log", "stmt", "class"].every((name) => typeof value[name] === "string") &&
    (typeof leaf === "string" || (Number.isSafeInteger(leaf) && (leaf as number) >= 0))
  );
}

function readClaims(payload: Uint8Array): IdentityClaims {
  let claims: unknown;
  try {
    claims = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    throw new Invalid("the claims are no JSON");
  }
  const operator = isObject(claims) ? claims["operator"] : null;
  const msg = isObject(claims) ? claims["msg"] : null;
  const shapely =
    isObject(claims) &&
    ["iss", "sub", "agent", "oversight", "jti"].every((name) => typeof claims[name] === "string") &&
    typeof claims["ai_generated"] === "boolean" &&
    Number.isSafeInteger(claims["iat"]) &&
    Number.isSafeInteger(claims["exp"]) &&
    isTextList(claims["capabilities"]) &&
    isObject(operator) &&
    typeof operator["name"] === "string" &&
    typeof operator["id"] === "string" &&
    typeof operator["verified"] === "boolean" &&
    isObject(msg) &&
    typeof msg["hh"] === "string" &&
    typeof msg["bh"] === "string" &&
    isTextList(msg["rh"]) &&
    isApproval(claims["approval"]);
  if (!shapely) throw new Invalid("a claim is missing or of the wrong kind");
  if (msg["h"] !== IDENTITY_SIGNED_HEADERS)
    throw new Invalid("the statement covers other headers than it must");
  return claims as IdentityClaims;
}

/** Seconds, from a JWK member that our key set may carry beside the key. */
function keyTime(key: JWK, name: "nbf" | "exp"): number | null {
  const value = (key as Record<string, unknown>)[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function judge(
  claims: IdentityClaims,
  key: JWK,
  message: Message,
  recipient: string | undefined,
  now: number,
): IdentityResult {
  if ((key as Record<string, unknown>)["status"] === "revoked") {
    return { verdict: "revoked", reason: "the signature is good, but its key was revoked", claims };
  }
  const notBefore = keyTime(key, "nbf");
  const notAfter = keyTime(key, "exp");
  if (
    (notBefore !== null && claims.iat < notBefore) ||
    (notAfter !== null && claims.iat > notAfter)
  ) {
    throw new Invalid("the statement was not made while its key was in use");
  }
  if (claims.iat > now + CLOCK_SKEW) throw new Invalid("the statement was made in the future");
  if (claims.exp <= claims.iat) throw new Invalid("the statement expires before it was made");
  if (claims.exp < now)
    return {
      verdict: "expired",
      reason: "the signature is good, but the statement has expired",
      claims,
    };
  const changed: string[] = [];
  if (identityHeaderHash(message) !== claims.msg.hh) changed.push("a header");
  if (relaxedBodyHash(message.body) !== claims.msg.bh) changed.push("the body");
  if (changed.length > 0) {
    return {
      verdict: "valid-modified",
      reason: `the signature is good, but ${changed.join(" and ")} changed on the way`,
      claims,
    };
  }
  if (recipient !== undefined && !claims.msg.rh.includes(recipientHash(claims.jti, recipient))) {
    return {
      verdict: "valid-not-for-you",
      reason: "the message is genuine, but was sent to somebody else",
      claims,
    };
  }
  return { verdict: "valid", reason: "the message is as its sender signed it", claims };
}

/**
 * Verifies the identity header of a message (CRLF or bare LF line ends) against a published key set, whose keys may
 * carry `nbf`, `exp` (seconds) and `status`. `recipient` is the address the copy was delivered to, where known.
 * Never throws for what the message says: whatever is wrong with it is a verdict.
 */
export async function verifyIdentity(
  message: Buffer,
  jwks: JSONWebKeySet,
  options: { recipient?: string; now: Date },
): Promise<IdentityResult> {
  try {
    const parsed = readMessage(withCrlf(message));
    const token = readToken(parsed);
    const kid = readKeyId(token);
    const key = await findKey(jwks, kid);
    if (!key) return { verdict: "unknown-key", reason: "the key is not in the sender's key set" };
    const publicKey = await importJWK(
      { kty: "EC", crv: "P-256", x: key.x, y: key.y } as JWK,
      "ES256",
    );
    const { payload } = await compactVerify(token, publicKey, { algorithms: ["ES256"] });
    return judge(readClaims(payload), key, parsed, options.recipient, options.now.getTime() / 1000);
  } catch (error) {
    if (error instanceof Invalid || error instanceof MessageSyntaxError)
      return { verdict: "invalid", reason: error.message };
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return { verdict: "invalid", reason: "the signature does not match" };
    }
    // A key or token that the JOSE library cannot read.
    if (
      error instanceof errors.JOSEError ||
      error instanceof TypeError ||
      error instanceof DOMException
    ) {
      return { verdict: "invalid", reason: "the token or its key cannot be read" };
    }
    throw error;
  }
}
