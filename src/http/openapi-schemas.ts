/** Zod schemas as JSON Schema 2020-12 with shared components, for the OpenAPI description. */
import { z } from "zod";
import type { OperationSpec } from "../contract/operation.ts";

/** A piece of the document. */
export type JsonObject = { [key: string]: unknown };

/** An input object taken apart. */
export type ProjectedInput = {
  properties: Record<string, JsonObject>;
  required: readonly string[];
  /** Unknown fields are refused. */
  closed: boolean;
};

/** All schemas of the document. */
export type ProjectedSchemas = {
  /** By name, sorted. A component that reads differently as input is there a second time as `<Name>Input`. */
  components: Record<string, JsonObject>;
  input(spec: OperationSpec): ProjectedInput;
  /** The schema of a JSON answer, or a reference to it. */
  output(spec: OperationSpec): JsonObject;
};

/** Renders all schemas in two passes, as input and as output: defaults are optional in one and certain in the other. */
export function projectSchemas(
  specs: readonly OperationSpec[],
  components: Readonly<Record<string, z.ZodType>>,
): ProjectedSchemas {
  const outputs = new Map<string, z.ZodType>();
  const inputs = new Map<string, z.ZodType>();
  for (const spec of specs) {
    inputs.set(spec.name, spec.input);
    if (!("content_type" in spec.output)) outputs.set(spec.name, spec.output);
  }
  const asOutput = render(outputs, components, "output");
  const asInput = render(inputs, components, "input");
  const renamed = new Set(
    Object.keys(components).filter(
      (name) =>
        asInput.used.has(name) &&
        JSON.stringify(asInput.components[name]) !== JSON.stringify(asOutput.components[name]),
    ),
  );
  const inputName = (name: string) => (renamed.has(name) ? `${name}Input` : name);
  const all = new Map<string, JsonObject>();
  for (const [name, schema] of Object.entries(asOutput.components)) all.set(name, schema);
  for (const name of renamed)
    all.set(inputName(name), mapReferences(asInput.components[name] ?? {}, inputName));
  return {
    components: Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1))),
    input(spec) {
      const schema = mapReferences(asInput.roots.get(spec.name) ?? {}, inputName);
      return {
        properties: (schema["properties"] ?? {}) as Record<string, JsonObject>,
        required: (schema["required"] ?? []) as string[],
        closed: schema["additionalProperties"] === false,
      };
    },
    output: (spec) => asOutput.roots.get(spec.name) ?? {},
  };
}

type Rendered = {
  components: Record<string, JsonObject>;
  roots: Map<string, JsonObject>;
  /** Components that a root refers to, directly or not. */
  used: Set<string>;
};

const prefix = "#/components/schemas/";

/** One zod registry for components and roots, because references are only made between members of one registry. */
function render(
  roots: ReadonlyMap<string, z.ZodType>,
  components: Readonly<Record<string, z.ZodType>>,
  io: "input" | "output",
): Rendered {
  const registry = z.registry<{ id: string }>();
  const ids = new Map<z.ZodType, string>();
  for (const [name, schema] of Object.entries(components)) {
    if (ids.has(schema)) throw new Error(`${name} and ${ids.get(schema)} are the same schema.`);
    ids.set(schema, name);
    registry.add(schema, { id: name });
  }
  for (const [name, schema] of roots)
    if (!ids.has(schema)) {
      ids.set(schema, `operation:${name}`);
      registry.add(schema, { id: `operation:${name}` });
    }
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: (id) => prefix + id,
    override: ({ jsonSchema }) => trim(jsonSchema as JsonObject),
  });
  // A schema that two operations answer with is rendered in place in both.
  const inlineRoot = (id: string): JsonObject =>
    expand(clean(schemas[id] as JsonObject), (reference) =>
      reference.startsWith("operation:") ? inlineRoot(reference) : null,
    );
  const rendered: Rendered = { components: {}, roots: new Map(), used: new Set() };
  for (const name of Object.keys(components)) rendered.components[name] = inlineRoot(name);
  for (const [name, schema] of roots) {
    const id = ids.get(schema) ?? "";
    // An input that is itself a component is still taken apart; an output stays a reference.
    const isComponent = !id.startsWith("operation:");
    rendered.roots.set(
      name,
      isComponent && io === "output" ? { $ref: prefix + id } : inlineRoot(id),
    );
  }
  const visit = (schema: unknown): void => {
    for (const name of referencesIn(schema))
      if (!rendered.used.has(name)) {
        rendered.used.add(name);
        visit(rendered.components[name]);
      }
  };
  for (const root of rendered.roots.values()) visit(root);
  return rendered;
}

/** Leaves out what says nothing: the bounds of every safe integer, and the long pattern that `date-time` implies. */
function trim(schema: JsonObject): void {
  if (schema["minimum"] === Number.MIN_SAFE_INTEGER) delete schema["minimum"];
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
  if (schema["format"] === "date-time") delete schema["pattern"];
  if (typeof schema["pattern"] === "string") schema["pattern"] = portable(schema["pattern"]);
}

/**
 * The pattern without Unicode classes, which only mean something under the flag `u`, and not every reader of JSON Schema sets
 * that. Format characters outside the basic plane are left out: the server knows them all the same.
 */
function portable(pattern: string): string {
  const cc = "\\u0000-\\u001f\\u007f-\\u009f";
  const cf =
    "\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb";
  return pattern.replaceAll("\\p{Cc}", cc).replaceAll("\\p{Cf}", cf);
}

function clean(schema: JsonObject): JsonObject {
  const { $schema: _schema, $id: _id, ...rest } = schema;
  return rest;
}

/** Replaces references for which `replacement` knows a schema; keywords beside the reference win. */
function expand(value: JsonObject, replacement: (name: string) => JsonObject | null): JsonObject {
  return walk(value, (object) => {
    const name = referenceOf(object);
    const found = name === null ? null : replacement(name);
    if (found === null) return object;
    const { $ref: _reference, ...beside } = object;
    return { ...found, ...beside };
  }) as JsonObject;
}

function mapReferences(value: JsonObject, rename: (name: string) => string): JsonObject {
  return walk(value, (object) => {
    const name = referenceOf(object);
    return name === null ? object : { ...object, $ref: prefix + rename(name) };
  }) as JsonObject;
}

function referencesIn(value: unknown): string[] {
  const names: string[] = [];
  walk(value, (object) => {
    const name = referenceOf(object);
    if (name !== null) names.push(name);
    return object;
  });
  return names;
}

function referenceOf(object: JsonObject): string | null {
  const reference = object["$ref"];
  return typeof reference === "string" && reference.startsWith(prefix)
    ? reference.slice(prefix.length)
    : null;
}

function walk(value: unknown, change: (object: JsonObject) => JsonObject): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, change));
  if (typeof value !== "object" || value === null) return value;
  const mapped = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, walk(inner, change)]),
  );
  return change(mapped);
}
