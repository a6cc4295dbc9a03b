/** The official MCP conformance suite against our door: before its own fixtures whole, and before a real instance where it needs none. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Running, run } from "../scenarios/running.ts";
import { type Listening, fixtureDoor, withKey } from "./mcp-conformance-door.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Its packages weigh much and are installed apart: `npm ci --prefix tools/mcp`. */
const suite = path("../../tools/mcp/node_modules/@modelcontextprotocol/conformance/dist/index.js");

const revisions = ["2025-11-25", "2026-07-28"];

/** Scenarios that need nothing of the server but to be an MCP server, with the revisions that have them. */
const everywhere: readonly [string, readonly string[]][] = [
  ["server-initialize", ["2025-11-25"]],
  ["ping", ["2025-11-25"]],
  ["completion-complete", revisions],
  ["tools-list", revisions],
  ["resources-list", revisions],
  ["prompts-list", revisions],
  ["dns-rebinding-protection", revisions],
  ["server-sse-multiple-streams", ["2026-07-28"]],
  ["sep-2164-resource-not-found", ["2026-07-28"]],
  ["http-header-validation", ["2026-07-28"]],
];

describe.skipIf(!existsSync(suite))("the MCP conformance suite", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "multimail-conformance-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Its exit status, and what it said in the end. */
  function conformance(url: string, ...more: string[]): Promise<{ status: number; said: string }> {
    const args = [suite, "server", "--url", `${url}/mcp`, "--timeout", "5000", ...more];
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        args,
        { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const status = typeof error?.code === "number" ? error.code : error ? -1 : 0;
          resolve({ status, said: `${stdout.slice(-6000)}${stderr.slice(-2000)}` });
        },
      );
    });
  }

  describe("on the door before its fixtures", () => {
    let door: Listening;
    beforeAll(async () => {
      door = await fixtureDoor();
    });
    afterAll(() => door.close());

    test.each(revisions)(
      "passes every scenario of %s but those that are listed with a reason",
      async (revision) => {
        const known = path(`./mcp-conformance-${revision}.yaml`);
        const given = ["--suite", "all", "--spec-version", revision, "--expected-failures", known];
        const { status, said } = await conformance(door.base, ...given);
        expect(status, said).toBe(0);
        expect(said).toContain("tools-call-simple-text");
      },
      240_000,
    );
  });

  describe("on an instance", () => {
    let running: Running;
    let front: Listening;
    beforeAll(async () => {
      running = await run();
      front = await withKey(running.known.url, running.known.agent_key);
    });
    afterAll(async () => {
      await front.close();
      await running.stop();
    });

    test.each(everywhere.flatMap(([scenario, all]) => all.map((one) => [scenario, one])))(
      "passes %s of %s",
      async (scenario, revision) => {
        const given = ["--scenario", scenario ?? "", "--spec-version", revision ?? ""];
        const { status, said } = await conformance(front.base, ...given);
        expect(status, said).toBe(0);
      },
      60_000,
    );
  });
});
