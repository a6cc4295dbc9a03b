/** The OpenAPI 3.1 description, projected from the operations: nothing in it is written by hand twice. */
import { z } from "zod";
import { type OperationSpec, approvalRequired } from "../contract/operation.ts";
import { type RefusalCode, refusalCodes } from "../core/refusal.ts";
import { exampleInput } from "./openapi-example.ts";
import { type JsonObject, type ProjectedSchemas, projectSchemas } from "./openapi-schemas.ts";
import { tagDescription } from "./openapi-tags.ts";
import { ignoresCredential, pathNames } from "./route.ts";
import { refusalStatus } from "./status.ts";

/** What the description says besides the operations. */
export type OpenApiOptions = {
  version: string;
  /** Schemas that become shared components wherever the same zod object is used, by component name (`Mailbox`). */
  components?: Readonly<Record<string, z.ZodType>>;
};

/**
 * The whole document as plain JSON data (OpenAPI 3.1.1). Deterministic: the order of `operations` does not matter.
 * Throws a plain Error for schemas that JSON Schema cannot say.
 */
export function buildOpenApi(
  operations: readonly OperationSpec[],
  options: OpenApiOptions,
): object {
  const sorted = [...operations].sort((a, b) => compare(a.path, b.path) || order(a) - order(b));
  const schemas = projectSchemas(sorted, options.components ?? {});
  const paths: Record<string, JsonObject> = {};
  for (const spec of sorted) {
    const item = (paths[spec.path.replaceAll("*}", "}")] ??= {});
    item[spec.method.toLowerCase()] = describe(spec, schemas);
  }
  const tags = [...new Set(sorted.map((spec) => spec.tag))].sort(compare);
  return {
    openapi: "3.1.1",
    info: {
      title: "MultiMail",
      version: options.version,
      summary: "Email for AI agents with human oversight.",
      description: about,
      contact: { name: "Whoever runs this instance" },
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: tags.map((name) => {
      const description = tagDescription(name);
      return description === null ? { name } : { name, description };
    }),
    paths,
    components: {
      schemas: {
        ...schemas.components,
        ...(sorted.some((spec) => spec.sensitive) ? { ApprovalRequired: approvalSchema } : {}),
        Error: errorSchema,
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key or access token." },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
      },
    },
  };
}

const about = [
  "Base `/v1`, JSON in snake_case. Authenticate with `Authorization: Bearer <key>` or `X-API-Key`.",
  "",
  "- Refusals are `{error, code, request_id, hint?, field?}`; `code` is one of a closed list.",
  "- Lists take `limit` (1 to 100) and an opaque `cursor`; `next_cursor` is null at the end.",
  "- Ids have 26 characters and sort by time; times are ISO 8601.",
  "- Unknown fields of a write are refused by name, never dropped.",
  "- A send with an `idempotency_key` (or the header `Idempotency-Key`) happens once.",
  "- Where a call by a key changes what protects people, it answers 202 and waits for a person.",
].join("\n");

/** `send_email` becomes `sendEmail`. */
export function operationId(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const errorSchema: JsonObject = {
  type: "object",
  description: "Why the call was refused.",
  properties: {
    error: { type: "string", description: "One sentence for a person." },
    code: {
      type: "string",
      enum: [...refusalCodes],
      description: "One of a closed list, for programs.",
    },
    request_id: { type: "string", description: "Also in X-Request-Id." },
    hint: { type: "string", description: "How to mend it." },
    field: { type: "string", description: "The input field at fault, as the caller spelled it." },
  },
  required: ["error", "code", "request_id"],
};

const { $schema: _, ...approvalSchema } = z.toJSONSchema(approvalRequired);

function describe(spec: OperationSpec, schemas: ProjectedSchemas): JsonObject {
  const { parameters, requestBody } = inputOf(spec, schemas);
  return {
    operationId: operationId(spec.name),
    tags: [spec.tag],
    summary: spec.summary,
    description: spec.description,
    security: spec.access === "public" ? [] : [{ bearer: [] }, { apiKey: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === null ? {} : { requestBody }),
    responses: responsesOf(spec, schemas),
    "x-effect": spec.effect,
    "x-scope": spec.or_access === undefined ? spec.access : `${spec.access} or ${spec.or_access}`,
  };
}

/** The input object taken apart: path and query parameters, and what travels in the body. */
function inputOf(
  spec: OperationSpec,
  schemas: ProjectedSchemas,
): { parameters: JsonObject[]; requestBody: JsonObject | null } {
  const { properties, required, closed } = schemas.input(spec);
  const inPath = pathNames(spec.path);
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name));
  const parameters = inPath.map((name) => parameter(name, "path", true, properties[name] ?? {}));
  if (spec.method === "GET" || spec.method === "DELETE") {
    for (const name of rest)
      parameters.push(parameter(name, "query", required.includes(name), properties[name] ?? {}));
    return { parameters, requestBody: null };
  }
  if (rest.includes("idempotency_key"))
    parameters.push({
      name: "Idempotency-Key",
      in: "header",
      description: "The same as `idempotency_key` in the body.",
      schema: { type: "string", minLength: 1, maxLength: 255 },
    });
  if (rest.length === 0) return { parameters, requestBody: null };
  const needed = rest.filter((name) => required.includes(name));
  const schema: JsonObject = {
    type: "object",
    properties: Object.fromEntries(rest.map((name) => [name, properties[name] ?? {}])),
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(closed ? { additionalProperties: false } : {}),
  };
  return {
    parameters,
    requestBody: {
      required: needed.length > 0,
      content: { "application/json": { schema, ...bodyExample(spec, schemas, rest) } },
    },
  };
}

/** What travels in the body of the example of this operation; nothing where there is none. */
function bodyExample(
  spec: OperationSpec,
  schemas: ProjectedSchemas,
  names: readonly string[],
): { example?: JsonObject } {
  const input = exampleInput(spec, schemas.input(spec));
  if (input === null) return {};
  return {
    example: Object.fromEntries(Object.entries(input).filter(([name]) => names.includes(name))),
  };
}

function parameter(
  name: string,
  place: "path" | "query",
  required: boolean,
  schema: JsonObject,
): JsonObject {
  const { description, ...rest } = schema;
  const base = {
    name,
    in: place,
    required,
    ...(typeof description === "string" ? { description } : {}),
  };
  // An object in a query string travels as JSON text.
  return rest["type"] === "object"
    ? { ...base, content: { "application/json": { schema: rest } } }
    : { ...base, schema: rest };
}

/** Success first, then refusals by status; codes that every such call can meet are added here. */
function responsesOf(spec: OperationSpec, schemas: ProjectedSchemas): JsonObject {
  const output = spec.output;
  const content =
    "content_type" in output
      ? { [output.content_type]: { schema: { type: "string", format: "binary" } } }
      : { "application/json": { schema: schemas.output(spec) } };
  const headers = { "X-Request-Id": { schema: { type: "string" } } };
  const responses: JsonObject = {
    [spec.status]: { description: spec.summary, headers, content },
  };
  for (const [status, meaning] of Object.entries(spec.also ?? {}))
    responses[status] = { description: meaning, headers, content };
  if (spec.sensitive)
    responses[202] = {
      description:
        "Waits for a person; repeat the call with `approval_code`, or once a member granted it",
      headers,
      content: {
        "application/json": { schema: { $ref: "#/components/schemas/ApprovalRequired" } },
      },
    };
  const byStatus = new Map<number, RefusalCode[]>();
  for (const code of codesOf(spec)) {
    const status = refusalStatus[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b))
    responses[status] = {
      description: `Refused: ${codes.map((code) => `\`${code}\``).join(", ")}.`,
      headers: { ...headers, ...extraHeaders[status] },
      content: {
        "application/json": {
          schema: {
            $ref: "#/components/schemas/Error",
            properties: { code: { type: "string", enum: codes } },
          },
        },
      },
    };
  return responses;
}

const extraHeaders: Readonly<Record<number, JsonObject>> = {
  401: { "WWW-Authenticate": { schema: { type: "string" } } },
  429: { "Retry-After": { description: "Seconds.", schema: { type: "integer" } } },
};

/** The operation's own refusals and the door's, in the order of the closed list. */
function codesOf(spec: OperationSpec): RefusalCode[] {
  const codes = new Set<RefusalCode>(["validation_failed", "internal", "unavailable"]);
  const add = (...more: readonly RefusalCode[]): void => more.forEach((code) => codes.add(code));
  add(...spec.refusals);
  if (spec.access !== "public") add("unauthenticated", "scope_required");
  if (spec.path_only !== true) add("invalid_idempotency_key");
  // A credential that came must be good, also where none is needed.
  if (spec.path_only !== true && !ignoresCredential.has(spec.path)) add("unauthenticated");
  // Credentials have their limits, and strangers theirs by address.
  if (!ignoresCredential.has(spec.path)) add("rate_limited");
  // The dispatcher's wall around mailboxes, and its way to ask people.
  if ("mailbox_id" in spec.input.shape) add("not_found");
  if (spec.sensitive === true) add("invalid_code");
  if (spec.method !== "GET") add("invalid_json", "payload_too_large", "unsupported_media_type");
  return refusalCodes.filter((code) => codes.has(code));
}

const methodOrder = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function order(spec: OperationSpec): number {
  return methodOrder.indexOf(spec.method);
}

/** By code unit: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
