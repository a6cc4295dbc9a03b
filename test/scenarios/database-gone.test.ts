/** The database dies or hangs under load: clear refusals meanwhile, and recovery without hands. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FirstRunFile } from "../../src/first-run.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type ChildServer, ready, spawnServer } from "./child-server.ts";
import { signalDatabase } from "./database-processes.ts";
import { allSettled, callApi, copiesBy, startLoad, verifyLiveLog } from "./load.ts";

let folder: string;
let sink: SmtpSink;
let server: ChildServer;
let known: FirstRunFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-gone-"));
  sink = await startSink();
  server = spawnServer({
    MULTIMAIL_DATA: folder,
    MULTIMAIL_PORT: "0",
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    MULTIMAIL_DATABASE_TIMEOUT: "2",
  });
  known = await ready(server, folder);
});

afterAll(async () => {
  signalDatabase(folder, "SIGCONT");
  server.process.kill("SIGTERM");
  if ((await server.ended) !== 0) throw new Error(`it did not stop well: ${server.output()}`);
  await sink.close();
  await rm(folder, { recursive: true, force: true });
});

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until the load has gone on for so many messages more. */
async function goesOn(load: { accepted: Set<string> }, more: number): Promise<number> {
  const began = Date.now();
  const before = load.accepted.size;
  while (load.accepted.size < before + more) {
    if (Date.now() > began + 30_000) throw new Error(`no recovery: ${server.output()}`);
    await pause(20);
  }
  return Date.now() - began;
}

describe("the database", () => {
  test(promise("send.database-gone"), async () => {
    const load = startLoad(known);
    const recoveries: number[] = [];
    for (const seconds of [0, 2, 0.5]) {
      await goesOn(load, 60);
      // Each new life is ended too, so that it stays away for a while.
      for (const end = Date.now() + seconds * 1000; ; await pause(20)) {
        signalDatabase(folder, "SIGKILL");
        if (Date.now() >= end) break;
      }
      recoveries.push(await goesOn(load, 1));
    }
    await goesOn(load, 60);
    await load.stop();
    expect(load.odd).toEqual([]);
    expect(load.cut).toBe(0);
    expect(load.refused).toBeGreaterThan(0);
    expect(server.process.exitCode).toBeNull();

    const statuses = await allSettled(known, load);
    const copies = copiesBy(sink);
    for (const [id] of copies) expect(load.asked.has(id), `${id} left unapproved`).toBe(true);
    for (const id of load.approved) expect(copies.get(id), `approved ${id}`).toBeGreaterThan(0);
    for (const [id, status] of statuses) expect(status === "sent").toBe(copies.has(id));
    const size = await verifyLiveLog(known, { accepted: load.accepted, left: copies.size });
    const twice = [...copies.values()].filter((count) => count > 1).length;
    process.stdout.write(
      `database killed 3 times: ${load.accepted.size} accepted, ${load.refused} refused, ${copies.size} left, ${twice} of them twice, back after ${recoveries.join(", ")} ms; log of ${size} entries verified\n`,
    );
  });

  test("every door says so: REST, what verifiers ask for, MCP and the pages", async () => {
    const token = new URL(known.dashboard_link).searchParams.get("token") ?? "";
    const origin = { origin: known.url, "content-type": "application/x-www-form-urlencoded" };
    const signIn = { method: "POST", redirect: "manual", headers: origin } as const;
    const signedIn = await fetch(`${known.url}/sign-in`, { ...signIn, body: `token=${token}` });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect(cookie).not.toBe("");
    const bearer = { authorization: `Bearer ${known.oversight_key}` };
    const tool = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
    const asked: [string, RequestInit][] = [
      ["/ready", {}],
      ["/v1/mailboxes", { headers: bearer }],
      ["/v1/public-keys", { headers: bearer }],
      ["/.well-known/multimail-jwks.json", {}],
      ["/audit/checkpoint", {}],
      ["/pending", { headers: { cookie } }],
      ["/mailboxes", { headers: { cookie } }],
      ["/sign-in", { ...signIn, body: `token=${"mm_link_".padEnd(51, "a")}` }],
      [
        "/mcp",
        {
          method: "POST",
          headers: {
            ...bearer,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
          },
          body: JSON.stringify(tool),
        },
      ],
    ];
    let down = true;
    const keptDown = (async () => {
      for (; down; await pause(5)) signalDatabase(folder, "SIGKILL");
    })();
    await pause(300);
    const answers = await Promise.all(
      asked.map(async ([path, init]) => {
        const { status, headers } = await fetch(known.url + path, init);
        return [path, status, headers.get("retry-after") !== null];
      }),
    );
    down = false;
    await keptDown;
    expect(answers).toEqual(asked.map(([path]) => [path, 503, true]));
    for (const end = Date.now() + 20_000; ; await pause(50)) {
      if ((await fetch(`${known.url}/ready`)).status === 200) break;
      if (Date.now() > end) throw new Error(`not ready again: ${server.output()}`);
    }
  });

  test(promise("send.database-hangs"), async () => {
    sink.heal();
    const load = startLoad(known);
    await goesOn(load, 40);
    signalDatabase(folder, "SIGSTOP");
    // More than the database's timeout, so that waiting requests are refused.
    await pause(6000);
    const refused = load.refused;
    // What needs no database answers meanwhile.
    const health = await callApi(known, known.agent_key, "/health");
    signalDatabase(folder, "SIGCONT");
    const recovery = await goesOn(load, 40);
    await load.stop();
    expect(health.status).toBe(200);
    expect(refused).toBeGreaterThan(0);
    expect(load.odd).toEqual([]);
    expect(load.cut).toBe(0);
    expect(load.slowest).toBeLessThan(8000);

    await allSettled(known, load);
    const copies = copiesBy(sink);
    for (const id of load.approved) expect(copies.get(id), `approved ${id}`).toBeGreaterThan(0);
    const size = await verifyLiveLog(known, { accepted: load.accepted, left: copies.size });
    process.stdout.write(
      `database held for 6 s: ${refused} refused, slowest answer after ${Math.round(load.slowest)} ms, going on after ${recovery} ms; log of ${size} entries verified\n`,
    );
  });
});
