/** Builds dist: compiles, and lets the declarations name the files that are published. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dist = join(import.meta.dirname, "dist");
rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync("tsc", ["-p", join(import.meta.dirname, "tsconfig.json")], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
if (compiled.status !== 0) throw new Error("tsc failed");
// tsc rewrites `./x.ts` in the code and leaves it in declarations, where not every reader finds `./x.d.ts` by it.
for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".d.ts")) continue;
  const path = join(dist, name);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/(from "\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
}
