/** JSON Schemas of tools, made small: an agent's host holds the whole tool list in memory, and often in the prompt. */
import type { Tool } from "@modelcontextprotocol/server";
import { z } from "zod";

/** A schema of an object, as MCP wants it of inputs and outputs. */
export type ObjectSchema = Tool["inputSchema"];

/** Keywords of outputs that tell no client what it needs to read an answer; `openapi.json` has them all. */
const outputOnly = new Set(["description", "pattern", "format", "propertyNames", "default"]);

/** Bounds that zod writes for every integer, and JSON numbers have anyway. */
const safeBounds: Readonly<Record<string, number>> = {
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
};

/** Serialized length from which a repeated part of an output is worth a definition of its own. */
const worthSharing = 60;

/**
 * The schema of what is accepted, written out without references, which some hosts cannot follow in inputs. The pattern
 * beside a `format` is left out, since the format says it, and the dispatcher checks. Throws where it is no object.
 */
export function inputSchema(name: string, schema: z.ZodType): ObjectSchema {
  return objectSchema(name, schema, (keyword, value, beside) => {
    if (keyword === "pattern") return !Object.hasOwn(beside, "format");
    return safeBounds[keyword] !== value;
  });
}

/**
 * The schema of what is answered: names, types, choices and what is always there. Parts that repeat stand once, under
 * `$defs`. Throws where it is no object.
 */
export function outputSchema(name: string, schema: z.ZodType): ObjectSchema {
  return objectSchema(
    name,
    schema,
    (keyword, value) => !outputOnly.has(keyword) && safeBounds[keyword] !== value,
  );
}

/** Says of a keyword with its value whether it stays; `beside` is the schema it stands in. */
type Keeps = (keyword: string, value: unknown, beside: object) => boolean;

/**
 * Outputs use the input side as well: a handler answers with `z.input` of its schema and nobody strips it, so the
 * stricter output side would let clients refuse a good answer.
 * `$schema` is left off: MCP means 2020-12 without it, and older clients compile with draft 7 and choke on it.
 */
function objectSchema(name: string, schema: z.ZodType, keeps: Keeps): ObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input" });
  const branches = json.anyOf ?? json.oneOf;
  const object = json.type === "object" || branches?.every((branch) => branch.type === "object");
  if (!object) throw new Error(`${name}: MCP wants an object as input and output`);
  return { ...trimmed(json, keeps), type: "object" };
}

/** Keywords whose value is a map from names to schemas. */
const maps = new Set(["properties", "$defs", "patternProperties"]);

/** Keywords whose value is data and no schema. */
const data = new Set(["enum", "const", "default", "required", "examples"]);

function trimmed(schema: object, keeps: Keeps): Record<string, unknown> {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    return isRecord(value) ? trimmed(value, keeps) : value;
  };
  const kept = Object.entries(schema)
    .filter(([keyword, value]) => keeps(keyword, value, schema))
    .map(([keyword, value]) => {
      if (data.has(keyword)) return [keyword, value];
      if (!maps.has(keyword) || !isRecord(value)) return [keyword, visit(value)];
      const named = Object.entries(value).map(([name, item]) => [name, visit(item)]);
      return [keyword, Object.fromEntries(named)];
    });
  return Object.fromEntries(kept);
}

/** The same schema with every long part that occurs twice moved to `$defs` of the root, named by order. */
export function shared<S extends Record<string, unknown>>(schema: S): S {
  const seen = new Map<string, number>();
  const count = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (isSchema(value)) {
      const text = JSON.stringify(value);
      const times = (seen.get(text) ?? 0) + 1;
      seen.set(text, times);
      // What stands in a part that was met before is counted there.
      if (times > 1 && text.length >= worthSharing) return;
    }
    for (const item of Object.values(value)) count(item);
  };
  count(schema);
  const definitions: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const replace = (value: unknown, root: boolean): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => replace(item, false));
    const text = JSON.stringify(value);
    const repeats = !root && isSchema(value) && text.length >= worthSharing;
    if (!repeats || (seen.get(text) ?? 0) < 2) return inside(value);
    const known = names.get(text);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const name = `d${names.size}`;
    names.set(text, name);
    definitions[name] = inside(value);
    return { $ref: `#/$defs/${name}` };
  };
  const inside = (value: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, false)]));
  const root = replace(schema, true) as S;
  return names.size === 0 ? root : { ...root, $defs: definitions };
}

/** True for schemas, false for maps of properties, in which `type` could be the name of a field. */
function isSchema(value: object): boolean {
  if (!isRecord(value)) return false;
  if (value["type"] !== undefined) return !isRecord(value["type"]);
  return ["anyOf", "oneOf", "enum"].some((keyword) => Array.isArray(value[keyword]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
