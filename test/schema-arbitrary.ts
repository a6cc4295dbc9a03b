/** Values for a JSON Schema of openapi.json: such as it allows, at its edges, and such as a hostile client sends instead. */
import fc from "fast-check";

/** A schema, as far as our document uses JSON Schema 2020-12. Its fields are read where they are there. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Schema = any;

/** What stands where something else is expected: types mixed up, edges of numbers and text, names that objects have by themselves. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    " ",
    "\u0000",
    "\ud800",
    "\r\nBcc: eve@example.net",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "%00%0d%0a",
    "' OR 1=1 --",
    "${7*7}",
    "=cmd|' /C calc'!A0",
    "𝕬\u202e\u2066\ufeff",
    "9".repeat(400),
    "x".repeat(70_000),
    -1,
    0,
    0.5,
    1e308,
    2 ** 53,
    -(2 ** 63),
    [],
    {},
    [[[[[[]]]]]],
    { constructor: { prototype: 1 } },
    { toString: 1, length: -1 },
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.integer(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Names that no schema has. */
const unknownName = fc.constantFrom(
  "constructor",
  "toString",
  "x",
  "operator_id",
  "actor",
  "$ref",
  "",
);

/** Looks a `$ref` up in the document. */
export type Resolve = (reference: string) => Schema;

/** Mostly values that the schema allows; here and there, and never at a name of `known`, something else. */
export function ofSchema(
  schema: Schema,
  resolve: Resolve,
  known: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<unknown> {
  const of = (inner: Schema): fc.Arbitrary<unknown> => ofSchema(inner, resolve, known);
  if (schema.$ref) return of(resolve(schema.$ref));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(of));
  if (schema.allOf) return fc.oneof(...schema.allOf.map(of));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "string":
      return text(schema);
    case "integer":
      return fc.oneof(
        fc.integer({
          min: schema.minimum ?? -5,
          max: Math.min(schema.maximum ?? 500, 2 ** 31 - 1),
        }),
        fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 2 ** 31),
      );
    case "number":
      return fc.double({ noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(of(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case "object":
      return objectOf(schema, resolve, known);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** An object: what is required always, the rest now and then (else `undefined`); one in six has a field spoilt or one too many. */
export function objectOf(
  schema: Schema,
  resolve: Resolve,
  known: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<Record<string, unknown>> {
  const names = Object.keys(schema.properties ?? {});
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const required = new Set<string>(schema.required);
  for (const name of names) {
    const value = known[name] ?? ofSchema(schema.properties[name], resolve, known);
    fields[name] = required.has(name)
      ? value
      : fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  }
  const whole = fc.record(fields);
  const more = schema.additionalProperties;
  const open: fc.Arbitrary<Record<string, unknown>> =
    typeof more === "object"
      ? fc
          .tuple(
            whole,
            fc.dictionary(fc.stringMatching(/^[\w.-]{1,12}$/), ofSchema(more, resolve, known), {
              maxKeys: 3,
            }),
          )
          .map(([a, b]) => ({ ...b, ...a }))
      : whole;
  return fc
    .tuple(open, fc.nat(11), hostile, fc.nat(), unknownName)
    .map(([object, dice, value, at, name]) => {
      const spoilt = names[at % Math.max(1, names.length)];
      if (dice === 0 && spoilt !== undefined && !(spoilt in known))
        return { ...object, [spoilt]: value };
      if (dice === 1) return { ...object, [name]: value };
      return object;
    });
}

function text(schema: Schema): fc.Arbitrary<unknown> {
  const min = schema.minLength ?? 0;
  const max = Math.min(schema.maxLength ?? 60, 200);
  const plain = fc.string({ unit: "grapheme", minLength: min, maxLength: Math.max(min, max) });
  if (schema.format === "date-time")
    return fc
      .date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true })
      .map((at) => at.toISOString());
  if (typeof schema.pattern === "string") {
    const pattern = patternOf(schema.pattern);
    return pattern === null
      ? plain
      : fc.oneof({ weight: 9, arbitrary: pattern }, { weight: 1, arbitrary: plain });
  }
  return fc.oneof(
    plain,
    fc.constantFrom(
      "ada@example.com",
      "https://example.com/x",
      "example.com",
      "2026-11-21T00:00:00Z",
    ),
  );
}

/** Null for patterns that the generator cannot follow (look-around). */
function patternOf(pattern: string): fc.Arbitrary<string> | null {
  try {
    const made = fc.stringMatching(new RegExp(pattern, "u"), { maxLength: 200 });
    fc.sample(made, { numRuns: 1, seed: 1 });
    return made;
  } catch {
    return null;
  }
}
