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
  /** The last id that came. */
  lastId: string | null = null;
  /** Milliseconds that the server asks to wait before a new connection. */
  retry: number | null = null;

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
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) this.retry = Number(value);
    return [];
  }

  #dispatch(): StreamEvent[] {
    const data = this.#data;
    const event = this.#type === "" ? "message" : this.#type;
    this.#data = [];
    this.#type = "";
    this.#size = 0;
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
   * Connects anew after a break, behind the last event that was yielded. Throws what the server refuses, and
   * {@link ApiConnectionError} when it cannot be reached more often than the retries allow without one sign of life between.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent, void, void> {
    const retries = this.#transport.retriesOf(this.#options);
    let lastId: string | null = null;
    let failures = 0;
    let asked: number | null = null;
    for (;;) {
      const parser = new EventParser();
      parser.lastId = lastId;
      let failure: unknown = new ApiConnectionError("The stream ended.");
      try {
        for await (const piece of this.#pieces(lastId)) {
          failures = 0;
          for (const event of parser.push(piece)) {
            lastId = event.id;
            yield event;
          }
        }
      } catch (error) {
        failure = error;
      }
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
    let timer = setTimeout(() => ending.abort(), silence);
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (lastId !== null) headers["last-event-id"] = lastId;
      const { body } = await this.#transport.open(
        this.#operation,
        this.#input,
        { headers, signal },
        this.#options,
      );
      if (body === null) return;
      const decoder = new TextDecoder();
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => ending.abort(), silence);
        yield decoder.decode(value, { stream: true });
      }
    } catch (error) {
      own?.throwIfAborted();
      throw error instanceof MultiMailError
        ? error
        : new ApiConnectionError("The stream broke off.", error);
    } finally {
      clearTimeout(timer);
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
