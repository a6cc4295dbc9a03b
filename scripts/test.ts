/** Runs every test (Vitest, all projects), names what was skipped, and ends in one line of real counts. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The part of Vitest's JSON report that is read here. */
type Report = {
  success: boolean;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
};

const root = new URL("..", import.meta.url).pathname;
const vitest = join(root, "node_modules/vitest/vitest.mjs");

/** Runs Vitest with its output passed through; answers its exit code (1 for a signal). */
function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [vitest, "run", ...args], { cwd: root, stdio: "inherit" });
  // The child is in the same process group: it gets the signal too, and its exit is waited for.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

/** Counts tests; a file that did not load, and a run that failed without a failed test, count as one failure each. */
function count(report: Report | undefined, code: number) {
  const counts = { passed: 0, failed: 0, skipped: [] as string[] };
  for (const file of report?.testResults ?? []) {
    const before = counts.failed;
    for (const test of file.assertionResults) {
      if (test.status === "passed") counts.passed += 1;
      else if (test.status === "failed") counts.failed += 1;
      else counts.skipped.push(`${file.name.replace(root, "")} > ${test.fullName.trim()}`);
    }
    if (file.status === "failed" && counts.failed === before) {
      counts.failed += 1;
      console.error(`failed to run: ${file.name.replace(root, "")}\n${file.message}`);
    }
  }
  if (counts.failed === 0 && (code !== 0 || !report?.success)) {
    counts.failed = 1;
    console.error(
      `vitest ended with ${code} although no test failed (see above); counted as one failure`,
    );
  }
  return counts;
}

const folder = mkdtempSync(join(tmpdir(), "multimail-test-"));
try {
  const file = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await run([...reporters, ...process.argv.slice(2)]);
  const { passed, failed, skipped } = count(readReport(file), code);
  if (skipped.length > 0) console.log(`skipped:\n${skipped.map((name) => `  ${name}`).join("\n")}`);
  if (passed === 0) console.error("no test passed: that is a failure");
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
