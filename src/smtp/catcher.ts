/** The local mail catcher: an SMTP server that takes mail for anybody, keeps it for the catcher view, and sends nothing on. */
import type { AddressInfo } from "node:net";

import { SMTPServer } from "smtp-server";
import type { SMTPServerDataStream, SMTPServerSession } from "smtp-server";

import { inspectContent } from "../mail/smtp-content.ts";
import { SmtpInputError } from "../mail/smtp-envelope.ts";
import type { CatcherStore } from "./catcher-store.ts";
import { wireAddress } from "./wire-address.ts";

/** The part of a pino logger that the catcher uses. */
export interface CatcherLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface CatcherOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly store: CatcherStore;
  readonly log: CatcherLog;
  /** The name in greeting and EHLO reply; default `localhost`. */
  readonly name?: string;
  /** PEM; STARTTLS is offered only with it. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly limits?: Partial<CatcherLimits>;
}

export interface CatcherLimits {
  /** Octets of one message. */
  readonly message_size: number;
  /** Octets of all messages being received or stored; beyond it new ones are put off with 452. */
  readonly buffered_size: number;
  readonly recipients: number;
  readonly connections: number;
  /** Milliseconds a client may keep silent. */
  readonly idle_ms: number;
}

const DEFAULT_LIMITS: CatcherLimits = {
  message_size: 50 * 1024 * 1024,
  buffered_size: 256 * 1024 * 1024,
  recipients: 1000,
  connections: 200,
  idle_ms: 60_000,
};

export interface Catcher {
  readonly host: string;
  readonly port: number;
  /** Stops listening, gives open sessions a moment, and resolves when the port is free. Stored mail stays. */
  close(): Promise<void>;
}

/**
 * Starts the catcher. A 250 means the message is on disk.
 * @throws the listen error, such as EADDRINUSE
 */
export async function startCatcher(options: CatcherOptions): Promise<Catcher> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const receiver = new Receiver(options.store, options.log, limits);
  const server = new SMTPServer({
    name: options.name ?? "localhost",
    banner: "mail catcher",
    ...options.tls,
    // Commands that a catcher has no use for; smtp-server answers some of them with jokes.
    disabledCommands: [
      "AUTH",
      "XCLIENT",
      "XFORWARD",
      "VRFY",
      "HELP",
      "WIZ",
      "SHELL",
      "KILL",
      ...(options.tls === undefined ? ["STARTTLS"] : []),
    ],
    authOptional: true,
    hideSMTPUTF8: true,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    // Whatever would have gone to the world must be catchable, however odd its address.
    lenientAddressParsing: true,
    logger: false,
    size: limits.message_size,
    rejectOversized: true,
    maxClients: limits.connections,
    maxRecipients: limits.recipients,
    maxCommandLength: 4096,
    socketTimeout: limits.idle_ms,
    closeTimeout: 500,
    onData: (stream, session, callback) => void receiver.answer(stream, session, callback),
  });
  const address = await listen(server, options.host, options.port);
  // Without a listener the next client that resets its connection would end the process.
  server.on("error", (error: Error) =>
    options.log.warn({ err: error }, "catcher: connection failed"),
  );
  return {
    host: address.address,
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function listen(server: SMTPServer, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  return server.server.address() as AddressInfo;
}

/** A reply to the client in place of 250. */
class Refusal extends Error {
  readonly responseCode: number;

  constructor(response_code: number, message: string) {
    super(message);
    this.responseCode = response_code;
  }
}

/** The content of one message so far. */
interface Hold {
  readonly chunks: Buffer[];
  octets: number;
  put_off: boolean;
}

/** Takes message contents within the memory bound and stores them. */
class Receiver {
  readonly #store: CatcherStore;
  readonly #log: CatcherLog;
  readonly #limits: CatcherLimits;
  #buffered = 0;

  constructor(store: CatcherStore, log: CatcherLog, limits: CatcherLimits) {
    this.#store = store;
    this.#log = log;
    this.#limits = limits;
  }

  /** Takes one message and calls back with its reply. Never rejects. */
  async answer(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    callback: (refusal: Error | null, text?: string) => void,
  ): Promise<void> {
    let text: string;
    try {
      text = await this.#receive(stream, session);
    } catch (error) {
      callback(this.#refusal(error));
      return;
    }
    callback(null, text);
  }

  /** Resolves with the text of the 250, once the message is durable. */
  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const { envelope } = session;
    const from = envelope.mailFrom === false ? "" : wireAddress(envelope.mailFrom.address);
    const to = envelope.rcptTo.map((recipient) => wireAddress(recipient.address));
    const hold: Hold = { chunks: [], octets: 0, put_off: false };
    try {
      await this.#collect(stream, hold);
      if (stream.sizeExceeded) throw new Refusal(552, "message too large");
      if (hold.put_off) throw new Refusal(452, "too much mail at once, try again later");
      const content = Buffer.concat(hold.chunks);
      // smtp-server lets bare CR and LF through; what we keep must mean the same to every reader.
      if (content.length > 0) inspectContent(content);
      const mail = await this.#store.add({ from, to, peer: session.remoteAddress, content });
      this.#log.info(
        { id: mail.id, size: mail.size, recipients: to.length },
        "catcher: message kept",
      );
      return `caught as ${mail.id}`;
    } finally {
      this.#buffered -= hold.octets;
    }
  }

  /** Reads the content to its end, also where it will be refused: the reply is due only then. */
  async #collect(stream: SMTPServerDataStream, hold: Hold): Promise<void> {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        hold.put_off ||= this.#buffered + chunk.length > this.#limits.buffered_size;
        if (hold.put_off || stream.sizeExceeded) continue;
        hold.octets += chunk.length;
        this.#buffered += chunk.length;
        hold.chunks.push(chunk);
      }
    } catch {
      // smtp-server destroys the stream when the client goes away; nobody is left to read this.
      throw new Refusal(451, "connection closed before the end of the message");
    }
  }

  /** The reply for a message that was not kept. */
  #refusal(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof SmtpInputError) return new Refusal(554, error.message);
    this.#log.error({ err: error }, "catcher: message not kept");
    return new Refusal(451, "message could not be stored, try again later");
  }
}
