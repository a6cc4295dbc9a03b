/** What was said in one SMTP conversation, for people who look for a fault: bounded, without messages and without secrets. */
import type { SmtpReply } from "./smtp-reply.ts";

/** Characters of one line, and of all of them together. */
const MAX_LINE = 500;
const MAX_TEXT = 8000;
const CUT = "* the rest is left out";

/** Lines `seconds C: command`, `seconds S: reply` and `seconds * what happened`; seconds since the first of them. */
export class Transcript {
  readonly #now: () => Date;
  readonly #secrets = new Set<string>();
  #lines: string[] = [];
  #size = 0;
  #begun = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Text that must not stand in any line, whoever says it. */
  hide(secret: string): void {
    if (secret !== "") this.#secrets.add(secret);
  }

  /** Commands as they were written, one a line. */
  said(commands: string): void {
    for (const line of commands.split("\r\n")) if (line !== "") this.#add(`C: ${line}`);
  }

  heard({ code, enhanced, text }: SmtpReply): void {
    const lines = text.split("\n");
    for (const [i, line] of lines.entries()) {
      const separator = i + 1 < lines.length ? "-" : " ";
      this.#add(`S: ${code}${separator}${enhanced === null ? "" : `${enhanced} `}${line}`);
    }
  }

  /** Something that happened to the connection. */
  note(text: string): void {
    this.#add(`* ${text}`);
  }

  /** Everything since the last time, as text; what follows begins anew. */
  take(): string {
    const text = this.#lines.join("\n").toWellFormed();
    this.#lines = [];
    this.#size = 0;
    return text;
  }

  #add(line: string): void {
    if (this.#size > MAX_TEXT) return;
    const now = this.#now().getTime();
    if (this.#lines.length === 0) this.#begun = now;
    const seconds = ((now - this.#begun) / 1000).toFixed(3);
    let clean = line.replaceAll("\n", " ");
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, "***");
    const entry = `${seconds} ${clean.slice(0, MAX_LINE)}`;
    this.#size += entry.length + 1;
    this.#lines.push(this.#size > MAX_TEXT ? CUT : entry);
  }
}

/** Several in the order in which they were made, as one of at most 32,000 characters. */
export function joinTranscripts(...parts: readonly (string | undefined)[]): string {
  const text = parts.filter((part) => part !== undefined && part !== "").join("\n");
  return text.length <= 32_000 ? text : `${text.slice(0, 31_900).toWellFormed()}\n${CUT}`;
}
