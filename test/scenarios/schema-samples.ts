/** Input for any operation out of its schema alone: the same every time, with characters that addresses must escape. */
import { z } from "zod";
import type { OperationSpec } from "../../src/contract/operation.ts";

type Schema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  pattern?: string;
  minimum?: number;
};

/** Text that breaks whoever forgets to encode: slashes, separators, percent signs, spaces, letters beyond ASCII. */
const hostileText = 'a/b?c=d&e#f%2Fg h+i,"é日😀';

/** A value for every input, those that may be absent included. */
export function sampleInput(spec: OperationSpec): Record<string, unknown> {
  const schema = z.toJSONSchema(spec.input, { io: "input", unrepresentable: "any" }) as Schema;
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [name, sample(field)]),
  );
}

function sample(schema: Schema): unknown {
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choices = schema.anyOf ?? schema.oneOf;
  // A list where there is a choice: it is the harder one.
  if (choices) return sample(choices.find(({ type }) => type === "array") ?? choices[0] ?? {});
  switch ([schema.type].flat()[0]) {
    case "integer":
    case "number":
      return Math.max(7, schema.minimum ?? 7);
    case "boolean":
      return false;
    case "array":
      return [sample(schema.items ?? {}), sample(schema.items ?? {})];
    case "object":
      return sampleObject(schema);
    default:
      return hostileText;
  }
}

function sampleObject(schema: Schema): object {
  if (schema.properties)
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, sample(field)]),
    );
  const values = schema.additionalProperties;
  return { key: typeof values === "object" ? sample(values) : hostileText };
}
