/** Bounds of the SMTP doors, and the book of what each source address has done lately. */
import ipaddr from "ipaddr.js";

export interface SessionLimits {
  /** Octets of one message, offered as SIZE. */
  readonly message_size: number;
  /** Octets of all messages being received or stored; beyond it new ones are put off with 452. */
  readonly buffered_size: number;
  /** Octets of one line of a message; RFC 5321 §4.5.3.1.6 wants 1,000, real mail has much longer ones. */
  readonly line_length: number;
  /** Of one transaction; the next one is told 452 4.5.3, and the message goes to those before it. */
  readonly recipients: number;
  readonly connections: number;
  /** Connections of one source: an IPv4 address or an IPv6 /64. */
  readonly connections_per_source: number;
  /** Messages that one source may begin in a minute. */
  readonly messages_per_minute: number;
  /** Messages that one mailbox of ours takes in a minute, from whatever sources; at most half of them from one. */
  readonly messages_per_recipient: number;
  /** Recipients, or passwords, of one source that may be wrong within `strike_ms`; then it is turned away. */
  readonly strikes: number;
  readonly strike_ms: number;
  /** Milliseconds by which the answer to a wrong recipient or password is put off, times the strikes so far. */
  readonly tarpit_ms: number;
  /** Milliseconds a client may keep silent. */
  readonly idle_ms: number;
  /** Milliseconds a session may last. */
  readonly session_ms: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  message_size: 50 * 1024 * 1024,
  buffered_size: 96 * 1024 * 1024,
  line_length: 2 * 1024 * 1024,
  recipients: 100,
  connections: 200,
  connections_per_source: 20,
  messages_per_minute: 600,
  messages_per_recipient: 600,
  strikes: 20,
  strike_ms: 10 * 60_000,
  tarpit_ms: 250,
  idle_ms: 5 * 60_000,
  session_ms: 30 * 60_000,
};

/** No answer is put off for longer than this. */
const MAX_TARPIT = 5_000;
/** Sources remembered; the one seen longest ago goes first. */
const MAX_SOURCES = 20_000;
const MINUTE = 60_000;

interface Source {
  connections: number;
  strikes: number;
  strikes_since: number;
  messages: number;
  messages_since: number;
}

/** What is counted of an address: IPv4 whole, of IPv6 the /64 that one client can roam in. */
export function sourceOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const ip = ipaddr.process(address);
  if (ip.kind() === "ipv4") return ip.toString();
  return ip.toByteArray().slice(0, 8).join(".");
}

/** Counts connections, messages and mistakes by source, within a bound of memory. */
export class SourceBook {
  readonly #limits: SessionLimits;
  readonly #now: () => Date;
  readonly #sources = new Map<string, Source>();
  #connections = 0;

  constructor(limits: SessionLimits, now: () => Date) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes a connection in, or says why not. Each taken one must be given back by `leave`. */
  enter(address: string): "ok" | "full" | "source_full" | "struck_out" {
    if (this.#connections >= this.#limits.connections) return "full";
    if (this.struckOut(address)) return "struck_out";
    const source = this.#source(address);
    if (source.connections >= this.#limits.connections_per_source) return "source_full";
    source.connections++;
    this.#connections++;
    return "ok";
  }

  leave(address: string): void {
    this.#connections--;
    this.#source(address).connections--;
  }

  /** Notes a wrong recipient or password. Answers by how many milliseconds to put off the reply. */
  strike(address: string): number {
    const source = this.#source(address);
    const now = this.#now().getTime();
    if (now - source.strikes_since >= this.#limits.strike_ms) {
      source.strikes = 0;
      source.strikes_since = now;
    }
    source.strikes++;
    return Math.min(source.strikes * this.#limits.tarpit_ms, MAX_TARPIT);
  }

  struckOut(address: string): boolean {
    const source = this.#sources.get(sourceOf(address));
    if (source === undefined || source.strikes < this.#limits.strikes) return false;
    return this.#now().getTime() - source.strikes_since < this.#limits.strike_ms;
  }

  /** Notes that a message begins; false when this minute has had enough of them. */
  begin(address: string): boolean {
    const source = this.#source(address);
    const now = this.#now().getTime();
    if (now - source.messages_since >= MINUTE) {
      source.messages = 0;
      source.messages_since = now;
    }
    return ++source.messages <= this.#limits.messages_per_minute;
  }

  #source(address: string): Source {
    const key = sourceOf(address);
    const source = this.#sources.get(key) ?? {
      connections: 0,
      strikes: 0,
      strikes_since: 0,
      messages: 0,
      messages_since: 0,
    };
    this.#sources.delete(key);
    this.#sources.set(key, source);
    if (this.#sources.size > MAX_SOURCES) this.#forgetOne();
    return source;
  }

  #forgetOne(): void {
    for (const [key, source] of this.#sources) {
      if (source.connections > 0) continue;
      this.#sources.delete(key);
      return;
    }
  }
}
