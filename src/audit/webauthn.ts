/** The offline check of a WebAuthn assertion: what the device signed, for whom, and with which key (WebAuthn L3 section 7.2). */
import { hash, verify } from "node:crypto";
import { parseCoseKey } from "./cose.ts";
import { decodeUtf8, FormatError, isObject } from "./encoding.ts";

/** Why an assertion proves nothing. */
export type AssertionReason =
  | "malformed"
  | "wrong_challenge"
  | "wrong_type"
  | "wrong_origin"
  | "cross_origin"
  | "wrong_relying_party"
  | "user_not_present"
  | "user_not_verified"
  | "bad_key"
  | "bad_signature";

/** An assertion that does not hold, with its reason. */
export class AssertionError extends Error {
  readonly reason: AssertionReason;

  constructor(reason: AssertionReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
    this.reason = reason;
  }
}

/** What the authenticator and the browser gave, byte by byte. */
export type Assertion = { clientDataJSON: Buffer; authenticatorData: Buffer; signature: Buffer };

/** What an assertion has to be about. */
export type AssertionContext = {
  /** The bytes that the device had to sign over; for decisions `challenge()` of statement.ts. */
  challenge: Buffer;
  /** `https://host[:port]`, where the person was. */
  origin: string;
  /** The host alone. */
  rp_id: string;
  /** COSE_Key of the credential. */
  public_key: Buffer;
};

const maxClientData = 8192;
const maxAuthenticatorData = 4096;

const flags = { userPresent: 0x01, userVerified: 0x04, eligible: 0x08, backedUp: 0x10 } as const;
const attestedData = 0x40;
const extensionData = 0x80;

/**
 * Checks in the order of formats.md: challenge; type, origin, crossOrigin; hash of the relying party; presence and verification of
 * the user; signature (ES256 as DER, EdDSA, RS256). The client data are hashed as they came, never written anew. The sign count is
 * given and not judged: synchronised passkeys have none. Throws AssertionError.
 */
export function checkAssertion(
  assertion: Assertion,
  about: AssertionContext,
): { sign_count: number; backed_up: boolean } {
  checkClientData(assertion.clientDataJSON, about);
  const data = readAuthenticatorData(assertion.authenticatorData);
  if (!data.rp_id_hash.equals(hash("sha256", about.rp_id, "buffer")))
    throw new AssertionError("wrong_relying_party", "it was made for another relying party");
  if ((data.flags & flags.userPresent) === 0)
    throw new AssertionError("user_not_present", "the device saw nobody");
  if ((data.flags & flags.userVerified) === 0)
    throw new AssertionError("user_not_verified", "the device did not verify who used it");
  checkSignature(assertion, about.public_key);
  return { sign_count: data.sign_count, backed_up: (data.flags & flags.backedUp) !== 0 };
}

function checkClientData(bytes: Buffer, about: AssertionContext): void {
  const data = readClientData(bytes);
  if (data["challenge"] !== about.challenge.toString("base64url"))
    throw new AssertionError("wrong_challenge", "the device signed something else");
  if (data["type"] !== "webauthn.get")
    throw new AssertionError("wrong_type", "the client data are not those of an assertion");
  if (data["origin"] !== about.origin)
    throw new AssertionError("wrong_origin", "it was made on another site");
  if ((data["crossOrigin"] ?? false) !== false || data["topOrigin"] !== undefined)
    throw new AssertionError("cross_origin", "it was made inside another site's page");
}

/** The client data as an object; throws AssertionError `malformed`. */
export function readClientData(bytes: Buffer): Record<string, unknown> {
  if (bytes.length > maxClientData)
    throw new AssertionError("malformed", "the client data are too long");
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes, "client data"));
    if (isObject(value)) return value;
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof FormatError)) throw cause;
  }
  throw new AssertionError("malformed", "the client data are no JSON object");
}

function readAuthenticatorData(bytes: Buffer): {
  rp_id_hash: Buffer;
  flags: number;
  sign_count: number;
} {
  const set = bytes[32] ?? 0;
  const isWhole = (set & extensionData) === 0 ? bytes.length === 37 : bytes.length > 37;
  if (!isWhole || bytes.length > maxAuthenticatorData || (set & attestedData) !== 0)
    throw new AssertionError("malformed", "the authenticator data are not those of an assertion");
  if ((set & flags.backedUp) !== 0 && (set & flags.eligible) === 0)
    throw new AssertionError("malformed", "the authenticator data contradict themselves");
  return { rp_id_hash: bytes.subarray(0, 32), flags: set, sign_count: bytes.readUInt32BE(33) };
}

function checkSignature(assertion: Assertion, publicKey: Buffer): void {
  let read: ReturnType<typeof parseCoseKey>;
  try {
    read = parseCoseKey(publicKey);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new AssertionError("bad_key", cause.message, { cause });
  }
  const { algorithm, key } = read;
  const signed = Buffer.concat([
    assertion.authenticatorData,
    hash("sha256", assertion.clientDataJSON, "buffer"),
  ]);
  const good =
    algorithm === -8
      ? verify(null, signed, key, assertion.signature)
      : verify("sha256", signed, { key, dsaEncoding: "der" }, assertion.signature);
  if (!good) throw new AssertionError("bad_signature", "the signature is not of this key");
}
