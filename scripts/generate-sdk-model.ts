/** What both SDKs are printed from: the OpenAPI document read as operations and as types that any language has. */
import type { OperationSpec } from "../src/contract/operation.ts";

/** A type, free of any language. */
export type Shape =
  | { kind: "string" | "number" | "integer" | "boolean" | "null" | "unknown" }
  | { kind: "literal"; values: (string | number | boolean)[] }
  | { kind: "list"; items: Shape }
  | { kind: "map"; values: Shape }
  | { kind: "object"; fields: Field[] }
  | { kind: "union"; of: Shape[] }
  | { kind: "named"; name: string };

/** A field of an object, or an input of an operation. */
export type Field = { name: string; shape: Shape; required: boolean; description: string };

/**
 * When a call may be made a second time after nobody knows what became of the first: `safe` always; `keyed` because an
 * idempotency key is added; `if_keyed` where the caller gave one; `never`.
 */
export type Repeat = "safe" | "keyed" | "if_keyed" | "never";

/** One operation as an SDK calls it. */
export type Method = {
  /** `sendEmail` */
  id: string;
  /** `send_email` */
  name: string;
  tag: string;
  summary: string;
  description: string;
  verb: string;
  /** With `{name*}` where the rest of the path goes. */
  path: string;
  inputs: Field[];
  output: Shape;
  answer: "json" | "file" | "events";
  repeat: Repeat;
  /** The field of the answer that holds the items of a page, for lists that go on by a cursor. */
  items: { field: string; shape: Shape } | null;
};

/** All of it, in the order of the document. */
export type Model = { version: string; methods: Method[]; types: { name: string; field: Field }[] };

type Json = { [key: string]: unknown };

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const object = (value: unknown): Json => (value ?? {}) as Json;
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads the document. Throws a plain Error where it says something that no SDK could. */
export function sdkModel(document: object, specs: readonly OperationSpec[]): Model {
  const { paths, components, info } = document as Record<"paths" | "components" | "info", Json>;
  const types = Object.entries(object(components["schemas"])).map(([name, schema]) => ({
    name: typeName(name),
    field: {
      name,
      shape: shapeOf(object(schema)),
      required: true,
      description: text(object(schema)["description"]),
    },
  }));
  const methods = Object.values(paths).flatMap((item) =>
    Object.entries(object(item))
      .filter(([verb]) => /^(?:get|post|put|patch|delete)$/.test(verb))
      .map(([verb, one]) => methodOf(verb.toUpperCase(), object(one), specs)),
  );
  return { version: text(info["version"]), methods, types };
}

function methodOf(verb: string, one: Json, specs: readonly OperationSpec[]): Method {
  const id = text(one["operationId"]);
  const spec = specs.find(({ name }) => camelCase(name) === id);
  if (spec === undefined) throw new Error(`No operation is called ${id}.`);
  const inputs = inputsOf(one);
  const { output, answer } = answerOf(one, id);
  return {
    id,
    name: spec.name,
    tag: spec.tag,
    summary: text(one["summary"]),
    description: text(one["description"]),
    verb,
    path: spec.path,
    inputs,
    output,
    answer,
    repeat: repeatOf(verb, one, spec),
    items: itemsOf(verb, inputs, output),
  };
}

function inputsOf(one: Json): Field[] {
  const parameters = list(one["parameters"])
    .filter((parameter) => parameter["in"] !== "header")
    .map((parameter) => {
      const content = object(object(parameter["content"])["application/json"]);
      const schema = object(parameter["schema"] ?? content["schema"]);
      return {
        name: text(parameter["name"]),
        shape: shapeOf(schema),
        required: parameter["required"] === true,
        description: text(parameter["description"]),
      };
    });
  const body = object(object(object(one["requestBody"])["content"])["application/json"]);
  const { fields } = objectOf(object(body["schema"] ?? { type: "object" }));
  return [...parameters, ...fields];
}

/** The answer of every success together: a sensitive call answers what it made, or that it waits for a person. */
function answerOf(one: Json, id: string): Pick<Method, "output" | "answer"> {
  const successes = Object.entries(object(one["responses"]))
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([, response]) => Object.entries(object(object(response)["content"])));
  const kinds = new Set(
    successes.map(([type, content]) =>
      type.startsWith("text/event-stream")
        ? "events"
        : type === "application/json" && object(object(content)["schema"])["format"] !== "binary"
          ? "json"
          : "file",
    ),
  );
  const [answer] = kinds;
  if (answer === undefined || kinds.size !== 1) throw new Error(`${id} answers in several ways.`);
  if (answer !== "json") return { answer, output: { kind: "unknown" } };
  const shapes = successes.map(([, content]) => shapeOf(object(object(content)["schema"])));
  return { answer, output: unionOf(shapes) };
}

