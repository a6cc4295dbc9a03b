/** The OpenAPI document as the reference pages read it: operations by tag, their inputs and answers as flat lists of fields. */

/** A piece of the document. */
export type Piece = { readonly [key: string]: unknown };

/** One operation. */
export type ReferenceOperation = {
  /** `sendEmail`. */
  id: string;
  /** `send_email`: the MCP tool, and in kebab-case the command. */
  name: string;
  tag: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  scope: string;
  is_public: boolean;
  parameters: readonly Field[];
  body: readonly Field[];
  body_required: boolean;
  example: unknown;
  answers: readonly ReferenceAnswer[];
};

/** One status of an operation. */
export type ReferenceAnswer = {
  status: string;
  description: string;
  /** Media type of an answer that is not JSON. */
  media_type: string | null;
  fields: readonly Field[];
  /** Refusal codes. */
  codes: readonly string[];
};

/** One field, nested ones by their path: `recipients[].address`. */
export type Field = {
  name: string;
  /** `path`, `query` or `header` for parameters. */
  place: string | null;
  type: string;
  required: boolean;
  description: string;
  limits: readonly string[];
};

/** All that the pages show. */
export type ReferenceModel = {
  title: string;
  version: string;
  description: string;
  tags: readonly { name: string; description: string; operations: readonly ReferenceOperation[] }[];
  operations: ReadonlyMap<string, ReferenceOperation>;
};

/** Nesting beyond which fields are not listed one by one. */
const deepest = 4;

/** Reads a document of ours. */
export function referenceModel(document: object): ReferenceModel {
  const root = document as Piece;
  const info = root["info"] as Piece;
  const operations: ReferenceOperation[] = [];
  for (const [path, item] of Object.entries(root["paths"] as Record<string, Piece>))
    for (const [method, operation] of Object.entries(item))
      operations.push(operationOf(root, path, method, operation as Piece));
  const tags = (root["tags"] as Piece[]).map((tag) => ({
    name: String(tag["name"]),
    description: textOf(tag["description"]),
    operations: operations.filter((one) => one.tag === tag["name"]),
  }));
  return {
    title: textOf(info["title"]),
    version: textOf(info["version"]),
    description: textOf(info["description"]),
    tags,
    operations: new Map(operations.map((one) => [one.id, one])),
  };
}

function operationOf(
  root: Piece,
  path: string,
  method: string,
  operation: Piece,
): ReferenceOperation {
  const id = String(operation["operationId"]);
  const parameters = (operation["parameters"] ?? []) as Piece[];
  const body = operation["requestBody"] as Piece | undefined;
  const json = jsonOf(body?.["content"]);
  return {
    id,
    name: id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    tag: String((operation["tags"] as string[])[0]),
    method: method.toUpperCase(),
    path,
    summary: textOf(operation["summary"]),
    description: textOf(operation["description"]),
    scope: textOf(operation["x-scope"]),
    is_public: (operation["security"] as unknown[]).length === 0,
    parameters: parameters.map((parameter) => parameterOf(root, parameter)),
    body: json ? fieldsOf(root, json["schema"] as Piece, "", 0) : [],
    body_required: body?.["required"] === true,
    example: json?.["example"],
    answers: Object.entries(operation["responses"] as Record<string, Piece>).map(([status, one]) =>
      answerOf(root, status, one),
    ),
  };
}

function parameterOf(root: Piece, parameter: Piece): Field {
  const schema = (parameter["schema"] ?? jsonOf(parameter["content"])?.["schema"] ?? {}) as Piece;
  return {
    name: String(parameter["name"]),
    place: String(parameter["in"]),
    type: typeOf(root, schema),
    required: parameter["required"] === true,
    description: textOf(parameter["description"]) || textOf(resolve(root, schema)["description"]),
    limits: limitsOf(resolve(root, schema)),
  };
}

