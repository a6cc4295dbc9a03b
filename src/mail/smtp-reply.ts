/** SMTP replies (RFC 5321 §4.2): a bounded incremental parser, and what each reply means for a recipient. */

/** One complete reply. `text` is free of control characters other than `\n` between its lines. */
export interface SmtpReply {
  /** Three digits, 200 to 599; 0 where no server spoke and `enhanced` and `text` are ours. */
  readonly code: number;
  /** Enhanced status code (RFC 2034, RFC 3463) such as `5.1.1`, or null when the server gave none. */
  readonly enhanced: string | null;
  /** Lines joined by `\n`, without reply code and enhanced status code. */
  readonly text: string;
}

/** What a recipient may be told after a reply. */
export type ReplyOutcome = "accepted" | "temporary" | "permanent";

/**
 * Why a recipient was not accepted. Only `bad_address` says that the mailbox does not exist (and may suppress it);
 * `policy` is about us or the message, `mailbox_full` about the moment, `host` about the server.
 */
export type ReplyKind =
  | "accepted"
  | "bad_address"
  | "mailbox_full"
  | "message_size"
  | "policy"
  | "host"
  | "protocol"
  | "other";

export interface ReplyClass {
  readonly outcome: ReplyOutcome;
  readonly kind: ReplyKind;
}

/** A server that does not speak SMTP, or speaks it without end. */
export class ReplySyntaxError extends Error {
  override readonly name = "ReplySyntaxError";
}

/** RFC 5321 §4.5.3.1.5 says 512; servers in the field say more. */
const MAX_LINE = 2048;
const MAX_LINES = 128;
const MAX_REPLY = 16_384;

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const SPACE = 0x20;
const EMPTY = Buffer.alloc(0);

const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3}(?=[ \t]|$)/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const ALL_PRINTABLE = /^[\u0020-\u007e]*$/;

/**
 * Cuts a byte stream into replies. Feed it with `push`; it calls back once per complete reply, in order.
 * Memory is bounded by the longest permitted reply. After an error the parser must be dropped with its connection.
 */
export class ReplyParser {
  #rest: Buffer = EMPTY;
  #code = 0;
  #lines: string[] = [];
  #size = 0;

  /** True while bytes of an unfinished reply wait. */
  get pending(): boolean {
    return this.#rest.length > 0 || this.#lines.length > 0;
  }

