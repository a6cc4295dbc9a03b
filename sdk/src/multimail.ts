/** The client: `new MultiMail({ baseUrl, apiKey })`, with a method for every operation of the server. */
import { ApiError } from "./errors.ts";
import { EventStream } from "./events.ts";
import { Operations } from "./generated/operations.ts";
import type { ApprovalRequired } from "./generated/types.ts";
import { Pages } from "./pages.ts";
import type { FileAnswer, Operation, RequestOptions } from "./request.ts";
import type { Answer, ClientOptions } from "./transport.ts";
import { Transport } from "./transport.ts";

export type * from "./generated/types.ts";
export { contractVersion } from "./generated/types.ts";
export * from "./errors.ts";
export type { StreamEvent } from "./events.ts";
export { EventStream } from "./events.ts";
export { Pages } from "./pages.ts";
export type { FileAnswer, RequestOptions } from "./request.ts";
export type { ClientOptions } from "./transport.ts";
export * from "./webhooks.ts";

/**
 * A MultiMail server with one credential. Each method takes one flat object, named as the server names its inputs, and
 * answers what the server answers; lists can be awaited for their first page or iterated for all items.
 */
export class MultiMail extends Operations {
  readonly #transport: Transport;

  /** Throws MultiMailError for an address or a key that cannot be one. */
  constructor(options: ClientOptions) {
    super();
    this.#transport = new Transport(options);
  }

  protected async callJson<T>(
    operation: Operation,
    input: object,
    options?: RequestOptions,
  ): Promise<T> {
    return jsonOf(await this.#transport.send(operation, input, options)) as T;
  }

  protected callPages<P extends object, I>(
    operation: Operation,
    input: object,
    options?: RequestOptions,
  ): Pages<P, I> {
    const start = (input as { cursor?: string }).cursor;
    return new Pages<P, I>(
      (cursor) =>
        this.callJson<P>(operation, cursor === undefined ? input : { ...input, cursor }, options),
      operation.items ?? "",
      start,
    );
  }

  protected async callFile(
    operation: Operation,
    input: object,
    options?: RequestOptions,
  ): Promise<FileAnswer> {
    const { headers, body } = await this.#transport.send(operation, input, options);
    return {
      data: body,
      contentType: headers.get("content-type") ?? "application/octet-stream",
      text: () => new TextDecoder().decode(body),
    };
  }

  protected callEvents(operation: Operation, input: object, options?: RequestOptions): EventStream {
    return new EventStream(this.#transport, operation, input, options);
  }
}

/**
 * True where a sensitive call waits for a person: repeat it with the `approval_code` that was mailed to the oversight
 * address, or once a member granted it.
 */
export function isApprovalRequired(answer: object): answer is ApprovalRequired {
  return (answer as { status?: unknown }).status === "approval_required";
}

function jsonOf({ status, headers, body }: Answer): unknown {
  try {
    if (/^application\/json\b/i.test(headers.get("content-type") ?? ""))
      return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    // Falls through: it said that it was JSON and is not.
  }
  throw new ApiError(
    status,
    { error: "The answer is not JSON: is this the address of a MultiMail server?" },
    { requestId: headers.get("x-request-id"), retryAfterSeconds: null },
  );
}
