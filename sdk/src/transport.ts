/** Carries calls over fetch: credentials, time limits, errors, and retries of what may be repeated. */
import { ApiError, ApiConnectionError, MultiMailError, ApiTimeoutError } from "./errors.ts";
import type { ErrorBody } from "./generated/types.ts";
import type { LaidOut, Operation, RequestOptions } from "./request.ts";
import { layOut } from "./request.ts";

/** How a client is set up. */
export type ClientOptions = {
  /** Where the server is, as `https://mail.example.com`. */
  baseUrl: string;
  /** An API key or an OAuth access token; without one only public operations answer. */
  apiKey?: string | undefined;
  /**
   * Milliseconds of silence after which an attempt is given up (60,000 unless given): until the answer begins, and between its
   * parts. Calls that wait get their waiting time on top.
   */
  timeoutMs?: number | undefined;
  /** How often a call that may be repeated is tried again (2 unless given). */
  maxRetries?: number | undefined;
  /** Headers of every call. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Another fetch: one with a proxy, or a test's. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** How it is waited between attempts, for tests. */
  wait?: ((milliseconds: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
};

/** A complete answer. */
export type Answer = { status: number; headers: Headers; body: Uint8Array<ArrayBuffer> };

/** A wait longer than this, asked for by the server, is left to the caller. */
const longestWait = 60_000;

/** Sends calls to one server with one credential. */
export class Transport {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: ClientOptions;

  /** Throws {@link MultiMailError} for a base URL or a key that cannot be one. */
  constructor(options: ClientOptions) {
    this.#base = baseOf(options.baseUrl);
    const key = options.apiKey;
    // fetch would name the key in its error.
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
      throw new MultiMailError("The API key is empty or has characters that no key has.");
    this.#options = options;
    this.#headers = {
      ...lowerCased(options.headers),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
  }

  /** Makes the call, again where that is safe, and answers a success. Throws the errors of `errors.ts`. */
  async send(operation: Operation, input: object, options: RequestOptions = {}): Promise<Answer> {
    const call = layOut(operation, input);
    const headers = this.#headersOf(operation, input, call, options);
    const retries = mayRepeat(operation, headers, input) ? this.retriesOf(options) : 0;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(operation, input, call, headers, options).catch(
        (error: unknown) => {
          if (error instanceof ApiConnectionError) return error;
          throw error;
        },
      );
      if (!(outcome instanceof Error)) return outcome;
      const pause = attempt < retries ? pauseBefore(outcome, attempt) : null;
      if (pause === null) throw outcome;
      await this.wait(pause, options.signal);
    }
  }

  /** Waits as the client's options say; rejects with the signal's reason when it ends first. */
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return (this.#options.wait ?? waitFor)(milliseconds, signal);
  }

  /** Begins a call whose answer is read as it comes. `signal` ends it. Throws like {@link send}. */
  async open(
    operation: Operation,
    input: object,
    more: { headers: Record<string, string>; signal: AbortSignal },
    options: RequestOptions = {},
  ): Promise<Response> {
    const call = layOut(operation, input);
    const headers = { ...this.#headersOf(operation, input, call, options), ...more.headers };
    const response = await this.#fetch(operation, call, headers, more.signal).catch(
      (error: unknown) => {
        throw more.signal.aborted ? error : connectionError(this.#base, error);
      },
    );
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && type.startsWith("text/event-stream")) return response;
    const body = new Uint8Array(await response.arrayBuffer());
    throw refusal({ status: response.status, headers: response.headers, body });
  }

  /** Milliseconds that the server may be silent for. */
  timeoutOf(options: RequestOptions, input: object = {}): number {
    const waits = (input as { timeout_seconds?: unknown }).timeout_seconds;
    const most = options.timeoutMs ?? this.#options.timeoutMs ?? 60_000;
    return most + (typeof waits === "number" && waits > 0 ? waits * 1000 : 0);
  }

  /** How often a call is tried again. */
  retriesOf(options: RequestOptions): number {
    return options.maxRetries ?? this.#options.maxRetries ?? 2;
  }

  #headersOf(
    operation: Operation,
    input: object,
    call: LaidOut,
    options: RequestOptions,
  ): Record<string, string> {
    const own = "idempotency_key" in input && input.idempotency_key !== undefined;
    return {
      accept: "application/json, */*",
      ...(call.body === null ? {} : { "content-type": "application/json" }),
      ...(operation.repeat === "keyed" && !own ? { "idempotency-key": crypto.randomUUID() } : {}),
      ...this.#headers,
      ...lowerCased(options.headers),
    };
  }

  /** One attempt: an answer, or an error that another attempt may mend. */
  async #attempt(
    operation: Operation,
    input: object,
    call: LaidOut,
    headers: Record<string, string>,
    options: RequestOptions,
  ): Promise<Answer | ApiError> {
    options.signal?.throwIfAborted();
    const milliseconds = this.timeoutOf(options, input);
    const late = new AbortController();
    const giveUp = (): void => late.abort();
    let timer = setTimeout(giveUp, milliseconds);
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, milliseconds);
    };
    const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
    try {
      const response = await this.#fetch(operation, call, headers, signal);
      const body = await readWhole(response, heard);
      const answer = { status: response.status, headers: response.headers, body };
      return response.ok ? answer : refusal(answer);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (late.signal.aborted) throw new ApiTimeoutError(milliseconds);
      throw error instanceof MultiMailError ? error : connectionError(this.#base, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #fetch(
    operation: Operation,
    call: LaidOut,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const init: RequestInit = {
      method: operation.verb,
      headers,
      // A redirect would carry the key to an address that nobody named. Workers do not know `error`.
      redirect: "manual",
      signal,
      ...(call.body === null ? {} : { body: call.body }),
    };
    const url = this.#base + call.path;
    const own = this.#options.fetch;
    const response = await (own === undefined ? globalThis.fetch(url, init) : own(url, init));
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400))
      throw new MultiMailError(`${this.#base} redirects elsewhere: give the address it leads to.`);
    return response;
  }
}

