/** The octets of an SMTP client as command lines and message data, strictly: what is ambiguous is a fault and ends the session. */
import { isUtf8 } from "node:buffer";

import { SMTPStream } from "smtp-server/lib/smtp-stream.js";
import type { SMTPServerDataStream } from "smtp-server";

import { DataScanner } from "./data-scanner.ts";
import type { DataFault } from "./data-scanner.ts";

/** The answer to a client whose octets cannot be read in one way only. */
export interface Fault {
  readonly code: number;
  /** Enhanced status code and text. */
  readonly text: string;
}

export interface StrictLinesOptions {
  /** Octets of a command line. */
  readonly command_length: number;
  /** Octets of a line of message data. */
  readonly line_length: number;
  /** Whether the client may speak already; false before the greeting. */
  readonly ready: () => boolean;
  /** Called once; after it nothing more is read. */
  readonly fault: (fault: Fault) => void;
}

const EMPTY = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;
/** Commands handled in one go before other connections get their turn. */
const TURN = 100;

const DATA_FAULTS: Readonly<Record<DataFault, Fault>> = {
  bare_cr: { code: 550, text: "5.6.0 message refused: bare carriage return (RFC 5321 2.3.8)" },
  bare_lf: { code: 550, text: "5.6.0 message refused: bare line feed (RFC 5321 2.3.8)" },
  nul: { code: 550, text: "5.6.0 message refused: it holds a NUL octet" },
  long_line: { code: 550, text: "5.6.0 message refused: a line is too long" },
};
const TOO_MUCH: Fault = { code: 552, text: "5.3.4 message far larger than announced by SIZE" };
const EARLY_TALKER: Fault = { code: 554, text: "5.5.1 you spoke before the greeting" };
const OUT_OF_STEP: Fault = {
  code: 554,
  text: "5.5.0 SMTP synchronization error: wait for the reply (RFC 2920 3.1)",
};
const fault = (what: string): Fault => ({ code: 500, text: `5.5.2 ${what}` });

/** Commands whose reply changes what may follow, so that nothing may be sent behind them yet. */
const NO_PIPELINING = /^(?:ehlo|helo)(?: |$)/i;

/**
 * Stands in for the parser of smtp-server, which takes bare LF for a line end in commands, lets bare CR and LF through
 * in data, and runs an unfinished last line when the client hangs up. Its interface is kept: `oncommand`,
 * `startDataMode`, `continue`. The package is pinned to one version, and test/scenarios/smtp-smuggling.test.ts notices
 * when it stops asking us.
 */
export class StrictLines extends SMTPStream {
  readonly #options: StrictLinesOptions;
  #rest: Buffer = EMPTY;
  /** Octets of `#rest` known to hold no line end. */
  #looked = 0;
  /** Octets of the chunk that is being worked on. */
  #chunk = 0;
  #next: ((error?: Error | null) => void) | null = null;
  #scanner: DataScanner | null = null;
  #running = false;
  #again = false;

  constructor(options: StrictLinesOptions) {
    super();
    this.#options = options;
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding | "buffer",
    next: (error?: Error | null) => void,
  ): void {
    this.#chunk = chunk.length;
    this.#next = next;
    if (chunk.length > 0 && !this.isClosed && !this.#options.ready()) {
      this.#fail(EARLY_TALKER);
      return;
    }
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#run();
  }

  /** An unfinished line is not a command. */
  override _flushData(): void {
    this.#rest = EMPTY;
  }

  override startDataMode(max_bytes?: number | string | null): SMTPServerDataStream {
    const stream = super.startDataMode(max_bytes);
    this.#scanner = new DataScanner(this.#options.line_length);
    // Content sent before the 354 was sent without knowing that it would be taken for content.
    if (this.#rest.length > 0 || this.writableLength > this.#chunk) {
      this.#fail(OUT_OF_STEP);
      stream.destroy();
    }
    return stream;
  }

  /** Handles what is there, command by command, until more input or an answer has to be waited for. */
  #run(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    try {
      for (let turn = 0; ; turn++) {
        if (this.isClosed) {
          this.#done();
          return;
        }
        if (this._dataMode) {
          this.#data();
          return;
        }
        const line = this.#takeLine();
        if (line === null) {
          this.#done();
          return;
        }
        if (turn === TURN) {
          this.#rest = Buffer.concat([line, Buffer.from("\r\n"), this.#rest]);
          setImmediate(() => this.#run());
          return;
        }
        this.#again = false;
        this.oncommand(line, () => this.#run());
        if (!this.#again) return;
      }
    } finally {
      this.#running = false;
    }
  }

  /** The next command line without its CRLF; null when there is none yet or the session has ended. */
  #takeLine(): Buffer | null {
    const rest = this.#rest;
    for (let i = this.#looked; i < rest.length; i++) {
      const octet = rest[i]!;
      if (octet > CR) continue;
      if (octet === LF) return this.#fail(fault("bare line feed in a command"));
      if (octet === 0) return this.#fail(fault("NUL octet in a command"));
      if (octet !== CR) continue;
      if (i + 1 === rest.length) return this.#waitFrom(i);
      if (rest[i + 1] !== LF) return this.#fail(fault("bare carriage return in a command"));
      if (i > this.#options.command_length) return this.#fail(fault("command line too long"));
      const line = rest.subarray(0, i);
      this.#rest = rest.subarray(i + 2);
      this.#looked = 0;
      if (!isUtf8(line)) return this.#fail(fault("command is not UTF-8"));
      if (this.#rest.length > 0 && NO_PIPELINING.test(line.toString("latin1", 0, 5)))
        return this.#fail(OUT_OF_STEP);
      return line;
    }
    return this.#waitFrom(rest.length);
  }

  #waitFrom(looked: number): null {
    this.#looked = looked;
    if (this.#rest.length > this.#options.command_length)
      return this.#fail(fault("command line too long"));
    return null;
  }

  /** Feeds message data to its stream, at the pace of the reader. */
  #data(): void {
    const chunk = this.#rest;
    const stream = this._dataStream;
    this.#rest = EMPTY;
    if (stream === null || this.#scanner === null || chunk.length === 0) {
      this.#done();
      return;
    }
    const { content, consumed, state } = this.#scanner.scan(chunk);
    let keen = true;
    for (const piece of content) {
      this._countDataBytes(piece.length);
      if (!stream.sizeExceeded && stream.writable) keen = stream.write(piece);
    }
    if (state === "end") {
      this.#scanner = null;
      const next = this.#next ?? (() => {});
      this.#next = null;
      this._endDataMode(false, chunk.subarray(consumed), next);
      return;
    }
    if (state !== "more" || this.dataBytes > 2 * this._maxBytes + 1_048_576) {
      stream.destroy();
      this.#fail(state === "more" ? TOO_MUCH : DATA_FAULTS[state]);
      return;
    }
    if (keen || stream.destroyed) this.#done();
    else this.#whenRead(stream);
  }

  #whenRead(stream: SMTPServerDataStream): void {
    const resume = (): void => {
      stream.removeListener("drain", resume);
      stream.removeListener("close", resume);
      this.#done();
    };
    stream.once("drain", resume);
    stream.once("close", resume);
  }

  #done(): void {
    const next = this.#next;
    this.#next = null;
    if (this.isClosed) this.#rest = EMPTY;
    next?.();
  }

  #fail(what: Fault): null {
    if (!this.isClosed) {
      this.isClosed = true;
      this.#rest = EMPTY;
      this.#options.fault(what);
    }
    this.#done();
    return null;
  }
}
