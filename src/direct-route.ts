/** Direct delivery as this instance does it: its resolver, its kept policies, its addresses, and DANE once it is sure of DNSSEC. */
import { randomInt } from "node:crypto";
import { isIPv4 } from "node:net";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { EngineContext } from "./engine/context.ts";
import { createTlsBook } from "./engine/tls-reports.ts";
import { type DirectOptions, type DirectTransport, openDirect } from "./mail/direct.ts";
import type { DnsResolver } from "./mail/dns-record.ts";
import { type ValidationWatch, watchValidation } from "./mail/dnssec-watch.ts";
import { openPolicyFetcher } from "./mail/mta-sts-fetch.ts";
import type { StsEntry, StsStore } from "./mail/mta-sts.ts";
import { getStsPolicy, putStsPolicy } from "./store/sts-policies.ts";

/** Names whose DNSSEC state is known: one signed well, one signed badly on purpose. */
const probe = { signed: "isc.org", bogus: "dnssec-failed.org" };

/** How often results of TLS are written, in milliseconds. */
const bookEvery = 10_000;

/** When the self-test is repeated, and how long the first mail waits for it, in milliseconds: longer than DNS takes to give up. */
const testTimes = { settled_ms: 3_600_000, unknown_ms: 60_000, first_ms: 20_000 };

/** Opens direct delivery. `fallback` takes mail for destinations that cannot be reached. */
export function openDirectRoute(
  config: Config,
  context: EngineContext,
  { resolver, own, fallback }: Pick<DirectOptions, "resolver" | "own" | "fallback">,
  log: Logger,
): DirectTransport {
  const dane = config.dns_validates ? watchDane(resolver, log) : null;
  const book = createTlsBook(context);
  const keepBook = (): Promise<void> =>
    book.flush().catch((error: unknown) => {
      log.warn({ error: String(error) }, "results of TLS could not be kept");
    });
  const turning = setInterval(() => void keepBook(), bookEvery);
  turning.unref();
  const transport = openDirect({
    resolver,
    ehlo_name: config.smtp_name,
    own_names: [config.domain, config.smtp_name],
    own: own ?? null,
    now: context.now,
    fetch_policy: openPolicyFetcher({
      resolver,
      random: randomInt,
      allow_private: config.private_targets,
    }),
    sts_store: stsStore(context),
    source_addresses: sourceAddresses(config.source_addresses),
    port: config.direct_port,
    allow_private: config.private_targets,
    dane: () => dane?.validates() ?? false,
    fallback: fallback ?? null,
    limits: { max: config.smtp_connections },
    on_session(session) {
      if (config.tls_reports) book.add(session);
      if (session.result !== "success")
        log.warn({ ...session }, "a delivery session without the security that was asked for");
    },
  });
  return {
    send: (message) => transport.send(message),
    report: (domain) => transport.report(domain),
    avoided: () => transport.avoided(),
    async close(grace) {
      dane?.stop();
      clearInterval(turning);
      await transport.close(grace);
      await keepBook();
    },
  };
}

/** DANE is off until the resolver has shown that it validates, and goes off again when it shows that it does not. */
function watchDane(resolver: DnsResolver, log: Logger): ValidationWatch {
  const after = (milliseconds: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  };
  return watchValidation(resolver, probe, { ...testTimes, after }, (shown, validates) => {
    const dane = validates ? "stays on" : "is off";
    if (shown === "does_not")
      log.warn({ ...probe }, "the DNS servers do not validate: DANE is off");
    if (shown === "unknown")
      log.warn({ ...probe }, `whether the DNS servers validate is not known: DANE ${dane}`);
  });
}

function stsStore(context: EngineContext): StsStore {
  return {
    get: async (domain) =>
      (await getStsPolicy(context.database, domain, context.now())) as StsEntry | null,
    put: (domain, entry) => {
      const fetched = new Date(entry.fetched_at);
      return putStsPolicy(context.database, domain, entry, {
        fetched_at: fetched,
        expires_at: new Date(fetched.getTime() + entry.max_age * 1000),
      });
    },
  };
}

function sourceAddresses(addresses: readonly string[]): { v4?: string; v6?: string } {
  const v4 = addresses.find((address) => isIPv4(address));
  const v6 = addresses.find((address) => address.includes(":"));
  return { ...(v4 === undefined ? {} : { v4 }), ...(v6 === undefined ? {} : { v6 }) };
}
