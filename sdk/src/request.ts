/** What one call is made of: where an operation goes, and its input laid out over path, query and body. */
import { MultiMailError } from "./errors.ts";

/** Where an operation goes, as the generated table says it. */
export type Operation = {
  verb: string;
  /** With `{name}` for one segment and `{name*}` for the rest of the path. */
  path: string;
  /** Whether it may be repeated when nobody knows what became of it: always, by an added key, by the caller's key, never. */
  repeat: "safe" | "keyed" | "if_keyed" | "never";
  /** The field that holds a page's items. */
  items?: string;
};

/** What a single call may have of its own. */
export type RequestOptions = {
  /** Ends the call, its waiting and its retries; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt, instead of the client's. */
  timeoutMs?: number | undefined;
  /** How often it is tried again, instead of the client's. */
  maxRetries?: number | undefined;
  /** Further headers. */
  headers?: Readonly<Record<string, string>> | undefined;
};

/** An answer that is not JSON: an attachment, a raw message, a checkpoint. */
export type FileAnswer = {
  data: Uint8Array<ArrayBuffer>;
  contentType: string;
  /** The bytes as UTF-8 text. */
  text(): string;
};

/** A call laid out: `path` with its query, and the JSON text of the body where one goes. */
export type LaidOut = { path: string; body: string | null };

/**
 * Lays the flat input out: what the path names goes there, the rest to the query (GET, DELETE) or the JSON body. Throws
 * {@link MultiMailError} for a value that no path can hold.
 */
export function layOut(operation: Pick<Operation, "verb" | "path">, input: object): LaidOut {
  const rest = new Map<string, unknown>(Object.entries(input));
  const path = operation.path.replace(/\{([a-z0-9_]+)(\*?)\}/g, (_, name: string, many: string) => {
    const value = asText(rest.get(name) ?? "");
    rest.delete(name);
    if (many === "") return segment(name, value);
    return value
      .split("/")
      .map((part) => segment(name, part))
      .join("/");
  });
  if (operation.verb === "GET" || operation.verb === "DELETE")
    return { path: path + queryOf(rest), body: null };
  return { path, body: JSON.stringify(Object.fromEntries(rest)) };
}

/** URLs resolve `.` and `..` also when encoded (WHATWG URL section 4.1): such a value would call another operation. */
function segment(name: string, value: string): string {
  if (value === "" || value === "." || value === "..")
    throw new MultiMailError(`${JSON.stringify(value)} is not a possible ${name}.`);
  return encode(value);
}

/** Lists are repeated; a comma inside a value is encoded, so that it stays one value. */
function queryOf(input: ReadonlyMap<string, unknown>): string {
  const pairs = [...input].flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value])
      .filter((item) => item !== undefined && item !== null)
      .map((item) => `${encode(name)}=${encode(asText(item))}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new MultiMailError("A value for the address is not well-formed Unicode.");
  }
}
