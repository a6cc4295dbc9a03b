/** Finds the end of SMTP message data by the strict rule (RFC 5321 §4.1.1.4), octet by octet, however it was cut into packets. */

/** Why data can be no message; nothing behind such a place may be read as commands. */
export type DataFault = "bare_cr" | "bare_lf" | "nul" | "long_line";

/** What one call of `scan` found. `consumed` octets belong to the message; with `end` its last line is among them. */
export interface Scan {
  /** The content, dots of stuffing removed; views into the chunk. */
  readonly content: Buffer[];
  readonly consumed: number;
  readonly state: "more" | "end" | DataFault;
}

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

/** Where in a line the scanner stands. */
const AT_START = 0;
const IN_LINE = 1;
const AFTER_CR = 2;
const AFTER_DOT = 3;
const AFTER_DOT_CR = 4;

/**
 * Reads data until CRLF "." CRLF. Every other mixture of CR, LF and dots that some server takes for the end (SMTP
 * smuggling) holds a bare CR or LF, and is a fault, as are NUL, which readers cut strings at, and lines over a bound.
 * After `end` or a fault the scanner is spent. Keeps no octets between calls.
 */
export class DataScanner {
  readonly #max_line: number;
  #at = AT_START;
  #line = 0;

  /** `max_line` in octets, without CRLF. */
  constructor(max_line: number) {
    this.#max_line = max_line;
  }

  scan(chunk: Buffer): Scan {
    const content: Buffer[] = [];
    let from = 0;
    let at = this.#at;
    let line = this.#line;
    const finish = (consumed: number, state: Scan["state"], until: number): Scan => {
      if (until > from) content.push(chunk.subarray(from, until));
      this.#at = at;
      this.#line = line;
      return { content, consumed, state };
    };
    for (let i = 0; i < chunk.length; i++) {
      const octet = chunk[i]!;
      if (octet > CR) {
        if (at === AFTER_CR || at === AFTER_DOT_CR) return finish(i, "bare_cr", i);
        if (octet === DOT && at === AT_START) {
          // Stuffing or the last line: in neither case content.
          if (i > from) content.push(chunk.subarray(from, i));
          from = i + 1;
          at = AFTER_DOT;
          continue;
        }
        at = IN_LINE;
        if (++line > this.#max_line) return finish(i, "long_line", i);
      } else if (octet === CR) {
        if (at === AFTER_CR || at === AFTER_DOT_CR) return finish(i, "bare_cr", i);
        if (at === AFTER_DOT) {
          from = i + 1;
          at = AFTER_DOT_CR;
        } else at = AFTER_CR;
      } else if (octet === LF) {
        if (at === AFTER_DOT_CR) return finish(i + 1, "end", from);
        if (at !== AFTER_CR) return finish(i, "bare_lf", i);
        at = AT_START;
        line = 0;
      } else {
        if (octet === NUL) return finish(i, "nul", i);
        if (at === AFTER_CR || at === AFTER_DOT_CR) return finish(i, "bare_cr", i);
        at = IN_LINE;
        if (++line > this.#max_line) return finish(i, "long_line", i);
      }
    }
    return finish(chunk.length, "more", chunk.length);
  }
}
