/** The official MCP conformance suite's authorization scenarios, against a running instance; the person's part is played here. */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { program } from "../scenarios/oauth-browser.ts";
import { type Running, run, signIn } from "../scenarios/running.ts";
import { freePort, installed, startTester } from "./mcp-testers.ts";

let running: Running;
let cookie: string;
let folder: string;

const here = installed("conformance");

beforeAll(async () => {
  if (!here) return;
  running = await run();
  cookie = await signIn(running);
  folder = await mkdtemp(join(tmpdir(), "multimail-conformance-"));
});

afterAll(async () => {
  if (!here) return;
  await running.stop();
  await rm(folder, { recursive: true, force: true });
});

type Check = { id: string; status: string; errorMessage?: string };

/** Runs every authorization scenario of a revision; the checks by scenario. */
async function conformance(revision: string): Promise<Record<string, Check[]>> {
  const port = await freePort();
  const app = program(running);
  const redirect = `http://127.0.0.1:${port}/callback`;
  const client_id = await app.client([redirect], "Conformance suite");
  const results = join(folder, revision);
  const place = ["--url", app.url, "--client-id", client_id, "--port", String(port)];
  const what = ["--resource", `${app.url}/mcp`, "--spec-version", revision, "-o", results];
  const tester = startTester("conformance", ["authorization", ...place, ...what]);
  try {
    const [url] = await tester.prints(/http:\S+\/oauth\/authorize\?\S+/);
    const query = new URL(url).search.slice(1);
    const { location } = await app.consent(cookie, query, { level: "read" });
    await fetch(location ?? "");
    await tester.ended;
  } finally {
    tester.stop();
  }
  const checks: Record<string, Check[]> = {};
  for (const name of (await readdir(results, { recursive: true })).toSorted())
    if (name.endsWith("checks.json")) {
      const scenario = name.replace(/^(?:.*\/)?(?:authorization-)?([a-z-]+?)-\d{4}.*$/, "$1");
      checks[scenario] = JSON.parse(await readFile(join(results, name), "utf8")) as Check[];
    }
  return checks;
}

describe.skipIf(!here)("the conformance suite finds the authorization server good", () => {
  test.each(["2025-11-25", "2026-07-28"])("by the revision of %s", async (revision) => {
    const checks = await conformance(revision);
    const all = Object.values(checks).flat();
    expect(Object.keys(checks)).toHaveLength(2);
    expect(all.filter(({ status }) => status !== "SUCCESS")).toEqual([]);
    expect(all.length).toBeGreaterThanOrEqual(3);
  });
});
