/** Promises of the schemas of tools. */
import { fromJsonSchema, type JsonSchemaType } from "@modelcontextprotocol/server";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { inputSchema, outputSchema, shared } from "./tool-schema.ts";

const time = z.iso.datetime({ offset: true }).describe("ISO 8601 time");
const place = z.object({
  street: z.string().describe("Where"),
  city: z.string(),
  kind: z.enum(["home", "work"]),
});

test("an input keeps its words and bounds, and loses the pattern that its format says", () => {
  const schema = inputSchema("x", z.strictObject({ at: time, n: z.int().max(5) }));
  expect(schema.properties).toEqual({
    at: { type: "string", format: "date-time", description: "ISO 8601 time" },
    n: { type: "integer", maximum: 5 },
  });
  expect(schema).toMatchObject({ additionalProperties: false, required: ["at", "n"] });
});

test("an output keeps names, types, choices and what is required, and no words", () => {
  const schema = outputSchema("x", z.object({ at: time, place, description: z.string() }));
  expect(schema).toEqual({
    type: "object",
    properties: {
      at: { type: "string" },
      place: {
        type: "object",
        properties: {
          street: { type: "string" },
          city: { type: "string" },
          kind: { type: "string", enum: ["home", "work"] },
        },
        required: ["street", "city", "kind"],
      },
      description: { type: "string" },
    },
    required: ["at", "place", "description"],
  });
});

test("what repeats in an output stands once, and means what it meant", async () => {
  const type = z.object({ from: place, to: place, type: place, all: z.array(place) });
  const plain = outputSchema("x", type);
  const small = shared(plain);
  expect(JSON.stringify(small).match(/street/g)).toHaveLength(2);
  expect(JSON.stringify(small).length).toBeLessThan(JSON.stringify(plain).length);
  const accepts = async (schema: object, value: unknown): Promise<boolean> =>
    !("issues" in (await fromJsonSchema(schema as JsonSchemaType)["~standard"].validate(value)));
  const text = fc.oneof(fc.string(), fc.constant(1));
  const somewhere = fc.record(
    { street: text, city: text, kind: fc.constantFrom("home", "work", "sea") },
    { requiredKeys: ["city"] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record({ from: somewhere, to: somewhere, type: somewhere, all: fc.array(somewhere) }),
      async (value) => {
        expect(await accepts(small, value)).toBe(await accepts(plain, value));
      },
    ),
  );
  expect(await accepts(small, { from: {}, to: {}, type: {}, all: [] })).toBe(false);
});

test("what is no object is refused where the table is built", () => {
  expect(() => outputSchema("list_things", z.array(z.string()))).toThrow(/list_things.*object/);
});
