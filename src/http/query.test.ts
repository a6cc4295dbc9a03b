/** Query coercion: text gets a type only where the schema has one, and nothing passes that JSON would not. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseInput } from "../contract/dispatch.ts";
import { Refusal } from "../core/refusal.ts";
import { coercion, decodeQuery, parseQuery } from "./query.ts";

const schema = z.strictObject({
  limit: z.int().min(1).max(100).default(20),
  ratio: z.number().optional(),
  unread: z.boolean().optional(),
  maybe: z.boolean().nullable().optional(),
  q: z.string().optional(),
  status: z.array(z.enum(["sent", "queued"])).optional(),
  sizes: z.array(z.int()).optional(),
  tags: z.array(z.string()).optional(),
  either: z.union([z.string(), z.array(z.string())]).optional(),
  level: z.union([z.literal(1), z.literal(2), z.literal("top")]).optional(),
  match: z.record(z.string(), z.string()).optional(),
});

function read(query: string): Record<string, unknown> {
  const fields = coercion(schema);
  const input: Record<string, unknown> = {};
  for (const [name, raw] of parseQuery(query)) input[name] = fields.field(name, raw, decodeQuery);
  return input;
}

test.each([
  ["limit=5", { limit: 5 }],
  ["limit=05", { limit: "05" }],
  ["limit=+5", { limit: " 5" }],
  ["limit=0x10", { limit: "0x10" }],
  ["limit=", { limit: "" }],
  ["limit=1e1", { limit: 10 }],
  ["ratio=-0.5", { ratio: -0.5 }],
  ["ratio=NaN", { ratio: "NaN" }],
  ["ratio=Infinity", { ratio: "Infinity" }],
  ["unread=true&maybe=false", { unread: true, maybe: false }],
  ["unread=True", { unread: "True" }],
  ["unread=1", { unread: "1" }],
  ["q=123", { q: "123" }],
  ["q=true", { q: "true" }],
  ["q=a+b%2Bc", { q: "a b+c" }],
  ["q", { q: "" }],
  ["status=sent", { status: ["sent"] }],
  ["status=sent,queued", { status: ["sent", "queued"] }],
  ["status=sent%2Cqueued", { status: ["sent", "queued"] }],
  ["status=sent&status=queued", { status: ["sent", "queued"] }],
  ["status=", { status: [] }],
  ["sizes=1,2&sizes=3", { sizes: ["1,2", 3] }],
  ["sizes=1%2C2", { sizes: [1, 2] }],
  ["tags=a,b", { tags: ["a", "b"] }],
  ["tags=a%2Cb", { tags: ["a,b"] }],
  ["tags=a,b&tags=c", { tags: ["a,b", "c"] }],
  ["either=a,b", { either: "a,b" }],
  ["either=a&either=b", { either: ["a", "b"] }],
  ["level=2", { level: 2 }],
  ["level=top", { level: "top" }],
  ["level=3", { level: "3" }],
  ['match={"a":"b"}', { match: { a: "b" } }],
  ["other=1&other=2", null],
  ["limit=1&limit=2", null],
  ["q=%zz", null],
  ["q=%ff", null],
])("the query %s reads as %j", (query, expected) => {
  if (expected === null) expect(() => read(query)).toThrow(Refusal);
  else expect(read(query)).toEqual(expected);
});

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }).map((value) => value.toWellFormed()),
  fc.constantFrom(
    "1",
    "-1",
    "1.5",
    "1e3",
    "01",
    "true",
    "false",
    "null",
    "a,b",
    ",",
    "",
    " 1",
    "__proto__",
  ),
);

test("whatever a caller wants to say arrives as it was said", () => {
  const wanted = fc.record(
    {
      limit: fc.integer({ min: 1, max: 100 }),
      ratio: fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((value) => (value === 0 ? 0 : value)),
      unread: fc.boolean(),
      q: text,
      status: fc.array(fc.constantFrom("sent", "queued")),
      sizes: fc.array(fc.integer()),
      tags: fc.array(text, { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(wanted, (input) => {
      const query = Object.entries(input).flatMap(([name, value]) =>
        Array.isArray(value) && value.length === 0
          ? [`${name}=`]
          : [value].flat().map((item) => `${name}=${encodeURIComponent(String(item))}`),
      );
      // A list of one empty text cannot be told from the empty list.
      fc.pre(!(input.tags?.length === 1 && input.tags[0] === ""));
      expect(read(query.join("&"))).toEqual(input);
    }),
    { numRuns: 500 },
  );
});

test("a query never gets past the schema with what JSON text could not say", () => {
  const names = fc.constantFrom("limit", "ratio", "unread", "maybe", "level");
  fc.assert(
    fc.property(names, text, (name, value) => {
      const input = {
        [name]: coercion(schema).field(name, [encodeURIComponent(value)], decodeQuery),
      };
      let accepted: unknown;
      try {
        accepted = parseInput(schema, input)[name];
      } catch {
        return;
      }
      // What was accepted is either the text itself or exactly the JSON value that the text spells.
      expect(accepted === value || accepted === JSON.parse(value)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("no query string breaks the reader", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          "a",
          "q",
          "limit",
          "=",
          "&",
          "%",
          "2",
          "C",
          "+",
          ",",
          "[",
          "]",
          "é",
          "__proto__",
        ),
      ),
      (parts) => {
        try {
          expect(Object.getPrototypeOf(read(parts.join("")))).toBe(Object.prototype);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
