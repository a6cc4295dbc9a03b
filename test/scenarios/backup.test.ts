/** Backup and restore of a real instance: under load, into a new folder, on a database of one's own, and what is refused. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runBackup } from "../../src/backup-command.ts";
import { runMigrate } from "../../src/migrate-command.ts";
import { runRestore } from "../../src/restore-command.ts";
import { callApi, startLoad, verifyLiveLog } from "./load.ts";
import { type OwnServer, knownServers, startOwnServer } from "./own-server.ts";
import { type Running, run } from "./running.ts";

let folder: string;
const running: Running[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-backup-"));
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(env: Record<string, string> = {}, data?: string): Promise<Running> {
  const started = await run(env, data);
  running.push(started);
  return started;
}

type Command = typeof runBackup;

/** Runs a command in this process; answers its exit code and what it printed. */
async function command(
  work: Command,
  args: string[],
  env: Record<string, string> = {},
  stdin: AsyncIterable<Uint8Array | string> = noInput(),
): Promise<{ code: number; out: string; err: string; bytes: Buffer }> {
  const out: Buffer[] = [];
  let err = "";
  const code = await work(args, {
    env,
    stdout: { write: (chunk) => void out.push(Buffer.from(chunk)) },
    stderr: { write: (chunk) => void (err += String(chunk)) },
    stdin,
    read_file: (path) => readFile(path),
    write_file: (path, content) => writeFile(path, content),
    fetch: globalThis.fetch,
    now: () => new Date(),
  });
  const bytes = Buffer.concat(out);
  return { code, out: bytes.toString(), err, bytes };
}

async function* noInput(): AsyncGenerator<string> {}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const place = (name: string): string => join(folder, name);

test("a backup made under load is restored in a new folder: its log verifies, its mail is there, and nothing is sent until a person resumes", async () => {
  const first = await start();
  const held = await first.send({ subject: "Held before the backup", to: ["hold@example.com"] });
  const load = startLoad(first.known, { clients: 4 });
  const until = Date.now() + 20_000;
  while (load.accepted.size < 40 && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const before = new Set(load.accepted);
  const file = place("under-load.tar");
  const made = await command(runBackup, [file, "--data", first.folder, "--json"]);
  await load.stop();
  expect(made).toMatchObject({ code: 0, err: "" });
  expect(load.odd).toEqual([]);
  expect(JSON.parse(made.out)).toMatchObject({ file, has_master_key: true });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(before.size).toBeGreaterThan(30);
  await running.splice(0)[0]?.stop();

  const data = place("restored");
  const restored = await command(runRestore, [file, "--data", data]);
  expect(restored).toMatchObject({ code: 0, err: "" });
  expect(restored.out).toContain("Sending is stopped");
  const second = await start({}, data);
  expect(second.known.agent_key).toBe(first.known.agent_key);
  for (const id of [held.body.id, ...before]) {
    const path = `/v1/mailboxes/${second.known.mailbox_id}/emails/${id}`;
    const { status, body } = await second.call(second.known.agent_key, path);
    expect([status, body.id]).toEqual([200, id]);
  }
  await verifyLiveLog(second.known, { accepted: before, left: 0 });
  const account = await second.call(second.known.admin_key, "/v1/account");
  expect(account.body.stopped_reason).toMatch(/^Restored from the backup of 20/);
  const log = await second.call(
    second.known.admin_key,
    "/v1/audit-log?action=operator.stopped&limit=5",
  );
  expect(JSON.stringify(log.body)).toContain("restored_from");
  const decided = await second.decide(held.body.id, "approve");
  expect(decided.status).toBe(200);
  const caught = await readdir(join(data, "catcher")).catch(() => []);
  expect(caught.filter((name) => name.endsWith(".eml"))).toEqual([]);
});

describe("what is not restored leaves nothing behind", () => {
  let whole: Buffer;
  beforeAll(async () => {
    const one = await run();
    await one.send();
    await one.stop(true);
    // Without a server the embedded database is started for as long as it takes.
    const made = await command(runBackup, ["-", "--data", one.folder]);
    whole = made.bytes;
    await rm(one.folder, { recursive: true, force: true });
  });

  test.each([
    ["cut off in the middle", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1), "ends too"],
    [
      "cut off before its end",
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, bytes.indexOf("end.json")), Buffer.alloc(1024)]),
      "its end is missing",
    ],
    [
      "with a byte of a file changed",
      (bytes: Buffer) => {
        const changed = Buffer.from(bytes);
        const at = changed.indexOf("files/node-id") + 512;
        changed[at] = changed[at] === 0x30 ? 0x31 : 0x30;
        return changed;
      },
      "files/node-id is not what was written",
    ],
    ["that is no archive", () => Buffer.alloc(4096, "x"), "no tar archive"],
    [
      "of a newer release",
      (bytes: Buffer) =>
        Buffer.from(bytes.toString("latin1").replace("0001_init.sql", "9001_init.sql"), "latin1"),
      "newer release",
    ],
  ])("a backup %s", async (_, spoil, words) => {
    const data = place(`spoilt-${words.replaceAll(/\W/g, "-")}`);
    const source = inPieces(spoil(whole), 1000);
    const { code, err } = await command(runRestore, ["-", "--data", data], {}, source);
    expect([code, err]).toEqual([1, expect.stringContaining(words)]);
    expect(await readdir(data)).toEqual([]);
  });

  test("a folder that is not empty is not restored into", async () => {
    const data = place("used");
    await command(runRestore, ["-", "--data", data], {}, inPieces(whole, 70_001));
    const names = await readdir(data);
    const again = await command(runRestore, ["-", "--data", data], {}, inPieces(whole, 70_001));
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("is not empty")]);
    expect(await readdir(data)).toEqual(names);
  });
});

