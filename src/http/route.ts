/** One operation as an HTTP route: everything about it that can be known before the first request. */
import type { OperationSpec } from "../contract/operation.ts";
import { Refusal } from "../core/refusal.ts";
import { parseJson } from "../contract/json.ts";
import { coercion, decodeQuery, parseQuery } from "./query.ts";

/** A route and how its input comes together. */
export type Route = {
  spec: OperationSpec;
  /** The path as Hono writes it. */
  pattern: string;
  /** Names of the path parameters, in order. */
  path_names: readonly string[];
  max_body: number;
  /** GET and HEAD never have a body of meaning (RFC 9110 section 9.3.1). */
  takes_body: boolean;
  /** One flat object from decoded path parameters, the raw query string and the body's text. Throws {@link Refusal}. */
  input(path: Readonly<Record<string, string>>, query: string, body: string): object;
};

/** Paths that monitors and caches probe with whatever credential they were configured with: it is not read. */
export const ignoresCredential: ReadonlySet<string> = new Set([
  "/health",
  "/ready",
  "/v1/openapi.json",
]);

const parameter = /^\{([a-z_][a-z0-9_]*)(\*?)\}$/;

/** Names in a path template, in order: `/v1/tile/{level}/{rest*}` gives `level`, `rest`. */
export function pathNames(path: string): string[] {
  return path.split("/").flatMap((segment) => parameter.exec(segment)?.[1] ?? []);
}

/** Computes a route. Throws a plain Error for an operation that is declared wrongly. */
export function routeOf(spec: OperationSpec, default_max_body: number): Route {
  const names = pathNames(spec.path);
  for (const name of names)
    if (!(name in spec.input.shape))
      throw new Error(`${spec.name}: the path names ${name}, which is not an input.`);
  const inQuery = spec.method === "GET" || spec.method === "DELETE";
  const coerce = coercion(spec.input);
  return {
    spec,
    pattern: spec.path.split("/").map(patternSegment).join("/"),
    path_names: names,
    max_body: spec.max_body ?? default_max_body,
    takes_body: spec.method !== "GET",
    input(path, query, body) {
      const input = new Map<string, unknown>();
      for (const name of names)
        input.set(
          name,
          coerce.field(name, [path[name] ?? ""], (raw) => raw),
        );
      for (const [name, raw] of parseQuery(query)) {
        if (!inQuery) throw notInQuery(name);
        add(input, name, coerce.field(name, raw, decodeQuery));
      }
      for (const [name, value] of Object.entries(bodyObject(body))) add(input, name, value);
      return Object.fromEntries(input);
    },
  };
}

/**
 * More specific paths first, because Hono takes the first that matches: a literal segment before a parameter before
 * the rest of the path. Throws when two operations share method and shape of path.
 */
export function bySpecificity(specs: readonly OperationSpec[]): OperationSpec[] {
  const key = (spec: OperationSpec) =>
    spec.path
      .split("/")
      .map((segment) => {
        const match = parameter.exec(segment);
        return match === null ? `0${segment}` : match[2] === "*" ? "2" : "1";
      })
      .join("/");
  const seen = new Map<string, string>();
  for (const spec of specs) {
    const shape = `${spec.method} ${key(spec)}`;
    const other = seen.get(shape);
    if (other !== undefined) throw new Error(`${spec.name} and ${other} have the same route.`);
    seen.set(shape, spec.name);
  }
  const order = new Map(specs.map((spec) => [spec, key(spec)]));
  return [...specs].sort((a, b) => ((order.get(a) ?? "") < (order.get(b) ?? "") ? -1 : 1));
}

function patternSegment(segment: string): string {
  const match = parameter.exec(segment);
  if (match) return match[2] === "*" ? `:${match[1]}{.+}` : `:${match[1]}`;
  if (/[{}:*?]/.test(segment)) throw new Error(`The path segment ${segment} is not supported.`);
  return segment;
}

/** An empty body is an empty object: clients send Content-Type with nothing behind it. */
function bodyObject(text: string): object {
  if (text === "" || /^\s*$/.test(text)) return {};
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Refusal("validation_failed", "The body must be a JSON object.");
  return value;
}

/** One name may come from two places only with one value. */
function add(input: Map<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    throw new Refusal("validation_failed", "Unknown field __proto__.", { field: name });
  if (input.has(name) && input.get(name) !== value)
    throw new Refusal("validation_failed", `${name}: given twice with different values`, {
      field: name,
      hint: "Give it once, in the path where the path names it.",
    });
  input.set(name, value);
}

function notInQuery(name: string): Refusal {
  return new Refusal("validation_failed", `${name}: this call takes no query string`, {
    field: name,
    hint: "Send it in the JSON body.",
  });
}
