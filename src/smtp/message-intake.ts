/** Takes the content of messages within one bound of memory, and turns whatever happens into an SMTP reply. */
import type { SMTPServerDataStream } from "smtp-server";

import { Refusal } from "../core/refusal.ts";
import { sourceOf } from "./session-limits.ts";
import type { SessionLimits } from "./session-limits.ts";
import { SmtpAnswer, replyText } from "./smtp-answer.ts";
import type { DoorLog } from "./strict-server.ts";

/** A message that is on its way in, or in use. */
interface Held {
  readonly source: string;
  readonly since: number;
  chunks: Buffer[];
  octets: number;
  state: "arriving" | "in_use" | "dropped";
}

/** Milliseconds for which a message may be on its way before it has to make room for others. */
const PATIENCE = 60_000;

export class MessageIntake {
  readonly #limits: SessionLimits;
  readonly #now: () => Date;
  readonly #held = new Set<Held>();
  #buffered = 0;

  constructor(limits: SessionLimits, now: () => Date) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Reads one message and hands it to `use`, whose octets count as buffered until it settles. The stream ends only
   * where strict reading found the end of the data. One source never fills the buffer alone, and whoever sends slowly
   * makes room for those who come later: nobody keeps the others' mail out by not ending their own.
   * @throws SmtpAnswer 552 too large, 452 no room, 451 the client went away, and what `use` throws
   */
  async take<T>(
    stream: SMTPServerDataStream,
    remote_address: string,
    use: (raw: Buffer) => Promise<T>,
  ): Promise<T> {
    const own: Held = {
      source: sourceOf(remote_address),
      since: this.#now().getTime(),
      chunks: [],
      octets: 0,
      state: "arriving",
    };
    this.#held.add(own);
    try {
      try {
        // Read to the end also where it will be refused: the reply is due only then.
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          if (isDropped(own)) continue;
          if (stream.sizeExceeded || !this.#hasRoom(own, chunk.length)) {
            this.#drop(own);
            continue;
          }
          own.octets += chunk.length;
          this.#buffered += chunk.length;
          own.chunks.push(chunk);
        }
      } catch {
        // The session was ended in the middle; nobody is left to read this.
        throw new SmtpAnswer(451, "4.4.2", "connection closed before the end of the message");
      }
      if (stream.sizeExceeded) throw new SmtpAnswer(552, "5.3.4", "message too large");
      if (isDropped(own))
        throw new SmtpAnswer(452, "4.3.1", "too much mail at once, try again later");
      own.state = "in_use";
      const [only] = own.chunks;
      const raw = only && own.chunks.length === 1 ? only : Buffer.concat(own.chunks);
      own.chunks = [];
      return await use(raw);
    } finally {
      this.#held.delete(own);
      this.#drop(own);
    }
  }

  /** Whether so many octets more of a message fit, once those who have taken too long have made room. */
  #hasRoom(own: Held, octets: number): boolean {
    const { message_size, buffered_size } = this.#limits;
    let of_source = octets;
    for (const one of this.#held) if (one.source === own.source) of_source += one.octets;
    // Whatever else a source sends, one message of the size offered fits.
    if (of_source > Math.max(message_size, buffered_size / 2)) return false;
    while (this.#buffered + octets > buffered_size) {
      const slow = this.#slowest(own);
      if (slow === null) return false;
      this.#drop(slow);
    }
    return true;
  }

  /** Of the messages that have been on their way for too long, the one that holds most. */
  #slowest(own: Held): Held | null {
    const before = this.#now().getTime() - PATIENCE;
    let found: Held | null = null;
    for (const one of this.#held)
      if (one !== own && one.state === "arriving" && one.since < before)
        if (one.octets > (found?.octets ?? 0)) found = one;
    return found;
  }

  #drop(one: Held): void {
    this.#buffered -= one.octets;
    one.octets = 0;
    one.chunks = [];
    one.state = "dropped";
  }
}

/** Asked by a function, since the state changes behind the compiler's back. */
function isDropped({ state }: Held): boolean {
  return state === "dropped";
}

type Callback<T> = (error: Error | null, value?: T) => void;

/** What a log was told last of failures, and how many since. */
const told = new WeakMap<DoorLog, { at: number; more: number }>();

/** One line a second says as much as one a command, and leaves room on a disk that may be full. */
function tell(log: DoorLog, error: unknown): void {
  const last = told.get(log);
  const now = performance.now();
  if (last && now - last.at < 1000) {
    last.more++;
    return;
  }
  told.set(log, { at: now, more: 0 });
  const more = last && last.more > 0 ? { not_told: last.more } : {};
  log.error({ err: error, ...more }, "smtp: answered 451");
}

/**
 * Calls back with what `work` gives. What is thrown and is no answer becomes `451 4.3.0`, and is logged, once a second; not so the
 * refusal `unavailable`, whose cause stands in the log already. Never rejects.
 */
export async function answer<T>(
  work: Promise<T>,
  callback: Callback<T>,
  log: DoorLog,
): Promise<void> {
  let value: T;
  try {
    value = await work;
  } catch (error) {
    if (error instanceof SmtpAnswer) {
      callback(error);
      return;
    }
    const known = error instanceof Refusal && error.code === "unavailable";
    if (!known) tell(log, error);
    callback(new SmtpAnswer(451, "4.3.0", "temporary failure, try again later"));
    return;
  }
  callback(null, typeof value === "string" ? (`2.0.0 ${replyText(value)}` as T) : value);
}
