/** Answers: JSON, bytes and refusals, each with the same headers. */
import type { Reply } from "../contract/operation.ts";
import { Refusal } from "../core/refusal.ts";
import { BodyAborted } from "./body.ts";
import { challenge } from "./credential.ts";
import { attachment, dataPolicy, formPolicy, safeMediaType, securityHeaders } from "./headers.ts";
import { refusalStatus, retryAfterOf } from "./status.ts";

/** A logger as pino is: fields first, then the sentence. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** Makes answers; `request_id` is in each as `X-Request-Id`. */
export type Replies = {
  success(reply: Reply, request_id: string, is_public: boolean): Response;
  /** 304: the caller has this version. */
  unchanged(etag: string, request_id: string): Response;
  /** `{"error", "code", "request_id", "hint"?, "field"?}`; what is no {@link Refusal} is logged and answered as `internal`. */
  failure(error: unknown, request_id: string, context?: FailureContext): Response;
};

/** What a failure's log line and headers may add. */
export type FailureContext = {
  operation?: string;
  /** Methods for the `Allow` header of a 405. */
  allow?: readonly string[];
};

/** What a refusal adds to the challenge (RFC 6750 section 3); null where it makes none. */
function challengeOf({ code, detail }: Refusal): string | null {
  if (code === "unauthenticated") return detail.invalid_token ? ', error="invalid_token"' : "";
  if (code !== "scope_required" || detail.scope === undefined) return null;
  return `, error="insufficient_scope", scope="${detail.scope}"`;
}

/** Prepares all that is the same in each answer. */
export function replies(options: { public_url: string; log: Log }): Replies {
  const base = {
    ...securityHeaders(options.public_url),
    "content-security-policy": dataPolicy,
    "cache-control": "no-store",
  };
  const json = { ...base, "content-type": "application/json" };
  const wwwAuthenticate = challenge(options.public_url);

  const failure = (error: unknown, request_id: string, context: FailureContext = {}): Response => {
    const refusal = asRefusal(error, request_id, context, options.log);
    const { hint, field, policy } = refusal.detail;
    const retry_after = retryAfterOf(refusal);
    const body = {
      error: refusal.message,
      code: refusal.code,
      request_id,
      ...(hint === undefined ? {} : { hint }),
      ...(field === undefined ? {} : { field }),
    };
    const headers: Record<string, string> = { ...json, "x-request-id": request_id };
    const asks = challengeOf(refusal);
    if (asks !== null) headers["www-authenticate"] = wwwAuthenticate + asks;
    if (retry_after !== null) headers["retry-after"] = String(retry_after);
    if (policy) Object.assign(headers, paceHeaders(policy, retry_after));
    if (context.allow) headers["allow"] = context.allow.join(", ");
    return new Response(JSON.stringify(body), { status: refusalStatus[refusal.code], headers });
  };

  return {
    failure,
    unchanged(etag, request_id) {
      const headers = { ...base, ...versionHeaders(etag), "x-request-id": request_id };
      return new Response(null, { status: 304, headers });
    },
    success(reply, request_id, is_public) {
      if (reply.kind === "json")
        return new Response(JSON.stringify(reply.body ?? null), {
          status: reply.status,
          headers: { ...json, ...versionHeaders(reply.etag), "x-request-id": request_id },
        });
      // What is not public may have come with mail, so its HTML stays in the sandbox.
      const page =
        is_public && reply.filename === undefined && /^text\/html(?:;|$)/i.test(reply.content_type);
      const body =
        reply.kind === "stream"
          ? readable(reply.body, (error) =>
              options.log.error({ request_id, err: error }, "answer broken off"),
            )
          : asBody(reply.body);
      return new Response(body, {
        status: reply.status,
        headers: {
          ...base,
          ...(page ? { "content-security-policy": formPolicy } : {}),
          "x-request-id": request_id,
          "content-type": safeMediaType(reply.content_type),
          "content-disposition":
            reply.filename === undefined ? "inline" : attachment(reply.filename),
          "cache-control":
            reply.kind === "bytes" && reply.immutable
              ? `${is_public ? "public" : "private"}, max-age=31536000, immutable`
              : "no-store",
        },
      });
    },
  };
}

/** draft-ietf-httpapi-ratelimit-headers, sections 3 and 4. */
function paceHeaders(
  policy: NonNullable<Refusal["detail"]["policy"]>,
  retry_after: number | null,
): Record<string, string> {
  return {
    "ratelimit-policy": `"${policy.name}";q=${policy.quota};w=${policy.window}`,
    ratelimit: `"${policy.name}";r=0;t=${retry_after ?? 0}`,
  };
}

/** Headers of an answer that has versions. */
function versionHeaders(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { etag, "cache-control": "no-cache" };
}

/**
 * Parts as a body that is read at the caller's pace. Where making one fails the connection breaks, so that nobody takes a part for
 * the whole.
 */
function readable(
  parts: AsyncIterable<string | Uint8Array>,
  failed: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(typeof value === "string" ? Buffer.from(value) : value);
        } catch (error) {
          failed(error);
          controller.error(error);
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    // One part at a time: nothing is made before it is asked for.
    { highWaterMark: 0 },
  );
}

/** The bytes as fetch types them; pooled or not, a Buffer's memory is never shared between threads here. */
function asBody(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return bytes as Buffer<ArrayBuffer>;
}

/** The refusal to answer with; anything unexpected leaves its cause in the log and nothing in the answer. */
function asRefusal(error: unknown, request_id: string, context: FailureContext, log: Log): Refusal {
  const fields = { request_id, operation: context.operation };
  if (error instanceof BodyAborted) {
    log.info({ ...fields, err: error }, "request aborted by the client");
    return new Refusal("validation_failed", "The body is not complete.");
  }
  if (error instanceof Refusal) {
    if (refusalStatus[error.code] < 500) return error;
    // Why the instance is away stands in the log already; a line for each who asks would fill it.
    if (error.code === "unavailable") log.info(fields, "request refused: unavailable");
    else log.warn({ ...fields, err: error }, "request refused");
    return error.code === "internal" ? hidden() : error;
  }
  log.error({ ...fields, err: error }, "request failed");
  return hidden();
}

function hidden(): Refusal {
  return new Refusal("internal", "Something went wrong on our side.", {
    hint: "Give the request_id when you report it.",
  });
}