/**
 * A key is not added by itself where the server guards against doubles in a way that a key turns off: an agent in a loop
 * is to hear of it.
 */
function repeatOf(verb: string, one: Json, spec: OperationSpec): Repeat {
  if (verb === "GET" || spec.effect === "read") return "safe";
  if (!list(one["parameters"]).some(({ name }) => name === "Idempotency-Key")) return "never";
  return spec.refusals.includes("duplicate_reply") ? "if_keyed" : "keyed";
}

function itemsOf(verb: string, inputs: readonly Field[], output: Shape): Method["items"] {
  if (verb !== "GET" || output.kind !== "object") return null;
  const pages =
    inputs.some(({ name }) => name === "cursor") &&
    output.fields.some(({ name }) => name === "next_cursor");
  const items = output.fields.find(({ shape }) => shape.kind === "list");
  return pages && items?.shape.kind === "list"
    ? { field: items.name, shape: items.shape.items }
    : null;
}

/** Keywords that say which type it is; others only narrow it, which the server checks. */
const narrowing = new Set(
  (
    "description default pattern format minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf " +
    "minItems maxItems uniqueItems propertyNames examples example contentEncoding contentMediaType title deprecated readOnly " +
    "writeOnly $comment minProperties maxProperties"
  ).split(" "),
);
const meant = new Set(
  "type properties required additionalProperties items enum const anyOf oneOf $ref".split(" "),
);

function shapeOf(schema: Json): Shape {
  for (const word of Object.keys(schema))
    if (!narrowing.has(word) && !meant.has(word) && !word.startsWith("x-"))
      throw new Error(`The SDK generator does not know the schema keyword ${word}.`);
  if (typeof schema["$ref"] === "string")
    return { kind: "named", name: typeName(schema["$ref"].split("/").at(-1) ?? "") };
  if ("const" in schema) return literals([schema["const"]]);
  if (Array.isArray(schema["enum"])) return literals(schema["enum"]);
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return unionOf(choices.map(shapeOf));
  const types = [schema["type"] ?? []].flat() as string[];
  if (types.length > 1) return unionOf(types.map((type) => shapeOf({ ...schema, type })));
  const [type] = types;
  switch (type) {
    case undefined:
      return { kind: "unknown" };
    case "array":
      return { kind: "list", items: shapeOf(object(schema["items"])) };
    case "object":
      return mapOrObject(schema);
    case "string":
    case "number":
    case "integer":
    case "boolean":
    case "null":
      return { kind: type };
    default:
      throw new Error(`The SDK generator does not know the type ${type}.`);
  }
}

function mapOrObject(schema: Json): Shape {
  if ("properties" in schema) return objectOf(schema);
  const rest = schema["additionalProperties"];
  return {
    kind: "map",
    values: typeof rest === "object" && rest !== null ? shapeOf(rest as Json) : { kind: "unknown" },
  };
}

function objectOf(schema: Json): { kind: "object"; fields: Field[] } {
  const required = new Set(schema["required"] as string[] | undefined);
  const fields = Object.entries(object(schema["properties"])).map(([name, field]) => ({
    name,
    shape: shapeOf(object(field)),
    required: required.has(name),
    description: text(object(field)["description"]),
  }));
  return { kind: "object", fields };
}

function literals(values: readonly unknown[]): Shape {
  const known = values.filter(
    (value) => typeof value === "string" || typeof value === "number" || typeof value === "boolean",
  );
  const shape: Shape = { kind: "literal", values: known };
  return known.length === values.length ? shape : unionOf([shape, { kind: "null" }]);
}

/** One of several, each once, unions inside it opened. */
function unionOf(shapes: readonly Shape[]): Shape {
  const flat = shapes.flatMap((shape) => (shape.kind === "union" ? shape.of : [shape]));
  const each = new Map(flat.map((shape) => [JSON.stringify(shape), shape]));
  const [only] = each.values();
  if (each.size === 1 && only !== undefined) return only;
  return { kind: "union", of: [...each.values()] };
}

/** `Error` is a word that every language has taken. */
function typeName(component: string): string {
  return component === "Error" ? "ErrorBody" : component;
}

/** `send_email` becomes `sendEmail`. */
export function camelCase(name: string): string {
  return name.replace(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `send_email` becomes `SendEmail`, also from `List-Unsubscribe`. */
export function pascalCase(name: string): string {
  const camel = camelCase(name.toLowerCase().replace(/[^a-z0-9_-]/g, "_"));
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** Splits prose into lines of at most `width` characters, at its spaces. */
export function wrap(prose: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of prose.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
