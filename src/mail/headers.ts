/** Raw messages as header fields and body bytes, and the relaxed canonical forms of RFC 6376 §3.4. */

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const CRLF = Buffer.from("\r\n", "latin1");

/** Bounds for a header block read from outside; over them the message is refused, not cut. */
export const MAX_HEADER_BYTES = 1_048_576;
export const MAX_HEADER_FIELDS = 2_000;

/** One header field. The buffers are views into the message; `line` includes every fold and the final CRLF. */
export interface HeaderField {
  /** The name as written. */
  name: string;
  /** The name in lower case, for comparing. */
  key: string;
  /** Bytes after the colon, without the final CRLF, folds kept. */
  value: Buffer;
  line: Buffer;
}

/** A message cut at the empty line. */
export interface Message {
  fields: HeaderField[];
  body: Buffer;
}

/** The bytes are no message that we are willing to read; `offset` says where. */
export class MessageSyntaxError extends Error {
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(`${reason} (at byte ${offset})`);
    this.name = "MessageSyntaxError";
    this.offset = offset;
  }
}

/** The index of the CRLF that ends the field starting at `from`, that is, one not followed by SP or HTAB. */
function endOfField(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const lf = bytes.indexOf(LF, at);
    if (lf < 0) throw new MessageSyntaxError("a header line does not end", from);
    if (lf === from || bytes[lf - 1] !== CR)
      throw new MessageSyntaxError("a header line ends in a bare LF", lf);
    if (lf > MAX_HEADER_BYTES) throw new MessageSyntaxError("the header is too large", lf);
    const next = bytes[lf + 1];
    if (next !== SPACE && next !== TAB) return lf - 1;
    at = lf + 1;
  }
}

function readField(bytes: Buffer, start: number, end: number): HeaderField {
  const colon = bytes.indexOf(COLON, start);
  if (colon < 0 || colon >= end) throw new MessageSyntaxError("a header line has no colon", start);
  // RFC 5322 §4.5 (obsolete syntax) lets white space stand before the colon; mail in transit still has it.
  let nameEnd = colon;
  while (nameEnd > start && (bytes[nameEnd - 1] === SPACE || bytes[nameEnd - 1] === TAB))
    nameEnd -= 1;
  if (nameEnd === start) throw new MessageSyntaxError("a header field has no name", start);
  for (let i = start; i < nameEnd; i += 1) {
    const byte = bytes[i] as number;
    if (byte < 0x21 || byte > 0x7e)
      throw new MessageSyntaxError("a header name holds a character it may not", i);
  }
  const name = bytes.toString("latin1", start, nameEnd);
  return {
    name,
    key: name.toLowerCase(),
    value: bytes.subarray(colon + 1, end),
    line: bytes.subarray(start, end + 2),
  };
}

/**
 * Cuts a message with CRLF line ends into header fields and body. A message without an empty line is all header.
 * Refuses a bare CR, bare LF or NUL in the header, lines without a name and over-large headers by {@link MessageSyntaxError}.
 * Copies nothing. [RFC 5322 §2.1, §2.2]
 */
export function readMessage(bytes: Buffer): Message {
  const fields: HeaderField[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === CR && bytes[at + 1] === LF) {
      refuseInHeader(bytes, at);
      return { fields, body: bytes.subarray(at + 2) };
    }
    if (bytes[at] === SPACE || bytes[at] === TAB)
      throw new MessageSyntaxError("the header starts with a folded line", at);
    const end = endOfField(bytes, at);
    fields.push(readField(bytes, at, end));
    if (fields.length > MAX_HEADER_FIELDS)
      throw new MessageSyntaxError("the header has too many fields", at);
    at = end + 2;
  }
  refuseInHeader(bytes, bytes.length);
  return { fields, body: bytes.subarray(bytes.length) };
}

