/** An example of an operation's input, made from its schema and held to it: what the description and the reference page show. */
import type { z } from "zod";
import type { OperationSpec } from "../contract/operation.ts";
import type { JsonObject, ProjectedInput } from "./openapi-schemas.ts";
import { pathNames } from "./route.ts";

/** Values that say more than the schema can. Each is used only where the field's schema takes it. */
const telling: Readonly<Record<string, readonly unknown[]>> = {
  to: [["ada@example.com"]],
  cc: [["grace@example.com"]],
  subject: ["Your refund is on its way"],
  markdown: ["Dear Ada,\n\nyour refund of **42.00** arrives within *three days*."],
  reason: ["Checked against the ledger", "manual"],
  address_local_part: ["support"],
  address: ["ada@example.com"],
  email: ["ada@example.com"],
  name: ["Support agent"],
  display_name: ["Support"],
  domain: ["mail.example.com"],
  pattern: ["*@example.com"],
  filename: ["invoice.pdf"],
  q: ["refund"],
  digest: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
  scopes: [["read", "send"]],
  send_at: ["2027-01-04T09:00:00Z"],
  expires_at: ["2027-01-04T09:00:00Z"],
  tags: [{ ticket: "4711" }],
  metadata: [{ ticket: "4711" }],
  url: ["https://hooks.example.com/multimail"],
  events: [["message.received", "message.delivered"]],
  oversight_address: ["overseer@example.com"],
  oversight_email: ["overseer@example.com"],
  operator_name: ["Example Operator"],
  agent_name: ["Support agent"],
  postal_address: ["Example Operator, 1 Example Street, 00000 Example City"],
  target_mode: ["monitored"],
  role: ["approver"],
  code: ["A7X29K"],
  key: ["ticket"],
  tile_path: ["0/000"],
  thread_id: ["01K9W2Q0R8X4M6N5T7V3B1C2D9", "ticket-4711"],
};

/** Optional fields that an example has nevertheless, because a call without them says little. */
const shown = new Set(
  "to subject markdown name address_local_part target_mode oversight_mode email_id decision url events".split(
    " ",
  ),
);

/** Fields that say nothing by themselves. */
const silent = new Set(["approval_code", "idempotency_key", "List-Unsubscribe"]);

/** Every field that a caller gives by way of example. Null where no example satisfies the operation's own schema. */
export function exampleInput(
  spec: OperationSpec,
  { properties, required }: Pick<ProjectedInput, "properties" | "required">,
): Record<string, unknown> | null {
  const names = Object.keys(properties);
  const wanted = (name: string): boolean => required.includes(name) || shown.has(name);
  const few = names.filter((name) => required.includes(name));
  const most = names.filter(wanted);
  const inPath = pathNames(spec.path);
  const changes = names.filter((name) => !inPath.includes(name) && !silent.has(name));
  // A change of nothing says little: then one field is shown.
  const attempts = [most, ...changes.map((name) => [...few, name]), few];
  for (const attempt of attempts) {
    if (attempt !== few && !attempt.some((name) => changes.includes(name))) continue;
    const input = Object.fromEntries(
      attempt.map((name) => [name, valueOf(name, properties[name] ?? {}, spec.input.shape[name])]),
    );
    if (accepts(spec.input, input)) return input;
  }
  return null;
}

function valueOf(name: string, schema: JsonObject, form: unknown): unknown {
  const known = telling[name]?.find((value) => accepts(form, value));
  return known ?? invented(schema, 0);
}

/** The least value of a schema, good enough for ids, times, enumerations, lists and objects. */
function invented(schema: JsonObject, depth: number): unknown {
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const variants = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(variants)) {
    const [first] = variants.filter((one: JsonObject) => one["type"] !== "null") as JsonObject[];
    return invented(first ?? {}, depth);
  }
  if ("default" in schema) return schema["default"];
  switch (schema["type"]) {
    case "string":
      return inventedText(schema);
    case "integer":
    case "number":
      return Math.max(1, Number(schema["minimum"] ?? 1));
    case "boolean":
      return true;
    case "array":
      return depth > 4 ? [] : [invented((schema["items"] ?? {}) as JsonObject, depth + 1)];
    case "object": {
      const fields = (schema["properties"] ?? {}) as Record<string, JsonObject>;
      const needed = (schema["required"] ?? []) as string[];
      return Object.fromEntries(
        needed.map((name) => [
          name,
          telling[name]?.find((value) => typeof value === fields[name]?.["type"]) ??
            invented(fields[name] ?? {}, depth + 1),
        ]),
      );
    }
    default:
      return null;
  }
}

function inventedText(schema: JsonObject): string {
  if (schema["format"] === "date-time") return "2027-01-04T09:00:00Z";
  const pattern = typeof schema["pattern"] === "string" ? schema["pattern"] : "";
  if (pattern.includes("{25}")) return "01K9W2Q0R8X4M6N5T7V3B1C2D9";
  if (pattern.includes("{64}"))
    return "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  return "example"
    .padEnd(Number(schema["minLength"] ?? 0), "e")
    .slice(0, Number(schema["maxLength"] ?? 100));
}

function accepts(form: unknown, value: unknown): boolean {
  return (form as z.ZodType | undefined)?.safeParse(value).success ?? false;
}
