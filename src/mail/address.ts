/** Strict grammar for the addresses we accept: one bare addr-spec or one mailbox, never a list, group or route. */
import { domainToASCII, domainToUnicode } from "node:url";

/** Octets: RFC 5321 §4.5.3.1.1 (local part), §4.5.3.1.2 (domain), RFC 3696 erratum 1690 (whole). */
export const MAX_LOCAL_LENGTH = 64;
export const MAX_DOMAIN_LENGTH = 255;
export const MAX_ADDRESS_LENGTH = 254;
/** Code units of a display name, before encoding. */
export const MAX_NAME_LENGTH = 256;

/** A bare address. `domain` is in lower-case A-labels; `address` is `local@domain` and parses to itself. */
export interface Address {
  local: string;
  domain: string;
  address: string;
}

/** A display name and an address, as they stand in From, To or Cc. */
export interface Mailbox {
  name: string | null;
  address: string;
}

/** The text is no address that we accept; `reason` is a clause a person can act on. */
export class AddressError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`not an acceptable address: ${reason}`);
    this.name = "AddressError";
    this.reason = reason;
  }
}

// RFC 5322 §3.2.3 atext; a local part is a dot-string of it (RFC 5321 §4.1.2).
const DOT_STRING = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// Before the A-label conversion a domain may hold letters of any script, but no ASCII outside LDH and dot.
const DOMAIN_INPUT = /^(?:[A-Za-z0-9.-]|[^\x00-\x7f])+$/;
const NON_ASCII = /[^\x00-\x7f]/;

/**
 * Characters that no header field may hold: C0, DEL, C1 and the Unicode line separators.
 * The bidirectional overrides are among them, because they make a name or file name read as another.
 */
export const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function refuseControls(text: string): void {
  if (CONTROL.test(text)) throw new AddressError("it contains a control character");
  if (!text.isWellFormed()) throw new AddressError("it contains half a surrogate pair");
}

/** A label that claims to be internationalized must be what its own Unicode form converts to. [RFC 5891 §5.4] */
function isOrdinaryOrALabel(label: string): boolean {
  if (!label.startsWith("xn--")) return true;
  const unicode = domainToUnicode(label);
  return unicode !== label && domainToASCII(unicode) === label;
}

function parseDomain(text: string): string {
  if (text === "") throw new AddressError("the domain is empty");
  if (text.startsWith("[")) throw new AddressError("address literals are not accepted");
  if (!DOMAIN_INPUT.test(text))
    throw new AddressError("the domain contains a character that no host name has");
  let domain = text.toLowerCase();
  if (NON_ASCII.test(domain)) {
    // Not asked about plain ASCII, where this parser of URL hosts would read "1.2" as an IPv4 address.
    domain = domainToASCII(domain);
    if (domain === "") throw new AddressError("the domain is no valid internationalized name");
  }
  if (domain.length > MAX_DOMAIN_LENGTH)
    throw new AddressError(`the domain is longer than ${MAX_DOMAIN_LENGTH} octets`);
  const labels = domain.split(".");
  if (!labels.every((label) => LABEL.test(label))) {
    throw new AddressError(
      "a label of the domain is empty, too long, or starts or ends with a hyphen",
    );
  }
  if (!labels.every(isOrdinaryOrALabel))
    throw new AddressError("the domain is no valid internationalized name");
  if (/^[0-9]+$/.test(labels.at(-1) ?? ""))
    throw new AddressError("the top-level label of the domain is a number");
  return domain;
}

function parseLocal(text: string): string {
  if (text === "") throw new AddressError("the local part is empty");
  if (text.startsWith('"')) throw new AddressError("quoted local parts are not accepted");
  if (NON_ASCII.test(text))
    throw new AddressError(
      "non-ASCII local parts are not accepted: they need SMTPUTF8 at every hop",
    );
  if (text.length > MAX_LOCAL_LENGTH)
    throw new AddressError(`the local part is longer than ${MAX_LOCAL_LENGTH} octets`);
  if (!DOT_STRING.test(text))
    throw new AddressError("the local part is not a dot-separated run of plain characters");
  return text;
}

/**
 * Reads one bare addr-spec, such as `sales@example.com`.
 * The domain is lower-cased and converted to A-labels; the local part is kept as it is.
 * Quoted and non-ASCII local parts, address literals, white space around it and every control
 * character are refused. Throws {@link AddressError}. [RFC 5321 §4.1.2, RFC 5891]
 */
export function parseAddress(text: string): Address {
  refuseControls(text);
  if (text.length > MAX_DOMAIN_LENGTH + MAX_LOCAL_LENGTH + 1)
    throw new AddressError("it is too long");
  // A quoted local part may hold an "@", so it is named before the signs are counted.
  if (text.startsWith('"')) throw new AddressError("quoted local parts are not accepted");
  const at = text.indexOf("@");
  if (at < 0) throw new AddressError("it has no @");
  if (text.indexOf("@", at + 1) >= 0) throw new AddressError("it has more than one @");
  const local = parseLocal(text.slice(0, at));
  const domain = parseDomain(text.slice(at + 1));
  const address = `${local}@${domain}`;
  if (address.length > MAX_ADDRESS_LENGTH)
    throw new AddressError(`it is longer than ${MAX_ADDRESS_LENGTH} octets`);
  return { local, domain, address };
}

// The specials of RFC 5322 §3.2.3 without the dot, which common names ("John Q. Public") hold bare.
const NAME_SPECIALS = /[()<>[\]:;@\\,"]/;

function parseQuotedName(text: string): { name: string; rest: string } {
  let name = "";
  for (let i = 1; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '"') return { name, rest: text.slice(i + 1) };
    if (char === "\\") {
      i += 1;
      if (i >= text.length) break;
      name += text.charAt(i);
    } else {
      name += char;
    }
  }
  throw new AddressError("the quoted name does not end");
}

/**
 * Reads exactly one mailbox: `a@b`, `<a@b>`, `Name <a@b>` or `"Quoted, Name" <a@b>`.
 * Lists, groups, comments, source routes and nested brackets are refused, so that nothing downstream
 * can read a second recipient out of it. Throws {@link AddressError}. [RFC 5322 §3.4, narrowed]
 */
export function parseMailbox(text: string): Mailbox {
  refuseControls(text);
  if (text.length > MAX_NAME_LENGTH * 2 + MAX_ADDRESS_LENGTH + 8)
    throw new AddressError("it is too long");
  if (!text.includes("<")) return { name: null, address: parseAddress(text).address };
  let name: string;
  let rest: string;
  if (text.startsWith('"')) {
    ({ name, rest } = parseQuotedName(text));
  } else {
    const open = text.indexOf("<");
    name = text.slice(0, open);
    rest = text.slice(open);
    if (NAME_SPECIALS.test(name))
      throw new AddressError("a name with special characters must be quoted");
  }
  const bracketed = /^ *<([^<>]*)>$/.exec(rest);
  if (!bracketed)
    throw new AddressError("it is not one name followed by one address in angle brackets");
  const inner = bracketed[1] ?? "";
  if (inner.startsWith("@")) throw new AddressError("source routes are not accepted");
  const { address } = parseAddress(inner);
  name = name.trim();
  if (name.length > MAX_NAME_LENGTH)
    throw new AddressError(`the name is longer than ${MAX_NAME_LENGTH} characters`);
  return { name: name === "" ? null : name, address };
}
