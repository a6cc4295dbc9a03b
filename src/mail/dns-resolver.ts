/** A stub resolver over named servers: bounded, cached by the records' own times, and honest about what DNSSEC vouches for. */
import { randomInt } from "node:crypto";
import { isIP } from "node:net";

import { askServer } from "./dns-exchange.ts";
import type { DnsServer } from "./dns-exchange.ts";
import { questionName } from "./dns-record.ts";
import type { DnsAnswer, DnsResolver, DnsType } from "./dns-record.ts";
import type { DnsReply } from "./dns-wire.ts";

export interface DnsResolverOptions {
  /** Recursive servers, `address` or `address:port`; an IPv6 address with a port in brackets. At least one. */
  readonly servers: readonly string[];
  /** Milliseconds for one question to one server; default 3000. */
  readonly timeout_ms?: number;
  /** Rounds over all servers; default 2. */
  readonly tries?: number;
  /**
   * Whether the servers validate DNSSEC and the way to them is safe, so that their AD bit counts (RFC 7672 §2.1.1). Default: no. A server
   * on loopback may only pass on what others say.
   */
  readonly trusted?: boolean;
  readonly now: () => Date;
  /** An integer from 0 below the limit, unpredictable; `crypto.randomInt` unless given. */
  readonly random?: (below: number) => number;
  /** Answers kept; default 10,000. */
  readonly max_cached?: number;
  /** Questions on the wire at a time; default 200. */
  readonly max_questions?: number;
}

/** Names that aliases lead through when the server does not follow them itself. */
const MAX_RESTARTS = 4;
const MAX_TTL = 86_400;
const MAX_NEGATIVE_TTL = 3600;
/** For a negative answer without SOA, and for a failure (RFC 2308 §7). */
const FAILURE_TTL = 5;

/** @throws TypeError on a server that is no address */
export function openResolver(options: DnsResolverOptions): DnsResolver {
  return new Resolver(options);
}

class Resolver implements DnsResolver {
  readonly #servers: readonly DnsServer[];
  readonly #options: DnsResolverOptions;
  readonly #trusted: boolean;
  readonly #cache = new Map<string, { readonly answer: DnsAnswer<DnsType>; expires: number }>();
  readonly #asking = new Map<string, Promise<DnsAnswer<DnsType>>>();
  readonly #closing = new AbortController();
  readonly #random: (below: number) => number;
  #on_wire = 0;
  #waiting: (() => void)[] = [];

  constructor(options: DnsResolverOptions) {
    this.#options = options;
    this.#servers = options.servers.map(readServer);
    if (this.#servers.length === 0) throw new TypeError("a resolver needs at least one server");
    this.#trusted = options.trusted ?? false;
    this.#random = options.random ?? randomInt;
  }

  async resolve<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const asked = questionName(name);
    if (asked === null)
      return { ...blank, status: "nxdomain", canonical: name, ttl: MAX_NEGATIVE_TTL };
    const key = `${type} ${asked}`;
    const kept = this.#kept(key);
    if (kept !== null) return kept as DnsAnswer<T>;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#find(asked, type).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    const answer = await asking;
    this.#keep(key, answer);
    return answer as DnsAnswer<T>;
  }

  close(): void {
    this.#closing.abort();
    for (const go of this.#waiting.splice(0)) go();
  }

  #kept(key: string): DnsAnswer<DnsType> | null {
    const entry = this.#cache.get(key);
    if (entry === undefined) return null;
    if (entry.expires <= this.#options.now().getTime()) {
      this.#cache.delete(key);
      return null;
    }
    return entry.answer;
  }

  #keep(key: string, answer: DnsAnswer<DnsType>): void {
    if (answer.ttl <= 0 || this.#closing.signal.aborted) return;
    this.#cache.delete(key);
    this.#cache.set(key, { answer, expires: this.#options.now().getTime() + answer.ttl * 1000 });
    if (this.#cache.size > (this.#options.max_cached ?? 10_000))
      this.#cache.delete(this.#cache.keys().next().value!);
  }

  /** Asks, and goes on where an alias leads out of the answer. */
  async #find(name: string, type: DnsType): Promise<DnsAnswer<DnsType>> {
    let canonical = name;
    let authenticated = true;
    let ttl = MAX_TTL;
    for (let i = 0; i <= MAX_RESTARTS; i++) {
      const reply = await this.#ask(canonical, type);
      if (typeof reply === "string") return { ...blank, status: reply, canonical };
      authenticated &&= reply.authentic && this.#trusted;
      ttl = Math.min(ttl, reply.ttl ?? FAILURE_TTL);
      canonical = reply.canonical;
      const found = { records: reply.records, authenticated, canonical };
      if (reply.records.length > 0) return { ...found, status: "ok", ttl };
      const negative = Math.min(ttl, MAX_NEGATIVE_TTL);
      if (reply.code === "nxdomain") return { ...found, status: "nxdomain", ttl: negative };
      if (reply.complete) return { ...found, status: "nodata", ttl: negative };
      if (questionName(canonical) === null) return { ...found, status: "nxdomain", ttl: negative };
    }
    return { ...blank, status: "servfail", canonical };
  }

  /** The first usable answer of any server. */
  async #ask(name: string, type: DnsType): Promise<DnsReply | "servfail" | "timeout"> {
    const tries = this.#options.tries ?? 2;
    const failed = new Set<DnsServer>();
    for (let i = 0; i < tries; i++) {
      for (const server of this.#servers) {
        if (failed.has(server)) continue;
        const reply = await this.#exchange(server, name, type);
        if (this.#closing.signal.aborted) return "timeout";
        if (reply === null) continue;
        if (reply.code !== "servfail") return reply;
        failed.add(server);
      }
    }
    return failed.size > 0 ? "servfail" : "timeout";
  }

  async #exchange(server: DnsServer, name: string, type: DnsType): Promise<DnsReply | null> {
    const { timeout_ms = 3000, max_questions = 200 } = this.#options;
    while (this.#on_wire >= max_questions && !this.#closing.signal.aborted)
      await new Promise<void>((go) => this.#waiting.push(go));
    this.#on_wire++;
    try {
      const question = { id: this.#random(65_536), name, type };
      return await askServer(server, question, timeout_ms, this.#closing.signal);
    } finally {
      this.#on_wire--;
      this.#waiting.shift()?.();
    }
  }
}

const blank = { records: [], authenticated: false, ttl: FAILURE_TTL } as const;

function readServer(text: string): DnsServer {
  const match = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^:]+)(?::(\d{1,5}))?$/.exec(text);
  const address = isIP(text) > 0 ? text : (match?.[1] ?? "");
  const port = isIP(text) > 0 ? 53 : Number(match?.[2] ?? 53);
  if (isIP(address) === 0 || port < 1 || port > 65_535)
    throw new TypeError(`"${text}" is no address of a DNS server`);
  return { address, port };
}
