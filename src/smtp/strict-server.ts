/** The SMTP server under both doors: smtp-server with strict reading, honest status codes, bounds and a graceful end. */
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";

import { SMTPServer } from "smtp-server";
import type { SMTPServerOptions, SMTPServerSession } from "smtp-server";
import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import type { SMTPConnectionOptions } from "smtp-server/lib/smtp-connection.js";

import type { SessionLimits, SourceBook } from "./session-limits.ts";
import { StrictLines } from "./strict-lines.ts";
import type { Fault } from "./strict-lines.ts";

/** The part of a pino logger that the doors use. No message content is logged. */
export interface DoorLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Octets of a command line; RFC 5321 §4.5.3.1.4 wants 512, extensions add to it. */
const COMMAND_LENGTH = 4096;
/** Milliseconds for which a client that was refused may go on sending before it is cut off. */
const LINGER_MS = 30_000;
const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3} /;
const STOPPING = "4.3.2 the server is stopping, try again later";

export interface StrictServerSettings {
  readonly limits: SessionLimits;
  readonly sources: SourceBook;
  readonly log: DoorLog;
  /** Whether a client at this address may say AUTH without TLS; null where AUTH is not offered at all. */
  readonly clear_auth: ((remote_address: string) => boolean) | null;
}

/** smtp-server's server, whose connections are {@link StrictConnection}s. */
export class StrictServer extends SMTPServer {
  readonly settings: StrictServerSettings;
  stopping = false;
  readonly #open = new Map<Socket, StrictConnection>();

  constructor(options: SMTPServerOptions, settings: StrictServerSettings) {
    super(options);
    this.settings = settings;
    // Without a listener the next client that resets its connection would end the process.
    this.on("error", (error: Error) => {
      // That it cannot listen is told to who opens it.
      if (this.server.listening) settings.log.warn({ err: error }, "smtp: connection failed");
    });
  }

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const { sources } = this.settings;
    const place = this.stopping ? "stopping" : sources.enter(address);
    if (place !== "ok") {
      turnAway(socket, `421 ${this.options.name ?? ""} ${TURNED_AWAY[place]}`);
      return;
    }
    const connection = new StrictConnection(this, socket, options, () => {
      this.#open.delete(socket);
      sources.leave(address);
    });
    this.#open.set(socket, connection);
    this.connections.add(connection);
    connection.on("error", (error: Error) => this._onError(error));
    connection.init();
  }

  /** @throws the listen error, such as EADDRINUSE */
  async open(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, () => {
        this.server.removeListener("error", reject);
        resolve();
      });
    });
    return this.server.address() as AddressInfo;
  }

  /**
   * Stops listening and ends idle sessions with 421. Messages being received get `grace_ms` milliseconds; one that is
   * here whole gets as many again for its answer. Resolves when no connection is left.
   */
  async stop(grace_ms: number): Promise<void> {
    this.stopping = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const connection of this.#open.values()) connection.leaveWhenIdle();
    const cut = (all: boolean): void => {
      for (const connection of this.#open.values())
        if (all || !connection.owesAnswer()) connection.cut();
    };
    const timers = [setTimeout(cut, grace_ms, false), setTimeout(cut, 2 * grace_ms, true)];
    await closed;
    timers.forEach(clearTimeout);
  }
}

const TURNED_AWAY = {
  full: "4.3.2 too many connections, try again later",
  source_full: "4.7.0 too many connections from your address",
  struck_out: "4.7.0 too many mistakes from your address, try again later",
  stopping: STOPPING,
} as const;

function turnAway(socket: Socket, line: string): void {
  socket.on("error", () => {});
  socket.end(`${line}\r\n`);
  socket.resume();
  setTimeout(() => socket.destroy(), 1000).unref();
}

/** One session. */
class StrictConnection extends SMTPConnection {
  readonly #server: StrictServer;
  readonly #expiry: NodeJS.Timeout;
  readonly #ended: () => void;

