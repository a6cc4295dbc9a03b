/** Server-sent events as an async iterable that goes on after a break where it stopped. */
import { ApiConnectionError, ApiError, MultiMailError } from "./errors.ts";
import type { Operation, RequestOptions } from "./request.ts";
import type { Transport } from "./transport.ts";
import { pauseBefore } from "./transport.ts";

/** One event of the stream. */
export type StreamEvent = {
  /** Where the stream goes on after this event; null before the first one that has an id. */
  id: string | null;
  event: string;
  /** The event's data as parsed JSON, or as text where it is none. */
  data: unknown;
};

/** Longest event that is taken, in characters. */
const longestEvent = 8 * 1024 * 1024;

/** Takes a stream apart by the rules of the HTML standard, section 9.2.6. */
export class EventParser {
  #rest = "";
  #data: string[] = [];
  #type = "";
  #size = 0;
  #first = true;
  #id: string | null;
  /** Where the stream goes on: the id of the last complete block, which may have been one without an event. */
  lastId: string | null;
  /** Milliseconds that the server asks to wait before a new connection. */
  retry: number | null = null;

  constructor(lastId: string | null) {
    this.#id = lastId;
    this.lastId = lastId;
  }

  /** The events that are complete with this piece. Throws {@link MultiMailError} for one beyond all measure. */
  push(piece: string): StreamEvent[] {
    const text = this.#rest + (this.#first ? piece.replace(/^\uFEFF/, "") : piece);
    this.#first &&= piece === "";
    // A CR at the end may be half of a line end.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(whole.length);
    if (this.#rest.length + this.#size > longestEvent)
      throw new MultiMailError("An event of the stream is too long.");
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === "") return this.#dispatch();
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") {
      this.#data.push(value);
      this.#size += value.length;
    } else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) this.retry = Number(value);
    return [];
  }

  #dispatch(): StreamEvent[] {
    const data = this.#data;
    const event = this.#type === "" ? "message" : this.#type;
    this.#data = [];
    this.#type = "";
    this.#size = 0;
    this.lastId = this.#id;
    return data.length === 0 ? [] : [{ id: this.lastId, event, data: parsed(data.join("\n")) }];
  }
}

/** Events as they happen. Leaving the loop, or the signal of the call's options, ends the connection. */
export class EventStream implements AsyncIterable<StreamEvent> {
  readonly #transport: Transport;
  readonly #operation: Operation;
  readonly #input: object;
  readonly #options: RequestOptions;

  constructor(
    transport: Transport,
    operation: Operation,
    input: object,
    options: RequestOptions = {},
  ) {
    this.#transport = transport;
    this.#operation = operation;
    this.#input = input;
    this.#options = options;
  }

  /**
   * Connects anew after a break, behind the last event that was yielded; where the input says for how long, the end after
   * that time is the end. Throws what the server refuses, and
   * {@link ApiConnectionError} when it cannot be reached more often than the retries allow without one sign of life between.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent, void, void> {
    const retries = this.#transport.retriesOf(this.#options);
    let lastId: string | null = null;
    const limited = "timeout_seconds" in this.#input && this.#input.timeout_seconds !== undefined;
    let failures = 0;
    let asked: number | null = null;
    for (;;) {
      const parser: EventParser = new EventParser(lastId);
      let failure: unknown = new ApiConnectionError("The stream ended.");
      try {
        for await (const piece of this.#pieces(lastId)) {
          failures = 0;
          yield* parser.push(piece);
        }
        if (limited) return;
      } catch (error) {
        failure = error;
      }
      lastId = parser.lastId;
      asked = parser.retry ?? asked;
      const pause = failures < retries ? pauseBefore(failure, failures) : null;
      if (pause === null) throw failure;
      failures++;
      await this.#transport.wait(
        failure instanceof ApiError ? pause : Math.min(asked ?? pause, 60_000),
        this.#options.signal,
      );
    }
  }

  /** The text of one connection. A silence longer than the call's time is a break: the server sends a sign of life. */
  async *#pieces(lastId: string | null): AsyncGenerator<string, void, void> {
    const ending = new AbortController();
    const own = this.#options.signal;
    const signal = own ? AbortSignal.any([own, ending.signal]) : ending.signal;
    const silence = this.#transport.timeoutOf(this.#options);
    // Only the server's silence counts, not the time that the caller takes for an event.
    const heard = <T>(answer: Promise<T>): Promise<T> => {
      const timer = setTimeout(() => ending.abort(), silence);
      return answer.finally(() => clearTimeout(timer));
    };
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (lastId !== null) headers["last-event-id"] = lastId;
      const { body } = await heard(
        this.#transport.open(this.#operation, this.#input, { headers, signal }, this.#options),
      );
      if (body === null) return;
      const decoder = new TextDecoder();
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await heard(reader.read());
        if (done) return;
        yield decoder.decode(value, { stream: true });
      }
    } catch (error) {
      own?.throwIfAborted();
      throw error instanceof MultiMailError
        ? error
        : new ApiConnectionError("The stream broke off.", error);
    } finally {
      ending.abort();
    }
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
