/** Direct delivery: mail straight to the hosts of each recipient's domain, at the pace each of them bears (RFC 5321 §5). */
import { randomInt } from "node:crypto";
import type { Socket, TcpNetConnectOpts } from "node:net";

import { Attempt, undeliverable } from "./destination-attempt.ts";
import type { AttemptTools, Endpoint } from "./destination-attempt.ts";
import { Breakers } from "./destination-breaker.ts";
import type { TlsSession } from "./destination-policy.ts";
import { DestinationPools } from "./destination-pools.ts";
import type { SourceAddresses } from "./destination-pools.ts";
import { DestinationWindow } from "./destination-window.ts";
import type { WindowLimits, WindowVerdict } from "./destination-window.ts";
import type { DnsResolver } from "./dns-record.ts";
import { openStsPolicies } from "./mta-sts.ts";
import type { PolicyFetcher, StsLookup, StsPolicies, StsStore } from "./mta-sts.ts";
import { reportRoute } from "./route-report.ts";
import type { RouteReport } from "./route-report.ts";
import { findRoute } from "./route.ts";
import type { Route, RouteOptions } from "./route.ts";
import type { OutgoingMessage, Transport } from "./smtp-client.ts";
import { assertEnvelope } from "./smtp-envelope.ts";
import type { SendResult } from "./smtp-result.ts";
import type { SmtpTimeouts } from "./smtp-session.ts";
import { joinTranscripts } from "./smtp-transcript.ts";

export interface DirectLimits extends WindowLimits {
  /** Sites whose pace is remembered; default 2000. */
  readonly max_sites: number;
  /** Pools kept open; default 500. */
  readonly max_pools: number;
  /** Milliseconds a connection may wait for its next message; default 10,000. */
  readonly idle_ms: number;
  /** Milliseconds after which an attempt tries no further address; default 3 minutes. */
  readonly attempt_ms: number;
}

/** Mail for domains that we receive for ourselves. */
export interface OwnReception {
  /** Whether mail for a domain (A-labels, lower case) ends here. Mail of others whose MX we are is a loop. */
  receives(domain: string): Promise<boolean>;
  /**
   * Where this process takes such mail; null where others do, which are then found by their MX name as anybody finds them. Waits while
   * that is not known yet; closing the transport ends the wait.
   */
  door(): Promise<Endpoint | null>;
}

export interface DirectOptions {
  readonly resolver: DnsResolver;
  readonly ehlo_name: string;
  /** Names under which we receive mail ourselves, for loop detection; `ehlo_name` always counts. */
  readonly own_names?: readonly string[];
  /** Null, the default: no mail ends here. */
  readonly own?: OwnReception | null;
  readonly now: () => Date;
  /** An integer from 0 below the limit; `crypto.randomInt` unless given. */
  readonly random?: (below: number) => number;
  /** `net.connect` unless given; `host` is an IP address. */
  readonly connect?: (options: TcpNetConnectOpts) => Socket;
  /** Null leaves MTA-STS out. */
  readonly fetch_policy: PolicyFetcher | null;
  readonly sts_store: StsStore;
  readonly source_addresses?: SourceAddresses;
  /** Default 25. TLSA records are asked for at this port. */
  readonly port?: number;
  /** Also dials addresses that are not of the public Internet; default false. */
  readonly allow_private?: boolean;
  /** Whether the resolver is known to validate (`watchValidation`); asked at each host, so it may change. Mail waits for the answer. */
  readonly dane: boolean | (() => boolean | Promise<boolean>);
  /** A relay for mail to destinations that cannot be reached and publish no policy. Closed with this transport. */
  readonly fallback?: Transport | null;
  /** Told of each session, or that policy forbade one; must not throw. */
  readonly on_session?: (session: TlsSession) => void;
  readonly timeouts?: Partial<SmtpTimeouts>;
  /** Trusted roots in place of the system's, PEM; for MTA-STS. */
  readonly ca?: string | readonly string[];
  readonly limits?: Partial<DirectLimits>;
}

/**
 * Shorter than RFC 5321 §4.5.3.2 where a silent host would only keep its successors waiting. All of an attempt, with one host after
 * the other and a second connection in the clear, stays within the 40 minutes that a claim on a message holds.
 */
const DIRECT_TIMEOUTS: Partial<SmtpTimeouts> = {
  connect: 15_000,
  greeting: 2 * 60_000,
  command: 60_000,
  transaction: 24 * 60_000,
};

