/** Signatures by a key that the operator holds: SSHSIG as `ssh-keygen -Y sign` writes it, or raw Ed25519 (RFC 8032). */
import { createPublicKey, hash, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { decodeBase64, FormatError } from "./encoding.ts";

/** Keeps signatures over directories apart from others by the same SSH key. */
export const sshNamespace = "multimail-directory";

const keyType = "ssh-ed25519";
const magic = Buffer.from("SSHSIG");
const armour = ["-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"] as const;

/** Longest signature text: SSHSIG by Ed25519 is below 400 characters. */
const maxText = 2000;

/**
 * Reads an Ed25519 public key: an OpenSSH line (`ssh-ed25519 AAAA… comment`), a PEM, or 32 bytes in base64. Gives the one spelling
 * that is kept, `ssh-ed25519 AAAA…`. Throws FormatError.
 */
export function readDirectoryKey(text: string): string {
  const given = text.trim();
  if (given.length > maxText) throw new FormatError("directory key: too long");
  if (given.startsWith(`${keyType} `)) {
    const [, blob = ""] = given.split(/\s+/);
    return lineOf(rawKey(decodeBase64(blob, "directory key")));
  }
  if (given.startsWith("-----BEGIN PUBLIC KEY-----")) return lineOf(keyOfPem(given));
  const raw = decodeBase64(given, "directory key");
  if (raw.length !== 32) throw new FormatError("directory key: not a key of Ed25519");
  return lineOf(raw);
}

function keyOfPem(pem: string): Buffer {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new FormatError("directory key: not a public key", { cause });
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new FormatError("directory key: not a key of Ed25519");
  return Buffer.from(String(key.export({ format: "jwk" }).x), "base64url");
}

function lineOf(raw: Buffer): string {
  return `${keyType} ${Buffer.concat([sshString(Buffer.from(keyType)), sshString(raw)]).toString("base64")}`;
}

/** The 32 bytes of a key in OpenSSH's encoding (RFC 8709 section 4). */
function rawKey(blob: Buffer): Buffer {
  const [type, raw, ...rest] = sshStrings(blob, 2);
  if (type?.toString() !== keyType || raw?.length !== 32 || rest.length > 0)
    throw new FormatError("directory key: not a key of Ed25519");
  return raw;
}

function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Exactly `count` strings of RFC 4251 section 5, and nothing behind them. */
function sshStrings(bytes: Buffer, count: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  while (found.length < count) {
    if (at + 4 > bytes.length) throw new FormatError("SSH data: cut off");
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new FormatError("SSH data: cut off");
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (at !== bytes.length) throw new FormatError("SSH data: something stands behind it");
  return found;
}

/**
 * True when `signature` is over `text`, or over it with one line end as editors and downloads add it, by the key of `line`: SSHSIG
 * (OpenSSH PROTOCOL.sshsig) of the namespace `multimail-directory`, or a raw Ed25519 signature in base64. Throws FormatError for
 * what is neither.
 */
export function verifyDirectorySignature(text: string, signature: string, line: string): boolean {
  const raw = rawKey(decodeBase64(line.split(" ")[1] ?? "", "directory key"));
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
    format: "jwk",
  });
  if (signature.length > maxText) throw new FormatError("signature: too long");
  const check = readSignature(signature.trim(), raw);
  return [text, `${text}\n`].some((one) => check(Buffer.from(one), key));
}

type Check = (message: Buffer, key: KeyObject) => boolean;

function readSignature(text: string, raw: Buffer): Check {
  const [begin, end] = armour;
  if (!text.startsWith(begin) || !text.endsWith(end)) {
    const bytes = decodeBase64(text, "signature");
    if (bytes.length !== 64)
      throw new FormatError("signature: neither SSHSIG nor 64 bytes of Ed25519");
    return (message, key) => verify(null, message, key, bytes);
  }
  const blob = decodeBase64(
    text.slice(begin.length, -end.length).replaceAll(/\s/g, ""),
    "signature",
  );
  if (!blob.subarray(0, 6).equals(magic) || blob.length < 10 || blob.readUInt32BE(6) !== 1)
    throw new FormatError("signature: not SSHSIG version 1");
  const [publicKey, namespace, reserved, algorithm, inner] = sshStrings(blob.subarray(10), 5);
  if (!publicKey || !namespace || !reserved || !algorithm || !inner)
    throw new FormatError("signature: not SSHSIG");
  const digest = algorithm.toString();
  if (digest !== "sha512" && digest !== "sha256")
    throw new FormatError("signature: hashed by neither SHA-512 nor SHA-256");
  if (namespace.toString() !== sshNamespace)
    throw new FormatError(`signature: of another namespace than ${sshNamespace}`);
  const [type, bytes] = sshStrings(inner, 2);
  if (type?.toString() !== keyType || bytes?.length !== 64)
    throw new FormatError("signature: not by Ed25519");
  if (!rawKey(publicKey).equals(raw)) return () => false;
  return (message, key) => {
    const parts = [namespace, reserved, algorithm, hash(digest, message, "buffer")];
    return verify(null, Buffer.concat([magic, ...parts.map(sshString)]), key, bytes);
  };
}
