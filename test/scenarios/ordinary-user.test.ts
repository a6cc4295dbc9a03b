/** The server as an ordinary user with no rights: it starts, its printed first request works as printed, and it finds everything again. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { FirstRunFile } from "../../src/first-run.ts";
import { mayEnter } from "../../src/store/postgres-binaries.ts";
import { promise } from "../promises.ts";
import type { ChildServer } from "./child-server.ts";
import { callApi, freePort } from "./load.ts";

const nobody = { uid: 65534, gid: 65534 };
const main = join(import.meta.dirname, "../../src/main.ts");
const asRoot = process.getuid?.() === 0;
const has = (command: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
/** Changing the user takes root; an ordinary user is one already. */
const possible =
  has("curl") &&
  (!asRoot ||
    (has("setpriv") &&
      (await mayEnter(dirname(process.execPath), nobody)) &&
      (await mayEnter(dirname(main), nobody))));

const base = realpathSync(mkdtempSync(join(tmpdir(), "multimail-user-")));
chmodSync(base, 0o755);
const home = join(base, "home");
mkdirSync(home, { mode: 0o700 });
if (asRoot) chownSync(home, nobody.uid, nobody.gid);
const servers: ChildServer[] = [];

afterAll(async () => {
  for (const server of servers) {
    if (server.process.exitCode === null) server.process.kill("SIGTERM");
    await server.ended;
  }
  rmSync(base, { recursive: true, force: true });
});

/** What precedes a command so that it runs without any right. */
const drop = asRoot
  ? [
      "setpriv",
      "--reuid",
      "65534",
      "--regid",
      "65534",
      "--clear-groups",
      "--no-new-privs",
      "--bounding-set",
      "-all",
    ]
  : [];

/** Starts the server with nothing set but its ports; the data folder is the usual one, below the working folder. */
async function start(port: number): Promise<{ server: ChildServer; known: FirstRunFile }> {
  const [command, ...words] = [...drop, process.execPath, main];
  const child = spawn(command ?? process.execPath, words, {
    cwd: home,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      MULTIMAIL_PORT: String(port),
      MULTIMAIL_SMTP_PORT: "0",
      MULTIMAIL_SUBMISSION_PORT: "0",
      MULTIMAIL_CATCHER_PORT: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) =>
    child.once("exit", (code) => resolve(code)),
  );
  const server = { process: child, output: () => text, ended };
  servers.push(server);
  for (const end = Date.now() + 60_000; !text.includes("A **first** message.");) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`no greeting: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const known = JSON.parse(
    await readFile(join(home, "data", "first-run.json"), "utf8"),
  ) as FirstRunFile;
  return { server, known };
}

/** The request that the greeting shows, as a person copies it. */
function printedCurl(output: string): string {
  const found = /^ *curl (?:.*\\\n)+.*$/m.exec(output);
  if (!found) throw new Error(`no curl in: ${output}`);
  return found[0];
}

describe.skipIf(!possible)("an ordinary user (needs curl, and as root setpriv)", () => {
  let port: number;
  let first: FirstRunFile;
  let sent: { id: string; status: string };

  test(promise("start.printed-request"), async () => {
    port = await freePort();
    const { server, known } = await start(port);
    first = known;
    if (asRoot && process.platform === "linux") {
      const status = await readFile(`/proc/${server.process.pid ?? 0}/status`, "utf8");
      expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
    }
    const { stdout, stderr, status } = spawnSync("sh", ["-c", printedCurl(server.output())], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    sent = JSON.parse(stdout) as typeof sent;
    expect(sent.status).toBe("pending_send_approval");
    // Keys are for their owner's eyes.
    expect((await stat(join(home, "data", "first-run.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, "data"))).mode & 0o077).toBe(0);
    server.process.kill("SIGTERM");
    expect(await server.ended, server.output()).toBe(0);
    expect(server.output()).not.toContain('"level":');
  });

  test("a second start as that user finds everything, and prints what works again", async () => {
    const { server, known } = await start(port);
    expect(known).toEqual({ ...first, dashboard_link: known.dashboard_link });
    expect(known.dashboard_link).not.toBe(first.dashboard_link);
    const path = `/v1/mailboxes/${known.mailbox_id}/emails/${sent.id}`;
    const read = (await (await callApi(known, known.agent_key, path)).json()) as { status: string };
    expect(read.status).toBe("pending_send_approval");
    const { stdout } = spawnSync("sh", ["-c", printedCurl(server.output())], { encoding: "utf8" });
    expect(JSON.parse(stdout)).toMatchObject({ status: "pending_send_approval" });
    server.process.kill("SIGINT");
    expect(await server.ended, server.output()).toBe(0);
  });
});
