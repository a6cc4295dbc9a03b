/** Holds the Lean model to its README, to the machine's vectors and to leaving nothing unproven; runs Lean where LEAN names one. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./source.ts";

const folder = join(root, "lean");
const lean = process.env.LEAN ?? "";
const without = lean === "" ? " (skipped: LEAN names no lean)" : "";
const read = (file: string): string => readFileSync(join(folder, file), "utf8");

/** What `#print axioms` may say: nothing, or axioms of Lean itself that a release's derived equality may bring in. */
const onlyLeansOwn =
  /^(?:\S+ info: )?'[\w.]+' (does not depend on any axioms|depends on axioms: \[(propext|Quot\.sound)(, (propext|Quot\.sound))*\])$/;

/** Lean's modules, in an order in which each comes after what it imports. */
function modules(): string[] {
  const ordered: string[] = [];
  const visit = (module: string): void => {
    if (ordered.includes(module)) return;
    for (const [, imported] of read(fileOf(module)).matchAll(/^import (\S+)$/gm))
      if (imported !== undefined) visit(imported);
    ordered.push(module);
  };
  visit("Multimail");
  return ordered;
}

const fileOf = (module: string): string => `${module.replaceAll(".", "/")}.lean`;
const files = [...modules().map(fileOf), "Vectors.lean", "Axioms.lean"];

/** The source without its comments, which may say what the source must not do. */
const code = (file: string): string =>
  read(file)
    .replaceAll(/\/-[\s\S]*?-\//g, "")
    .replaceAll(/--.*$/gm, "");

type Theorem = { name: string; file: string; stated: boolean };

/** Every theorem; those with a sentence above them are results, the rest are steps towards them. */
function theorems(): Theorem[] {
  return files.flatMap((file) =>
    [...read(file).matchAll(/(-\/\n)?^theorem (\S+)/gm)].map(([, comment, name]) => ({
      name: name ?? "",
      file,
      stated: comment !== undefined,
    })),
  );
}

/** Rows of the README's table of theorems: name, file, sentence, what of the product it speaks of. */
function rows(): string[][] {
  return [...read("README.md").matchAll(/^\| `(\w+)` \| `(\S+)` \| (.+) \| (.+) \|$/gm)].map(
    ([, ...cells]) => cells,
  );
}

describe("the Lean model", () => {
  it("has every one of its files among the modules that are checked", () => {
    const there = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".lean") && !file.startsWith(".lake"))
      .map((file) => file.replaceAll("\\", "/"));
    expect(there.toSorted()).toEqual(files.toSorted());
  });

  it("leaves nothing unproven and assumes nothing", () => {
    for (const file of files) {
      const found = code(file).match(
        /\b(sorry|admit|axiom|native_decide|unsafe|implemented_by|extern|opaque|constant)\b/g,
      );
      expect({ file, found }).toEqual({ file, found: null });
    }
  });

  it("has its README name each result with its file, and nothing that is not there", () => {
    const stated = theorems().filter((theorem) => theorem.stated);
    expect(stated.length).toBeGreaterThan(30);
    expect(rows().map(([name, file]) => `${name} ${file}`)).toEqual(
      stated.map(({ name, file }) => `${name} ${file}`),
    );
    for (const [name, , sentence] of rows()) expect(sentence, name).toMatch(/^[A-Z`][^|]+\.$/);
  });

  it("asks for the axioms of every theorem", () => {
    const asked = [...read("Axioms.lean").matchAll(/^#print axioms Multimail\.(\S+)$/gm)];
    expect(asked.map(([, name]) => name)).toEqual(theorems().map(({ name }) => name));
  });

  it("prints every table of the vectors", () => {
    const tables = readdirSync(join(root, "test/vectors/oversight"))
      .filter((file) => file.endsWith(".tsv"))
      .map((file) => file.slice(0, -".tsv".length));
    const [, names = ""] =
      /def names : List String :=\s*\[([^\]]+)\]/.exec(read("Vectors.lean")) ?? [];
    expect([...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name).toSorted()).toEqual(
      tables.toSorted(),
    );
  });

  it.skipIf(lean === "")(
    `checks, rests on no axiom of ours and prints the vectors byte for byte${without}`,
    { timeout: 600_000 },
    () => {
      const out = mkdtempSync(join(tmpdir(), "multimail-lean-"));
      const run = (...args: string[]): string =>
        execFileSync(lean, args, {
          cwd: folder,
          encoding: "utf8",
          env: { ...process.env, LEAN_PATH: [out, process.env.LEAN_PATH ?? ""].join(delimiter) },
          maxBuffer: 64 * 1024 * 1024,
        });
      try {
        for (const module of modules()) {
          const target = join(out, fileOf(module).replace(/\.lean$/, ".olean"));
          mkdirSync(dirname(target), { recursive: true });
          expect(run("-o", target, fileOf(module))).not.toMatch(/sorry/);
        }
        const axioms = run("Axioms.lean").trimEnd().split("\n");
        expect(axioms.length).toBe(theorems().length);
        for (const line of axioms) expect(line).toMatch(onlyLeansOwn);
        const names = run("--run", "Vectors.lean").trimEnd().split("\n");
        let printed = run("--run", "Vectors.lean", ...names);
        for (const name of names) {
          const expected = readFileSync(join(root, `test/vectors/oversight/${name}.tsv`), "utf8");
          expect(printed.startsWith(expected), name).toBe(true);
          printed = printed.slice(expected.length);
        }
        expect(printed).toBe("");
      } finally {
        rmSync(out, { recursive: true });
      }
    },
  );
});
