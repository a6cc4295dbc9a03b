/** DANE for SMTP (RFC 7672, RFC 6698): which TLSA records bind a host, and whether a certificate fits them. */
import { X509Certificate, createHash, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { DetailedPeerCertificate } from "node:tls";

import type { DnsResolver, TlsaRecord } from "./dns-record.ts";

/**
 * What DNS says about a host. `none`: no DANE. `match`: TLS, and the certificate must fit. `encrypt`: TLS, unauthenticated, because no
 * record is usable (RFC 7672 §2.2). `defer`: DNS fails or was forged, so the host must not be used now.
 */
export type DanePolicy =
  | { readonly kind: "none" }
  | {
      readonly kind: "match";
      readonly records: readonly TlsaRecord[];
      /** The name whose records these are: to ask for (SNI), and the first to check. */
      readonly base: string;
    }
  | { readonly kind: "encrypt"; readonly base: string }
  | { readonly kind: "defer"; readonly text: string };

export interface DaneHost {
  readonly name: string;
  /** The name behind aliases. */
  readonly canonical: string;
  readonly port: number;
  /** DNSSEC vouches for the MX records and for the addresses. */
  readonly authenticated: boolean;
}

const MAX_CHAIN = 10;

/** Looks a host's TLSA records up; not at all where DNSSEC does not vouch for the way to them (RFC 7672 §2.1.3). */
export async function danePolicy(resolver: DnsResolver, host: DaneHost): Promise<DanePolicy> {
  if (!host.authenticated) return { kind: "none" };
  // RFC 7672 §2.1.3: first the name behind aliases, then the one that the MX gave.
  for (const base of new Set([host.canonical, host.name])) {
    const answer = await resolver.resolve(`_${host.port}._tcp.${base}`, "TLSA");
    if (answer.status === "servfail" || answer.status === "timeout")
      return { kind: "defer", text: `DNS fails for the TLSA records of ${base}` };
    if (answer.status !== "ok" || !answer.authenticated) continue;
    const records = answer.records.filter(isUsable);
    return records.length > 0 ? { kind: "match", records, base } : { kind: "encrypt", base };
  }
  return { kind: "none" };
}

/** Usages 0 and 1 need a set of public authorities, which SMTP has not (RFC 7672 §3.1.3). */
function isUsable({ usage, selector, matching, data }: TlsaRecord): boolean {
  if (usage !== 2 && usage !== 3) return false;
  if (selector !== 0 && selector !== 1) return false;
  if (matching === 0) return data.length > 0;
  return (matching === 1 && data.length === 32) || (matching === 2 && data.length === 64);
}

/**
 * Why a peer does not fit its TLSA records, or null if it does. Usage 3 binds the certificate itself, whatever its names and dates
 * (RFC 7672 §3.1.1). Usage 2 binds an authority: the chain the peer sent must lead to it, be in date, and name one of `names`.
 */
export function daneRefusal(
  records: readonly TlsaRecord[],
  peer: DetailedPeerCertificate,
  names: readonly string[],
  now: Date,
): string | null {
  const chain = chainOf(peer);
  const [leaf] = chain;
  if (leaf === undefined) return "the server shows no certificate";
  if (records.some((one) => one.usage === 3 && fits(one, leaf))) return null;
  const authorities = records.filter(({ usage }) => usage === 2);
  if (authorities.length === 0) return "no TLSA record fits the certificate";
  const depth = trustedDepth(chain, authorities, now);
  if (depth === null) return "no TLSA record fits the certificate or its authorities";
  return names.some((name) => leaf.checkHost(name, { subject: "default" }) !== undefined)
    ? null
    : "the certificate does not name the host";
}

/** The chain as the peer sent it, leaf first. */
function chainOf(peer: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<DetailedPeerCertificate>();
  let one: DetailedPeerCertificate | undefined = peer;
  while (one?.raw !== undefined && !seen.has(one) && chain.length < MAX_CHAIN) {
    seen.add(one);
    chain.push(new X509Certificate(one.raw));
    one = one.issuerCertificate;
  }
  return chain;
}

/** Walks up while each certificate is signed by the next and in date; the place of the first bound authority, or null. */
function trustedDepth(
  chain: readonly X509Certificate[],
  records: readonly TlsaRecord[],
  now: Date,
): number | null {
  for (const [depth, certificate] of chain.entries()) {
    if (!isInDate(certificate, now)) return null;
    // RFC 7671 §5.2.2: an authority given in full need not be sent.
    const bare = records.some((one) => {
      const key = bareKey(one);
      return key !== null && isSignedBy(certificate, key);
    });
    if (bare) return depth;
    const issuer = chain[depth + 1];
    if (issuer === undefined || !issuer.ca || !certificate.checkIssued(issuer)) return null;
    if (!isSignedBy(certificate, issuer.publicKey)) return null;
    if (isInDate(issuer, now) && records.some((one) => fits(one, issuer))) return depth + 1;
  }
  return null;
}

/** The key of an authority whose record holds all of it. */
function bareKey(record: TlsaRecord): KeyObject | null {
  if (record.matching !== 0) return null;
  try {
    if (record.selector === 0) return new X509Certificate(record.data).publicKey;
    return createPublicKey({ key: record.data, format: "der", type: "spki" });
  } catch {
    return null;
  }
}

function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

function isInDate(certificate: X509Certificate, now: Date): boolean {
  return now >= certificate.validFromDate && now <= certificate.validToDate;
}

function fits({ selector, matching, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const whole =
    selector === 0
      ? certificate.raw
      : certificate.publicKey.export({ type: "spki", format: "der" });
  if (matching === 0) return data.equals(whole);
  return data.equals(
    createHash(matching === 1 ? "sha256" : "sha512")
      .update(whole)
      .digest(),
  );
}