test("without keys the backup holds none, and is restored only with the master key", async () => {
  const one = await start();
  await one.send();
  const file = place("without-keys.tar");
  const made = await command(runBackup, [file, "--data", one.folder, "--without-keys"]);
  expect([made.code, made.out]).toEqual([0, expect.stringContaining("NOT in it")]);
  const key = (await readFile(join(one.folder, "master.key"), "utf8")).trim();
  const content = await readFile(file, "latin1");
  expect(content).not.toContain(key);
  expect(content).not.toContain(one.known.agent_key);
  const data = place("without-keys");
  const refused = await command(runRestore, [file, "--data", data]);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("MULTIMAIL_MASTER_KEY")]);
  const wrong = { MULTIMAIL_MASTER_KEY: "ab".repeat(32) };
  const unopened = await command(runRestore, [file, "--data", data], wrong);
  expect([unopened.code, unopened.err]).toEqual([1, expect.stringContaining("does not open")]);
  expect(await readdir(data).catch(() => [])).toEqual([]);
  const env = { MULTIMAIL_MASTER_KEY: key };
  expect((await command(runRestore, [file, "--data", data], env)).code).toBe(0);
  const again = await command(runBackup, [file, "--data", one.folder]);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining("is there already")]);
});

test("a long row, a quote, a backslash and every kind of line end come back as they were", async () => {
  const one = await start();
  const markdown = `Tab\there, back\\slash, "quotes" and \u{1f600}\r\nNext line\n\n${`${"word ".repeat(20)}\n`.repeat(4000)}`;
  const { status, body } = await one.send({ subject: "Odd \\N \\. text", markdown });
  expect([status, body.error]).toEqual([202, undefined]);
  const path = `/v1/mailboxes/${one.known.mailbox_id}/emails/${body.id}`;
  const before = await one.call(one.known.agent_key, path);
  const file = place("odd.tar");
  expect((await command(runBackup, [file, "--data", one.folder])).code).toBe(0);
  const data = place("odd");
  expect((await command(runRestore, [file, "--data", data])).code).toBe(0);
  const two = await start({}, data);
  const after = await two.call(two.known.agent_key, path);
  expect(after.body).toEqual(before.body);
});

describe.each(knownServers().slice(0, 1))("a database of one's own, on %s", (name) => {
  let own: OwnServer;
  beforeAll(async () => {
    own = await startOwnServer(name);
  });
  afterAll(() => own.stop());

  test("a backup of the embedded database goes into it, and one of it back", async () => {
    const one = await start();
    const { body } = await one.send();
    const file = place("to-own.tar");
    expect((await command(runBackup, [file, "--data", one.folder])).code).toBe(0);
    const env = { DATABASE_URL: await own.makeDatabase("restored", "CREATEROLE") };
    const data = place("own-data");
    const restored = await command(runRestore, [file, "--data", data], env);
    expect(restored).toMatchObject({ code: 0, err: "" });
    const other = await command(runRestore, [file, "--data", place("other-data")], env);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining("The database is in use")]);
    expect(await readdir(place("other-data"))).toEqual([]);
    const two = await start(env, data);
    const path = `/v1/mailboxes/${two.known.mailbox_id}/emails/${body.id}`;
    expect((await callApi(two.known, two.known.agent_key, path)).status).toBe(200);
    const back = await command(runBackup, [place("from-own.tar"), "--data", data], env);
    expect(back).toMatchObject({ code: 0, err: "" });
    expect(await command(runMigrate, ["--check", "--data", data], env)).toMatchObject({ code: 0 });
  });
});

test("bsdtar or GNU tar reads the archive", async () => {
  const one = await start();
  const file = place("readable.tar");
  expect((await command(runBackup, [file, "--data", one.folder])).code).toBe(0);
  const child = spawn("tar", ["-tf", file], { stdio: ["ignore", "pipe", "ignore"] });
  let names = "";
  child.stdout.on("data", (chunk: Buffer) => (names += chunk.toString()));
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
  expect(names.split("\n")).toEqual(
    expect.arrayContaining(["manifest.json", "files/master.key", "end.json"]),
  );
});
