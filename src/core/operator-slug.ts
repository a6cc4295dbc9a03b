/** The name of an operator in the DNS: made from what it calls itself, and never one that the host's own services go by. */

/** Labels under which a host has services of its own, or that people take for them. */
const reserved = new Set(
  "abuse account admin api app auth autoconfig autodiscover billing blog bounce bounces cdn dev dkim dmarc docs ftp git help host imap info install internal local localhost login mail mailer mta mta-sts multimail mx ns ns1 ns2 oauth operator oversight pop pop3 postmaster relay root secure security signup smtp spf sso staging static status support system test tls-rpt vpn webmail www".split(
    " ",
  ),
);

/** Longest label made; room is left for a suffix within the 63 octets of RFC 1035 section 2.3.4. */
const longest = 40;

/**
 * A host-name label (RFC 1123 section 2.1) from a name in any script; `operator` where nothing of it is left. Null suffix gives
 * the plain label, unless that is reserved or would read as punycode: then, as for a name that is taken, a suffix is needed.
 */
export function operatorSlug(name: string, suffix: string | null): string | null {
  const label =
    name
      .slice(0, 200)
      .normalize("NFKD")
      .toLowerCase()
      .replaceAll(/\p{M}/gu, "")
      .replaceAll(/[^a-z0-9]+/g, "-")
      .slice(0, longest)
      .replaceAll(/^-|-$/g, "") || "operator";
  if (suffix !== null) return `${label.replace(/^xn-/, "x-")}-${suffix}`;
  return reserved.has(label) || label.startsWith("xn-") || label.length < 3 ? null : label;
}

/** Local parts of mailboxes that people take for the service's or the domain's own (RFC 2142). */
const reservedMailboxes = new Set(
  "abuse admin administrator bounce bounces hostmaster info mailer-daemon multimail no-reply noreply noc oversight postmaster root security service support unsubscribe webmaster".split(
    " ",
  ),
);

/** True for a local part that no agent's mailbox gets by itself. */
export function isReservedMailbox(localPart: string): boolean {
  return reservedMailboxes.has(localPart.toLowerCase());
}
