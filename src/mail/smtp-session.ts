/** Opens an SMTP session: connection, greeting, EHLO, STARTTLS, AUTH (RFC 5321, RFC 3207, RFC 4954). */
import { isIP } from "node:net";
import type { Socket, TcpNetConnectOpts } from "node:net";
import type { ConnectionOptions, DetailedPeerCertificate, TLSSocket } from "node:tls";

import type { SmtpReply } from "./smtp-reply.ts";
import { SmtpFailure, causeText } from "./smtp-result.ts";
import type { PeerInfo, SmtpStage, TlsInfo } from "./smtp-result.ts";
import { Transcript } from "./smtp-transcript.ts";
import { SmtpWire } from "./smtp-wire.ts";

/**
 * `opportunistic` uses STARTTLS where it is offered and goes on in the clear where it is not; a handshake that fails is a failure,
 * and only the caller may decide on `none` for a later attempt. `implicit` is TLS from the first byte (RFC 8314).
 */
export type TlsMode = "opportunistic" | "required" | "implicit" | "none";

/** Milliseconds for each wait. */
export interface SmtpTimeouts {
  readonly connect: number;
  readonly tls: number;
  readonly greeting: number;
  /** EHLO, STARTTLS, AUTH, RSET. */
  readonly command: number;
  readonly mail: number;
  readonly rcpt: number;
  readonly data: number;
  readonly data_block: number;
  readonly data_end: number;
  readonly quit: number;
  /** For one message from MAIL to the last reply, so that a server that trickles cannot hold a connection for days. */
  readonly transaction: number;
}

/** A credential for AUTH (RFC 4954). */
export interface SmtpAuth {
  readonly user: string;
  readonly pass: string;
}

/** What the server showed in the handshake, for a policy (DANE, pinning) to judge. */
export interface TlsPeer {
  readonly certificate: DetailedPeerCertificate;
  readonly authorized: boolean;
  /** The code of why it is not authorized, such as `ERR_TLS_CERT_ALTNAME_INVALID`; null if it is. */
  readonly authorization_error: string | null;
}

export interface SessionOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly verify_certificate: boolean;
  /** The name to ask for (SNI) and to check the certificate against; `host` if absent. */
  readonly server_name?: string;
  /** Trusted roots in place of the system's, PEM. */
  readonly ca?: string | readonly string[];
  /** A policy beyond the usual check: answers why to refuse, or null. */
  readonly check_peer?: (peer: TlsPeer) => string | null;
  readonly auth?: SmtpAuth;
  readonly ehlo_name: string;
  readonly connect: (options: TcpNetConnectOpts) => Socket;
  readonly timeouts: SmtpTimeouts;
  readonly now: () => Date;
}

/** What the server offers (EHLO keywords). */
export interface Capabilities {
  readonly pipelining: boolean;
  readonly eight_bit: boolean;
  readonly starttls: boolean;
  /** SIZE is understood as a parameter of MAIL (RFC 1870). */
  readonly size: boolean;
  /** Octets; null for no stated limit. */
  readonly size_limit: number | null;
  readonly auth: ReadonlySet<string>;
}

export interface SmtpSession {
  readonly wire: SmtpWire;
  readonly capabilities: Capabilities;
  readonly peer: PeerInfo;
}

/**
 * Opens a session that is ready for MAIL.
 * @throws SmtpFailure with its `stage` set; the connection is gone then
 */
export async function openSession(
  options: SessionOptions,
  signal: AbortSignal,
): Promise<SmtpSession> {
  const at: { stage: SmtpStage } = { stage: "connect" };
  const transcript = new Transcript(options.now);
  transcript.note(`${options.host}, port ${options.port}`);
  const wire = new SmtpWire(
    options.connect({ host: options.host, port: options.port, noDelay: true }),
    transcript,
  );
  const abort = (): void => wire.fail(new SmtpFailure("transport_closed", "transport closed"));
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    return await greet(wire, options, at);
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error;
    error.stage = at.stage;
    wire.fail(error);
    error.transcript = transcript.take();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    if (at.stage !== "mail") wire.fail(new SmtpFailure("closed", "session not opened"));
  }
}

async function greet(
  wire: SmtpWire,
  options: SessionOptions,
  at: { stage: SmtpStage },
): Promise<SmtpSession> {
  await wire.connected(options.timeouts.connect);
  let tls: TlsInfo | null = null;
  if (options.tls === "implicit") {
    at.stage = "tls";
    tls = await secure(wire, options);
  }
  at.stage = "greeting";
  wire.expectReply();
  need(await wire.reply(options.timeouts.greeting), 220);
  at.stage = "ehlo";
  let capabilities = await sayHello(wire, options);
  if (
    tls === null &&
    (options.tls === "required" || (options.tls === "opportunistic" && capabilities.starttls))
  ) {
    at.stage = "tls";
    tls = await upgrade(wire, options, capabilities);
    if (tls !== null) {
      at.stage = "ehlo";
      // RFC 3207 §4.2: what was said before TLS counts for nothing.
      capabilities = await sayHello(wire, options);
    }
  }
  if (options.auth !== undefined) {
    at.stage = "auth";
    await authenticate(wire, options, options.auth, capabilities, tls !== null);
  }
  at.stage = "mail";
  return {
    wire,
    capabilities,
    peer: { host: options.host, address: wire.address, port: options.port, tls },
  };
}

