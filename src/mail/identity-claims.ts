/** The claims of X-MultiMail-Identity and the hashes that bind them to headers, body and recipient. [formats §2] */
import { hash } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import type { JWK } from "jose";
import { relaxedHeader } from "./headers.ts";
import type { Message } from "./headers.ts";

export const IDENTITY_HEADER = "X-MultiMail-Identity";
export const IDENTITY_TYPE = "mm-identity+jwt";
/** The headers `hh` covers, in this order; no other list is accepted. */
export const IDENTITY_SIGNED_HEADERS = "from:to:cc:subject:date:message-id";
/** Seconds from `iat` to `exp`: 400 days. */
export const IDENTITY_LIFETIME = 400 * 86_400;

/** Who decided, where a person did: the log, the statement's digest, the leaf and the class (A, B or C). */
export interface IdentityApproval {
  log: string;
  stmt: string;
  leaf: number | string;
  class: string;
}

/** What the sender states. `jti` is 16 random bytes in base64url. */
export interface IdentityStatement {
  iss: string;
  sub: string;
  operator: { name: string; id: string; verified: boolean };
  agent: string;
  ai_generated: boolean;
  oversight: string;
  capabilities: string[];
  jti: string;
  approval?: IdentityApproval;
}

/** `bh` and `hh` are base64 SHA-256, `rh` one 22-character hash for each envelope recipient of this copy. */
export interface IdentityMessageBinding {
  h: string;
  hh: string;
  bh: string;
  rh: string[];
}

/** The whole payload. `iat` and `exp` are seconds. */
export interface IdentityClaims extends IdentityStatement {
  iat: number;
  exp: number;
  msg: IdentityMessageBinding;
}

/** RFC 7638 SHA-256 thumbprint of a public JWK, base64url. */
export function thumbprint(publicKeyJwk: JWK): Promise<string> {
  return calculateJwkThumbprint(publicKeyJwk, "sha256");
}

/** `rh` of one recipient: only who knows the address can tell whether it is meant. */
export function recipientHash(jti: string, recipient: string): string {
  return hash("sha256", `${jti}\n${recipient.toLowerCase()}`, "base64url").slice(0, 22);
}

/**
 * `hh`: base64 SHA-256 over the relaxed lines of `from:to:cc:subject:date:message-id`, a missing one as `name:` CRLF.
 * Answers null when one of them occurs twice, because then no one can say which was meant.
 */
export function identityHeaderHash(message: Message): string | null {
  let lines = "";
  for (const key of IDENTITY_SIGNED_HEADERS.split(":")) {
    const found = message.fields.filter((field) => field.key === key);
    if (found.length > 1) return null;
    lines += found[0] ? relaxedHeader(found[0]) : `${key}:\r\n`;
  }
  return hash("sha256", Buffer.from(lines, "latin1"), "base64");
}
