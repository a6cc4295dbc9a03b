/** A reply that an SMTP door gives in place of 250, with its enhanced status code (RFC 3463). */

/** Reply lines of 512 octets (RFC 5321 §4.5.3.1.5) with the codes and CRLF taken off, and some air. */
const MAX_TEXT = 400;

/** `text` on one line of printable ASCII, bounded: what foreign octets may add to a reply. */
export function replyText(text: string): string {
  return text
    .slice(0, 4 * MAX_TEXT)
    .replace(/[^\u0020-\u007e]+/g, " ")
    .trim()
    .slice(0, MAX_TEXT);
}

/** smtp-server answers a thrown error with `responseCode` and `message`. A 421 closes the connection as well. */
export class SmtpAnswer extends Error {
  readonly responseCode: number;

  /** `enhanced` such as `5.1.1`. */
  constructor(code: number, enhanced: string, text: string) {
    super(`${enhanced} ${replyText(text)}`);
    this.name = "SmtpAnswer";
    this.responseCode = code;
  }
}
