/** The OpenAPI document before other people's linters: redocly and spectral, with all the rules that they recommend. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { root } from "../source.ts";

const tools = `${root}tools/openapi/`;
const run = promisify(execFile);

async function lint(command: string, args: string[]): Promise<{ code: number; report: unknown }> {
  const more = { cwd: root, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, CI: "true" } };
  const { stdout, code } = await run(
    process.execPath,
    [`${tools}node_modules/.bin/${command}`, ...args],
    more,
  ).then(
    (done) => ({ ...done, code: 0 }),
    (error: unknown) => error as { stdout: string; code: number },
  );
  return { code, report: JSON.parse(stdout.slice(stdout.search(/[[{]/))) };
}

describe.skipIf(!existsSync(`${tools}node_modules`))("openapi.json", () => {
  test("passes redocly's recommended rules without an error or a warning", async () => {
    const { code, report } = await lint("redocly", [
      "lint",
      "openapi.json",
      "--config",
      "tools/openapi/redocly.yaml",
      "--format",
      "json",
    ]);
    const { totals, problems } = report as { totals: object; problems: { message: string }[] };
    expect(problems.map(({ message }) => message)).toEqual([]);
    expect({ code, totals }).toMatchObject({ code: 0, totals: { errors: 0, warnings: 0 } });
  });

  test("passes spectral's recommended rules without an error or a warning", async () => {
    const { code, report } = await lint("spectral", [
      "lint",
      "openapi.json",
      "--ruleset",
      "tools/openapi/spectral.yaml",
      "--format",
      "json",
      "--fail-severity",
      "warn",
      "--quiet",
    ]);
    expect({ code, report }).toEqual({ code: 0, report: [] });
  });
});
