/** Takes the content of messages within one bound of memory, and turns whatever happens into an SMTP reply. */
import type { SMTPServerDataStream } from "smtp-server";

import type { SessionLimits } from "./session-limits.ts";
import { SmtpAnswer, replyText } from "./smtp-answer.ts";
import type { DoorLog } from "./strict-server.ts";

export class MessageIntake {
  readonly #limits: SessionLimits;
  #buffered = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  /**
   * Reads one message and hands it to `use`, whose octets count as buffered until it settles. The stream ends only
   * where strict reading found the end of the data.
   * @throws SmtpAnswer 552 too large, 452 no room, 451 the client went away, and what `use` throws
   */
  async take<T>(stream: SMTPServerDataStream, use: (raw: Buffer) => Promise<T>): Promise<T> {
    const chunks: Buffer[] = [];
    let octets = 0;
    let no_room = false;
    try {
      try {
        // Read to the end also where it will be refused: the reply is due only then.
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          no_room ||= this.#buffered + chunk.length > this.#limits.buffered_size;
          if (no_room || stream.sizeExceeded) {
            this.#buffered -= octets;
            octets = 0;
            chunks.length = 0;
            continue;
          }
          octets += chunk.length;
          this.#buffered += chunk.length;
          chunks.push(chunk);
        }
      } catch {
        // The session was ended in the middle; nobody is left to read this.
        throw new SmtpAnswer(451, "4.4.2", "connection closed before the end of the message");
      }
      if (stream.sizeExceeded) throw new SmtpAnswer(552, "5.3.4", "message too large");
      if (no_room) throw new SmtpAnswer(452, "4.3.1", "too much mail at once, try again later");
      return await use(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    } finally {
      this.#buffered -= octets;
    }
  }
}

type Callback<T> = (error: Error | null, value?: T) => void;

/** Calls back with what `work` gives. What is thrown and is no answer becomes `451 4.3.0`, and is logged. Never rejects. */
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
    log.error({ err: error }, "smtp: answered 451");
    callback(new SmtpAnswer(451, "4.3.0", "temporary failure, try again later"));
    return;
  }
  callback(null, typeof value === "string" ? (`2.0.0 ${replyText(value)}` as T) : value);
}
