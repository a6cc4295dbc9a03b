/** Reading of request bodies within a limit: refused by `Content-Length` before a byte is read, else while it streams. */
import type { HttpBindings } from "@hono/node-server";
import { Refusal } from "../core/refusal.ts";

/** What the headers announce: no body, one of known length, or one of unknown length. */
export type AnnouncedBody = "none" | "sized" | "streamed";

/**
 * Reads the announcement. Throws `payload_too_large` when the announced length exceeds `limit` bytes: the caller
 * must call it before it waits for anything, so that the refusal goes out before the client is told to continue.
 */
export function announcedBody(
  request: Request,
  env: Partial<HttpBindings> | undefined,
  limit: number,
): AnnouncedBody {
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (!/^\d+$/.test(length))
      throw new Refusal("validation_failed", "Content-Length is not a number.");
    if (Number(length) > limit) throw tooLarge(limit);
    return Number(length) === 0 ? "none" : "sized";
  }
  if (request.headers.has("transfer-encoding")) return "streamed";
  // HTTP/1.1 announces every body (RFC 9112 section 6); a Request made in this process may carry one silently.
  return env?.incoming || request.body === null ? "none" : "streamed";
}

/** The client went away or was timed out while it sent its body: nobody is left to answer. */
export class BodyAborted extends Error {
  constructor(cause: unknown) {
    super("The client ended the connection before its body was complete.", { cause });
    this.name = "BodyAborted";
  }
}

/** Reads an announced body of at most `limit` bytes. Throws `payload_too_large` or {@link BodyAborted}. */
export async function readBody(
  request: Request,
  announced: AnnouncedBody,
  limit: number,
): Promise<Uint8Array> {
  if (announced === "none") return new Uint8Array(0);
  try {
    if (announced === "sized") return new Uint8Array(await request.arrayBuffer());
    return await readStream(request, limit);
  } catch (error) {
    throw error instanceof Refusal ? error : new BodyAborted(error);
  }
}

async function readStream(request: Request, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks, size);
    size += value.byteLength;
    // The reader is left as it is: cancelling would cut the connection before the answer is out.
    if (size > limit) throw tooLarge(limit);
    chunks.push(value);
  }
}

/** The same request with a body that fails beyond `limit` bytes: for handlers that read it their own way. */
export function limitedRequest(request: Request, limit: number): Request {
  if (!request.body) return request;
  let size = 0;
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(limit);
      controller.enqueue(chunk);
    },
  });
  const init: RequestInit & { duplex: "half" } = {
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    body: request.body.pipeThrough(guard),
    duplex: "half",
  };
  return new Request(request.url, init);
}

function tooLarge(limit: number): Refusal {
  return new Refusal("payload_too_large", `The body is larger than ${limit} bytes.`, {
    hint: `This call takes at most ${limit} bytes.`,
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The body's text; throws `invalid_json` when it is not UTF-8, rather than replacing what a person would then approve. */
export function bodyText(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw new Refusal("invalid_json", "The body is not valid UTF-8.");
  }
}

/** Throws `unsupported_media_type` unless the headers say JSON in UTF-8, not compressed. */
export function assertJson(headers: Headers): void {
  const value = headers.get("content-type") ?? "";
  const [essence = "", ...parameters] = value.toLowerCase().split(";");
  const type = essence.trim();
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find((name) => name !== undefined);
  const json = type === "application/json" || /^application\/[\w.-]+\+json$/.test(type);
  if (!json || (charset !== undefined && charset !== "utf-8" && charset !== "utf8"))
    throw new Refusal(
      "unsupported_media_type",
      type === ""
        ? "The body has no Content-Type."
        : `The Content-Type ${type.slice(0, 80)} is not accepted.`,
      { hint: "Send Content-Type: application/json." },
    );
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity")
    throw new Refusal("unsupported_media_type", "A compressed body is not accepted.", {
      hint: "Leave Content-Encoding out.",
    });
}
