/** What would happen to mail for a domain, without sending any: hosts, addresses, breakers, and the security that is asked for. */
import { hostAddresses, hostDane } from "./destination-attempt.ts";
import type { AttemptTools, Endpoint } from "./destination-attempt.ts";
import { hostPolicy } from "./destination-policy.ts";
import type { StsFailure, StsLookup, StsMode } from "./mta-sts.ts";
import { findRoute } from "./route.ts";
import type { Route, RouteOptions } from "./route.ts";

/** One host of a domain. */
export interface HostReport {
  readonly host: string;
  /** In the order in which they would be dialled. */
  readonly addresses: readonly {
    readonly address: string;
    /** ISO 8601; nobody dials it before, since it did not answer. Null: it would be dialled. */
    readonly avoided_until: string | null;
  }[];
  readonly policy: "none" | "mta-sts" | "dane";
  readonly tls: "required" | "opportunistic";
  /** Whether the certificate would have to fit. */
  readonly verified: boolean;
  /** Why it would be passed over; null where it would be tried. */
  readonly problem: string | null;
}

export interface RouteReport {
  /** `direct`: by the hosts below. `relay`: a relay of ours takes it. `capture`: it stays in the local catcher. */
  readonly delivery: "direct" | "relay" | "capture";
  /** `try`: a server would be asked. `wait`: nothing can be tried now. `refuse`: nothing ever can. */
  readonly outcome: "try" | "wait" | "refuse";
  /** Why it would wait or be refused, with its enhanced status code (RFC 3463). */
  readonly problem: { readonly enhanced_status_code: string; readonly text: string } | null;
  /** DNSSEC vouches for the MX records. */
  readonly authenticated: boolean;
  readonly mta_sts: { readonly mode: StsMode | null; readonly failure: StsFailure | null };
  readonly hosts: readonly HostReport[];
  /** `host:port` of a relay: the way itself, or the one for destinations that cannot be reached. */
  readonly relay: string | null;
}

/** The report of direct delivery. DNS is asked and policies are looked up; no host is dialled. */
export async function reportRoute(
  domain: string,
  tools: Pick<
    AttemptTools,
    "resolver" | "random" | "allow_private" | "dane" | "port" | "breakers" | "now"
  > &
    RouteOptions & {
      readonly door_for: (route: Route) => Promise<Endpoint | null>;
      readonly policy_for: (route: Route, door: Endpoint | null) => Promise<StsLookup>;
    },
): Promise<RouteReport> {
  const nothing = { delivery: "direct", authenticated: false, hosts: [], relay: null } as const;
  const route = await findRoute(domain, tools);
  if (route.kind === "refused")
    return {
      ...nothing,
      outcome: route.outcome === "permanent" ? "refuse" : "wait",
      problem: { enhanced_status_code: route.enhanced, text: route.text },
      mta_sts: { mode: null, failure: null },
    };
  const door = await tools.door_for(route);
  const sts = await tools.policy_for(route, door);
  const hosts: HostReport[] = [];
  for (const host of door === null ? route.hosts : route.hosts.slice(0, 1))
    hosts.push(await reportHost(host, { route, door, sts }, tools));
  const usable = hosts.filter(({ problem }) => problem === null);
  const outcome = usable.length > 0 ? "try" : "wait";
  return {
    ...nothing,
    outcome,
    problem:
      outcome === "try"
        ? null
        : {
            enhanced_status_code: "4.4.1",
            text: hosts.map(({ host, problem }) => `${host}: ${problem}`).join("; "),
          },
    authenticated: route.authenticated,
    mta_sts: { mode: sts.policy?.mode ?? null, failure: sts.failure },
    hosts,
  };
}

async function reportHost(
  host: string,
  { route, door, sts }: { route: Route; door: Endpoint | null; sts: StsLookup },
  tools: Parameters<typeof reportRoute>[1],
): Promise<HostReport> {
  const open = { policy: "none", tls: "opportunistic", verified: false } as const;
  const found = await hostAddresses(host, route, door, tools);
  if (found.status !== "ok") {
    const texts = {
      none: "has no address",
      private: "has only addresses that are not public",
      failed: "DNS fails for its addresses",
    };
    return { ...open, host, addresses: [], problem: texts[found.status] };
  }
  const dane = await hostDane(host, found, route, tools);
  const addresses = found.addresses.map((address) => ({
    address,
    avoided_until: tools.breakers.avoidedUntil(address)?.toISOString() ?? null,
  }));
  if (dane.kind === "defer") return { ...open, host, addresses, problem: dane.text };
  const policy = hostPolicy({ domain: route.domain, host, dane, sts, now: tools.now });
  if (typeof policy === "string") return { ...open, host, addresses, problem: policy };
  const avoided = addresses.every(({ avoided_until }) => avoided_until !== null);
  return {
    host,
    addresses,
    policy: policy.policy,
    tls: policy.tls === "required" ? "required" : "opportunistic",
    verified: policy.verified,
    problem: avoided ? "did not answer lately" : null,
  };
}

/** The report where all mail goes one way, whatever its domain. */
export function oneWay(delivery: "relay" | "capture", relay: string | null): RouteReport {
  return {
    delivery,
    outcome: "try",
    problem: null,
    authenticated: false,
    mta_sts: { mode: null, failure: null },
    hosts: [],
    relay,
  };
}
