/** The loop before a commit: format, lint, types, generated files, unused code, unit tests; ends in a table. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

/** One check: a Node program with arguments. `needs` is a path without which it is skipped, `hint` says how to get it. */
type Check = { name: string; command: string[]; needs?: string; hint?: string };

type Result = { name: string; seconds: number; state: "ok" | "failed" | "skipped"; output: string };

const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "unit"];
const generated = "test/generated.test.ts";

/** In lanes that run beside each other; a lane runs one check after another. */
const lanes: Check[][] = [
  [{ name: "unit tests", command: [...vitest, "--exclude", generated] }],
  [
    { name: "format", command: ["node_modules/oxfmt/bin/oxfmt", "--check"] },
    { name: "lint", command: ["node_modules/oxlint/bin/oxlint"] },
    { name: "types", command: ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "."] },
    { name: "generated files", command: [...vitest, generated] },
    {
      name: "knip",
      command: ["tools/knip/node_modules/knip/bin/knip.js", "--config", "tools/knip/knip.json"],
      needs: "tools/knip/node_modules",
      hint: "run npm ci in tools/knip",
    },
  ],
];

/** Runs one check with its output kept back; never rejects, a check that cannot start has failed. */
function run(check: Check): Promise<Result> {
  const { name, command, needs, hint } = check;
  if (needs !== undefined && !existsSync(join(root, needs)))
    return Promise.resolve({ name, seconds: 0, state: "skipped", output: `skipped, ${hint}` });
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => void chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => void chunks.push(chunk));
    const end = (code: number | null, more = ""): void => {
      const seconds = (performance.now() - started) / 1000;
      const output = Buffer.concat(chunks).toString("utf8").trimEnd() + more;
      resolve({ name, seconds, state: code === 0 ? "ok" : "failed", output });
    };
    child.once("error", (error) => end(1, String(error)));
    child.once("close", (code) => end(code));
  });
}

async function runLane(lane: readonly Check[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const check of lane) {
    const result = await run(check);
    if (result.state === "failed") console.error(`\n── ${result.name} ──\n${result.output}`);
    if (result.state === "skipped") console.error(`${result.name}: ${result.output}`);
    results.push(result);
  }
  return results;
}

const started = performance.now();
const results = (await Promise.all(lanes.map(runLane))).flat();
const width = Math.max(...results.map(({ name }) => name.length));
console.log("");
for (const { name, seconds, state } of results)
  console.log(`${name.padEnd(width)}  ${seconds.toFixed(1).padStart(5)} s  ${state}`);
console.log(
  `${"all".padEnd(width)}  ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`,
);
process.exitCode = results.some(({ state }) => state === "failed") ? 1 : 0;
