/** Transfer encodings of a stranger's parts, decoded as far as they can be. [RFC 2045 §6] */

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;

/** Value of an ASCII hex digit, or -1. */
function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Quoted-printable; what is no escape stays as it is. [RFC 2045 §6.7] */
function decodeQuotedPrintable(source: Buffer): Buffer {
  const out = Buffer.allocUnsafeSlow(source.length);
  let length = 0;
  // White space before a line end was added on the way, unless it was written as an escape.
  let kept = 0;
  for (let i = 0; i < source.length; i += 1) {
    const byte = source[i] ?? 0;
    if (byte === EQUALS) {
      const high = hexValue(source[i + 1] ?? 0);
      const low = hexValue(source[i + 2] ?? 0);
      if (high >= 0 && low >= 0) {
        out[length++] = (high << 4) | low;
        kept = length;
        i += 2;
        continue;
      }
      let end = i + 1;
      while (source[end] === SPACE || source[end] === TAB || source[end] === CR) end += 1;
      if (end >= source.length || source[end] === LF) {
        kept = length;
        i = end;
        continue;
      }
    } else if (byte === LF) {
      const crlf = length > kept && out[length - 1] === CR;
      if (crlf) length -= 1;
      while (length > kept && (out[length - 1] === SPACE || out[length - 1] === TAB)) length -= 1;
      if (crlf) out[length++] = CR;
      out[length++] = LF;
      kept = length;
      continue;
    }
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

const MAX_BASE64_UNITS = 10_000;

/** Base64, with padding in the middle too: some senders encode each line by itself. [RFC 2045 §6.8] */
function decodeBase64(source: Buffer): Buffer {
  const out = Buffer.allocUnsafeSlow(Math.ceil((source.length * 3) / 4) + 3);
  let length = 0;
  let from = 0;
  for (let units = 0; from < source.length && units < MAX_BASE64_UNITS; units += 1) {
    const pad = source.indexOf(EQUALS, from);
    const end = pad < 0 ? source.length : pad;
    length += out.write(source.toString("latin1", from, end), length, "base64");
    from = end;
    while (source[from] === EQUALS) from += 1;
  }
  return out.subarray(0, length);
}

/**
 * The bytes of a leaf after its transfer encoding. Identity encodings give a view of the message; decoded bytes stand
 * in memory of their own, outside Node's pool, so that they can be handed between threads.
 */
export function decodeBody(body: Buffer, encoding: string): Buffer {
  if (encoding === "base64") return decodeBase64(body);
  if (encoding === "quoted-printable") return decodeQuotedPrintable(body);
  return body;
}
