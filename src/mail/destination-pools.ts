/** The connections of direct delivery: one pool per site, host, address and policy, forgotten when it was not used for a while. */
import { connect as connectTcp, isIPv6 } from "node:net";
import type { Socket, TcpNetConnectOpts } from "node:net";

import { sessionReport } from "./destination-policy.ts";
import type { HostPolicy, PolicyQuestion, TlsSession } from "./destination-policy.ts";
import { openTransport } from "./smtp-client.ts";
import type { OutgoingMessage, Transport } from "./smtp-client.ts";
import type { SessionOpened } from "./smtp-pool.ts";
import type { SendResult } from "./smtp-result.ts";
import type { SmtpTimeouts } from "./smtp-session.ts";

/** Addresses of ours to dial from; the system chooses where there is none. */
export interface SourceAddresses {
  readonly v4?: string;
  readonly v6?: string;
}

export interface PoolsOptions {
  readonly ehlo_name: string;
  readonly connect?: (options: TcpNetConnectOpts) => Socket;
  readonly source_addresses?: SourceAddresses;
  readonly timeouts?: Partial<SmtpTimeouts>;
  readonly ca?: string | readonly string[];
  readonly max_connections: number;
  /** Milliseconds a connection may wait for its next message. */
  readonly idle_ms: number;
  /** Unused pools beyond this number are closed, the longest unused first. */
  readonly max_pools: number;
  readonly now: () => Date;
  readonly on_session: (session: TlsSession) => void;
}

/** One address of one host, and what it must show. */
export interface Target extends PolicyQuestion {
  readonly site: string;
  readonly address: string;
  readonly port: number;
  /** The server is ourselves: how TLS fared is nobody's to be told. */
  readonly own: boolean;
  readonly policy: HostPolicy;
  /** Told of each session that came about or did not. */
  readonly on_open: (opened: SessionOpened) => void;
}

interface Pool {
  readonly transport: Transport;
  target: Target;
  users: number;
  /** Milliseconds since 1970. */
  used: number;
}

export class DestinationPools {
  readonly #options: PoolsOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#pools.size;
  }

  /** Sends over a pooled connection to exactly this address under exactly this policy. */
  async send(target: Target, message: OutgoingMessage): Promise<SendResult> {
    const { site, host, address, port } = target;
    const key = [site, host, address, port, target.policy.key].join(" ");
    const pool = this.#pools.get(key) ?? this.#open(target);
    pool.target = target;
    pool.users++;
    // Last in the map is last used.
    this.#pools.delete(key);
    this.#pools.set(key, pool);
    this.#forget();
    try {
      const result = await pool.transport.send(message);
      const { tls } = result.connection;
      if (tls === null) return result;
      const { policy, verified } = target.policy;
      return { ...result, connection: { ...result.connection, tls: { ...tls, policy, verified } } };
    } finally {
      pool.users--;
      pool.used = this.#options.now().getTime();
    }
  }

  async close(grace_ms: number): Promise<void> {
    const all = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(all.map(({ transport }) => transport.close(grace_ms)));
  }

  /** Drops pools whose connections have gone for being idle, and the longest unused where there are too many. */
  #forget(): void {
    const stale = this.#options.now().getTime() - 2 * this.#options.idle_ms;
    for (const [key, pool] of this.#pools) {
      const crowded = this.#pools.size > this.#options.max_pools;
      if (pool.users > 0) continue;
      if (!crowded && pool.used > stale) return;
      this.#pools.delete(key);
      void pool.transport.close(0);
    }
  }

  #open(first: Target): Pool {
    const { connect = connectTcp, source_addresses, on_session, ...options } = this.#options;
    const { address, host, port, policy, own } = first;
    const local = isIPv6(address) ? source_addresses?.v6 : source_addresses?.v4;
    /** Why the certificate last shown did not pass the usual check. */
    let untrusted: string | null = null;
    const pool: Pool = {
      target: first,
      users: 0,
      used: 0,
      transport: openTransport({
        host,
        port,
        tls: policy.tls,
        verify_certificate: policy.verify_certificate,
        server_name: policy.server_name,
        ehlo_name: options.ehlo_name,
        max_connections: options.max_connections,
        idle_ms: options.idle_ms,
        now: options.now,
        ...(options.ca !== undefined && { ca: options.ca }),
        ...(options.timeouts && { timeouts: options.timeouts }),
        connect: (how) =>
          connect({ ...how, host: address, ...(local !== undefined && { localAddress: local }) }),
        check_peer(peer) {
          untrusted = peer.authorization_error;
          return policy.check_peer?.(peer) ?? null;
        },
        on_open(opened) {
          pool.target.on_open(opened);
          const session = sessionReport(opened, pool.target, untrusted);
          if (session !== null && !own) on_session(session);
        },
      }),
    };
    return pool;
  }
}
