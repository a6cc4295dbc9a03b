/** Reads the repository's own TypeScript as syntax trees, for the tests that hold the house to its rules. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseAst } from "vitest/node";

/** The repository's root folder, with a closing slash. */
export const root = new URL("..", import.meta.url).pathname;

/** A syntax node (ESTree with TypeScript's additions), as far as the rules look at it. */
export type Node = {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
};

/** One TypeScript file; `path` is relative to the root, with forward slashes. */
export type Source = { path: string; text: string; tree: Node };

/** Parses one file. @throws SyntaxError where it is not TypeScript. */
export function parse(path: string, text: string): Source {
  return { path, text, tree: parseAst(text, { lang: "ts" }) as unknown as Node };
}

/** Every path under the folder (relative to the root) that ends in `.ts`; test vectors and node_modules left out. */
export function typescriptFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "node_modules" && path !== "test/vectors")
        found.push(...typescriptFiles(path));
    } else if (entry.name.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

/** Reads and parses every TypeScript file under the folder. */
export function sourcesUnder(folder: string): Source[] {
  return typescriptFiles(folder).map((path) => parse(path, readFileSync(join(root, path), "utf8")));
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** Every node of the tree, parents before children. Comments are not nodes. */
export function* nodes(node: Node): Generator<Node> {
  yield node;
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield* nodes(item);
    } else if (isNode(value)) yield* nodes(value);
  }
}

/** True where the node is `object.property`, as in `process.env`. */
export function isMember(node: unknown, object: string, property: string): boolean {
  if (!isNode(node) || node.type !== "MemberExpression") return false;
  const left = node["object"];
  const right = node["property"];
  if (!isNode(left) || !isNode(right) || left["name"] !== object) return false;
  return node["computed"] === true ? right["value"] === property : right["name"] === property;
}

/** The 1-based line on which the node begins. */
export function lineOf(source: Source, node: Node): number {
  return source.text.slice(0, node.start).split("\n").length;
}

const importing = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
]);

/** What the file imports, types and dynamic imports included: package names as written, own files as paths from the root. */
export function importsOf(source: Source): string[] {
  const found = new Set<string>();
  for (const node of nodes(source.tree)) {
    const from = importing.has(node.type) ? node["source"] : undefined;
    if (!isNode(from) || typeof from["value"] !== "string") continue;
    const name = from["value"];
    found.add(name.startsWith(".") ? posix.join(posix.dirname(source.path), name) : name);
  }
  return [...found];
}
