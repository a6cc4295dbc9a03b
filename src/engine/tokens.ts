/** Bearer secrets: 32 bytes of entropy, shown once, stored as a SHA-256 hash. */
import { createHash } from "node:crypto";

/** A fresh secret and what is stored of it. `prefix` ends in `_`. */
export function newToken(
  prefix: string,
  random: (length: number) => Buffer,
): { token: string; hash: Buffer; shown: string } {
  const token = prefix + random(32).toString("base64url");
  return { token, hash: hashToken(token), shown: token.slice(0, prefix.length + 6) };
}

/** The stored form. High entropy needs no slow hash. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