  /** @throws ReplySyntaxError on a malformed line, on differing codes within a reply, and past the size limits. */
  push(chunk: Buffer, on_reply: (reply: SmtpReply) => void): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = EMPTY;
    let start = 0;
    for (;;) {
      const end = data.indexOf(LF, start);
      if ((end === -1 ? data.length : end) - start > MAX_LINE)
        throw new ReplySyntaxError("reply line too long");
      if (end === -1) break;
      const reply = this.#line(data, start, end > start && data[end - 1] === CR ? end - 1 : end);
      start = end + 1;
      if (reply !== null) on_reply(reply);
    }
    // A copy: what is left must not keep the whole chunk alive, nor change under us.
    if (start < data.length) this.#rest = Buffer.from(data.subarray(start));
  }

  /** Reads data[start..end) as one line; answers the reply it completes, if it does. */
  #line(data: Buffer, start: number, end: number): SmtpReply | null {
    const code = replyCode(data, start, end);
    const separator = end - start > 3 ? data[start + 3] : SPACE;
    if (separator !== SPACE && separator !== DASH)
      throw new ReplySyntaxError("malformed reply line");
    const text = cleanText(data, Math.min(start + 4, end), end);
    if (separator === SPACE && this.#lines.length === 0) return replyOf(code, [text]);

    if (this.#lines.length > 0 && code !== this.#code)
      throw new ReplySyntaxError("reply code changes within a reply");
    this.#code = code;
    this.#size += end - start;
    if (this.#lines.length >= MAX_LINES || this.#size > MAX_REPLY)
      throw new ReplySyntaxError("reply too long");
    this.#lines.push(text);
    if (separator === DASH) return null;
    const lines = this.#lines;
    this.#lines = [];
    this.#size = 0;
    return replyOf(code, lines);
  }
}

function replyCode(data: Buffer, start: number, end: number): number {
  if (end - start < 3) throw new ReplySyntaxError("malformed reply line");
  const a = data[start]! - 0x30;
  const b = data[start + 1]! - 0x30;
  const c = data[start + 2]! - 0x30;
  // RFC 5321 bounds the second digit by 5; 571 and the like are in daily use, so any digit passes.
  if (a < 2 || a > 5 || b < 0 || b > 9 || c < 0 || c > 9)
    throw new ReplySyntaxError("malformed reply code");
  return a * 100 + b * 10 + c;
}

/** Text for logs and people: hostile bytes become U+FFFD or spaces. */
function cleanText(data: Buffer, start: number, end: number): string {
  const plain = data.toString("latin1", start, end);
  return ALL_PRINTABLE.test(plain)
    ? plain
    : data.toString("utf8", start, end).replace(CONTROL, " ");
}

function replyOf(code: number, lines: readonly string[]): SmtpReply {
  const first = lines[0] ?? "";
  const enhanced = ENHANCED.exec(first)?.[0] ?? null;
  if (enhanced === null)
    return { code, enhanced, text: lines.length === 1 ? first : lines.join("\n") };
  const text = lines
    .map((line) => (line.startsWith(enhanced) ? line.slice(enhanced.length).trimStart() : line))
    .join("\n");
  return { code, enhanced, text };
}

/** Enhanced subject.detail (RFC 3463, IANA registry) → kind; the class digit is looked at apart. */
const KIND_BY_DETAIL: ReadonlyMap<string, ReplyKind> = new Map([
  ["1.1", "bad_address"],
  ["1.2", "bad_address"],
  ["1.3", "bad_address"],
  ["1.6", "bad_address"],
  ["1.10", "bad_address"],
  ["1.7", "policy"],
  ["1.8", "policy"],
  ["2.1", "bad_address"],
  ["2.2", "mailbox_full"],
  ["2.3", "message_size"],
  ["3.4", "message_size"],
  ["3.0", "host"],
  ["3.1", "host"],
  ["3.2", "host"],
  ["3.5", "host"],
  ["4.0", "host"],
  ["4.1", "host"],
  ["4.2", "host"],
  ["4.3", "host"],
  ["4.4", "host"],
  ["4.5", "host"],
  ["4.7", "host"],
  ["5.0", "protocol"],
  ["5.1", "protocol"],
  ["5.2", "protocol"],
  ["5.4", "protocol"],
]);

/** For servers without enhanced codes: the words with which 550, 551 and 553 say that nobody lives there. */
const NO_SUCH_USER =
  /\b(?:user|mailbox|recipient|address|account)\b.{0,40}\b(?:unknown|not (?:exist|found|valid|known)|does(?: no|n'?)t exist|invalid|unavailable|disabled)|\b(?:unknown|no such|invalid) (?:local )?(?:user|mailbox|recipient|address|account)/i;
const BLOCKED =
  /\b(?:spam|blocked|block ?list|black ?list|deny ?list|spamhaus|reputation|policy|dmarc|dkim|spf|relay(?:ing)?)\b/i;

/**
 * What a reply to RCPT, DATA or the message means. The first digit decides, with these exceptions, each towards "try again":
 * an enhanced class that contradicts it; a full mailbox (x.2.2); 503, which answers our bad sequence and not the recipient;
 * 552 without an enhanced code, which RFC 5321 §4.5.3.1.10 lets mean "too many recipients".
 */
export function classify(reply: SmtpReply): ReplyClass {
  if (reply.code >= 200 && reply.code < 300) return { outcome: "accepted", kind: "accepted" };
  const kind = kindOf(reply);
  if (reply.code < 500) return { outcome: "temporary", kind };
  if (reply.enhanced !== null && !reply.enhanced.startsWith("5."))
    return { outcome: "temporary", kind };
  if (kind === "mailbox_full" || reply.code === 503) return { outcome: "temporary", kind };
  return { outcome: "permanent", kind };
}

function kindOf(reply: SmtpReply): ReplyKind {
  if (reply.code === 421) return "host";
  if (reply.code === 503) return "protocol";
  if (reply.enhanced !== null && !reply.enhanced.endsWith(".0.0")) {
    const detail = reply.enhanced.slice(2);
    if (detail.startsWith("7.")) return "policy";
    const known = KIND_BY_DETAIL.get(detail);
    // "550 5.1.1 blocked by policy" is written by filters: never hold it against the address.
    if (known === "bad_address" && BLOCKED.test(reply.text)) return "policy";
    return known ?? "other";
  }
  if (reply.code === 552 || reply.code === 452) return "mailbox_full";
  if (BLOCKED.test(reply.text)) return "policy";
  if (reply.code >= 550 && NO_SUCH_USER.test(reply.text)) return "bad_address";
  return reply.code >= 500 && reply.code < 510 ? "protocol" : "other";
}
