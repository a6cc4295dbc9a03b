/** Identifiers: a UUIDv7 (RFC 9562 section 5.7) as 26 characters of Crockford base32, which sorts by time like a ULID. */

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The form of every id on the wire and at rest. */
export const idPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** 16 bytes to 26 characters, most significant first. */
export function encodeBase32(bytes: Uint8Array): string {
  if (bytes.length === 16) return encodeFast(bytes);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  const length = Math.ceil((bytes.length * 8) / 5);
  let text = "";
  for (let i = 0; i < length; i++) {
    text = (alphabet[Number(value & 31n)] ?? "") + text;
    value >>= 5n;
  }
  return text;
}

/** The least id that a maker may have made at a time (milliseconds): whatever came before sorts before it. */
export function firstIdAt(time: number): string {
  return fromParts(Math.max(0, time), new Uint8Array(10)).slice(0, 10).padEnd(26, "0");
}

function fromParts(time: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(time / 2 ** (8 * (5 - i))) & 0xff;
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return encodeFast(bytes);
}

/** The same as {@link encodeBase32} for 16 bytes, without BigInt: ids are made on the hot path. */
function encodeFast(bytes: Uint8Array): string {
  let text = "";
  // 130 bits: two zero bits, then 128 of ours.
  let buffer = 0;
  let bits = 2;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(buffer >> bits) & 31];
      buffer &= (1 << bits) - 1;
    }
  }
  return text;
}

/**
 * Makes ids from a clock (milliseconds) and a source of random bytes. Ids of one maker strictly increase:
 * within a millisecond the 12 bits after the version count up (RFC 9562 section 6.2, method 1).
 */
export function idMaker(
  clock: () => number,
  randomBytes: (length: number) => Uint8Array,
): () => string {
  let last = 0;
  let counter = 0;
  return () => {
    const now = clock();
    const random = randomBytes(10);
    if (now > last) {
      last = now;
      counter = (((random[0] ?? 0) & 0x07) << 8) | (random[1] ?? 0);
    } else {
      counter++;
      if (counter > 0xfff) {
        last++;
        counter = 0;
      }
    }
    random[0] = (counter >> 8) & 0x0f;
    random[1] = counter & 0xff;
    return fromParts(last, random);
  };
}
