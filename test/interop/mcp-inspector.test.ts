/** The MCP Inspector's command line lets itself in by OAuth, lists, sends, and waits for a person's decision. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { program } from "../scenarios/oauth-browser.ts";
import { decideOnPage } from "../scenarios/people.ts";
import { type Running, run, signIn } from "../scenarios/running.ts";
import { type Tester, freePort, installed, startTester } from "./mcp-testers.ts";

let running: Running;
let cookie: string;
let home: string;
const started: Tester[] = [];

const here = installed("mcp-inspector");

beforeAll(async () => {
  if (!here) return;
  running = await run();
  cookie = await signIn(running);
  home = await mkdtemp(join(tmpdir(), "multimail-inspector-"));
});

afterAll(async () => {
  if (!here) return;
  for (const tester of started) tester.stop();
  await running.stop();
  await rm(home, { recursive: true, force: true });
});

/** Runs the Inspector's command line; its tokens stay in a home of its own. */
function inspect(flags: readonly string[], callback: string): Tester {
  const at = ["--transport", "http", "--server-url", `${running.known.url}/mcp`];
  const how = ["--callback-url", callback, "--format", "json"];
  const store = { MCP_AUTO_OPEN_ENABLED: "true", MCP_INSPECTOR_SECRET_STORE: "file" };
  const tester = startTester("mcp-inspector", ["--cli", ...at, ...how, ...flags], {
    HOME: home,
    ...store,
  });
  started.push(tester);
  return tester;
}

describe.skipIf(!here)("the MCP Inspector", () => {
  test("connects by OAuth, lists, sends, and waits for the decision", async () => {
    const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
    const first = inspect(["--method", "tools/list"], callback);
    const [url] = await first.prints(/http:\S+\/oauth\/authorize\?[^\s"]+/);
    const { location } = await program(running).consent(cookie, new URL(url).search.slice(1), {
      level: "send",
    });
    expect(location?.href).toContain(callback);
    await fetch(location ?? "");
    const listed = await first.ended;
    expect(listed.stdout).toContain('"send_email"');
    expect(listed.stdout).not.toContain('"decide_email"');

    const call = (name: string, input: object) =>
      inspect(
        [
          "--stored-auth-only",
          "--method",
          "tools/call",
          "--tool-name",
          name,
          "--tool-args-json",
          JSON.stringify(input),
        ],
        callback,
      );
    const mailbox_id = running.known.mailbox_id;
    const mail = { mailbox_id, to: ["ada@example.com"], subject: "Hello", markdown: "From afar" };
    const sent = await call("send_email", mail).ended;
    const id = /[0-9A-HJKMNP-TV-Z]{26}/.exec(
      /"id\\*":\s*\\*"([^"\\]+)/.exec(sent.stdout)?.[1] ?? "",
    )?.[0];
    expect(id, sent.stdout + sent.stderr).toBeDefined();
    const waits = call("wait_for_decision", { mailbox_id, email_id: id, timeout_seconds: 50 });
    const { body } = await running.call(
      running.known.admin_key,
      `/v1/mailboxes/${mailbox_id}/emails/${id ?? ""}`,
    );
    expect(body.status).toBe("pending_send_approval");
    expect(await decideOnPage(running, cookie, body, "approve")).toBe(303);
    const decided = await waits.ended;
    expect(decided.stdout).toMatch(/approve/);
    expect(decided.code).toBe(0);
  });
});
