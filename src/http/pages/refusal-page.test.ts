/** What a person reads where the API would name a field: the form's own words, and a way back to the form. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Refusal } from "../../core/refusal.ts";
import { sentence } from "./refusal-page.ts";

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test.each([
  ["to[0]", "to[0]: it has no @", "To, line 1: it has no @."],
  ["match.recipients[4]", "match.recipients[4]: must be one", "Recipients, line 5: must be one."],
  ["oversight_address", "oversight_address: it has no @", "Oversight address: it has no @."],
  ["expires_at", "expires_at: a rule ends.", "End: a rule ends."],
  ["reason", "Write what to change.", "Write what to change."],
  ["", "Whole: input", "Whole: input"],
])("field %s reads as on the form", (field, message, words) => {
  expect(sentence(new Refusal("validation_failed", message, { field }))).toBe(words);
});

test("a long hostile field name is read in linear time", () => {
  const field = `${"[1".repeat(50_000)}]`;
  const before = performance.now();
  sentence(new Refusal("validation_failed", `${field}: no`, { field }));
  expect(performance.now() - before).toBeLessThan(1000);
});

test("every npm script and local command that a page or the README names is there", () => {
  const page = text("src/http/pages/refusal-page.ts");
  const words = `${page} ${text("README.md")}`;
  const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
  const named = [...words.matchAll(/npm run ([a-z-]+)/g)].map(([, name]) => name);
  expect(named).toContain("demo");
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  expect(page).toContain("npx multimail sign-in-link");
  expect(text("src/multimail.ts")).toContain('"sign-in-link": {');
});
