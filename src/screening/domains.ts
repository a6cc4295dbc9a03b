/** Domains compared as people confuse them: registrable part, look-alikes by letters, by spelling and by punycode. */
import { domainToUnicode } from "node:url";
import { parse } from "tldts";
import { latinised, mixesScripts, skeleton, withinDistance } from "./text-fold.ts";

/** A host taken apart. `registrable` is the host itself where it has no public suffix of its own. */
export interface DomainParts {
  host: string;
  registrable: string;
  /** The registrable part before its public suffix, in Unicode. */
  label: string;
  suffix: string;
  is_ip: boolean;
}

const mailHosts =
  "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de mail.com email.com mail.ru yandex.ru bk.ru list.ru inbox.ru proton.me protonmail.com pm.me hey.com fastmail.com posteo.de mailbox.org orange.fr free.fr wanadoo.fr laposte.net libero.it virgilio.it qq.com 163.com 126.com naver.com wp.pl onet.pl o2.pl interia.pl seznam.cz zoho.com tutanota.com tuta.com";

/** Domains at which anybody can have a mailbox. */
export const freemail: ReadonlySet<string> = new Set(mailHosts.split(" "));

/** Names that phishing borrows most. */
export const brands: readonly string[] =
  "paypal microsoft office365 outlook apple icloud google gmail amazon netflix facebook instagram whatsapp linkedin docusign dropbox adobe coinbase binance metamask dhl fedex usps sparkasse commerzbank santander wellsfargo bankofamerica americanexpress mastercard stripe github".split(
    " ",
  );
const brandSkeletons = new Map(brands.map((brand) => [skeleton(brand), brand]));

/** Takes a host or address apart; '' and nonsense give null. Hosts longer than 253 characters are nonsense. */
export function domainParts(hostOrAddress: string): DomainParts | null {
  const host = hostOrAddress
    .slice(hostOrAddress.lastIndexOf("@") + 1)
    .trim()
    .toLowerCase()
    .replace(/\.$/, "");
  if (host === "" || host.length > 253 || /[\s/\\?#:]/.test(host.replace(/^\[.*\]$/, "")))
    return null;
  const found = parse(host, { allowPrivateDomains: true, validateHostname: false });
  const registrable = found.domain ?? host;
  const suffix = found.publicSuffix ?? "";
  const ascii = found.domainWithoutSuffix ?? host;
  return {
    host,
    registrable,
    label: ascii.includes("xn--") ? domainToUnicode(ascii) || ascii : ascii,
    suffix,
    is_ip: found.isIp === true || host.startsWith("["),
  };
}

/** True where both belong to the same owner by the public suffix list, or either is unreadable. */
export function sameOwner(a: DomainParts | null, b: DomainParts | null): boolean {
  return a !== null && b !== null && a.registrable === b.registrable;
}

/** Why a domain is taken for one that imitates. */
export interface LookAlike {
  kind: "own" | "contact" | "brand" | "mixed_script";
  imitates: string;
}

/** Domains worth protecting, made ready once for a message. */
export interface Protected {
  own: DomainParts[];
  contacts: DomainParts[];
  known: Set<string>;
}

const CONTACTS_AT_MOST = 2000;

/** Makes own domains and contacts (addresses or domains) ready to compare; at most 2,000 different contact domains. */
export function protect(ownDomains: readonly string[], contacts: readonly string[]): Protected {
  const read = (from: readonly string[]) => {
    const seen = new Map<string, DomainParts>();
    for (const one of from) {
      if (seen.size >= CONTACTS_AT_MOST) break;
      const parts = domainParts(one);
      if (parts !== null && !seen.has(parts.registrable)) seen.set(parts.registrable, parts);
    }
    return [...seen.values()];
  };
  const own = read(ownDomains);
  const others = read(contacts);
  return {
    own,
    contacts: others,
    known: new Set([...own, ...others].map((parts) => parts.registrable)),
  };
}

/** What the domain imitates, or null. A domain that is itself protected, or a well-known mailbox host, imitates nothing. */
export function lookAlike(domain: DomainParts, against: Protected): LookAlike | null {
  if (domain.is_ip || against.known.has(domain.registrable) || freemail.has(domain.registrable))
    return null;
  for (const kind of ["own", "contact"] as const)
    for (const one of kind === "own" ? against.own : against.contacts)
      if (imitates(domain, one)) return { kind, imitates: one.registrable };
  const brand = brandSkeletons.get(skeleton(domain.label));
  // `outlook` for `outlook`, whatever the suffix, is the brand's own affair.
  if (brand !== undefined && domain.label !== brand && brand !== latinisedPlain(domain.label))
    return { kind: "brand", imitates: brand };
  if (mixesScripts(domain.label) || wholeScriptTwin(domain.label))
    return { kind: "mixed_script", imitates: latinised(domain.label) };
  return null;
}

/** ASCII labels only: an accent is a spelling of its own and stays suspicious beside a brand. */
function latinisedPlain(label: string): string {
  return /^[\x20-\x7e]*$/.test(label) ? label : "";
}

/** A Cyrillic or Greek label each of whose letters has a Latin twin reads as a Latin word. */
function wholeScriptTwin(label: string): boolean {
  return (
    /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(label) &&
    label.length >= 3 &&
    /^[a-z0-9-]+$/.test(latinised(label))
  );
}

function imitates(domain: DomainParts, original: DomainParts): boolean {
  const [a, b] = [domain.label, original.label];
  if (b.length < 3) return false;
  if (skeleton(a) === skeleton(b)) return a !== b;
  if (b.length >= 5 && (a.startsWith(`${b}-`) || a.endsWith(`-${b}`))) return true;
  // Another owner's `acme.` at the head of a host: acme.com.login.example
  if (domain.host.startsWith(`${original.registrable}.`)) return true;
  const allowed = b.length >= 12 ? 2 : b.length >= 6 ? 1 : 0;
  return allowed > 0 && withinDistance(a, b, allowed);
}