async function ask(
  wire: SmtpWire,
  line: string,
  timeouts: SmtpTimeouts,
  shown = line,
): Promise<SmtpReply> {
  wire.write(`${line}\r\n`, 1, shown);
  return await wire.reply(timeouts.command);
}

/** @throws SmtpFailure with the reply unless it has the one code that lets us go on */
function need(reply: SmtpReply, code: number): void {
  if (reply.code !== code) throw new SmtpFailure(reply);
}

async function sayHello(wire: SmtpWire, options: SessionOptions): Promise<Capabilities> {
  const reply = await ask(wire, `EHLO ${options.ehlo_name}`, options.timeouts);
  if (reply.code === 250) return readCapabilities(reply);
  // RFC 5321 §3.2: a server too old for EHLO says so by 500 or 502, and 504 and 550 are met too.
  if (![500, 502, 504, 550].includes(reply.code)) throw new SmtpFailure(reply);
  need(await ask(wire, `HELO ${options.ehlo_name}`, options.timeouts), 250);
  return readCapabilities({ code: 250, enhanced: null, text: "" });
}

/** Reads the lines behind the first one of an EHLO reply (RFC 5321 §4.1.1.1). */
export function readCapabilities(reply: SmtpReply): Capabilities {
  const keywords = new Map<string, string[]>();
  for (const line of reply.text.split("\n").slice(1)) {
    const [keyword = "", ...parameters] = line
      .toUpperCase()
      .trim()
      .split(/[ \t]+/);
    keywords.set(keyword, parameters);
  }
  const limit = keywords.get("SIZE")?.[0];
  const octets = limit !== undefined && /^\d{1,15}$/.test(limit) ? Number(limit) : 0;
  return {
    pipelining: keywords.has("PIPELINING"),
    eight_bit: keywords.has("8BITMIME"),
    starttls: keywords.has("STARTTLS"),
    size: keywords.has("SIZE"),
    size_limit: octets > 0 ? octets : null,
    auth: new Set(keywords.get("AUTH")),
  };
}

/** Null when the server takes back its offer and TLS was not demanded. */
async function upgrade(
  wire: SmtpWire,
  options: SessionOptions,
  capabilities: Capabilities,
): Promise<TlsInfo | null> {
  if (!capabilities.starttls) throw new SmtpFailure("tls_failed", "server does not offer STARTTLS");
  const reply = await ask(wire, "STARTTLS", options.timeouts);
  if (reply.code === 220) return await secure(wire, options);
  if (options.tls === "required" || reply.code === 421 || reply.code < 400)
    throw new SmtpFailure(reply);
  return null;
}

async function secure(wire: SmtpWire, options: SessionOptions): Promise<TlsInfo> {
  const name = options.server_name ?? options.host;
  const parameters: ConnectionOptions = {
    host: name,
    rejectUnauthorized: options.verify_certificate,
  };
  // RFC 6066 §3: a literal address is no server name.
  if (isIP(name) === 0) parameters.servername = name;
  if (options.ca !== undefined)
    parameters.ca = typeof options.ca === "string" ? options.ca : [...options.ca];
  const socket = await wire.startTls(parameters, options.timeouts.tls);
  const refusal = options.check_peer?.({
    certificate: socket.getPeerCertificate(true),
    authorized: socket.authorized,
    authorization_error: socket.authorized ? null : errorCode(socket.authorizationError),
  });
  const info = tlsInfo(socket);
  wire.transcript.note(
    `${info.version}, ${info.cipher}, certificate ${info.authorized ? "trusted" : "not trusted"}`,
  );
  if (typeof refusal === "string") throw new SmtpFailure("tls_failed", refusal);
  return info;
}

/** Node gives a code, or an error that has one. */
function errorCode(error: unknown): string {
  if (error instanceof Error) return causeText(error);
  return typeof error === "string" ? error : "not authorized";
}

function tlsInfo(socket: TLSSocket): TlsInfo {
  return {
    version: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
    peer_fingerprint256: socket.getPeerCertificate().fingerprint256 ?? "",
    authorized: socket.authorized,
  };
}

/** AUTH PLAIN (RFC 4616), else LOGIN; never where a listener could read it. */
async function authenticate(
  wire: SmtpWire,
  options: SessionOptions,
  auth: SmtpAuth,
  capabilities: Capabilities,
  encrypted: boolean,
): Promise<void> {
  if (!encrypted && !isLoopback(wire.address)) {
    throw new SmtpFailure("auth_failed", "credentials are not sent over an unencrypted connection");
  }
  const plain = base64(`\0${auth.user}\0${auth.pass}`);
  for (const secret of [auth.pass, plain, base64(auth.pass)]) wire.transcript.hide(secret);
  if (capabilities.auth.has("PLAIN")) {
    need(await ask(wire, `AUTH PLAIN ${plain}`, options.timeouts, "AUTH PLAIN ***"), 235);
  } else if (capabilities.auth.has("LOGIN")) {
    need(await ask(wire, "AUTH LOGIN", options.timeouts), 334);
    need(await ask(wire, base64(auth.user), options.timeouts, "***"), 334);
    need(await ask(wire, base64(auth.pass), options.timeouts, "***"), 235);
  } else {
    throw new SmtpFailure("auth_failed", "server offers neither AUTH PLAIN nor AUTH LOGIN");
  }
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function isLoopback(address: string | null): boolean {
  return (
    address !== null && (address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address))
  );
}
