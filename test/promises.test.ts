/** Holds the promises to their tests: each one cited as the title of a test, no sentence and no id twice. */
import { expect, test } from "vitest";
import { promise, promises, upcoming } from "./promises.ts";
import { nodes, parse, sourcesUnder } from "./source.ts";
import type { Node, Source } from "./source.ts";

const testers = new Set(["test", "it"]);
const sleeping = new Set(["skip", "todo", "fails"]);

/** True for `test(…)`, `it.each(…)(…)`, `test.skipIf(…)(…)`; false for `test.skip(…)`, which proves nothing. */
function runs(callee: Node): boolean {
  if (callee.type === "Identifier") return testers.has(callee["name"] as string);
  if (callee.type === "CallExpression") return runs(callee["callee"] as Node);
  if (callee.type !== "MemberExpression") return false;
  const property = (callee["property"] as Node)["name"] as string;
  return !sleeping.has(property) && runs(callee["object"] as Node);
}

/** Ids of the promises that are titles of tests in the file. */
function cited(source: Source): string[] {
  const ids: string[] = [];
  for (const node of nodes(source.tree)) {
    if (node.type !== "CallExpression" || !runs(node["callee"] as Node)) continue;
    const [title] = node["arguments"] as Node[];
    for (const part of title ? nodes(title) : []) {
      if (part.type !== "CallExpression") continue;
      const [id] = part["arguments"] as Node[];
      if ((part["callee"] as Node)["name"] === "promise" && typeof id?.["value"] === "string")
        ids.push(id["value"]);
    }
  }
  return ids;
}

const citations = new Set(
  ["src", "test"]
    .flatMap(sourcesUnder)
    .filter((source) => source.path.endsWith(".test.ts"))
    .flatMap(cited),
);

test(promise("house.promises"), () => {
  expect(Object.keys(promises).filter((id) => !citations.has(id))).toEqual([]);
});

test("a promise that a test proves is enforced, no longer upcoming", () => {
  expect(Object.keys(upcoming).filter((id) => citations.has(id))).toEqual([]);
});

test("no promise is made twice", () => {
  const both = [...Object.entries(promises), ...Object.entries(upcoming)];
  expect(new Set(both.map(([id]) => id)).size).toBe(both.length);
  expect(new Set(both.map(([, sentence]) => sentence.toLowerCase())).size).toBe(both.length);
});

test("the sentence comes back for its id, and a wrong id does not compile", () => {
  expect(promise("house.rooms")).toBe(promises["house.rooms"]);
  // @ts-expect-error: not an id
  expect(promise("house.none")).toBeUndefined();
});

test.each([
  [`test(promise("a.b"), () => {});`, ["a.b"]],
  ["it(`${promise('a.b')}: in bulk`, () => {});", ["a.b"]],
  [`test.skipIf(!dkimpy)(promise("a.b"), () => {});`, ["a.b"]],
  [`test.each([1])(promise("a.b"), () => {});`, ["a.b"]],
  [`test.skip(promise("a.b"), () => {});`, []],
  [`test.skip.each([1])(promise("a.b"), () => {});`, []],
  [`// test(promise("a.b"), () => {});`, []],
  [`describe("x", () => promise("a.b"));`, []],
])("a citation is the title of a test that runs: %s", (text, ids) => {
  expect(cited(parse("a.test.ts", text))).toEqual(ids);
});
