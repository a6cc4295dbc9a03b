/** Starting: what a second start finds, and the one line that each failed start ends with. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promise } from "../promises.ts";
import { type ChildServer, kill, ready, spawnServer, freePorts } from "./child-server.ts";
import { type Running, run, signIn } from "./running.ts";

const folders: string[] = [];
const servers: ChildServer[] = [];
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "multimail-start-"));
  folders.push(path);
  return path;
}
function spawn(env: Record<string, string>): ChildServer {
  const server = spawnServer({ ...freePorts, ...env });
  servers.push(server);
  return server;
}
afterAll(async () => {
  for (const server of servers)
    if (server.process.exitCode === null && server.process.signalCode === null) {
      server.process.kill("SIGTERM");
      await server.ended;
    }
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

/** A start that fails: its exit code and the one line it leaves. */
async function failure(env: Record<string, string>): Promise<string> {
  const server = spawn(env);
  expect(await server.ended).toBe(1);
  const lines = server.output().trimEnd().split("\n");
  expect(lines, server.output()).toHaveLength(1);
  return lines[0] ?? "";
}

describe("a start that cannot succeed", () => {
  it(promise("start.unknown-setting"), async () => {
    const line = await failure({ MULTIMAIL_DATA: await folder(), MULTIMAIL_DELIVRY: "relay" });
    expect(line).toContain("MULTIMAIL_DELIVRY");
    expect(line).toContain("MULTIMAIL_DELIVERY");
  });

  it("a setting of the wrong form is refused by name", async () => {
    expect(await failure({ MULTIMAIL_DATA: await folder(), MULTIMAIL_PORT: "80a" })).toContain(
      "MULTIMAIL_PORT",
    );
    expect(
      await failure({ MULTIMAIL_DATA: await folder(), MULTIMAIL_DELIVERY: "relay" }),
    ).toContain("MULTIMAIL_RELAY_URL");
    const junk = join(await folder(), "junk.pem");
    await writeFile(junk, "no certificate");
    expect(
      await failure({
        MULTIMAIL_DATA: await folder(),
        MULTIMAIL_TLS_CERT: junk,
        MULTIMAIL_TLS_KEY: junk,
      }),
    ).toContain("MULTIMAIL_TLS_CERT");
    expect(
      await failure({ MULTIMAIL_DATA: await folder(), MULTIMAIL_SMTP_HOST: "192.0.2.1" }),
    ).toContain("MULTIMAIL_SMTP_HOST");
  });

  it(promise("start.port-taken"), async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, "127.0.0.1", () => {
        const address = holder.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
    const line = await failure({ MULTIMAIL_DATA: await folder(), MULTIMAIL_PORT: String(port) });
    expect(line).toContain(String(port));
    holder.close();
  });

  it(promise("start.database-unreachable"), async () => {
    const line = await failure({
      MULTIMAIL_DATA: await folder(),
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing",
    });
    expect(line).toContain("DATABASE_URL");
  });

  it(promise("start.folder-locked"), async () => {
    const data = await folder();
    const first = spawn({ MULTIMAIL_DATA: data });
    await ready(first, data);
    const line = await failure({ MULTIMAIL_DATA: data });
    expect(line).toContain(data);
    expect(line).toContain(String(first.process.pid));
    first.process.kill("SIGTERM");
    expect(await first.ended).toBe(0);
  });
});

describe("a second start", () => {
  let running: Running;
  beforeAll(async () => {
    running = await run();
  });
  afterAll(() => running.stop());

  it(promise("send.second-start"), async () => {
    const sent = await running.send({ idempotency_key: "before" });
    const { known, folder: data } = running;
    await running.stop(true);
    running = await run({ MULTIMAIL_PORT: new URL(known.url).port }, data);
    expect(running.known).toEqual({ ...known, dashboard_link: running.known.dashboard_link });
    expect((await running.settled(sent.body.id, "pending_send_approval")).id).toBe(sent.body.id);
    expect((await running.send({ idempotency_key: "before" })).body.status).toBe("already_sent");
    expect((await running.decide(sent.body.id, "approve")).status).toBe(200);
    await running.settled(sent.body.id, "delivered");
  });

  it(promise("decide.link-once"), async () => {
    await signIn(running);
    await expect(signIn(running)).rejects.toThrow("410");
  });

  it("a missing master key is not replaced, a damaged first-run.json is not quoted: one line each", async () => {
    const data = await folder();
    const server = spawn({ MULTIMAIL_DATA: data });
    const known = await ready(server, data);
    server.process.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    const key = await readFile(join(data, "master.key"));
    await rm(join(data, "master.key"));
    expect(await failure({ MULTIMAIL_DATA: data })).toContain("master.key is missing");
    await expect(readFile(join(data, "master.key"))).rejects.toThrow("ENOENT");
    await writeFile(join(data, "master.key"), key, { mode: 0o600 });
    const file = join(data, "first-run.json");
    await writeFile(file, (await readFile(file, "utf8")).slice(0, 120));
    const line = await failure({ MULTIMAIL_DATA: data });
    expect(line).toContain("first-run.json is damaged");
    expect(line).not.toContain(known.admin_key.slice(0, 16));
  });

  it("what a crash left between commit and rename is found by the next start", async () => {
    const data = await folder();
    const server = spawn({ MULTIMAIL_DATA: data });
    const known = await ready(server, data);
    await kill(server);
    const { rename } = await import("node:fs/promises");
    await rename(join(data, "first-run.json"), join(data, "first-run.json.prepared"));
    const again = spawn({ MULTIMAIL_DATA: data });
    const found = await ready(again, data);
    expect(found.agent_key).toBe(known.agent_key);
    again.process.kill("SIGTERM");
    expect(await again.ended).toBe(0);
    expect((await readFile(join(data, "first-run.json"), "utf8")).length).toBeGreaterThan(100);
  });
});
