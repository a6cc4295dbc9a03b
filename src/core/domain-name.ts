/** Names of domains as people type them, read strictly: A-labels, lower case, with something before the top level. */
import { domainToASCII, domainToUnicode } from "node:url";

/** Room is left for the longest name that we make below a domain: `mmr-xxxxxxxx._domainkey.`. */
const maxLength = 220;

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Labels that have a meaning of their own below a domain of ours. */
const reserved: ReadonlySet<string> = new Set(["bounces", "mta-sts"]);

/**
 * A domain in lower-case A-labels without the final dot (RFC 5891), or what keeps the text from being one, as a clause. Whether
 * it is a public suffix is for the caller to ask.
 */
export function readDomainName(text: string): { name: string } | { problem: string } {
  const plain = text.trim().replace(/\.$/, "");
  if (plain === "") return { problem: "is empty" };
  if (plain.length > 1000) return { problem: "is too long" };
  if (plain.includes("@")) return { problem: "is an address; give the part behind the @" };
  // Before the conversion, which drops, folds and decodes what no name has.
  if (/[\u0000-\u002c/:-@[-`{-\u00a0]/.test(plain))
    return {
      problem: "must be a domain name such as example.com, without scheme, port, path or spaces",
    };
  const name = domainToASCII(plain).toLowerCase();
  const labels = name.split(".");
  if (name === "" || !labels.every((one) => label.test(one)))
    return { problem: "must be a domain name such as example.com" };
  if (labels.some((one) => one.startsWith("xn--") && !isALabel(one)))
    return { problem: "has a label that begins with xn-- and is no encoded word" };
  // A last label of digits makes the whole an IPv4 address to the URL standard and to many programs.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? ""))
    return { problem: "is an IP address, not a domain" };
  if (labels.length < 2) return { problem: "must have at least two labels, such as example.com" };
  if (name.length > maxLength)
    return { problem: `is longer than ${maxLength} characters: names below it would not fit` };
  if (reserved.has(labels[0] ?? ""))
    return {
      problem: `begins with ${labels[0]}, which has a meaning of its own: add the domain above it`,
    };
  return { name };
}

function isALabel(text: string): boolean {
  const word = domainToUnicode(text);
  return word !== "" && !word.startsWith("xn--") && domainToASCII(word) === text;
}

/** The same name as people read it; A-labels that do not decode stay. */
export function unicodeName(name: string): string {
  return domainToUnicode(name) || name;
}
