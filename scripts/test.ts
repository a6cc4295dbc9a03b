/** Runs every test (Vitest, all projects), names what was skipped and what was unstable, and ends in one line of real counts. */

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

// With --second-run the files in which a test failed run once more, by themselves; what then passes is counted as passed and named.

/** More failed files than this are no accident of a busy machine. */
const mostUnstable = 5;

const filesOf = (report: Report | undefined): string[] =>
  (report?.testResults ?? []).filter((file) => file.status === "failed").map((file) => file.name);

const failedTests = (report: Report | undefined): string[] =>
  (report?.testResults ?? []).flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === "failed")
      .map((test) => `${file.name.replace(root, "")} > ${test.fullName.trim()}`),
  );

/** The first report with the files that the second one has in place of its own. */
function merged(first: Report, second: Report): Report {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  const testResults = first.testResults.map((file) => again.get(file.name) ?? file);
  return { success: testResults.every((file) => file.status !== "failed"), testResults };
}

const folder = mkdtempSync(join(tmpdir(), "multimail-test-"));

async function reported(name: string, args: string[]) {
  const file = join(folder, name);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await run([...reporters, ...args]);
  return { code, report: readReport(file) };
}

try {
  const secondRun = process.argv.includes("--second-run");
  let { code, report } = await reported(
    "report.json",
    process.argv.slice(2).filter((arg) => arg !== "--second-run"),
  );
  const files = filesOf(report);
  if (secondRun && report && files.length > 0 && files.length <= mostUnstable) {
    console.log(`second run of: ${files.map((name) => name.replace(root, "")).join(" ")}`);
    const unstable = failedTests(report);
    const again = await reported("second.json", files);
    if (again.report && again.report.testResults.length === files.length) {
      report = merged(report, again.report);
      if (report.success) code = again.code;
    }
    const still = new Set(failedTests(again.report));
    for (const name of unstable) if (!still.has(name)) console.log(`unstable: ${name}`);
  }
  const { passed, failed, skipped } = count(report, code);
  if (skipped.length > 0) console.log(`skipped:\n${skipped.map((name) => `  ${name}`).join("\n")}`);
  if (passed === 0) console.error("no test passed: that is a failure");
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
