/** Matching of recipients against allowlist entries: an exact address, or `*@domain`. */
import { readDomainName } from "./domain-name.ts";

/** True when `address` (domain lower-cased) matches one pattern. Local parts compare without case, as mailbox providers do. */
export function matchesPattern(address: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = address.toLowerCase();
  if (!wanted.startsWith("*@")) return given === wanted;
  const at = given.lastIndexOf("@");
  return at > 0 && given.slice(at + 1) === wanted.slice(2);
}

/** True when there is at least one recipient and every one matches some entry. */
export function allAllowlisted(addresses: readonly string[], patterns: readonly string[]): boolean {
  return (
    addresses.length > 0 &&
    addresses.every((address) => patterns.some((pattern) => matchesPattern(address, pattern)))
  );
}

const localPart = /^[a-z0-9!#$%&'+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'+/=?^_`{|}~-]+)*$/;

/**
 * A pattern as it is stored, in lower case: an address, or `*@domain` for all of a domain, which must not be one under which
 * strangers have theirs (the caller asks). Else what keeps the text from being one, as a clause.
 */
export function readPattern(
  text: string,
): { pattern: string; domain: string; whole: boolean } | { problem: string } {
  if (text.length > 320) return { problem: "is too long" };
  const plain = text.trim().toLowerCase();
  const at = plain.lastIndexOf("@");
  if (at < 0) return { problem: "must be an address, or *@domain for all of a domain" };
  const local = plain.slice(0, at);
  const domain = readDomainName(plain.slice(at + 1));
  if ("problem" in domain) return { problem: `the part behind the @ ${domain.problem}` };
  const whole = local === "*";
  if (!whole && (local.length > 64 || !localPart.test(local)))
    return {
      problem: local.includes("*")
        ? "a star stands for everything before the @, or is not there"
        : "the part before the @ is no plain local part",
    };
  return { pattern: `${local}@${domain.name}`, domain: domain.name, whole };
}
