/** Where mail for a domain goes: MX hosts in order, and their addresses (RFC 5321 §5.1, RFC 7505). */
import { isIP, isIPv4 } from "node:net";
import { domainToASCII } from "node:url";
import ipaddr from "ipaddr.js";

import { questionName } from "./dns-record.ts";
import type { DnsResolver } from "./dns-record.ts";
import type { FailureReason } from "./smtp-result.ts";

export interface RouteOptions {
  readonly resolver: DnsResolver;
  /** Names under which we receive mail ourselves, for loop detection. */
  readonly own_names: readonly string[];
  /** Whether mail for a domain (A-labels, lower case) ends here: then our being its MX is no loop. Nobody's does unless given. */
  readonly receives?: (domain: string) => Promise<boolean>;
  /** An integer from 0 below the limit. */
  readonly random: (below: number) => number;
}

/** Nothing can be tried; the text is for people. */
export interface NoRoute {
  readonly kind: "refused";
  readonly outcome: "temporary" | "permanent";
  readonly reason: FailureReason;
  /** RFC 3463. */
  readonly enhanced: string;
  readonly text: string;
}

export interface Route {
  readonly kind: "route";
  /** The domain asked about, in A-labels. */
  readonly domain: string;
  /** Host names, or one address for a literal, best first; at least one. */
  readonly hosts: readonly string[];
  /** The hosts are ourselves, and the domain is one that we receive mail for. */
  readonly own: boolean;
  /** DNSSEC vouches for the MX records, or for their absence. */
  readonly authenticated: boolean;
}

/** `none`: the host has no address. `private`: only addresses we may not dial. `failed`: DNS did not tell. */
export type HostAddresses =
  | {
      readonly status: "ok";
      /** In the order to try. */
      readonly addresses: readonly string[];
      readonly authenticated: boolean;
      /** The name behind aliases. */
      readonly canonical: string;
    }
  | { readonly status: "none" | "private" | "failed" };

const MAX_HOSTS = 10;
/** Addresses of one host. */
const MAX_ADDRESSES = 10;

/**
 * The hosts to try for the domain of a recipient, or why there are none: null MX (5.1.10), no such domain (5.1.2), a loop (5.4.6), DNS
 * failure (4.4.3). A domain without MX is its own host; whether that has an address is `resolveHost`'s to say.
 */
export async function findRoute(text: string, options: RouteOptions): Promise<Route | NoRoute> {
  if (text.startsWith("[")) return literalRoute(text);
  const domain = asciiDomain(text);
  if (domain === null)
    return permanent("5.1.2", `"${text.slice(0, 255)}" is no domain that mail could go to`);
  const answer = await options.resolver.resolve(domain, "MX");
  const { authenticated } = answer;
  if (answer.status === "nxdomain")
    return permanent("5.1.2", `the domain ${domain} does not exist`);
  if (answer.status === "nodata")
    return withoutOurselves(domain, [{ preference: 0, exchange: answer.canonical }], {
      ...options,
      authenticated,
    });
  if (answer.status !== "ok") {
    const why = answer.status === "timeout" ? "DNS does not answer" : "DNS fails";
    return refusal("temporary", "dns_failed", "4.4.3", `${why} for the MX of ${domain}`);
  }
  if (answer.records.every(({ exchange }) => exchange === "."))
    return permanent("5.1.10", `the domain ${domain} takes no mail (null MX)`);
  const usable = answer.records.filter(({ exchange }) => asciiDomain(exchange) !== null);
  if (usable.length === 0) return permanent("5.4.4", `the MX of ${domain} names no host`);
  return withoutOurselves(domain, usable, { ...options, authenticated });
}

interface Exchange {
  readonly preference: number;
  readonly exchange: string;
}

/**
 * RFC 5321 §5.1: where we are an MX ourselves, only better ones may be tried, or mail would go in rings. Where there is none, mail
 * that ends with us is ours to take, and all other mail loops.
 */
