/** What a host must show before it gets mail: DANE before MTA-STS before nothing; and each session's result for reports (RFC 8460). */
import { createHash } from "node:crypto";

import { daneRefusal } from "./dane.ts";
import type { DanePolicy } from "./dane.ts";
import { matchesMx } from "./mta-sts.ts";
import type { StsLookup } from "./mta-sts.ts";
import type { SessionOpened } from "./smtp-pool.ts";
import type { TlsMode, TlsPeer } from "./smtp-session.ts";

/** How sessions to a host are opened. */
export interface HostPolicy {
  /** Hosts with the same key may share connections. */
  readonly key: string;
  readonly policy: "none" | "mta-sts" | "dane";
  readonly tls: TlsMode;
  readonly verify_certificate: boolean;
  /** A session that comes about under this policy has a certificate that fits it. */
  readonly verified: boolean;
  readonly server_name: string;
  readonly check_peer?: (peer: TlsPeer) => string | null;
}

export interface PolicyQuestion {
  readonly domain: string;
  readonly host: string;
  readonly dane: DanePolicy;
  readonly sts: StsLookup;
  readonly now: () => Date;
}

/** RFC 8460 §4.3, as far as we can tell them apart. */
export type TlsResultType =
  | "success"
  | "starttls-not-supported"
  | "certificate-host-mismatch"
  | "certificate-expired"
  | "certificate-not-trusted"
  | "validation-failure"
  | "tlsa-invalid"
  | "dnssec-invalid"
  | "sts-policy-fetch-error"
  | "sts-policy-invalid";

/**
 * One session to a host, or one that policy forbade. Connections serve several domains of one site; `domain` is the one whose message
 * came last when the session was opened.
 */
export interface TlsSession {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly domain: string;
  readonly policy_type: "tlsa" | "sts" | "no-policy-found";
  /** The policy as it is published: lines of MTA-STS, or TLSA records. */
  readonly policy_strings: readonly string[];
  /** For `sts`: which hosts it allows. */
  readonly mx_patterns: readonly string[];
  /** For `sts`: its mode. */
  readonly sts_mode: "enforce" | "testing" | null;
  readonly mx_host: string;
  readonly receiving_ip: string | null;
  readonly result: TlsResultType;
  readonly failure_reason: string | null;
  /** Mail went, or may go, over TLS. */
  readonly encrypted: boolean;
}

/** The policy for one host; a text says that MTA-STS forbids it. */
export function hostPolicy({ domain, host, dane, sts, now }: PolicyQuestion): HostPolicy | string {
  if (dane.kind === "match") {
    const names = [dane.base, host, domain];
    return {
      key: `dane:${domain}:${fingerprint(dane)}`,
      policy: "dane",
      tls: "required",
      verify_certificate: false,
      verified: true,
      server_name: dane.base,
      check_peer: ({ certificate }) => daneRefusal(dane.records, certificate, names, now()),
    };
  }
  // RFC 8461 §2 lets DANE that fails win. Records none of which is usable do not fail, they say less than an enforced policy.
  if (sts.policy?.mode === "enforce") {
    if (!matchesMx(sts.policy, host)) return `${host} is not in the MTA-STS policy of ${domain}`;
    return {
      key: "sts",
      policy: "mta-sts",
      tls: "required",
      verify_certificate: true,
      verified: true,
      server_name: host,
    };
  }
  const unbound = { verify_certificate: false, verified: false } as const;
  if (dane.kind === "encrypt")
    return { ...unbound, key: "tls", policy: "dane", tls: "required", server_name: dane.base };
  return { ...unbound, key: "none", policy: "none", tls: "opportunistic", server_name: host };
}

/** The same host without TLS, for after a handshake that failed where no policy demands one. */
export function inTheClear(policy: HostPolicy): HostPolicy {
  return { ...policy, key: "clear", tls: "none" };
}

function fingerprint(dane: DanePolicy & { kind: "match" }): string {
  const hash = createHash("sha256").update(dane.base);
  for (const { usage, selector, matching, data } of dane.records)
    hash.update(`:${usage} ${selector} ${matching} ${data.toString("hex")}`);
  return hash.digest("base64url");
}

