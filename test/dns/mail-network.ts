/** A small Internet on loopback for one test: DNS, mail hosts on 127.0.0.x with one port, and direct delivery into it. */
import { randomInt } from "node:crypto";

import { openDirect } from "../../src/mail/direct.ts";
import type { DirectOptions, DirectTransport } from "../../src/mail/direct.ts";
import type { TlsSession } from "../../src/mail/destination-policy.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import type { StsEntry, StsStore } from "../../src/mail/mta-sts.ts";
import type { Transport } from "../../src/mail/smtp-client.ts";
import type { SendResult } from "../../src/mail/smtp-result.ts";
import { DATA, FROM } from "../sink/sending.ts";
import type { SinkOptions } from "../sink/sink-book.ts";
import { startSink } from "../sink/smtp-sink.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";
import { startDns } from "./server.ts";
import type { DnsServerForTests, ZoneEntry } from "./server.ts";

export interface MailNetwork {
  readonly dns: DnsServerForTests;
  readonly port: number;
  /** Moves the clock of resolver and delivery, milliseconds. */
  pass(milliseconds: number): void;
  /** A sink at an address such as `127.0.0.2`. */
  host(address: string, options?: SinkOptions): Promise<SmtpSink>;
  /** Direct delivery that dials loopback and has MTA-STS off, unless told otherwise. */
  direct(options?: Partial<DirectOptions>): DirectTransport & { readonly sessions: TlsSession[] };
}

const undo: (() => unknown)[] = [];

/** For `afterEach`. */
export async function closeNetwork(): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}

/** A DNS entry with MX hosts in order of preference 10, 20, … */
export function mx(...hosts: string[]): ZoneEntry {
  return { MX: hosts.map((exchange, i) => ({ preference: 10 * (i + 1), exchange })) };
}

/** Policies in memory. */
export function memoryStore(): StsStore & { readonly entries: Map<string, StsEntry> } {
  const entries = new Map<string, StsEntry>();
  return {
    entries,
    get: (domain) => Promise.resolve(entries.get(domain) ?? null),
    put: (domain, entry) => Promise.resolve(void entries.set(domain, entry)),
  };
}

export async function startNetwork(zone: Record<string, ZoneEntry>): Promise<MailNetwork> {
  const dns = await startDns(zone);
  undo.push(() => dns.close());
  let now = new Date("2026-06-01T12:00:00Z").getTime();
  const clock = (): Date => new Date(now);
  const resolver = openResolver({
    servers: [dns.address],
    timeout_ms: 300,
    tries: 1,
    trusted: true,
    now: clock,
  });
  undo.push(() => resolver.close());
  const port = randomInt(20_000, 30_000);
  return {
    dns,
    port,
    pass(milliseconds) {
      now += milliseconds;
    },
    async host(address, options = {}) {
      const sink = await startSink({ ...options, host: address, port });
      undo.push(() => sink.close());
      return sink;
    },
    direct(options = {}) {
      const sessions: TlsSession[] = [];
      const transport = openDirect({
        resolver,
        ehlo_name: "mta.sender.example",
        now: clock,
        port,
        allow_private: true,
        dane: false,
        fetch_policy: null,
        sts_store: memoryStore(),
        on_session: (session) => sessions.push(session),
        timeouts: { connect: 2000, greeting: 2000, tls: 2000, quit: 200 },
        ...options,
      });
      undo.push(() => transport.close(1000));
      return {
        ...transport,
        send: (m) => transport.send(m),
        close: (g) => transport.close(g),
        report: (domain) => transport.report(domain),
        avoided: () => transport.avoided(),
        sessions,
      };
    },
  };
}

/** Sends `DATA` to one recipient. */
export function sendTo(transport: Transport, recipient: string): Promise<SendResult> {
  return transport.send({ from: FROM, recipients: [recipient], data: DATA });
}
