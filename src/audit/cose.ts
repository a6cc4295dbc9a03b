/** Public keys of authenticators: a strict reader of COSE_Key (RFC 9052 section 7, RFC 9053) for ES256, EdDSA and RS256. */
import { createPublicKey } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { FormatError } from "./encoding.ts";

/** COSE algorithm numbers that decisions and sign-ins may be signed with: ES256, EdDSA (Ed25519), RS256. */
export const coseAlgorithms = [-7, -8, -257] as const;

/** One of {@link coseAlgorithms}. */
export type CoseAlgorithm = (typeof coseAlgorithms)[number];

/** Longest key that is read: RSA with 4096 bits. */
export const maxCoseBytes = 640;

/**
 * Reads a COSE_Key: one CBOR map of integers and byte strings (RFC 8949), shortest forms only, no field more or less than its key
 * type has, nothing behind it. Curves are P-256 and Ed25519, RSA has 2048 to 4096 bits. Throws FormatError.
 */
export function parseCoseKey(bytes: Uint8Array): { algorithm: CoseAlgorithm; key: KeyObject } {
  const fields = readMap(bytes);
  const type = fields.get(1);
  const algorithm = fields.get(3);
  if (type === 2 && algorithm === -7) {
    expect(fields, [1, 3, -1, -2, -3]);
    if (fields.get(-1) !== 1) throw new FormatError("COSE key: ES256 on another curve than P-256");
    return {
      algorithm,
      key: keyOf({
        kty: "EC",
        crv: "P-256",
        x: bytesOf(fields, -2, 32),
        y: bytesOf(fields, -3, 32),
      }),
    };
  }
  if (type === 1 && algorithm === -8) {
    expect(fields, [1, 3, -1, -2]);
    if (fields.get(-1) !== 6)
      throw new FormatError("COSE key: EdDSA on another curve than Ed25519");
    return {
      algorithm,
      key: keyOf({ kty: "OKP", crv: "Ed25519", x: bytesOf(fields, -2, 32) }),
    };
  }
  if (type === 3 && algorithm === -257) {
    expect(fields, [1, 3, -1, -2]);
    const key = keyOf({ kty: "RSA", n: bytesOf(fields, -1, 512), e: bytesOf(fields, -2, 4) });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < 2048 || bits > 4096)
      throw new FormatError("COSE key: RSA with less than 2048 or more than 4096 bits");
    return { algorithm, key };
  }
  throw new FormatError("COSE key: not ES256, EdDSA or RS256");
}

function keyOf(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch (cause) {
    throw new FormatError("COSE key: not a key", { cause });
  }
}

type Fields = Map<number, number | Buffer>;

function expect(fields: Fields, labels: readonly number[]): void {
  if (fields.size !== labels.length || labels.some((label) => !fields.has(label)))
    throw new FormatError("COSE key: other fields than its key type has");
}

/** Coordinates have exactly `most` bytes; numbers of RSA up to that many, without leading zeroes. */
function bytesOf(fields: Fields, label: number, most: number): string {
  const value = fields.get(label);
  const exact = fields.get(1) !== 3;
  if (
    !Buffer.isBuffer(value) ||
    value.length > most ||
    (exact ? value.length !== most : (value[0] ?? 0) === 0)
  )
    throw new FormatError(`COSE key: field ${label} is not of its length`);
  return value.toString("base64url");
}

function readMap(input: Uint8Array): Fields {
  if (input.length > maxCoseBytes) throw new FormatError("COSE key: too long");
  const bytes = Buffer.from(input);
  let at = 0;
  /** Major type and argument of the next item. */
  const head = (): { major: number; argument: number } => {
    const first = bytes[at++];
    if (first === undefined) throw new FormatError("COSE key: cut off");
    const low = first & 0x1f;
    const more = low < 24 ? 0 : low === 24 ? 1 : low === 25 ? 2 : -1;
    if (more < 0 || at + more > bytes.length)
      throw new FormatError("COSE key: cut off, or a length that no key has");
    const argument = more === 0 ? low : bytes.readUIntBE(at, more);
    at += more;
    if ((more === 1 && argument < 24) || (more === 2 && argument < 256))
      throw new FormatError("COSE key: a number is not in its shortest form");
    return { major: first >> 5, argument };
  };
  const item = (): number | Buffer => {
    const { major, argument } = head();
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major !== 2) throw new FormatError("COSE key: neither a number nor bytes");
    if (at + argument > bytes.length) throw new FormatError("COSE key: cut off");
    at += argument;
    return bytes.subarray(at - argument, at);
  };
  const map = head();
  if (map.major !== 5 || map.argument > 8) throw new FormatError("COSE key: not a map of a key");
  const fields: Fields = new Map();
  for (let i = 0; i < map.argument; i++) {
    const label = item();
    if (typeof label !== "number" || fields.has(label))
      throw new FormatError("COSE key: a label is no number, or stands twice");
    fields.set(label, item());
  }
  if (at !== bytes.length) throw new FormatError("COSE key: something stands behind it");
  return fields;
}
