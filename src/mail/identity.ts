/** Signing X-MultiMail-Identity: a statement of who wrote a message, bound to its content and recipient. [formats §2] */
import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { relaxedBodyHash } from "./dkim.ts";
import { MessageSyntaxError, readMessage } from "./headers.ts";
import type { Message } from "./headers.ts";
import {
  IDENTITY_HEADER,
  IDENTITY_LIFETIME,
  IDENTITY_SIGNED_HEADERS,
  IDENTITY_TYPE,
  identityHeaderHash,
  recipientHash,
} from "./identity-claims.ts";
import type { IdentityClaims, IdentityStatement } from "./identity-claims.ts";

export { thumbprint } from "./identity-claims.ts";
export type { IdentityApproval, IdentityClaims, IdentityStatement } from "./identity-claims.ts";
export { verifyIdentity } from "./identity-verify.ts";
export type { IdentityResult, IdentityVerdict } from "./identity-verify.ts";

/** The operator's P-256 key; `kid` is its RFC 7638 thumbprint. */
export interface IdentityKey {
  privateKey: KeyObject;
  kid: string;
}

function base64urlJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}

/** r‖s of 32 bytes each from a DER signature on P-256, whose integers drop leading zeros or gain one. [RFC 7518 §3.4] */
function rawSignature(der: Buffer): Buffer {
  const raw = Buffer.alloc(64);
  const rLength = der[3] as number;
  const r = der.subarray(4, 4 + rLength);
  const s = der.subarray(6 + rLength);
  if (r.length > 32) raw.set(r.subarray(r.length - 32), 0);
  else raw.set(r, 32 - r.length);
  if (s.length > 32) raw.set(s.subarray(s.length - 32), 32);
  else raw.set(s, 64 - s.length);
  return raw;
}

function signEs256(input: string, privateKey: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    // Not by `dsaEncoding: "ieee-p1363"`: with it each signature takes twice the time.
    sign("sha256", Buffer.from(input, "latin1"), privateKey, (error, signature) => {
      if (error) reject(error);
      else resolve(rawSignature(signature).toString("base64url"));
    });
  });
}

function foldToken(token: string): string {
  const lines: string[] = [];
  for (let at = 0; at < token.length; at += 70) lines.push(token.slice(at, at + 70));
  return lines.join("\r\n ");
}

/**
 * Signs a message already cut into fields, which must have its Date by now.
 * `recipients` are the envelope recipients of this copy only: naming the others would let anyone test a guess
 * at a blind copy. See {@link signIdentity}.
 */
export async function signIdentityFields(
  statement: IdentityStatement,
  message: Message,
  key: IdentityKey,
  options: { recipients: readonly string[]; now: Date; bodyHash?: string },
): Promise<Buffer> {
  if (message.fields.some((field) => field.key === IDENTITY_HEADER.toLowerCase())) {
    throw new MessageSyntaxError("the message has an identity header already", 0);
  }
  if (!/^[A-Za-z0-9_-]{22}$/.test(statement.jti))
    throw new TypeError("jti is 16 bytes in base64url");
  if (key.privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new TypeError("an identity key is on P-256");
  const hh = identityHeaderHash(message);
  if (hh === null) throw new MessageSyntaxError("a header to be signed occurs twice", 0);
  const iat = Math.floor(options.now.getTime() / 1000);
  const claims: IdentityClaims = {
    ...statement,
    iat,
    exp: iat + IDENTITY_LIFETIME,
    msg: {
      h: IDENTITY_SIGNED_HEADERS,
      hh,
      bh: options.bodyHash ?? relaxedBodyHash(message.body),
      rh: options.recipients.map((recipient) => recipientHash(statement.jti, recipient)),
    },
  };
  const input = `${base64urlJson({ alg: "ES256", typ: IDENTITY_TYPE, kid: key.kid })}.${base64urlJson(claims)}`;
  const token = `${input}.${await signEs256(input, key.privateKey)}`;
  return Buffer.from(`${IDENTITY_HEADER}:\r\n ${foldToken(token)}\r\n`, "latin1");
}

/**
 * The identity header field (CRLF, folded each 70 characters) for a message: a compact ES256 JWS over the statement,
 * `iat` now, `exp` 400 days later and the binding to headers, body and recipients. Any JOSE library verifies it.
 * Throws {@link MessageSyntaxError} where the message has an identity header or one of the signed headers twice.
 */
export function signIdentity(
  statement: IdentityStatement,
  message: Buffer,
  key: IdentityKey,
  options: { recipients: readonly string[]; now: Date; bodyHash?: string },
): Promise<Buffer> {
  return signIdentityFields(statement, readMessage(message), key, options);
}
