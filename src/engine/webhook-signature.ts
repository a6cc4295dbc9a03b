/** Secrets of webhooks and what is signed with them: Standard Webhooks, and the header that existing clients check. */
import { createHmac } from "node:crypto";
import { seal, unseal } from "./seal.ts";

const prefix = "whsec_";

/** A new secret: `whsec_` and 32 bytes in base64. */
export function newSecret(random: (length: number) => Buffer): string {
  return prefix + random(32).toString("base64");
}

/** The key of a secret: what stands behind `whsec_` where that is base64 of 16 to 64 bytes, else the text's own bytes. */
export function keyOf(secret: string): Buffer {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : "";
  const bytes = Buffer.from(text, "base64");
  const whole = bytes.toString("base64").replaceAll("=", "") === text.replaceAll("=", "");
  return whole && bytes.length >= 16 && bytes.length <= 64 ? bytes : Buffer.from(secret, "utf8");
}

/** The secret in the form that libraries of Standard Webhooks take. */
export function shownSecret(secret: string): string {
  return prefix + keyOf(secret).toString("base64");
}

type Where = { operator_id: string; webhook_id: string };

/** The form at rest: sealed, and openable for its own webhook only. */
export function sealSecret(
  key: Buffer,
  { operator_id, webhook_id }: Where,
  secret: string,
  random: (length: number) => Buffer,
): Buffer {
  return seal(key, Buffer.from(secret), `webhook/${operator_id}/${webhook_id}`, random);
}

/** Opens what {@link sealSecret} sealed. */
export function openSecret(
  key: Buffer,
  { operator_id, webhook_id }: Where,
  sealed: Buffer,
): string {
  return unseal(key, sealed, `webhook/${operator_id}/${webhook_id}`).toString();
}

/**
 * The headers of one try. `secrets`: the newest first; each signs (standardwebhooks.com, "Webhook Signatures"). The other header
 * holds one signature only, by the newest secret as it was given.
 */
export function signatureHeaders(
  secrets: readonly string[],
  id: string,
  now: Date,
  body: Buffer,
): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signed = secrets.map((secret) => {
    const hmac = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
    return `v1,${hmac.digest("base64")}`;
  });
  const [newest = ""] = secrets;
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signed.join(" "),
    "x-multimail-signature": `sha256=${createHmac("sha256", newest).update(body).digest("hex")}`,
  };
}
