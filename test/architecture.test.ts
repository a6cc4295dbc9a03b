/** Holds every file to the house rules of ARCHITECTURE.md: rooms, rings, names, lengths, purity. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as house from "./house.ts";
import { promise } from "./promises.ts";
import { parse, root, sourcesUnder } from "./source.ts";

const rooms = house.readRooms(readFileSync(`${root}ARCHITECTURE.md`, "utf8"));
const src = sourcesUnder("src");
const product = src.filter((source) => !house.isTest(source.path));
const around = ["test", "scripts", "bench", "sdk/src", "examples"].filter((folder) =>
  existsSync(root + folder),
);
const everything = [...src, ...around.flatMap(sourcesUnder)];

describe("the tree", () => {
  test(promise("house.rooms"), () => {
    expect(product.length).toBeGreaterThan(0);
    expect(house.forbiddenImports(product, rooms)).toEqual([]);
  });

  test("neither rooms nor files import each other in a ring", () => {
    expect(house.roomCycles(rooms)).toEqual([]);
    expect(house.importCycles(everything)).toEqual([]);
  });

  test("every name says what is inside and nothing is a barrel", () => {
    expect(house.emptyNamed(everything.map((source) => source.path))).toEqual([]);
  });

  test("every file says in its first line what it is", () => {
    expect(house.withoutFirstSentence(everything)).toEqual([]);
  });

  test(`no file is longer than ${house.lines.refuse} lines`, () => {
    const written = everything.filter(({ path }) => !path.includes("/generated/"));
    const long = house.longerThan(written, house.lines.warn);
    if (long.length > 0)
      console.warn(`longer than ${house.lines.warn} lines:\n  ${long.join("\n  ")}`);
    expect(house.longerThan(written, house.lines.refuse)).toEqual([]);
  });

  test("only src/config.ts reads the environment", () => {
    const others = product.filter((source) => source.path !== "src/config.ts");
    expect(house.environmentReaders(others)).toEqual([]);
  });

  test("SQL is written in src/store only", () => {
    expect(house.sqlOutsideStore(product)).toEqual([]);
  });

  test("core, mail and audit are given the time and chance, and core and audit do no I/O", () => {
    const [core, mail, audit] = ["src/core", "src/mail", "src/audit"].map((folder) =>
      house.filesIn(src, folder),
    ) as [typeof src, typeof src, typeof src];
    expect(house.clocksAndChance([...core, ...mail, ...audit])).toEqual([]);
    expect(house.reachingOut([...core, ...audit])).toEqual([]);
  });
});

describe("the rules themselves notice", () => {
  const table = house.readRooms(
    "```rooms\nmain: config store core\nconfig:\nstore: core\ncore:\n```\n",
  );
  const file = (path: string, text: string) => [parse(path, text)];

  test("a table that is missing, malformed, or names an unknown room", () => {
    expect(() => house.readRooms("# nothing")).toThrow("no fenced block");
    expect(() => house.readRooms("```rooms\ncore = store\n```\n")).toThrow("not a line");
    expect(() => house.readRooms("```rooms\ncore: cellar\n```\n")).toThrow("no room");
    expect(() => house.readRooms("```rooms\ncore:\ncore:\n```\n")).toThrow("twice");
  });

  test.each([
    ["src/core/a.ts", `import { x } from "../store/b.ts";`],
    ["src/core/a.ts", `import type { X } from "../store/b.ts";`],
    ["src/core/a.ts", `export * from "../store/b.ts";`],
    ["src/core/a.ts", `const x = await import("../store/b.ts");`],
    ["src/core/sub/a.ts", `import { x } from "../../config.ts";`],
    ["src/store/a.ts", `import { x } from "../main.ts";`],
    ["src/store/a.ts", `import { x } from "../../test/b.ts";`],
    ["src/cellar/a.ts", `export const x = 1;`],
  ])("an import to where %s may not go: %s", (path, text) => {
    expect(house.forbiddenImports(file(path, text), table)).toHaveLength(1);
  });

  test("nothing where the table allows it", () => {
    const main = `import "./config.ts"; import { x } from "./store/b.ts"; import y from "hono";`;
    expect(house.forbiddenImports(file("src/main.ts", main), table)).toEqual([]);
    expect(house.forbiddenImports(file("src/store/a.ts", `import "./b.ts";`), table)).toEqual([]);
  });

  test("a ring of two files, of types only, and of rooms", () => {
    const ring = [
      parse("src/core/a.ts", `import type { B } from "./b.ts";`),
      parse("src/core/b.ts", `import { a } from "./a.ts";`),
    ];
    expect(house.importCycles(ring)).toEqual(["src/core/a.ts → src/core/b.ts → src/core/a.ts"]);
    expect(house.roomCycles(house.readRooms("```rooms\na: b\nb: a\n```\n"))).toHaveLength(1);
  });

  test("empty names and barrels", () => {
    const paths = [
      "src/core/utils.ts",
      "src/lib/a.ts",
      "src/core/index.ts",
      "src/core/helpers.test.ts",
    ];
    expect(house.emptyNamed([...paths, "src/core/library-card.ts"])).toEqual(paths);
  });

  test("a first line that is no sentence", () => {
    const bad = ["import x from 'x';\n", "// Says it.\n", "/** */\n", "/**\n * Says it.\n */\n"];
    expect(bad.flatMap((text) => house.withoutFirstSentence(file("a.ts", text)))).toHaveLength(4);
    expect(house.withoutFirstSentence(file("a.ts", "/** Says it. */\n"))).toEqual([]);
  });

  test("a file one line too long, a last newline not counted", () => {
    const text = "export {};\n".repeat(11);
    expect(house.longerThan(file("a.ts", text), 10)).toEqual(["a.ts: 11 lines"]);
    expect(house.longerThan(file("a.ts", text), 11)).toEqual([]);
  });

  test.each([
    "process.env.HOME;",
    `process["env"];`,
    "const { env } = process;",
    `import { env } from "node:process";`,
  ])("a reader of the environment: %s", (text) => {
    expect(house.environmentReaders(file("src/main.ts", text))).toHaveLength(1);
    expect(house.environmentReaders(file("src/main.ts", "const { arch } = process;"))).toEqual([]);
  });

  test.each([
    "Date.now();",
    "new Date();",
    "Math.random();",
    "const now = Date.now;",
    "performance.now();",
  ])("a clock or chance of one's own: %s", (text) => {
    expect(house.clocksAndChance(file("src/core/a.ts", text))).toHaveLength(1);
    expect(house.clocksAndChance(file("src/core/a.ts", `/* ${text} */ new Date(0);`))).toEqual([]);
  });

  test.each([
    `const q = "SELECT 1 FROM message WHERE true";`,
    "const q = `INSERT INTO ${table} VALUES (1)`;",
    "const q = `\n  UPDATE message\n  SET status = $1`;",
    `import pg from "pg";`,
    `import { sql } from "kysely";`,
  ])("SQL outside the store: %s", (text) => {
    expect(house.sqlOutsideStore(file("src/engine/a.ts", text))).toHaveLength(1);
    expect(house.sqlOutsideStore(file("src/store/a.ts", text))).toEqual([]);
  });

  test("no SQL in prose", () => {
    const prose = `/** SELECT x FROM y */ const hint = "Select a mailbox from the list, or update it";`;
    expect(house.sqlOutsideStore(file("src/http/a.ts", prose))).toEqual([]);
  });

  test.each(["node:fs", "node:fs/promises", "node:net", "node:child_process"])(
    "I/O by %s",
    (name) => {
      expect(house.reachingOut(file("src/core/a.ts", `import "${name}";`))).toHaveLength(1);
      expect(house.reachingOut(file("src/core/a.ts", `import "node:crypto";`))).toEqual([]);
    },
  );
});