const DEFAULT_LIMITS: DirectLimits = {
  initial: 5,
  max: 20,
  max_waiting: 100,
  max_wait_ms: 30_000,
  max_sites: 2000,
  max_pools: 500,
  idle_ms: 10_000,
  attempt_ms: 3 * 60_000,
};

/** Direct delivery, and what it knows of destinations. */
export interface DirectTransport extends Transport {
  /** What would happen to mail for a domain now; no host is dialled. */
  report(domain: string): Promise<RouteReport>;
  /** Addresses that are not dialled for a while since they did not answer, by the domain whose mail found that out. */
  avoided(): Map<string, { key: string; until: Date }[]>;
}

/**
 * Opens direct delivery; nothing is asked or dialled before the first `send`. A message to several domains goes to each of them on its
 * own; `connection` in the result is then that of the last domain. Refusals that DNS makes certain are `permanent` with code 0 and our
 * enhanced code; everything else that keeps a message from a server is `temporary`, and what a server said stands as it is. `send` rejects when the address is
 * unfit for SMTP (SmtpInputError), or the store of MTA-STS policies or the look-up of our own domains fails; nothing was sent then.
 */
export function openDirect(options: DirectOptions): DirectTransport {
  return new Direct(options);
}

class Direct implements DirectTransport {
  readonly #options: DirectOptions;
  readonly #limits: DirectLimits;
  readonly #port: number;
  readonly #random: (below: number) => number;
  readonly #sites = new Map<string, DestinationWindow>();
  readonly #pools: DestinationPools;
  readonly #tools: AttemptTools;
  readonly #policies: StsPolicies | null;
  readonly #under_way = new Set<Promise<SendResult>>();
  readonly #closing = Promise.withResolvers<null>();
  #closed = false;

