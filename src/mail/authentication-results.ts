/** The Authentication-Results header field (RFC 8601): writing ours, and removing those that others wrote in our name. */
import type { Authentication } from "./authenticate.ts";

/** Octets of one value; longer ones say nothing to anybody. */
const MAX_VALUE = 255;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/;

/** RFC 8601 §2.2 `pvalue`; what could end the value or the line is replaced, for it came from outside. */
function pvalue(text: string): string {
  const safe = text.slice(0, MAX_VALUE).replace(/[^\u0020-\u007e]/g, "?");
  return TOKEN.test(safe) ? safe : `"${safe.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * The field, CRLF included, to be put on top of the message after {@link stripAuthenticationResults}.
 * `authserv_id` is the name that all our servers share.
 */
export function authenticationResultsHeader(result: Authentication, authserv_id: string): string {
  const { spf, dkim, dmarc, arc, iprev } = result;
  const parts = [`spf=${spf.result} smtp.${spf.identity}=${pvalue(spf.domain)}`];
  if (dkim.length === 0) parts.push("dkim=none");
  for (const one of dkim) {
    // What cannot be read of a broken signature is left out (RFC 8601 §2.2: a property has a value).
    const said = [
      ["header.d", one.domain],
      ["header.s", one.selector],
      ["header.a", one.algorithm],
    ].flatMap(([name = "", value = ""]) => (value === "" ? [] : [` ${name}=${pvalue(value)}`]));
    parts.push(`dkim=${one.result}${said.join("")}`);
  }
  if (dmarc !== null) {
    const policy = dmarc.policy === null ? "" : ` policy.dmarc=${dmarc.policy}`;
    const from = dmarc.domain === "" ? "" : ` header.from=${pvalue(dmarc.domain)}`;
    parts.push(`dmarc=${dmarc.result}${from}${policy}`);
  }
  if (arc !== null) parts.push(`arc=${arc.cv} (i=${arc.instance})`);
  parts.push(`iprev=${iprev.result}`);
  return `Authentication-Results: ${pvalue(authserv_id)};\r\n\t${parts.join(";\r\n\t")}\r\n`;
}

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const NAME = /^authentication-results[ \t]*:/i;
/** The name and the white space before the colon; a name padded beyond it is not read as ours by anybody. */
const NAME_LENGTH = 200;

/**
 * The message without the Authentication-Results fields that bear `authserv_id`, or whose authserv-id cannot be read
 * (RFC 8601 §5). Folds, comments, quoting and case do not hide one. All other octets stay as they are; a message
 * without such fields comes back as the same buffer. Never throws.
 */
export function stripAuthenticationResults(raw: Buffer, authserv_id: string): Buffer {
  const ours = authserv_id.toLowerCase();
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < raw.length;) {
    if (raw[at] === LF || (raw[at] === CR && raw[at + 1] === LF)) break;
    const end = endOfField(raw, at);
    const name = NAME.exec(raw.toString("latin1", at, Math.min(end, at + NAME_LENGTH)));
    if (name !== null) {
      const id = authservId(raw.toString("latin1", at + name[0].length, end));
      if (id === null || id === ours) {
        kept.push(raw.subarray(from, at));
        from = end;
      }
    }
    at = end;
  }
  return from === 0 ? raw : Buffer.concat([...kept, raw.subarray(from)]);
}

/** Behind the line end of the field at `from`, folded lines included. */
function endOfField(raw: Buffer, from: number): number {
  for (let at = from; ;) {
    const lf = raw.indexOf(LF, at);
    if (lf === -1) return raw.length;
    const next = raw[lf + 1];
    if (next !== SPACE && next !== TAB) return lf + 1;
    at = lf + 1;
  }
}

/** The authserv-id of a field's value in lower case; null where there is none to be read. */
function authservId(value: string): string | null {
  const start = skipComments(value, 0);
  if (start === null || start === value.length) return null;
  if (value[start] !== '"') {
    const end = value.slice(start).search(/[\s;()/"]/);
    const id = end === -1 ? value.slice(start) : value.slice(start, start + end);
    return id === "" ? null : id.toLowerCase();
  }
  let id = "";
  for (let at = start + 1; at < value.length; at++) {
    if (value[at] === '"') return id.toLowerCase();
    if (value[at] === "\\") at++;
    const next = value[at];
    if (next !== undefined && next !== "\r" && next !== "\n") id += next;
  }
  return null;
}

/** Behind white space and comments, which nest (RFC 5322 §3.2.2); null where a comment does not end. */
function skipComments(value: string, from: number): number | null {
  let depth = 0;
  for (let at = from; at < value.length; at++) {
    const next = value[at]!;
    if (next === "(") depth++;
    else if (depth > 0) {
      if (next === "\\") at++;
      else if (next === ")") depth--;
    } else if (!/\s/.test(next)) return at;
  }
  return depth > 0 ? null : value.length;
}
