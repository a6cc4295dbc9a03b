/** Where mail goes: to the local catcher, to a relay, or straight to each recipient's own server. */
import { join } from "node:path";
import type { Logger } from "pino";
import { type Config, ConfigError } from "./config.ts";
import type { EngineContext } from "./engine/context.ts";
import type { Caught } from "./http/pages/options.ts";
import { openDirectRoute } from "./direct-route.ts";
import type { OwnReception } from "./mail/direct.ts";
import type { DnsResolver } from "./mail/dns-record.ts";
import { type RouteReport, oneWay } from "./mail/route-report.ts";
import { openTransport } from "./mail/smtp-client.ts";
import { parseRelayUrl } from "./mail/smtp-url.ts";
import { listOperators } from "./store/operators.ts";
import { type Catcher, startCatcher } from "./smtp/catcher.ts";
import { type CatcherStore, openCatcherStore } from "./smtp/catcher-store.ts";
import type { Driver } from "./workers/deliver.ts";

/** The driver, and the catcher where that is it. */
export type Delivery = {
  driver: Driver;
  catcher: { host: string; port: number; folder: string } | null;
  caught: Caught | null;
  routes: Routes;
  close(): Promise<void>;
};

/** What can be known of the ways out, without sending anything. */
export type Routes = {
  /** What would happen to mail for a domain. */
  report(domain: string): Promise<RouteReport>;
  /** Addresses that this node does not dial for a while, by domain. */
  avoided(): Map<string, { key: string; until: Date }[]>;
};

function oneRoute(report: RouteReport): Routes {
  return { report: () => Promise.resolve(report), avoided: () => new Map() };
}

const catcherHost = "127.0.0.1";
const usualCatcherPort = 8425;

/** Opens the configured way out. `own` takes what ends with ourselves, where nothing but us would be dialled for it. */
export async function openDelivery(
  config: Config,
  context: EngineContext,
  { resolver, own }: { resolver: DnsResolver; own: OwnReception },
  log: Logger,
): Promise<Delivery> {
  const shared = {
    ehlo_name: config.smtp_name,
    max_connections: config.smtp_connections,
    now: context.now,
  };
  if (config.delivery === "relay") {
    const relay = relayOf(config.relay_url ?? "");
    const transport = openTransport({ ...relay, ...shared });
    return {
      routes: oneRoute(oneWay("relay", `${relay.host}:${relay.port}`)),
      driver: { transport, final_hop: false },
      catcher: null,
      caught: null,
      close: () => transport.close(),
    };
  }
  if (config.delivery === "direct") {
    const relay = config.relay_url === null ? null : relayOf(config.relay_url);
    const fallback = relay === null ? null : openTransport({ ...relay, ...shared });
    const transport = openDirectRoute(config, context, { resolver, own, fallback }, log);
    const instead = relay === null ? null : `${relay.host}:${relay.port}`;
    return {
      routes: {
        report: async (domain) => ({ ...(await transport.report(domain)), relay: instead }),
        avoided: () => transport.avoided(),
      },
      // The recipient's own server took it: there is no later hop that we would hear of.
      driver: { transport, final_hop: true },
      catcher: null,
      caught: null,
      close: () => transport.close(),
    };
  }
  const folder = join(config.data, "catcher");
  const store = await openCatcherStore({
    folder,
    new_id: context.new_id,
    now: context.now,
    keep: config.catcher_keep,
  });
  const catcher = await openCatcher(config, store, log);
  const transport = openTransport({
    ...shared,
    host: catcherHost,
    port: catcher.port,
    tls: "none",
    verify_certificate: false,
  });
  return {
    driver: { transport, final_hop: true },
    catcher: { host: catcherHost, port: catcher.port, folder },
    routes: oneRoute(oneWay("capture", null)),
    caught: caughtOf(store, async () => (await listOperators(context.database)).length === 1),
    async close() {
      await transport.close();
      await catcher.close();
    },
  };
}

async function openCatcher(config: Config, store: CatcherStore, log: Logger): Promise<Catcher> {
  const options = { host: catcherHost, store, log, name: config.domain };
  if (config.catcher_port !== null) return startCatcher({ ...options, port: config.catcher_port });
  try {
    return await startCatcher({ ...options, port: usualCatcherPort });
  } catch (error) {
    // Nobody asked for this port: a second instance on the machine gets another.
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    return startCatcher({ ...options, port: 0 });
  }
}

function relayOf(url: string): ReturnType<typeof parseRelayUrl> {
  try {
    return parseRelayUrl(url);
  } catch (error) {
    throw new ConfigError(
      `MULTIMAIL_RELAY_URL: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** What lies in the catcher is nobody's in particular, so it is shown only where there is one operator whose it can be. */
export function caughtOf(store: CatcherStore, soleOperator: () => Promise<boolean>): Caught {
  return {
    list: async (page) => ((await soleOperator()) ? store.list(page) : []),
    async get(id) {
      const found = (await soleOperator()) ? await store.get(id) : null;
      return found ? { eml: found.content, meta: found.mail } : null;
    },
  };
}
