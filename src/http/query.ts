/** Query strings and path parameters as typed input: text becomes a number or boolean only where the schema has one. */
import { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import { parseJson } from "../contract/json.ts";

/** The part of JSON Schema that says what a text can mean. */
type JsonSchema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
};

/** What a field accepts, computed once for each operation. */
type Kinds = {
  /** Any string, or something we know nothing of. */
  string: boolean;
  number: boolean;
  boolean: boolean;
  object: boolean;
  /** What the elements are, where the field is a list. */
  array: Kinds | null;
  /** The values of enums and constants by their text. */
  literals: Map<string, unknown>;
};

/** Turns query or path texts of one operation into input values. */
export type Coercion = {
  /** One undecoded path or query value (or several of one name) of the field. Throws `validation_failed`. */
  field(name: string, raw: readonly string[], decode: (raw: string) => string): unknown;
};

/** Computes the coercion of an input schema; unknown fields stay text, so that the schema can refuse them by name. */
export function coercion(input: z.ZodObject): Coercion {
  const schema = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const fields = new Map(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [name, kindsOf(field)]),
  );
  return {
    field(name, raw, decode) {
      const kinds = fields.get(name) ?? anyText;
      const [only] = raw;
      if (kinds.array && (raw.length > 1 || !acceptsText(kinds)))
        return elements(raw, kinds.array, decode);
      if (raw.length !== 1 || only === undefined)
        throw new Refusal("validation_failed", `${name}: given more than once`, { field: name });
      return scalar(decode(only), kinds);
    },
  };
}

/**
 * The pairs of a query string by name, values undecoded (WHATWG URL section 5.1). Throws `validation_failed` for broken
 * percent-encoding, which lenient parsers turn into other text.
 */
export function parseQuery(query: string): Map<string, string[]> {
  const pairs = new Map<string, string[]>();
  if (query === "") return pairs;
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decodeQuery(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? "" : part.slice(equals + 1);
    const values = pairs.get(name);
    if (values) values.push(value);
    else pairs.set(name, [value]);
  }
  return pairs;
}

/** Decodes one query name or value. */
export function decodeQuery(raw: string): string {
  try {
    return decodeURIComponent(raw.includes("+") ? raw.replaceAll("+", " ") : raw);
  } catch {
    throw new Refusal("validation_failed", "The query string has broken percent-encoding.", {
      hint: "Percent-encode UTF-8.",
    });
  }
}

/**
 * Elements of a list: each repetition is one. A single value is split at its commas; an encoded comma (`%2C`) splits only
 * where no element could contain one, as in enums and numbers (RFC 6570 section 3.2.8). An empty value is the empty list.
 */
function elements(
  raw: readonly string[],
  kinds: Kinds,
  decode: (raw: string) => string,
): unknown[] {
  const [only = ""] = raw;
  if (raw.length > 1) return raw.map((value) => scalar(decode(value), kinds));
  if (only === "") return [];
  const parts =
    kinds.string || kinds.object ? only.split(",").map(decode) : decode(only).split(",");
  return parts.map((part) => scalar(part, kinds));
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The value a text stands for. What fits nothing stays text, and the schema says what is wrong with it. */
function scalar(text: string, kinds: Kinds): unknown {
  if (kinds.literals.has(text)) return kinds.literals.get(text);
  if (kinds.string) return text;
  if (kinds.number && jsonNumber.test(text)) return Number(text);
  if (kinds.boolean && text === "true") return true;
  if (kinds.boolean && text === "false") return false;
  if (kinds.object && text.startsWith("{")) return parseJson(text);
  return text;
}

function noKinds(): Kinds {
  return {
    string: false,
    number: false,
    boolean: false,
    object: false,
    array: null,
    literals: new Map(),
  };
}

const anyText: Kinds = { ...noKinds(), string: true };

function acceptsText(kinds: Kinds): boolean {
  return kinds.string || [...kinds.literals.values()].some((value) => typeof value === "string");
}

function kindsOf(schema: JsonSchema): Kinds {
  const kinds = noKinds();
  collect(schema, kinds);
  const nothing =
    !kinds.string &&
    !kinds.number &&
    !kinds.boolean &&
    !kinds.object &&
    !kinds.array &&
    kinds.literals.size === 0;
  return nothing ? { ...kinds, string: true } : kinds;
}

function collect(schema: JsonSchema, kinds: Kinds): void {
  for (const inner of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])])
    collect(inner, kinds);
  const literals = schema.enum ?? ("const" in schema ? [schema.const] : null);
  if (literals) {
    // A string literal wins over a number or boolean of the same text: text is what was sent.
    for (const value of literals) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      if (value !== null && typeof kinds.literals.get(text) !== "string")
        kinds.literals.set(text, value);
    }
    return;
  }
  for (const type of [schema.type ?? []].flat()) {
    if (type === "string") kinds.string = true;
    else if (type === "number" || type === "integer") kinds.number = true;
    else if (type === "boolean") kinds.boolean = true;
    else if (type === "object") kinds.object = true;
    else if (type === "array") kinds.array = kindsOf(schema.items ?? {});
  }
}