  constructor(options: DirectOptions) {
    const { resolver, now, fetch_policy, sts_store, dane } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#port = options.port ?? 25;
    this.#random = options.random ?? randomInt;
    const on_session = options.on_session ?? (() => undefined);
    this.#pools = new DestinationPools({
      ...options,
      timeouts: { ...DIRECT_TIMEOUTS, ...options.timeouts },
      max_connections: this.#limits.max,
      idle_ms: this.#limits.idle_ms,
      max_pools: this.#limits.max_pools,
      on_session,
    });
    this.#tools = {
      resolver,
      now,
      on_session,
      random: this.#random,
      allow_private: options.allow_private ?? false,
      dane: async () => (typeof dane === "function" ? await dane() : dane),
      port: this.#port,
      pools: this.#pools,
      breakers: new Breakers(now),
      clear_until: new Map(),
      closed: () => this.#closed,
      attempt_ms: this.#limits.attempt_ms,
    };
    this.#policies =
      fetch_policy === null
        ? null
        : openStsPolicies({ resolver, fetch_policy, store: sts_store, now });
  }

  async send(message: OutgoingMessage): Promise<SendResult> {
    assertEnvelope(message.from, message.recipients);
    const groups = Map.groupBy(message.recipients, domainOf);
    const results = await Promise.all(
      [...groups].map(([domain, recipients]) =>
        this.#track(this.#toDomain(domain, { ...message, recipients })),
      ),
    );
    if (results.length === 1) return results[0]!;
    const queues = new Map([...groups.keys()].map((domain, i) => [domain, results[i]!]));
    const taken = new Map<string, number>();
    const recipients = message.recipients.map((address) => {
      const domain = domainOf(address);
      const at = taken.get(domain) ?? 0;
      taken.set(domain, at + 1);
      return queues.get(domain)!.recipients[at]!;
    });
    return { recipients, connection: results.at(-1)!.connection };
  }

  report(domain: string): Promise<RouteReport> {
    return reportRoute(domain, {
      ...this.#tools,
      ...this.#routing(),
      door_for: (route) => this.#doorFor(route),
      policy_for: (route, door) => this.#policyFor(route, door),
    });
  }

  avoided(): Map<string, { key: string; until: Date }[]> {
    return this.#tools.breakers.open();
  }

  #routing(): RouteOptions {
    const { resolver, ehlo_name, own_names = [], own = null } = this.#options;
    return {
      resolver,
      own_names: [ehlo_name, ...own_names],
      receives: async (domain) => (await own?.receives(domain)) === true,
      random: this.#random,
    };
  }

  async #doorFor({ own }: Route): Promise<Endpoint | null> {
    const reception = this.#options.own;
    if (!own || !reception) return null;
    return await Promise.race([reception.door(), this.#closing.promise]);
  }

  async close(grace_ms = 30_000): Promise<void> {
    this.#closed = true;
    this.#closing.resolve(null);
    for (const site of this.#sites.values()) site.close();
    await Promise.all([this.#pools.close(grace_ms), this.#options.fallback?.close(grace_ms)]);
    await Promise.allSettled(this.#under_way);
    // What was between two connections when the pools went has seen by now that it must not go on.
    await this.#pools.close(0);
  }

  async #track(sending: Promise<SendResult>): Promise<SendResult> {
    this.#under_way.add(sending);
    try {
      return await sending;
    } finally {
      this.#under_way.delete(sending);
    }
  }

  async #toDomain(domain: string, message: OutgoingMessage): Promise<SendResult> {
    const about = { host: domain, port: this.#port, now: this.#options.now };
    if (this.#closed) return this.#refuse(message, about, closing);
    const route = await findRoute(domain, this.#routing());
    if (route.kind === "refused") return this.#refuse(message, about, route);
    const door = await this.#doorFor(route);
    if (this.#closed) return this.#refuse(message, about, closing);
    const sts = await this.#policyFor(route, door);
    const key = door === null ? await siteOf(route) : OWN_SITE;
    const site = this.#site(key);
    const ticket = await site.enter();
    const host = route.hosts[0]!;
    if (ticket === null)
      return this.#refuse(message, { ...about, host }, this.#closed ? closing : congested(key));
    let verdict: WindowVerdict = "neutral";
    try {
      const attempt = new Attempt(
        this.#tools,
        { route, sts, site: key, message, door },
        (opened) => {
          if ("failure" in opened && opened.failure.reply.code === 421) site.halve(ticket.round);
        },
      );
      const { result, unreachable } = await attempt.run();
      verdict = verdictOf(result);
      const { fallback = null } = this.#options;
      if (!unreachable || fallback === null) return result;
      const relayed = await fallback.send(message);
      const note = `by the relay; ${result.connection.note ?? ""}`.slice(0, 1000);
      const said = joinTranscripts(result.connection.transcript, relayed.connection.transcript);
      const more = { note, relayed: true, ...(said !== "" && { transcript: said }) } as const;
      return { ...relayed, connection: { ...relayed.connection, ...more } };
    } finally {
      site.leave(ticket, verdict);
    }
  }

  async #policyFor(route: Route, door: Endpoint | null): Promise<StsLookup> {
    // What does not leave the machine needs no policy of ours against ourselves.
    if (this.#policies === null || door !== null || route.domain.startsWith("["))
      return { policy: null, failure: null };
    return await this.#policies.policyFor(route.domain);
  }

  #refuse(
    { recipients }: OutgoingMessage,
    about: Parameters<typeof undeliverable>[1],
    why: Parameters<typeof undeliverable>[2],
  ): SendResult {
    return undeliverable(recipients, about, why);
  }

  #site(key: string): DestinationWindow {
    const known = this.#sites.get(key);
    const site = known ?? new DestinationWindow(this.#limits);
    // Last in the map is last used.
    this.#sites.delete(key);
    this.#sites.set(key, site);
    if (this.#sites.size > this.#limits.max_sites)
      for (const [other, window] of this.#sites)
        if (window.idle && window !== site) {
          this.#sites.delete(other);
          break;
        }
    return site;
  }
}

/** The pace of mail to ourselves, whatever its domain. */
const OWN_SITE = "this server";

const closing = {
  outcome: "temporary",
  reason: "transport_closed",
  text: "transport closed",
} as const;

function congested(site: string): Parameters<typeof undeliverable>[2] {
  return {
    outcome: "temporary",
    reason: "congested",
    text: `too much mail waits for ${site} already; not tried`,
  };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

/** The registrable domains of a route's hosts: domains that are served by the same provider share one pace. */
async function siteOf(route: Route): Promise<string> {
  const { getDomain } = await import("tldts");
  const owners = route.hosts.map((host) => getDomain(host, { allowPrivateDomains: false }) ?? host);
  return [...new Set(owners)].sort().join(" ");
}

/** 421 and 4.7.x say "slower"; so does an address that cannot be reached. */
function verdictOf(result: SendResult): WindowVerdict {
  const { recipients } = result;
  const pushed = recipients.some(
    ({ reply, outcome, stage, reason }) =>
      outcome === "temporary" &&
      (reply.code === 421 ||
        (reply.code !== 0 && reply.enhanced?.startsWith("4.7.") === true) ||
        (stage === "connect" && (reason === "connect_failed" || reason === "timeout"))),
  );
  if (pushed) return "bad";
  return recipients.some(({ outcome }) => outcome === "accepted") ? "good" : "neutral";
}