function refuseInHeader(bytes: Buffer, end: number): void {
  const nul = bytes.subarray(0, end).indexOf(0);
  if (nul >= 0) throw new MessageSyntaxError("the header holds a NUL", nul);
  for (let cr = bytes.indexOf(CR); cr >= 0 && cr < end; cr = bytes.indexOf(CR, cr + 1)) {
    if (bytes[cr + 1] !== LF) throw new MessageSyntaxError("the header holds a bare CR", cr);
  }
}

/** The index of the first CR without LF or LF without CR, or -1. Only CRLF ends a line in mail. [RFC 5321 §2.3.8] */
export function findBareLineEnd(bytes: Buffer): number {
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (lf === 0 || bytes[lf - 1] !== CR) return lf;
  }
  for (let cr = bytes.indexOf(CR); cr >= 0; cr = bytes.indexOf(CR, cr + 1)) {
    if (bytes[cr + 1] !== LF) return cr;
  }
  return -1;
}

/**
 * Gives every bare LF its CR, for messages saved to a file by a system that ends lines so.
 * Answers the same buffer when there is nothing to do.
 */
export function withCrlf(bytes: Buffer): Buffer {
  let missing = 0;
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (lf === 0 || bytes[lf - 1] !== CR) missing += 1;
  }
  if (missing === 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length + missing);
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    if (byte === LF && (i === 0 || bytes[i - 1] !== CR)) out[length++] = CR;
    out[length++] = byte;
  }
  return out;
}

/**
 * The relaxed form of a header field: `name:value` and CRLF, the name in lower case, folds undone, runs of white space
 * made one space, none at either end of the value. A string of octets (latin1), which is several times faster to
 * work on than a Buffer at this length. [RFC 6376 §3.4.2]
 */
export function relaxedHeader(field: Pick<HeaderField, "key" | "value">): string {
  // Inside a field CR and LF occur only as a fold, and a fold always has white space after it.
  const value = field.value.toString("latin1").replace(/[ \t\r\n]+/g, " ");
  const start = value.startsWith(" ") ? 1 : 0;
  const end = value.length > start && value.endsWith(" ") ? value.length - 1 : value.length;
  return `${field.key}:${value.slice(start, end)}\r\n`;
}

/** Tabs, two white spaces in a row, or white space before a line end: what the relaxed body form changes within lines. */
const LOOSE_WHITE_SPACE = /\t| [ \r]/;

/**
 * The relaxed form of a body: runs of white space made one space, none at the end of a line,
 * no empty lines at the end, and a CRLF at the end of a body that is not empty.
 * Answers a view of `body` itself where that is its relaxed form already, as of most mail in quoted-printable.
 * [RFC 6376 §3.4.4]
 */
export function relaxedBody(body: Buffer): Buffer {
  if (LOOSE_WHITE_SPACE.test(body.toString("latin1"))) return collapseBody(body);
  let end = body.length;
  while (end >= 2 && body[end - 1] === LF && body[end - 2] === CR) end -= 2;
  if (end === 0) return body.subarray(0, 0);
  // A space at the very end stands at the end of a line, too.
  if (body[end - 1] === SPACE) return collapseBody(body);
  return end < body.length ? body.subarray(0, end + 2) : Buffer.concat([body, CRLF]);
}

function collapseBody(body: Buffer): Buffer {
  const out = new Uint8Array(body.length + 2);
  let length = 0;
  let pendingSpace = false;
  // Where the body ends when its trailing empty lines are dropped.
  let contentEnd = 0;
  for (let i = 0; i < body.length; i += 1) {
    const byte = body[i] as number;
    if (byte === SPACE || byte === TAB) {
      pendingSpace = true;
    } else if (byte === CR && body[i + 1] === LF) {
      pendingSpace = false;
      out[length++] = CR;
      out[length++] = LF;
      i += 1;
    } else {
      if (pendingSpace) out[length++] = SPACE;
      pendingSpace = false;
      out[length++] = byte;
      contentEnd = length;
    }
  }
  if (contentEnd === 0) return Buffer.alloc(0);
  out[contentEnd] = CR;
  out[contentEnd + 1] = LF;
  return Buffer.from(out.buffer, 0, contentEnd + 2);
}
