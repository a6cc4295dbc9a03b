/** Fetches MTA-STS policies over HTTPS, from public addresses only (RFC 8461 §3.3). */
import type { LookupFunction } from "node:net";

import type { DnsResolver } from "./dns-record.ts";
import type { PolicyFetcher } from "./mta-sts.ts";
import { resolveHost } from "./route.ts";

export interface PolicyFetcherOptions {
  readonly resolver: DnsResolver;
  /** An integer from 0 below the limit. */
  readonly random: (below: number) => number;
  /** Default false. */
  readonly allow_private?: boolean;
  /** Default 443. */
  readonly port?: number;
  /** Trusted roots in place of the system's, PEM. */
  readonly ca?: string;
  /** Milliseconds for all of it; default 10,000. */
  readonly timeout_ms?: number;
}

const MAX_BYTES = 65_536;

/**
 * A fetcher that checks the certificate against the host name, follows no redirect, takes `text/plain` with status 200 only, at most
 * 64 KB, within its time. It rejects with an Error otherwise.
 */
export function openPolicyFetcher(options: PolicyFetcherOptions): PolicyFetcher {
  const allow_private = options.allow_private ?? false;
  const lookup: LookupFunction = (hostname, how, callback) => {
    void resolveHost(hostname, { ...options, allow_private }).then((host) => {
      if (host.status !== "ok")
        return callback(new Error(`${hostname} has no address that may be asked`), "");
      const all = host.addresses.map((address) => ({
        address,
        family: address.includes(":") ? 6 : 4,
      }));
      if (how.all === true) return callback(null, all);
      return callback(null, all[0]!.address, all[0]!.family);
    });
  };
  return async (domain) => {
    // Loaded here: most domains have no policy.
    const { Agent, request } = await import("undici");
    const agent = new Agent({
      connect: { lookup, ...(options.ca !== undefined && { ca: options.ca }) },
      maxResponseSize: MAX_BYTES,
      pipelining: 0,
    });
    try {
      const port = options.port === undefined ? "" : `:${options.port}`;
      const url = `https://mta-sts.${domain}${port}/.well-known/mta-sts.txt`;
      const signal = AbortSignal.timeout(options.timeout_ms ?? 10_000);
      const { statusCode, headers, body } = await request(url, { dispatcher: agent, signal });
      const type = String(headers["content-type"] ?? "");
      if (statusCode !== 200 || !/^text\/plain[ \t]*(?:;|$)/i.test(type)) {
        body.on("error", () => undefined).destroy();
        throw new Error(`status ${statusCode}, content type ${type.slice(0, 80)}`);
      }
      return await body.text();
    } finally {
      await agent.destroy();
    }
  };
}
