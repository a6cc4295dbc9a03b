/** The rules of the house as functions from sources to complaints; ARCHITECTURE.md says why. */
import { importsOf, isMember, lineOf, nodes } from "./source.ts";
import type { Node, Source } from "./source.ts";

/** Longest file that is accepted, and the length from which a file is listed as long. */
export const lines = { refuse: 500, warn: 300 };

/** Room → rooms it may import. */
export type Rooms = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads the fenced block tagged `rooms`. @throws Error where it is missing, malformed or names an unknown room. */
export function readRooms(markdown: string): Rooms {
  const block = /^```rooms\n([\s\S]*?)^```$/m.exec(markdown)?.[1];
  if (block === undefined) throw new Error("ARCHITECTURE.md has no fenced block tagged rooms");
  const rooms = new Map<string, Set<string>>();
  for (const line of block.trim().split("\n")) {
    const [, room, allowed] = /^([a-z-]+):((?: [a-z-]+)*)$/.exec(line) ?? [];
    if (room === undefined) throw new Error(`not a line of the rooms table: ${line}`);
    if (rooms.has(room)) throw new Error(`room twice: ${room}`);
    rooms.set(room, new Set(allowed?.split(" ").filter(Boolean)));
  }
  for (const [room, allowed] of rooms)
    for (const other of allowed)
      if (!rooms.has(other)) throw new Error(`${room} may import ${other}, which is no room`);
  return rooms;
}

/** The room of a file under src/: its first folder, `config` for src/config.ts, `main` for other files directly there. */
export function roomOf(path: string): string {
  const [, first, second] = path.split("/");
  if (second !== undefined) return first ?? "";
  return first === "config.ts" ? "config" : "main";
}

/** Imports that go where the table does not allow. */
export function forbiddenImports(sources: readonly Source[], rooms: Rooms): string[] {
  const complaints: string[] = [];
  for (const source of sources) {
    const room = roomOf(source.path);
    const allowed = rooms.get(room);
    if (!allowed) complaints.push(`${source.path}: ${room} is no room of the table`);
    for (const target of importsOf(source)) {
      if (!target.startsWith("src/")) {
        if (/^(\.\.|test\/|scripts\/|bench\/)/.test(target))
          complaints.push(`${source.path} imports ${target}, outside src`);
        continue;
      }
      const other = roomOf(target);
      if (other !== room && !allowed?.has(other))
        complaints.push(`${source.path} imports ${target}, but ${room} may not import ${other}`);
    }
  }
  return complaints;
}

/** Rings in the table itself: rooms from which one comes back to the same room. */
export function roomCycles(rooms: Rooms): string[] {
  return cycles(new Map([...rooms].map(([room, allowed]) => [room, [...allowed]])));
}

/** Rings of files that import each other, types included. */
export function importCycles(sources: readonly Source[]): string[] {
  return cycles(new Map(sources.map((source) => [source.path, importsOf(source)])));
}

function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): void => {
    const at = path.indexOf(name);
    if (at !== -1) found.push([...path.slice(at), name].join(" → "));
    if (at !== -1 || done.has(name)) return;
    path.push(name);
    for (const next of edges.get(name) ?? []) visit(next);
    path.pop();
    done.add(name);
  };
  for (const name of edges.keys()) visit(name);
  return found;
}

const emptyNames = /^(utils?|helpers?|commons?|libs?|shared|services?|managers?|misc)$/;

/** Folders and files whose name says nothing of what is in them, and barrels. */
export function emptyNamed(paths: readonly string[]): string[] {
  return paths.filter((path) =>
    path
      .split("/")
      .some((part) => part === "index.ts" || emptyNames.test(part.replace(/(\.test)?\.ts$/, ""))),
  );
}

/** Files whose first line is not a one-sentence doc comment. */
export function withoutFirstSentence(sources: readonly Source[]): string[] {
  return sources
    .filter((source) => !/^\/\*\* [A-Z`"'].*[^\s*] \*\/\n/.test(source.text))
    .map((source) => source.path);
}

/** Files longer than `limit` lines, with their length. */
export function longerThan(sources: readonly Source[], limit: number): string[] {
  return sources
    .map((source) => ({ path: source.path, count: source.text.trimEnd().split("\n").length }))
    .filter(({ count }) => count > limit)
    .map(({ path, count }) => `${path}: ${count} lines`);
}

const where = (sources: readonly Source[], bad: (node: Node) => boolean): string[] =>
  sources.flatMap((source) =>
    [...nodes(source.tree)].filter(bad).map((node) => `${source.path}:${lineOf(source, node)}`),
  );

/** Places that read the environment. */
export function environmentReaders(sources: readonly Source[]): string[] {
  return where(sources, (node) => {
    if (isMember(node, "process", "env")) return true;
    // `const { env } = process` and `import { env } from "node:process"`
    if (node.type === "VariableDeclarator" && (node["init"] as Node | null)?.["name"] === "process")
      return [...nodes(node["id"] as Node)].some((part) => part["name"] === "env");
    return node.type === "ImportDeclaration" && /^(node:)?process$/.test(importedName(node));
  });
}

const importedName = (node: Node): string => String((node["source"] as Node | null)?.["value"]);

/** Places that ask for the time or for chance themselves instead of being given them. */
export function clocksAndChance(sources: readonly Source[]): string[] {
  return where(
    sources,
    (node) =>
      isMember(node, "Date", "now") ||
      isMember(node, "Math", "random") ||
      isMember(node, "performance", "now") ||
      (node.type === "NewExpression" &&
        (node["callee"] as Node)["name"] === "Date" &&
        (node["arguments"] as Node[]).length === 0),
  );
}

const sql =
  /\b(SELECT\s[\s\S]*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP|TRUNCATE)\s+(TABLE|INDEX|ROLE|FUNCTION|TRIGGER|POLICY|DATABASE|SCHEMA)\s)/;
const databasePackages = /^(pg|pg-.*|kysely)(\/|$)/;

/** Places outside the store that hold SQL or import a database driver. */
export function sqlOutsideStore(sources: readonly Source[]): string[] {
  return where(
    sources.filter((source) => roomOf(source.path) !== "store"),
    (node) =>
      (node.type === "Literal" && typeof node["value"] === "string" && sql.test(node["value"])) ||
      (node.type === "TemplateLiteral" && sql.test(templateText(node))) ||
      (node.type === "ImportDeclaration" && databasePackages.test(importedName(node))),
  );
}

const templateText = (node: Node): string =>
  (node["quasis"] as { value: { raw: string } }[]).map((part) => part.value.raw).join("x");

const outside =
  /^(node:)?(fs|net|tls|http|https|http2|dns|dgram|child_process|worker_threads|cluster|timers|os|process)(\/|$)/;

/** Files that import a module of Node's which reaches the disk, the network or another process. */
export function reachingOut(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((name) => outside.test(name))
      .map((name) => `${source.path} imports ${name}`),
  );
}

/** Files of a folder given by its path, tests left out. */
export function filesIn(sources: readonly Source[], folder: string): Source[] {
  return sources.filter((source) => source.path.startsWith(`${folder}/`) && !isTest(source.path));
}

/** True for files that only tests run. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}
