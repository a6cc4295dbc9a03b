/** Matching of recipients against allowlist entries: an exact address, or `*@domain`. */

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
