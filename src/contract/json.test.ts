/** JSON bodies: what is valid is read as JSON.parse reads it, what is ambiguous or too much is refused. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { maxDepth, maxValues, parseJson } from "./json.ts";

const code = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
};

test("any JSON value without __proto__ reads as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      fc.pre(!text.includes("__proto__"));
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("any text is read or refused as invalid_json, and read only if JSON.parse reads it", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      '"a"',
      "1",
      "null",
      " ",
      "\\u0061",
      "__proto__",
    ),
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      const result = code(text);
      if (result !== "invalid_json") expect(result).toEqual(JSON.parse(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['{"to":"a@x","to":"b@x"}'],
  ['{"to":"a@x","t\\u006f":"b@x"}'],
  ['{"a":{"b":1,"c":[{"d":1}],"b":2}}'],
  ['{"__proto__":{"admin":true}}'],
  ['{"a":[{"\\u005f_proto__":1}]}'],
  [`${"[".repeat(maxDepth + 1)}${"]".repeat(maxDepth + 1)}`],
  ["[".repeat(1_000_000)],
  [`[${"0,".repeat(maxValues)}0]`],
  ['{"a":1,}'],
  ["{"],
  ['"\\'],
])("%.60s is refused as invalid_json", (text) => {
  expect(code(text)).toBe("invalid_json");
});

test("the same member name in two objects, or as a value, is no repetition", () => {
  expect(
    parseJson('{"a":"a","b":{"a":"b"},"c":[{"a":1},{"a":2}],"d":"\\\\","e":"__proto__"}'),
  ).toEqual({
    a: "a",
    b: { a: "b" },
    c: [{ a: 1 }, { a: 2 }],
    d: "\\",
    e: "__proto__",
  });
});

test("an escaped quote ends no string: neither a repetition behind it is missed nor one inside is seen", () => {
  const inside = { a: '","b":1,"b":1', c: "\\" };
  expect(parseJson(JSON.stringify(inside))).toEqual(inside);
  expect(code('{"a":"\\"","a":1}')).toBe("invalid_json");
  expect(code('{"a":"\\\\","a":1}')).toBe("invalid_json");
});

test("nesting up to the limit is read", () => {
  expect(code(`${"[".repeat(maxDepth)}${"]".repeat(maxDepth)}`)).toBeInstanceOf(Array);
});
