/** A full disk: refusals in one clear line, nothing accepted lost, and work that goes on by itself when there is room. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  rmdirSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { FirstRunFile } from "../../src/first-run.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type ChildServer, ready, spawnServer, freePorts } from "./child-server.ts";
import { signalDatabase } from "./database-processes.ts";
import { allSettled, callApi, copiesBy, startLoad, verifyLiveLog } from "./load.ts";
import { canMount } from "./postgres-fixture.ts";

const mountable = canMount();
const base = mkdtempSync(join(tmpdir(), "multimail-disk-"));
// Else the database's own user could not come in, and its files would lie on another disk.
chmodSync(base, 0o755);
const servers: ChildServer[] = [];
const mounts: string[] = [];

/** A disk of so many megabytes. */
function disk(megabytes: number): string {
  const path = join(base, `disk${mounts.length}`);
  mkdirSync(path);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "tmpfs", path]);
  mounts.push(path);
  return path;
}

/** Writes until not one byte more fits. */
function fill(path: string): void {
  const file = openSync(join(path, "ballast"), "w");
  try {
    for (const size of [1 << 20, 1 << 12])
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // Full for this size.
      }
  } finally {
    closeSync(file);
  }
}

const free = (path: string): void => rmSync(join(path, "ballast"));

function spawn(env: Record<string, string>): ChildServer {
  const server = spawnServer({ ...freePorts, ...env });
  servers.push(server);
  return server;
}

async function endAll(): Promise<void> {
  for (const server of servers.splice(0)) {
    if (server.process.exitCode === null) server.process.kill("SIGTERM");
    await server.ended;
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A start that fails: the one line it leaves. */
async function failure(env: Record<string, string>): Promise<string> {
  const server = spawn(env);
  expect(await server.ended, server.output()).toBe(1);
  const lines = server.output().trimEnd().split("\n");
  expect(lines, server.output()).toHaveLength(1);
  return lines[0] ?? "";
}

afterAll(async () => {
  await endAll();
  for (const path of mounts) execFileSync("umount", [path]);
  for (const path of mounts) rmdirSync(path);
  rmSync(base, { recursive: true });
});

describe.skipIf(!mountable)("a full disk (needs the right to mount)", () => {
  let sink: SmtpSink;
  let path: string;
  let known: FirstRunFile;
  let env: Record<string, string>;

  beforeAll(async () => {
    sink = await startSink();
    path = disk(160);
    env = {
      MULTIMAIL_DATA: join(path, "data"),
      MULTIMAIL_DELIVERY: "relay",
      MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    };
  });
  afterAll(() => sink.close());

  test(promise("start.disk-full"), async () => {
    const server = spawn(env);
    known = await ready(server, join(path, "data"));
    const load = startLoad(known, { markdown: "Will it last? ".repeat(500) });
    const until = async (what: string, holds: () => boolean): Promise<void> => {
      for (const end = Date.now() + 30_000; !holds(); await pause(20))
        if (Date.now() > end) throw new Error(`waited in vain until ${what}: ${server.output()}`);
    };
    await until("there is work", () => load.accepted.size >= 100);
    fill(path);
    await until("sends are refused", () => load.refused >= 20);
    const before = load.accepted.size;
    // The database may die of it, too, and cannot start while there is no room.
    signalDatabase(join(path, "data"), "SIGKILL");
    await pause(2000);
    const refused = load.refused;
    expect(server.process.exitCode).toBeNull();
    const read = await callApi(known, known.agent_key, "/health");
    expect(read.status).toBe(200);

    free(path);
    const began = Date.now();
    await until("sends are accepted again", () => load.accepted.size >= before + 60);
    const recovery = Date.now() - began;
    await load.stop();
    expect(load.odd).toEqual([]);
    expect(load.cut).toBe(0);
    await allSettled(known, load);
    const copies = copiesBy(sink);
    for (const id of load.approved) expect(copies.get(id), `approved ${id}`).toBeGreaterThan(0);
    for (const [id] of copies) expect(load.asked.has(id), `${id} left unapproved`).toBe(true);
    const size = await verifyLiveLog(known, { accepted: load.accepted, left: copies.size });
    // The cause is said once a second, not with every request: the log may lie on the same disk.
    const said = server
      .output()
      .split("\n")
      .filter((line) => line.includes("unavailable"));
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThan(30);
    process.stdout.write(
      `disk full: ${load.accepted.size} accepted, ${refused} refused, ${said.length} lines of log, work went on ${recovery} ms after there was room; log of ${size} entries verified\n`,
    );
  });

  test("a start on a disk that is full since the last stop ends with one line, and works when there is room", async () => {
    await endAll();
    fill(path);
    expect(await failure(env)).toContain("full");
    free(path);
    const server = spawn(env);
    const again = await ready(server, join(path, "data"));
    expect(again.agent_key).toBe(known.agent_key);
    await endAll();
  });
});

describe.skipIf(!mountable)("a first start (needs the right to mount)", () => {
  afterEach(endAll);

  test.each([1, 30])("on a disk of %i MB ends with one line that says it is full", async (size) => {
    const path = disk(size);
    expect(await failure({ MULTIMAIL_DATA: join(path, "data") })).toMatch(/disk .*is full/i);
  });

  // Around here it is too small for the tables, then for the operator's rows, and then just large enough.
  test.each([39, 40, 41, 42, 43])(
    "on a disk of %i MB ends with that line or well",
    async (size) => {
      const path = disk(size);
      const server = spawn({ MULTIMAIL_DATA: join(path, "data") });
      const began = ready(server, join(path, "data")).then(
        () => true,
        () => false,
      );
      if (await began) return;
      expect(await server.ended, server.output()).toBe(1);
      expect(server.output()).toMatch(/^multimail: .*disk .*is full.*\n$/i);
    },
  );
});
