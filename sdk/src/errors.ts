/** Everything that the client throws of its own. */
import type { ErrorBody, ErrorCode } from "./generated/types.ts";

/** What all errors of this package are. */
export class MultiMailError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "MultiMailError";
  }
}

/** The server answered, and refused. */
export class ApiError extends MultiMailError {
  /** HTTP status. */
  readonly status: number;
  /** For programs; `unexpected_answer` where what answered was no MultiMail server. */
  readonly code: ErrorCode | "unexpected_answer" | (string & {});
  /** Give it when you report a problem. */
  readonly requestId: string | null;
  /** How to mend it, in words. */
  readonly hint: string | null;
  /** The input at fault. */
  readonly field: string | null;
  /** Seconds after which the call may be made again, where the server named them. */
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    body: Partial<ErrorBody> | null,
    more: { requestId: string | null; retryAfterSeconds: number | null },
  ) {
    const code = text(body?.code) ?? "unexpected_answer";
    const words = text(body?.error) ?? `The server answered ${status} without saying why.`;
    const hint = text(body?.hint);
    super(`${words}${hint === null ? "" : ` ${hint}`} (${status} ${code})`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = text(body?.request_id) ?? more.requestId;
    this.hint = hint;
    this.field = text(body?.field);
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** The server could not be reached, or its answer broke off: what was asked may have been done. */
export class ApiConnectionError extends MultiMailError {
  constructor(message: string, cause?: unknown) {
    super(message, cause);
    this.name = "ApiConnectionError";
  }
}

/** The server was silent for longer than the call's time: what was asked may have been done. */
export class ApiTimeoutError extends ApiConnectionError {
  constructor(milliseconds: number) {
    super(`Nothing came for ${milliseconds} ms.`);
    this.name = "ApiTimeoutError";
  }
}

/** A webhook is not from whoever holds the secret, or is too old. Answer it with 400 and do nothing. */
export class WebhookVerificationError extends MultiMailError {
  constructor(message: string) {
    super(message);
    this.name = "WebhookVerificationError";
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
