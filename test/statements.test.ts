/** Prepared statements: PostgreSQL knows them by name on each connection, so one name for two of them fails whenever they meet there. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const source = new URL("../src", import.meta.url).pathname;

/** The names given to `.named(…)` in a text, as written: literals, and templates with their backticks. */
function namesIn(text: string): string[] {
  const names: string[] = [];
  for (const { index } of text.matchAll(/\.named\b/g)) {
    // Behind the type, which may hold anything but a string.
    const found = /^\.named(?:<[^"`(]*(?:\([^"`(]*)*>)?\(\s*("[^"]*"|`[^`]*`)/.exec(
      text.slice(index),
    );
    if (found?.[1] !== undefined) names.push(found[1]);
  }
  return names;
}

/** What names a template can make. */
function madeBy(template: string): RegExp {
  const parts = template.slice(1, -1).split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/);
  return new RegExp(`^${parts.map((part) => part.replaceAll(/\W/g, "\\$&")).join("[a-z0-9_]*")}$`);
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => join(source, path));
const names = files.flatMap((path) => namesIn(readFileSync(path, "utf8")));

test("no name stands for two statements", () => {
  const literals = names.filter((name) => name.startsWith('"')).map((name) => name.slice(1, -1));
  const templates = names.filter((name) => name.startsWith("`"));
  expect(literals.length).toBeGreaterThan(150);
  expect(templates.length).toBeGreaterThan(4);
  expect(literals.filter((name, i) => literals.indexOf(name) !== i)).toEqual([]);
  const made = templates.flatMap((template) =>
    literals.filter((name) => madeBy(template).test(name)).map((name) => `${template} and ${name}`),
  );
  expect(made).toEqual([]);
  for (const name of literals) expect(name.length, name).toBeLessThan(64);
});
