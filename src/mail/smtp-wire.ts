/** One SMTP connection as bytes: commands out, replies in, with a deadline on each wait (RFC 5321 §4.5.3.2). */
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";

import { ReplyParser } from "./smtp-reply.ts";
import type { SmtpReply } from "./smtp-reply.ts";
import { SmtpFailure, causeText } from "./smtp-result.ts";
import type { Transcript } from "./smtp-transcript.ts";

interface Waiter {
  resolve(reply: SmtpReply): void;
  reject(failure: SmtpFailure): void;
}

/**
 * Counts the replies the server owes. One that nobody asked for ends the connection, because from then on every reply would be
 * taken for the answer to another command. Replies read before an end stay readable, so a last word is not lost.
 */
export class SmtpWire {
  #socket: Socket;
  #detach: () => void;
  /** Kept because a closed socket forgets it. */
  #address: string | null = null;
  #parser = new ReplyParser();
  #replies: SmtpReply[] = [];
  #owed = 0;
  #waiter: Waiter | null = null;
  #wake_writer: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  #failure: SmtpFailure | null = null;
  /** Called once when the connection ends, for whatever reason. */
  on_end: (() => void) | null = null;

  readonly transcript: Transcript;

  /** Takes over a socket that may still be connecting. */
  constructor(socket: Socket, transcript: Transcript) {
    this.#socket = socket;
    this.transcript = transcript;
    this.#detach = this.#attach(socket);
  }

  /** The peer's IP address, once connected. */
  get address(): string | null {
    return this.#address;
  }

  /** True when nothing is outstanding in either direction, so a new command gets its own reply. */
  get clean(): boolean {
    return (
      this.#failure === null &&
      this.#owed === 0 &&
      this.#replies.length === 0 &&
      !this.#parser.pending
    );
  }

  /** True when a reply waits to be read, or the connection has ended. */
  get interrupted(): boolean {
    return this.#replies.length > 0 || this.#failure !== null;
  }

  /** Waits until the socket is connected. @throws SmtpFailure */
  async connected(timeout_ms: number): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#socket.connecting) {
      await this.#until(timeout_ms, "no connection", (done) => this.#socket.once("connect", done));
    }
    this.#address = this.#socket.remoteAddress ?? null;
    this.transcript.note(`connected to ${this.#address}`);
  }

  /** Writes ASCII commands for which the server owes `replies` replies. `shown` stands in the transcript in their place. */
  write(commands: string, replies: number, shown = commands): void {
    this.#owed += replies;
    this.transcript.said(shown);
    if (this.#failure === null) this.#socket.write(commands, "latin1");
  }

  /** Says that message content follows, which is answered by one reply in the end. */
  expectReply(): void {
    this.#owed++;
  }

  /** Writes content without waiting. */
  writeContent(bytes: Buffer): void {
    if (this.#failure === null) this.#socket.write(bytes);
  }

  /**
   * Writes content and waits until the system took it, or the server replied before its time (see `interrupted`).
   * @throws SmtpFailure
   */
  flushContent(bytes: Buffer, timeout_ms: number): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return this.#until(timeout_ms, "server takes no data", (done) => {
      this.#wake_writer = done;
      this.#socket.write(bytes, (error) => {
        if (error === null || error === undefined) done();
      });
    }).finally(() => {
      this.#wake_writer = null;
    });
  }

  /** The next reply. @throws SmtpFailure */
  reply(timeout_ms: number): Promise<SmtpReply> {
    const ready = this.#replies.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#timer = setTimeout(
        () => this.fail(new SmtpFailure("timeout", `no reply within ${timeout_ms} ms`)),
        timeout_ms,
      );
    });
  }

  /**
   * Turns the connection into TLS, as a client. Anything the server said in the clear behind its go-ahead is refused: it would
   * be read as if TLS had protected it (RFC 3207 §6).
   * @throws SmtpFailure `tls_failed`, `timeout`
   */
  async startTls(options: ConnectionOptions, timeout_ms: number): Promise<TLSSocket> {
    if (!this.clean) {
      const failure =
        this.#failure ??
        new SmtpFailure("tls_failed", "server sent plaintext behind its STARTTLS reply");
      this.fail(failure);
      throw failure;
    }
    const plain = this.#socket;
    this.#detach();
    plain.on("error", ignore);
    const secure = connectTls({ ...options, socket: plain });
    this.#socket = secure;
    const onClose = (): void =>
      this.fail(new SmtpFailure("tls_failed", "connection closed during the TLS handshake"));
    const onError = (error: Error): void =>
      this.fail(new SmtpFailure("tls_failed", `TLS handshake failed: ${causeText(error)}`));
    secure.on("close", onClose).on("error", onError);
    await this.#until(timeout_ms, "no TLS handshake", (done) => secure.once("secureConnect", done));
    this.#detach = this.#attach(secure);
    secure.off("close", onClose).off("error", onError);
    return secure;
  }

  /** Ends the connection at once; whoever waits gets `failure`. Later calls change nothing. */
  fail(failure: SmtpFailure): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.transcript.note(failure.message);
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.reject(failure);
    this.on_end?.();
  }

  /** Waits for `start`'s callback, the connection's end or the deadline, whichever is first. */
  #until(timeout_ms: number, late: string, start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      // Nobody waits for a reply meanwhile, so the waiter's place and its timer are free.
      const waiter: Waiter = { resolve: done, reject };
      const timer = setTimeout(
        () => this.fail(new SmtpFailure("timeout", `${late} within ${timeout_ms} ms`)),
        timeout_ms,
      );
      this.#timer = timer;
      this.#waiter = waiter;
      const release = (): void => {
        clearTimeout(timer);
        if (this.#waiter === waiter) this.#waiter = null;
      };
      function done(): void {
        release();
        resolve();
      }
      start(done);
    });
  }

  #attach(socket: Socket): () => void {
    const onData = (chunk: Buffer): void => this.#read(chunk);
    const onEnd = (): void => this.fail(new SmtpFailure("closed", "server closed the connection"));
    const onError = (error: Error): void => {
      const reason = this.#address === null ? "connect_failed" : "closed";
      this.fail(new SmtpFailure(reason, `connection failed: ${causeText(error)}`));
    };
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
    return () =>
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
  }

  #read(chunk: Buffer): void {
    try {
      this.#parser.push(chunk, this.#take);
    } catch (error) {
      this.fail(
        new SmtpFailure("protocol_error", error instanceof Error ? error.message : String(error)),
      );
    }
  }

  readonly #take = (reply: SmtpReply): void => {
    if (this.#failure !== null) return;
    this.transcript.heard(reply);
    if (this.#owed === 0) {
      // 421 may come at any time and announces the end (RFC 5321 §3.8).
      this.fail(
        reply.code === 421
          ? new SmtpFailure(reply)
          : new SmtpFailure("protocol_error", "reply without a command"),
      );
      return;
    }
    this.#owed--;
    const waiter = this.#waiter;
    if (this.#wake_writer !== null || waiter === null) {
      this.#replies.push(reply);
      this.#wake_writer?.();
      return;
    }
    this.#waiter = null;
    clearTimeout(this.#timer);
    waiter.resolve(reply);
  };
}

function ignore(): void {
  // The TLS socket on top reports what matters.
}
