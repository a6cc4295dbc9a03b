/** Sealing of secrets at rest: AES-256-GCM with a random nonce, bound to where the secret belongs. */
import { createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";

const version = 1;
const nonceLength = 12;
const tagLength = 16;

/** `version ‖ nonce ‖ tag ‖ ciphertext`. `context` is authenticated: a sealed value opens only in its own place. */
export function seal(
  key: Buffer,
  plain: Buffer,
  context: string,
  random: (length: number) => Buffer,
): Buffer {
  const nonce = random(nonceLength);
  const cipher = createCipheriv("aes-256-gcm", createSecretKey(key), nonce);
  cipher.setAAD(Buffer.from(context));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), text]);
}

/** Opens a sealed value; throws when the key, the context or a bit of it is wrong. */
export function unseal(key: Buffer, sealed: Buffer, context: string): Buffer {
  if (sealed[0] !== version || sealed.length < 1 + nonceLength + tagLength)
    throw new Error(`sealed value of ${context} has an unknown form`);
  const decipher = createDecipheriv(
    "aes-256-gcm",
    createSecretKey(key),
    sealed.subarray(1, 1 + nonceLength),
  );
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(1 + nonceLength, 1 + nonceLength + tagLength));
  return Buffer.concat([
    decipher.update(sealed.subarray(1 + nonceLength + tagLength)),
    decipher.final(),
  ]);
}
