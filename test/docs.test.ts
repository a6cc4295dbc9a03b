/** Holds the documents to the tree: commands and flags in them exist, links lead somewhere, JSON parses, standards are those of the code. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { freeFlags, inputFlags, optionFlags } from "../src/cli/arguments.ts";
import { type LocalCommand, commandsOf, findCommand } from "../src/cli/command.ts";
import { initFlags, settingFlag } from "../src/cli/init.ts";
import { describeSettings } from "../src/config.ts";
import { allOperations } from "../src/operations/all.ts";
import { root, sourcesUnder } from "./source.ts";

const documents = [
  "README.md",
  "docs/standards.md",
  ...readdirSync(join(root, "docs/guides")).map((name) => `docs/guides/${name}`),
];
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Fenced blocks with the words behind the fence. */
function blocks(text: string): { info: string; body: string }[] {
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = "", body = ""]) => ({
    info,
    body,
  }));
}

/** Flags of the commands that run here, as src/multimail.ts lists them. */
function localCommands(): Record<string, LocalCommand> {
  const source = read("src/multimail.ts");
  const local = source.slice(source.indexOf("  local: {"));
  const found: Record<string, LocalCommand> = {};
  for (const [, quoted, bare, body = ""] of local.matchAll(
    /^ {4}(?:"([a-z -]+)"|([a-z]+)): \{\n([\s\S]*?)^ {4}\},$/gm,
  )) {
    const words = /flags: \[([^\]]*)\]/.exec(body)?.[1] ?? "";
    const flags = [...words.matchAll(/"([a-z-]+)"/g)].map(([, flag = ""]) => flag);
    found[quoted ?? bare ?? ""] = {
      summary: "",
      flags: [...flags, "help"],
      run: () => Promise.resolve(0),
    };
  }
  if (found["init"])
    found["init"].flags = [
      ...initFlags,
      ...describeSettings().map(({ name }) => settingFlag(name)),
    ];
  return found;
}

const commands = commandsOf(allOperations, {
  ...localCommands(),
  completion: { summary: "", run: () => Promise.resolve(0) },
});

/** What is wrong with a line of a shell block that calls us; null where nothing is. */
function complaint(line: string): string | null {
  const call = /(?:^|[\s(;|&])(?:npx )?multimail ([^|;&)#>]*)/.exec(line)?.[1];
  // Another program's command may have our name among its words.
  if (call === undefined || line.startsWith("claude ")) return null;
  const words = call
    .replaceAll(/'[^']*'|"[^"]*"/g, "X")
    .split(/\s+/)
    .filter(Boolean);
  if (words[0] === "help" || words[0] === "--help") return null;
  const found = findCommand(commands, words);
  if (!found) return `no such command: ${line}`;
  const { command } = found;
  const known =
    command.kind === "local"
      ? [...command.flags]
      : [
          ...inputFlags(command).map(({ flag }) => flag),
          ...(Object.keys(optionFlags) as (keyof typeof optionFlags)[]).flatMap((option) =>
            freeFlags(option, inputFlags(command)),
          ),
        ];
  const given = found.rest.flatMap((word) => /^--(?:no-)?([a-z-]+)/.exec(word)?.[1] ?? []);
  const unknown = given.filter((flag) => !known.includes(flag));
  return unknown.length > 0 ? `no such flag --${unknown.join(", --")}: ${line}` : null;
}

describe.each(documents)("%s", (path) => {
  const text = read(path);

  test("each of our commands in it exists, with its flags", () => {
    const lines = blocks(text)
      .filter(({ info }) => info.startsWith("sh"))
      .flatMap(({ body }) => body.replaceAll(/\\\n\s*/g, " ").split("\n"));
    expect(lines.flatMap((line) => complaint(line) ?? [])).toEqual([]);
  });

  test("nobody is told to let npx fetch a package of our name, which is not ours", () => {
    // By itself npx takes the command of the checkout that it runs in; programs start servers from anywhere.
    expect(text).not.toMatch(/"command":\s*"npx"/);
  });

  test("each JSON block parses", () => {
    const json = blocks(text).filter(({ info }) => info.startsWith("json"));
    expect(json.map(({ body }) => typeof JSON.parse(body))).toEqual(json.map(() => "object"));
  });

  test("each link into the tree leads to a file", () => {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g))
      expect(existsSync(join(root, dirname(path), target)), target).toBe(true);
  });
});

test("the check itself notices an unknown command and an unknown flag", () => {
  expect(complaint("npx multimail sned --to x")).toContain("no such command");
  expect(complaint('multimail send --to x --subjct "y"')).toContain("no such flag --subjct");
  expect(complaint("multimail backup b.tar --dta x")).toContain("no such flag --dta");
  expect(complaint("id=$(multimail inbox --json | head -1)")).toBeNull();
});

describe("docs/standards.md", () => {
  const table = read("docs/standards.md");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && !line.includes("---"));
  const numbers = (text: string): string[] =>
    [...text.matchAll(/RFCs? ?((?:\d{3,5}(?:[,–-]| and)? ?)+)/g)].flatMap(([, list = ""]) =>
      [...list.matchAll(/(\d{3,5})(?:–(\d{3,5}))?/g)].flatMap(([, from = "", to]) =>
        Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, i) =>
          String(Number(from) + i),
        ),
      ),
    );
  /** The first cell of a row may go on with numbers alone: `RFC 6749, 7636 PKCE, 8707 resources`. */
  const listed = new Set(
    rows.flatMap((row) => {
      const [, first = ""] = row.split("|");
      const more = first.includes("RFC") ? [...first.matchAll(/\b(\d{4})\b/g)] : [];
      return [...numbers(first), ...more.map(([, number = ""]) => number)];
    }),
  );
  const product = sourcesUnder("src").map(({ text }) => text);

  test("has every RFC that the code names", () => {
    const named = new Set(product.flatMap(numbers));
    expect(named.size).toBeGreaterThan(50);
    expect([...named].filter((number) => !listed.has(number))).toEqual([]);
  });

  test("says yes, partly or no of each, and names files that are there", () => {
    const standards = rows.filter((row) => /^\| (?:RFC|C2SP|MCP|OAuth)/.test(row));
    expect(standards.length).toBeGreaterThan(50);
    for (const row of standards) {
      const [, name = "", state = "", where = ""] = row.split("|").map((cell) => cell.trim());
      expect(["yes", "partly", "no"], name).toContain(state);
      const paths = [...where.matchAll(/`(src\/[^`]+)`/g)].map(([, file = ""]) => file);
      if (state !== "no" && paths.length === 0)
        expect(where, `${name} names no place`).toMatch(/`|by |outbound|inbound|composing|chains/);
      for (const file of paths) expect(exists(file), `${name}: ${file}`).toBe(true);
    }
  });
});

/** True where the path, or something that its `*` stands for, is there. */
function exists(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(root, path));
  const start = path.slice(path.lastIndexOf("/") + 1, path.indexOf("*"));
  return readdirSync(join(root, dirname(path))).some((name) => name.startsWith(start));
}