/**
 * The report of a session that was opened or that TLS prevented; null for what says nothing about TLS. In testing mode it tells what
 * enforcing would have found. `untrusted` is why the certificate did not pass the usual check, if it was shown and did not.
 */
export function sessionReport(
  opened: SessionOpened,
  context: PolicyQuestion & { readonly policy: HostPolicy; readonly address: string },
  untrusted: string | null,
): TlsSession | null {
  const { policy, sts, host, address } = context;
  if ("failure" in opened) {
    if (opened.failure.stage !== "tls") return null;
    const reason = opened.failure.message;
    const result = policy.policy === "dane" ? "validation-failure" : resultOf(reason);
    return report(context, { address, result, reason, encrypted: false });
  }
  const encrypted = opened.peer.tls !== null;
  const said = { address: opened.peer.address, encrypted };
  // A fall-back in the clear is the second session of a host whose failure is reported already.
  if (policy.tls === "none") return null;
  if (!encrypted)
    return report(context, { ...said, result: "starttls-not-supported", reason: null });
  if (sts.policy?.mode === "testing" && policy.policy === "none") {
    if (!matchesMx(sts.policy, host))
      return report(context, { ...said, result: "validation-failure", reason: "not in policy" });
    if (untrusted !== null)
      return report(context, { ...said, result: resultOf(untrusted), reason: untrusted });
  }
  if (sts.failure !== null && policy.policy === "none")
    return report(context, { ...said, result: sts.failure, reason: null });
  return report(context, { ...said, result: "success", reason: null });
}

/** The report of a host that policy forbade before anything was dialled. */
export function forbiddenReport(
  context: PolicyQuestion,
  result: TlsResultType,
  reason: string,
): TlsSession {
  return report(context, { address: null, result, reason, encrypted: false });
}

function report(
  { domain, host, dane, sts, now }: PolicyQuestion,
  said: {
    address: string | null;
    result: TlsResultType;
    reason: string | null;
    encrypted: boolean;
  },
): TlsSession {
  const by_dane = dane.kind !== "none";
  const by_sts = !by_dane && (sts.policy !== null || sts.failure !== null);
  const mode = by_sts ? (sts.policy?.mode ?? null) : null;
  return {
    at: now().toISOString(),
    domain,
    policy_type: by_dane ? "tlsa" : by_sts ? "sts" : "no-policy-found",
    policy_strings: by_dane ? tlsaStrings(dane) : stsStrings(sts),
    mx_patterns: by_dane ? [] : (sts.policy?.mx ?? []),
    sts_mode: mode === "none" ? null : mode,
    mx_host: host,
    receiving_ip: said.address,
    result: said.result,
    failure_reason: said.reason,
    encrypted: said.encrypted,
  };
}

/** A policy of many hosts is told of by its beginning. */
const MAX_STRINGS = 20;

function stsStrings({ policy }: StsLookup): string[] {
  if (policy === null) return [];
  const { mode, mx, max_age } = policy;
  const hosts = mx.slice(0, MAX_STRINGS).map((host) => `mx: ${host}`);
  return ["version: STSv1", `mode: ${mode}`, ...hosts, `max_age: ${max_age}`];
}

function tlsaStrings(dane: DanePolicy): string[] {
  if (dane.kind !== "match") return [];
  return dane.records
    .slice(0, MAX_STRINGS)
    .map(({ usage, selector, matching, data }) =>
      [usage, selector, matching, data.toString("hex").slice(0, 1024)].join(" "),
    );
}

function resultOf(reason: string): TlsResultType {
  if (reason.includes("does not offer STARTTLS")) return "starttls-not-supported";
  if (reason.includes("ALTNAME")) return "certificate-host-mismatch";
  if (reason.includes("EXPIRED")) return "certificate-expired";
  if (/SELF_SIGNED|UNABLE_TO|CERT_|CA_/.test(reason)) return "certificate-not-trusted";
  return "validation-failure";
}