function answerOf(root: Piece, status: string, answer: Piece): ReferenceAnswer {
  const content = answer["content"] as Piece | undefined;
  const json = jsonOf(content);
  const schema = (json?.["schema"] ?? {}) as Piece;
  const code = (schema["properties"] as Record<string, Piece> | undefined)?.["code"];
  const isRefusal = Number(status) >= 400;
  const [media_type = null] = Object.keys(content ?? {});
  return {
    status,
    description: textOf(answer["description"]),
    media_type: json ? null : media_type,
    fields: isRefusal || !json ? [] : fieldsOf(root, schema, "", 0),
    codes: isRefusal ? ((code?.["enum"] ?? []) as string[]) : [],
  };
}

function jsonOf(content: unknown): Piece | null {
  return ((content as Piece | undefined)?.["application/json"] as Piece | undefined) ?? null;
}

/** What a `$ref` means; keywords beside it win. */
function resolve(root: Piece, schema: Piece): Piece {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  const name = reference.slice("#/components/schemas/".length);
  const schemas = (root["components"] as Piece)["schemas"] as Record<string, Piece>;
  const { $ref: _reference, ...beside } = schema;
  return { ...schemas[name], ...beside };
}

/** The fields of an object, each followed by those inside it. */
function fieldsOf(root: Piece, given: Piece, prefix: string, depth: number): Field[] {
  const schema = resolve(root, given);
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, Piece>);
  const required = (schema["required"] ?? []) as string[];
  return properties.flatMap(([name, raw]) => {
    const field = resolve(root, raw);
    const path = prefix + name;
    const inner = innerOf(root, field);
    return [
      {
        name: path,
        place: null,
        type: typeOf(root, raw),
        required: required.includes(name),
        description: textOf(field["description"]),
        limits: limitsOf(field),
      },
      ...(inner === null || depth >= deepest
        ? []
        : fieldsOf(root, inner.schema, path + inner.suffix, depth + 1)),
    ];
  });
}

/** The object inside a field: itself, an item of a list, or the one variant that is an object. */
function innerOf(root: Piece, field: Piece): { schema: Piece; suffix: string } | null {
  if (field["properties"]) return { schema: field, suffix: "." };
  if (field["items"]) {
    const item = resolve(root, field["items"] as Piece);
    const inner = innerOf(root, item);
    return inner && { schema: inner.schema, suffix: `[]${inner.suffix}` };
  }
  for (const variant of variantsOf(field)) {
    const inner = innerOf(root, resolve(root, variant));
    if (inner) return inner;
  }
  return null;
}

function variantsOf(schema: Piece): Piece[] {
  return (schema["anyOf"] ?? schema["oneOf"] ?? []) as Piece[];
}

function typeOf(root: Piece, given: Piece, depth = 0): string {
  const schema = resolve(root, given);
  const variants = variantsOf(schema);
  if (depth > deepest) return "…";
  if (variants.length > 0)
    return [...new Set(variants.map((one) => typeOf(root, one, depth + 1)))].join(" or ");
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (schema["type"] === "array")
    return `list of ${typeOf(root, (schema["items"] ?? {}) as Piece, depth + 1)}`;
  if (schema["format"] === "date-time") return "time";
  if (schema["type"] === "object" && schema["additionalProperties"] && !schema["properties"])
    return "map";
  const type = schema["type"];
  return Array.isArray(type) ? type.join(" or ") : textOf(type) || "any";
}

/** Keywords in pairs, and what they count. */
const bounds = [
  ["minimum", "maximum", ""],
  ["minLength", "maxLength", " characters"],
  ["minItems", "maxItems", " entries"],
] as const;

function limitsOf(schema: Piece): string[] {
  const limits: string[] = [];
  if (Array.isArray(schema["enum"])) limits.push(`one of ${schema["enum"].map(String).join(", ")}`);
  if ("default" in schema) limits.push(`default ${JSON.stringify(schema["default"])}`);
  for (const [least, most, what] of bounds) {
    const [from, to] = [schema[least], schema[most]];
    if (typeof from === "number" && typeof to === "number") limits.push(`${from} to ${to}${what}`);
    else if (typeof from === "number") limits.push(`at least ${from}${what}`);
    else if (typeof to === "number") limits.push(`at most ${to}${what}`);
  }
  return limits;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
