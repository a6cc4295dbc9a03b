/** One operation called over HTTP from its flat input. */
import type { OperationSpec } from "../contract/operation.ts";
import type { Connection } from "./connection.ts";
import { UsageError } from "./flags.ts";

/** The server could not be reached, or did not finish its answer. */
export class CannotConnect extends Error {
  constructor(url: string, cause: unknown) {
    super(`Cannot reach ${url}: ${reasonOf(cause)}.`, { cause });
    this.name = "CannotConnect";
  }
}

/** What came back. `json` is undefined where the answer is not JSON. */
export type Answer = { status: number; json: unknown; bytes: Buffer; request_id: string | null };

/**
 * Sends the call once: a retry is the caller's decision. A good answer that is not JSON goes to `into`, where that is given, as it
 * comes; `bytes` is then empty. Throws {@link CannotConnect}, or UsageError for a value that no path can hold.
 */
export async function callOperation(
  fetch: typeof globalThis.fetch,
  connection: Pick<Connection, "url" | "key">,
  spec: OperationSpec,
  input: Readonly<Record<string, unknown>>,
  into?: (chunk: Uint8Array) => Promise<void>,
): Promise<Answer> {
  const { path, rest } = fillPath(spec.path, input);
  const inQuery = spec.method === "GET" || spec.method === "DELETE";
  const query = inQuery ? queryOf(rest) : "";
  const headers: Record<string, string> = { accept: "application/json, */*" };
  if (connection.key !== undefined) headers["authorization"] = `Bearer ${connection.key}`;
  if (!inQuery) headers["content-type"] = "application/json";
  try {
    const response = await fetch(`${connection.url}${path}${query}`, {
      method: spec.method,
      headers,
      // A redirect would carry the key to an address that nobody named.
      redirect: "error",
      ...(inQuery ? {} : { body: JSON.stringify(rest) }),
    });
    const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(
      response.headers.get("content-type") ?? "",
    );
    let bytes = Buffer.alloc(0);
    if (into && response.ok && !isJson && response.body)
      for await (const chunk of response.body) await into(chunk as Uint8Array);
    else bytes = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      json: isJson ? parse(bytes) : undefined,
      bytes,
      request_id: response.headers.get("x-request-id"),
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new CannotConnect(connection.url, error);
  }
}

/** Puts inputs into the path; what the path does not name is left over. */
function fillPath(
  template: string,
  input: Readonly<Record<string, unknown>>,
): { path: string; rest: Record<string, unknown> } {
  const rest = { ...input };
  const path = template.replace(/\{([a-z0-9_]+)(\*?)\}/g, (_, name: string, many: string) => {
    const value = textOf(rest[name] ?? "");
    delete rest[name];
    return many === "*"
      ? value
          .split("/")
          .map((part) => segment(name, part))
          .join("/")
      : segment(name, value);
  });
  return { path, rest };
}

/** URLs resolve `.` and `..` also when encoded (WHATWG URL section 4.1): such a value would call another operation. */
function segment(name: string, value: string): string {
  if (value === "" || value === "." || value === "..")
    throw new UsageError(`${JSON.stringify(value)} is not a possible ${name}.`);
  return encodeURIComponent(value.toWellFormed());
}

/** Lists are repeated; a comma inside a value is encoded, so that it stays one value. */
function queryOf(input: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(input).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((item) => item !== undefined && item !== null)
      .map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(item))}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed" and hides the reason in its cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (inner as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "there is no such host";
  if (inner instanceof Error) return inner.message || code || inner.name;
  return String(inner);
}
