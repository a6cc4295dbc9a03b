/** Holds the generated files to their generator: a copy of the tree, generated anew, comes out the same. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { promise } from "./promises.ts";
import { root } from "./source.ts";

/** What `npm run generate` writes whole; deleted before, so that a file it no longer writes is found too. */
const generated = [
  "openapi.json",
  "llms.txt",
  "docs/reference",
  "sdk/src/generated",
  "sdk-python/multimail/models.py",
  "sdk-python/multimail/operations.py",
  "test/vectors/oversight",
];

/** Folders that are not the tree: other people's code, history, and what running leaves behind. */
const leftOut = new Set(["node_modules", ".git", "data", ".multimail", "coverage"]);

/** Relative path → text of every file under the folder. */
async function read(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const texts = await Promise.all(files.map((path) => readFile(path, "utf8")));
  return Object.fromEntries(files.map((path, i) => [relative(folder, path), texts[i] ?? ""]));
}

test(
  promise("house.generated"),
  async () => {
    const copy = await mkdtemp(join(tmpdir(), "multimail-generated-"));
    onTestFinished(() => rm(copy, { recursive: true, force: true }));
    await cp(root, copy, {
      recursive: true,
      filter: (path) =>
        !relative(root, path)
          .split(sep)
          .some((part) => leftOut.has(part)),
    });
    const before = await read(copy);
    await Promise.all(
      generated.map((path) => rm(join(copy, path), { recursive: true, force: true })),
    );
    await symlink(join(root, "node_modules"), join(copy, "node_modules"));
    await promisify(execFile)(process.execPath, ["scripts/generate.ts"], { cwd: copy });
    await rm(join(copy, "node_modules"));
    const after = await read(copy);

    const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const stale = paths.filter((path) => before[path] !== after[path]);
    expect(stale, "run `npm run generate` and commit what it writes").toEqual([]);
  },
  60_000,
);