/** The body, however long it takes; `heard` is called as each part comes. */
async function readWhole(response: Response, heard: () => void): Promise<Uint8Array<ArrayBuffer>> {
  heard();
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) {
      const whole = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    }
    heard();
    size += value.length;
    parts.push(value);
  }
}

function baseOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new MultiMailError("baseUrl is not an address such as https://mail.example.com.");
  }
  const plain = url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (!/^https?:$/.test(url.protocol) || !plain)
    throw new MultiMailError("baseUrl must be http or https, without user, query and fragment.");
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function mayRepeat(
  operation: Operation,
  headers: Readonly<Record<string, string>>,
  input: object,
): boolean {
  if (operation.repeat === "safe") return true;
  if (operation.repeat === "never") return false;
  return (
    "idempotency-key" in headers ||
    ("idempotency_key" in input && typeof input.idempotency_key === "string")
  );
}

/** Milliseconds until the next attempt; null where another would be of no use or the server wants more time than we wait. */
export function pauseBefore(error: unknown, attempt: number): number | null {
  if (!(error instanceof ApiError || error instanceof ApiConnectionError)) return null;
  const backoff = Math.min(500 * 2 ** attempt, 8000) * (0.5 + Math.random() / 2);
  if (!(error instanceof ApiError)) return backoff;
  const { status, retryAfterSeconds } = error;
  if (status !== 429 && (status < 500 || status === 501)) return null;
  if (retryAfterSeconds === null) return backoff;
  const asked = retryAfterSeconds * 1000;
  return asked > longestWait ? null : Math.max(asked, backoff);
}

function refusal({ status, headers, body }: Answer): ApiError {
  let json: Partial<ErrorBody> | null;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    json = typeof value === "object" ? value : null;
  } catch {
    json = null;
  }
  return new ApiError(status, json, {
    requestId: headers.get("x-request-id"),
    retryAfterSeconds: retryAfter(headers.get("retry-after")),
  });
}

/** Seconds by RFC 9110 section 10.2.3: a number, or a date. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

function connectionError(base: string, cause: unknown): ApiConnectionError {
  return new ApiConnectionError(`${base} could not be reached, or its answer broke off.`, cause);
}

function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const ended = () => {
      clearTimeout(timer);
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", ended, { once: true });
  });
}