async function withoutOurselves(
  domain: string,
  records: readonly Exchange[],
  options: RouteOptions & { readonly authenticated: boolean },
): Promise<Route | NoRoute> {
  const own = new Set(options.own_names.map((name) => name.toLowerCase()));
  const ours = records.filter(({ exchange }) => own.has(exchange));
  const limit = Math.min(...ours.map(({ preference }) => preference));
  const better = records.filter(({ preference }) => ours.length === 0 || preference < limit);
  const arrived = better.length === 0;
  if (arrived && (await options.receives?.(domain)) !== true)
    return permanent("5.4.6", `the mail of ${domain} loops: its MX is this server`);
  const ordered = shuffled(arrived ? ours : better, options.random).sort(
    (a, b) => a.preference - b.preference,
  );
  const hosts = [...new Set(ordered.map(({ exchange }) => exchange))].slice(0, MAX_HOSTS);
  return { kind: "route", domain, hosts, own: arrived, authenticated: options.authenticated };
}

function literalRoute(text: string): Route | NoRoute {
  const inner = /^\[(?:IPv6:)?([0-9A-Fa-f:.]{2,64})\]$/i.exec(text)?.[1] ?? "";
  if (isIP(inner) === 0) return permanent("5.1.2", `"${text.slice(0, 80)}" is no address literal`);
  return { kind: "route", domain: text, hosts: [inner], own: false, authenticated: false };
}

/**
 * The addresses of a host, IPv6 and IPv4 by turns, at most ten; those that are not public are left out unless `allow_private`.
 */
export async function resolveHost(
  name: string,
  options: Pick<RouteOptions, "resolver" | "random"> & { readonly allow_private: boolean },
): Promise<HostAddresses> {
  const allowed = (address: string): boolean => options.allow_private || isPublicAddress(address);
  if (isIP(name) > 0)
    return allowed(name)
      ? { status: "ok", addresses: [name], authenticated: false, canonical: name }
      : { status: "private" };
  const answers = await Promise.all([
    options.resolver.resolve(name, "AAAA"),
    options.resolver.resolve(name, "A"),
  ]);
  const found = answers.filter(({ status }) => status === "ok");
  if (found.length === 0)
    return answers.some(({ status }) => status === "servfail" || status === "timeout")
      ? { status: "failed" }
      : { status: "none" };
  const [six, four] = answers.map(({ records }) =>
    shuffled(
      records.filter((one) => isIP(one) > 0 && allowed(one)),
      options.random,
    ),
  ) as [string[], string[]];
  const addresses: string[] = [];
  for (let i = 0; i < Math.max(six.length, four.length); i++)
    addresses.push(...six.slice(i, i + 1), ...four.slice(i, i + 1));
  if (addresses.length === 0) return { status: "private" };
  return {
    status: "ok",
    addresses: addresses.slice(0, MAX_ADDRESSES),
    authenticated: found.every(({ authenticated }) => authenticated),
    canonical: found[0]!.canonical,
  };
}

/**
 * Whether an address is one of the open Internet's: not loopback, private, link-local, shared, reserved, multicast, nor a form that
 * carries an IPv4 address inside (mapped, 6to4, Teredo, NAT64), which could lead to one of them.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  // Only 2000::/3 is given out (RFC 4291 §2.4); `::a.b.c.d` lies outside.
  return isIPv4(address) || (parsed.toByteArray()[0]! & 0xe0) === 0x20;
}

/** A domain in A-labels, or null for what is no name of a host. */
export function asciiDomain(text: string): string | null {
  // Not asked about plain ASCII, where this parser of URL hosts would read "1.2" as an IPv4 address.
  const ascii = /^[\x00-\x7f]*$/.test(text) ? text : domainToASCII(text);
  const name = questionName(ascii);
  if (name === null || /[_*]/.test(name) || /(?:^|\.)[0-9]+$/.test(name)) return null;
  return name;
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
  }
  return mixed;
}

function permanent(enhanced: string, text: string): NoRoute {
  return refusal("permanent", "unroutable", enhanced, text);
}

function refusal(
  outcome: NoRoute["outcome"],
  reason: FailureReason,
  enhanced: string,
  text: string,
): NoRoute {
  return { kind: "refused", outcome, reason, enhanced, text };
}