  /** `left` is called once, when the connection is gone. */
  constructor(
    server: StrictServer,
    socket: Socket | TLSSocket,
    options: SMTPConnectionOptions | null | undefined,
    left: () => void,
  ) {
    super(server, socket, options);
    this.#server = server;
    this.#expiry = setTimeout(() => this.#expire(), server.settings.limits.session_ms);
    this.#expiry.unref();
    this.#ended = () => {
      clearTimeout(this.#expiry);
      left();
    };
    socket.once("close", this.#ended);
  }

  /** At STARTTLS smtp-server takes all listeners off the socket, ours too: without it the connection would count for ever. */
  override upgrade(...callbacks: Parameters<SMTPConnection["upgrade"]>): void {
    const socket = this._socket;
    super.upgrade(...callbacks);
    socket.once("close", this.#ended);
  }

  /** Says 421 and closes, unless a message is being received or an answer is owed. */
  leaveWhenIdle(): void {
    if (this._dataStream || this._handlerPending || this._upgrading) return;
    this.leave();
  }

  leave(): void {
    if (!this._closing) this.send(421, STOPPING);
  }

  /** Ends the session at once. */
  cut(): void {
    this.leave();
    this._socket.destroy();
  }

  #expire(): void {
    if (this.owesAnswer()) this.#expiry.refresh();
    else this.send(421, "4.4.2 the session has lasted too long");
  }

  /** A message is here whole and we have not said what became of it. */
  owesAnswer(): boolean {
    return Boolean(this._dataStream) && this._parser !== false && !this._parser._dataMode;
  }

  /** Called by the constructor above us, and again after STARTTLS; uses nothing of ours before it is called back. */
  override _createParser(): StrictLines {
    const { limits } = (this._server as StrictServer).settings;
    const parser = new StrictLines({
      command_length: COMMAND_LENGTH,
      line_length: limits.line_length,
      ready: () => this._ready,
      // What a client sent in the clear behind STARTTLS is dropped without a word.
      fault: (fault) => this._upgrading || this.#refuse(fault),
    });
    parser.oncommand = (command, callback) => this._onCommand(command, callback);
    parser.on("error", (error) => this.#server.settings.log.warn({ err: error }, "smtp: parser"));
    return parser;
  }

  /** Ends the session; what the client still sends is thrown away for a while, so that it can read the reply. */
  #refuse(fault: Fault): void {
    this.#server.settings.log.info(
      { remote_address: this.remoteAddress, reply: `${fault.code} ${fault.text}` },
      "smtp: session refused",
    );
    this.send(fault.code, fault.text);
    this.close();
    if (this._closeTimer === undefined) return;
    clearTimeout(this._closeTimer);
    this._closeTimer = setTimeout(() => this._socket.destroy(), LINGER_MS);
    this._closeTimer.unref();
  }

  /** An enhanced code at the head of a text is the right one, better than the table by reply code. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const own = typeof data === "string" && ENHANCED.test(data);
    super.send(code, data, own ? false : context);
    if (this.#server.stopping && code !== 421 && code !== 354)
      setImmediate(() => this.leaveWhenIdle());
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    const next = callback ?? ((): void => {});
    const name = /^[A-Za-z]+/.exec(command.toString("latin1", 0, 16))?.[0]?.toUpperCase();
    if (this.#server.stopping) return this.send(421, STOPPING);
    if (name === "AUTH" && this._nextHandler === false && !this.#mayAuthenticate()) {
      if (this.#server.settings.clear_auth === null)
        this.send(502, "5.5.1 AUTH is not offered here");
      else this.send(538, "5.7.11 encryption required: say STARTTLS first");
      setImmediate(next);
      return;
    }
    super._onCommand(command, callback);
  }

  /** AUTH is offered only where it may be used. */
  override _isSupported(command: string): boolean {
    if (command === "AUTH" && !this.#mayAuthenticate()) return false;
    return super._isSupported(command);
  }

  #mayAuthenticate(): boolean {
    const { clear_auth } = this.#server.settings;
    return clear_auth !== null && (this.secure || clear_auth(this.remoteAddress));
  }

  override handler_MAIL(command: Buffer, callback: () => void): void {
    const known = ["SIZE", "BODY", "SMTPUTF8", ...(this._isSupported("AUTH") ? ["AUTH"] : [])];
    if (this.#refusesParameter("MAIL FROM", command, known)) callback();
    else super.handler_MAIL(command, callback);
  }

  override handler_RCPT(command: Buffer, callback: () => void): void {
    if (this.#refusesParameter("RCPT TO", command, [])) callback();
    else super.handler_RCPT(command, callback);
  }

  /**
   * Says 555 to a parameter of an extension that we do not offer (RFC 5321 §4.1.1.11): smtp-server passes over it, and a client
   * that asked for DSN or REQUIRETLS would believe that it has it.
   */
  #refusesParameter(name: string, command: Buffer, known: readonly string[]): boolean {
    const parsed = this._parseAddressCommand(name, command);
    const args = parsed === false ? false : parsed.args;
    if (!args || Object.keys(args).every((one) => known.includes(one))) return false;
    this.send(555, `5.5.4 ${name} has a parameter that is not offered here`);
    return true;
  }

  /** RFC 5321 §3.5.3: neither confirms nor denies. */
  override handler_VRFY(_command: Buffer, callback: () => void): void {
    this.send(252, "2.5.2 cannot verify an address, but will take mail for it if it exists");
    callback();
  }

  handler_EXPN(_command: Buffer, callback: () => void): void {
    this.send(502, "5.5.1 lists are not expanded here");
    callback();
  }

  override handler_HELP(_command: Buffer, callback: () => void): void {
    this.send(214, "2.0.0 this is SMTP, see RFC 5321");
    callback();
  }
}

/** The protocol that TLS settled on, which smtp-server does not tell. */
const protocols = new WeakMap<SMTPServerSession, string>();

/** For the `onSecure` of a server. */
export function noteProtocol(
  socket: Socket | TLSSocket,
  session: SMTPServerSession,
  callback: (error?: Error | null) => void,
): void {
  const version = "getProtocol" in socket ? socket.getProtocol() : null;
  if (version !== null) protocols.set(session, version);
  callback();
}

/** TLS of a session, such as `{version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384"}`; null in the clear. */
export function tlsOf(
  session: SMTPServerSession,
): { readonly version: string; readonly cipher: string } | null {
  if (!session.secure || session.tlsOptions === false) return null;
  return {
    version: protocols.get(session) ?? session.tlsOptions.version,
    cipher: session.tlsOptions.name,
  };
}
