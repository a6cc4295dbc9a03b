/** Our SMTP client (RFC 5321): hands messages to one destination over pooled connections and tells what became of each recipient. */
import { connect as connectTcp } from "node:net";
import type { Socket, TcpNetConnectOpts } from "node:net";

import { inspectContent } from "./smtp-content.ts";
import { SmtpInputError, assertEnvelope } from "./smtp-envelope.ts";
import { SmtpPool } from "./smtp-pool.ts";
import type { Content, SessionOpened } from "./smtp-pool.ts";
import type { SendResult } from "./smtp-result.ts";
import type { SmtpAuth, SmtpTimeouts, TlsMode, TlsPeer } from "./smtp-session.ts";

const MINUTE = 60_000;

/** RFC 5321 §4.5.3.2 where it names a figure; connect, TLS, QUIT and the whole transaction are ours. */
export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
  connect: MINUTE / 2,
  tls: MINUTE / 2,
  greeting: 5 * MINUTE,
  command: 5 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  data: 2 * MINUTE,
  data_block: 3 * MINUTE,
  data_end: 10 * MINUTE,
  quit: 2000,
  transaction: 30 * MINUTE,
};

export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly verify_certificate: boolean;
  /** The name to ask for and to check the certificate against, where it is not `host`. */
  readonly server_name?: string;
  /** Trusted roots in place of the system's, PEM. */
  readonly ca?: string | readonly string[];
  /** A policy beyond the usual certificate check (DANE, pinning): answers why to refuse the peer, or null. */
  readonly check_peer?: (peer: TlsPeer) => string | null;
  readonly auth?: SmtpAuth;
  /** Our name for EHLO: a domain, or an address literal in brackets. */
  readonly ehlo_name: string;
  /** `net.connect` unless given; gets host, port and noDelay. */
  readonly connect?: (options: TcpNetConnectOpts) => Socket;
  readonly timeouts?: Partial<SmtpTimeouts>;
  /** Default 10. */
  readonly max_connections?: number;
  /** Messages over one connection before it is replaced; default 100. */
  readonly max_per_connection?: number;
  /** How long a connection may wait for its next message; default 10 s. */
  readonly idle_ms?: number;
  /**
   * How long a message may wait for its turn, before it is answered `congested`, untried; default 5 minutes. Longer than at the
   * many sites of direct delivery: a relay is the only way, and a slow one is no reason to write each message down again.
   */
  readonly max_wait_ms?: number;
  readonly now: () => Date;
  /** Told of each session that came about, and of each that did not; must not throw. */
  readonly on_open?: (opened: SessionOpened) => void;
}

export interface OutgoingMessage {
  /** Envelope sender; '' is the null sender. */
  readonly from: string;
  /** Envelope recipients, 1 to 1000. */
  readonly recipients: readonly string[];
  /**
   * The complete message, CRLF line ends only, not dot-stuffed; it must not change until the result is there. A function is asked
   * for it when a connection is free, and again where the message goes over another one, so that what waits takes no memory.
   */
  readonly data: Buffer | (() => Promise<Buffer>);
  readonly smtputf8?: false;
  /** Asked at the last moment before MAIL, after all waiting for a connection; false keeps the message here, as `recalled`. */
  readonly wanted?: () => boolean | Promise<boolean>;
}

export interface Transport {
  /**
   * Sends one message over a pooled connection; calls beyond `max_connections` wait their turn, for at most `max_wait_ms`. Resolves whatever the server
   * does. Does not retry, except once, silently, when a reused connection had died before it answered anything of this message.
   * @throws SmtpInputError (as a rejection) before any socket is touched: an address that could break a command, a bare CR or LF;
   * and before anything of the message is said, whatever the function that was to make it throws, or a bare CR or LF in that
   */
  send(message: OutgoingMessage): Promise<SendResult>;
  /** Takes no more messages, lets those under way end for `grace_ms` (default 30,000), and resolves when all sockets are gone. */
  close(grace_ms?: number): Promise<void>;
}

/** A domain (RFC 5321 §4.1.2, underscores tolerated) or an address literal. */
const EHLO_NAME = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?|\[[0-9A-Za-z:.]{2,64}\])$/;

/**
 * Opens a transport to one destination; nothing is dialled before the first `send`.
 * @throws SmtpInputError `bad_option`
 */
export function openTransport(options: TransportOptions): Transport {
  assertOptions(options);
  const pool = new SmtpPool({
    ...options,
    connect: options.connect ?? connectTcp,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    max_connections: options.max_connections ?? 10,
    max_per_connection: options.max_per_connection ?? 100,
    idle_ms: options.idle_ms ?? 10_000,
    max_wait_ms: options.max_wait_ms ?? 5 * MINUTE,
    now: options.now,
  });
  return {
    async send({ from, recipients, data, wanted }) {
      assertEnvelope(from, recipients);
      // What is known already is looked at before anything is dialled.
      const facts = Buffer.isBuffer(data) ? inspectContent(data) : null;
      const content = async (): Promise<Content> => {
        const made = Buffer.isBuffer(data) ? data : await data();
        return { data: made, facts: facts ?? inspectContent(made) };
      };
      return await pool.send({ from, recipients, content, wanted });
    },
    async close(grace_ms = 30_000) {
      await pool.close(grace_ms);
    },
  };
}

function assertOptions(options: TransportOptions): void {
  if (options.host === "") throw new SmtpInputError("bad_option", "host is empty");
  if (!Number.isInteger(options.port) || options.port < 1 || options.port > 65_535)
    throw new SmtpInputError("bad_option", "port is no port");
  if (!EHLO_NAME.test(options.ehlo_name))
    throw new SmtpInputError("bad_option", "ehlo_name is neither a domain nor an address literal");
  for (const name of ["max_connections", "max_per_connection", "idle_ms", "max_wait_ms"] as const) {
    const value = options[name];
    if (value !== undefined && (!Number.isInteger(value) || value < 1))
      throw new SmtpInputError("bad_option", `${name} must be at least 1`);
  }
}
