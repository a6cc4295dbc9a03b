/** The content digest a person decides on, and the placeholder that hand-off fills for each recipient. */
import { createHash } from "node:crypto";
import { MessageSyntaxError, readMessage, withCrlf } from "./headers.ts";

/** Characters of an unsubscribe token and of the placeholder that stands for it in the frozen message. */
export const UNSUBSCRIBE_TOKEN_LENGTH = 80;

/**
 * Stands in the frozen message wherever the recipient's unsubscribe token goes.
 * Crockford base32, so quoted-printable leaves it as it is; its Q occurs once, so a failed match never
 * has to look back; its tail is random, so no text holds it by chance.
 */
export const UNSUBSCRIBE_PLACEHOLDER =
  "QX0VNSVBSCR1BE0T0KEN0P1ACEH01DER0HB2V9HNRP7XT2D75MM694THZ7ZJPZF436Z4T9ZPBRG32ARG";

const TOKEN = /^[0-9A-HJKMNP-TV-Z]{80}$/;
const EQUALS = 0x3d;
const CR = 0x0d;
const LF = 0x0a;

/** What is about to be sent is not what was decided on, or cannot be compared with it. */
export class DigestMismatch extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "DigestMismatch";
  }
}

/** `local@domain` with the domain in lower case; the local part keeps its case. */
function envelopeForm(recipient: string): string {
  const at = recipient.lastIndexOf("@");
  if (at < 1 || !/^[\x21-\x7e]+$/.test(recipient)) {
    throw new TypeError("a recipient is a bare ASCII address without white space");
  }
  return recipient.slice(0, at + 1) + recipient.slice(at + 1).toLowerCase();
}

/**
 * Hex SHA-256 of the frozen message followed by the envelope: every recipient (to, cc, bcc) once, domain in
 * lower case, sorted by bytes, each ended by one LF. The message must end in CRLF and the envelope has no CR,
 * so no message can pass for another message with other recipients. [formats §1]
 */
export function contentDigest(mime: Buffer, recipients: readonly string[]): string {
  const end = mime.length;
  if (mime[end - 2] !== CR || mime[end - 1] !== LF)
    throw new TypeError("a frozen message ends in CRLF");
  const envelope = [...new Set(recipients.map(envelopeForm))].toSorted();
  const hash = createHash("sha256").update(mime);
  if (envelope.length > 0) hash.update(`${envelope.join("\n")}\n`, "latin1");
  return hash.digest("hex");
}

/**
 * The index after `text` when it stands at `start`, whole or cut by quoted-printable soft breaks (`=` CRLF), else -1.
 * Writes `replacement` into `out` at the same places when given.
 */
function matchToken(
  bytes: Buffer,
  start: number,
  text: string,
  out: Buffer | null,
  replacement: string,
): number {
  let at = start;
  for (let k = 0; k < text.length; k += 1) {
    if (k > 0 && bytes[at] === EQUALS && bytes[at + 1] === CR && bytes[at + 2] === LF) at += 3;
    if (bytes[at] !== text.charCodeAt(k)) return -1;
    if (out) out[at] = replacement.charCodeAt(k);
    at += 1;
  }
  return at;
}

/** A copy of `bytes` with `from` exchanged for `to` (equal length), soft breaks left in place, and how often. */
function exchange(bytes: Buffer, from: string, to: string): { bytes: Buffer; count: number } {
  const out = Buffer.from(bytes);
  const first = from.charCodeAt(0);
  let count = 0;
  for (let at = bytes.indexOf(first); at >= 0;) {
    const end = matchToken(bytes, at, from, null, to);
    if (end >= 0) {
      matchToken(bytes, at, from, out, to);
      count += 1;
    }
    at = bytes.indexOf(first, end >= 0 ? end : at + 1);
  }
  return { bytes: out, count };
}

function checkToken(token: string): void {
  if (!TOKEN.test(token) || token === UNSUBSCRIBE_PLACEHOLDER) {
    throw new TypeError(
      `an unsubscribe token is ${UNSUBSCRIBE_TOKEN_LENGTH} characters of upper-case Crockford base32`,
    );
  }
}

/** How often the placeholder stands in a message, also where a soft break cuts it. */
export function countPlaceholders(mime: Buffer): number {
  let count = 0;
  const first = UNSUBSCRIBE_PLACEHOLDER.charCodeAt(0);
  for (let at = mime.indexOf(first); at >= 0;) {
    const end = matchToken(mime, at, UNSUBSCRIBE_PLACEHOLDER, null, "");
    if (end >= 0) count += 1;
    at = mime.indexOf(first, end >= 0 ? end : at + 1);
  }
  return count;
}

/**
 * A copy of the frozen message with the recipient's token in place of every placeholder; nothing else moves.
 * Throws TypeError for a token of another form and {@link DigestMismatch} where there is no placeholder to fill.
 */
export function fillPlaceholder(mime: Buffer, token: string): Buffer {
  checkToken(token);
  const filled = exchange(mime, UNSUBSCRIBE_PLACEHOLDER, token);
  if (filled.count === 0)
    throw new DigestMismatch("the message has no unsubscribe placeholder to fill");
  return filled.bytes;
}

/** The inverse of {@link fillPlaceholder}: the token exchanged for the placeholder again. */
export function restorePlaceholder(mime: Buffer, token: string): Buffer {
  checkToken(token);
  return exchange(mime, token, UNSUBSCRIBE_PLACEHOLDER).bytes;
}

/**
 * The frozen part of a message as received: all that follows the Date field, which hand-off puts directly above it.
 * Throws {@link MessageSyntaxError} unless there is exactly one Date field.
 */
export function frozenPart(received: Buffer): Buffer {
  const dates = readMessage(received).fields.filter((field) => field.key === "date");
  const [date] = dates;
  if (!date || dates.length > 1)
    throw new MessageSyntaxError("the message has not exactly one Date field", 0);
  return received.subarray(date.line.byteOffset - received.byteOffset + date.line.length);
}

/**
 * The content digest of a message as received (CRLF or bare LF line ends), for a verifier who has the token and
 * the recipients from the evidence. `token` is null where the message carries none.
 */
export function digestAsReceived(
  received: Buffer,
  token: string | null,
  recipients: readonly string[],
): string {
  const frozen = frozenPart(withCrlf(received));
  return contentDigest(token === null ? frozen : restorePlaceholder(frozen, token), recipients);
}
