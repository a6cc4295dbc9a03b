/** `multimail init`: a profile for a server, and the settings of a new one. */
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInit } from "../../src/cli/init.ts";
import { describeSettings, readConfig } from "../../src/config.ts";
import { type Running, run } from "./running.ts";
import { startCli } from "./sample-cli.ts";

let one: Running;
let home: string;
let cli: Awaited<ReturnType<typeof startCli>>;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "multimail-init-"));
  one = await run();
  cli = await startCli();
});
afterAll(async () => {
  await one.stop();
  await cli.end();
  await rm(home, { recursive: true, force: true });
});

async function init(
  args: string[],
  { stdin = "", answers }: { stdin?: string; answers?: Record<string, string> } = {},
): Promise<{ code: number; out: string; err: string; asked: string[] }> {
  let out = "";
  let err = "";
  const asked: string[] = [];
  const ask = (question: string): Promise<string> => {
    asked.push(question);
    return Promise.resolve(
      Object.entries(answers ?? {}).find(([word]) => question.includes(word))?.[1] ?? "",
    );
  };
  const code = await runInit(
    args,
    {
      env: { HOME: home },
      stdout: { write: (chunk) => void (out += String(chunk)) },
      stderr: { write: (chunk) => void (err += String(chunk)) },
      stdin: (async function* () {
        yield stdin;
      })(),
      read_file: (path) => readFile(path),
      write_file: (path, content) => writeFile(path, content),
      fetch: globalThis.fetch,
      now: () => new Date(),
    },
    {
      settings: describeSettings(),
      check: (path) => void readConfig({ MULTIMAIL_CONFIG: path }),
      ...(answers ? { ask } : {}),
    },
  );
  return { code, out, err, asked };
}

const profile = (): string => join(home, ".config", "multimail", "profile.json");

test("a server, its key and the only mailbox are kept where only their owner reads them, and the key is not printed", async () => {
  const { url, agent_key, mailbox_id } = one.known;
  const { code, out, err } = await init(["--url", `${url}/`, "--key", "-"], {
    stdin: `${agent_key}\n`,
  });
  expect([code, err]).toEqual([0, ""]);
  expect(out).not.toContain(agent_key);
  expect(JSON.parse(await readFile(profile(), "utf8"))).toEqual({
    url,
    key: agent_key,
    mailbox_id,
  });
  expect((await stat(profile())).mode & 0o777).toBe(0o600);
});

test("a key that the server does not take is not kept", async () => {
  const before = await readFile(profile(), "utf8");
  const { code, err } = await init(["--url", one.known.url, "--key", "mm_live_wrong"]);
  expect([code, err]).toEqual([1, expect.stringContaining("does not take the key")]);
  expect((await init(["--url", "http://127.0.0.1:1", "--key", "mm_live_x"])).code).toBe(3);
  expect((await init(["--url", one.known.url])).code).toBe(2);
  expect(await readFile(profile(), "utf8")).toBe(before);
});

test("commands use the profile's server and key, and its key goes to no other server", async () => {
  const key = "mm_test_all";
  const content = JSON.stringify({ url: cli.url, key, mailbox_id: "profile-box" });
  await writeFile(profile(), content, { mode: 0o600 });
  const env = { HOME: home, MULTIMAIL_DATA: "/nonexistent" };
  expect((await cli.run(["inbox"], { env })).code).toBe(0);
  expect(cli.seen.at(-1)?.input).toMatchObject({ mailbox_id: "profile-box" });
  const elsewhere = { ...env, MULTIMAIL_API_URL: cli.url.replace("127.0.0.1", "localhost") };
  const refused = await cli.run(["inbox", "--mailbox-id", "box"], { env: elsewhere });
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("unauthenticated")]);
  await chmod(profile(), 0o640);
  const open = await cli.run(["inbox"], { env });
  expect([open.code, open.err]).toEqual([2, expect.stringContaining("others may read it")]);
});

test("settings of a new server are asked for or given as flags, checked, and never overwritten unasked", async () => {
  const file = join(home, "multimail.config.json");
  const asked = await init(["--config", file, "--port", "9000"], {
    answers: { "own mail domain": "mail.example.com", "Postal address": "Example, 1 Street" },
  });
  expect([asked.code, asked.err, asked.asked.length]).toEqual([0, "", 5]);
  expect(readConfig({ MULTIMAIL_CONFIG: file })).toMatchObject({
    domain: "mail.example.com",
    port: 9000,
    postal_address: "Example, 1 Street",
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const again = await init(["--config", file, "--yes"]);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining("is there already")]);
  const bad = await init(["--config", file, "--force", "--delivery", "relay"]);
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining("MULTIMAIL_RELAY_URL")]);
  expect(readConfig({ MULTIMAIL_CONFIG: file }).port).toBe(9000);
  const silent = await init(["--config", join(home, "other.json")]);
  expect([silent.code, silent.err]).toEqual([2, expect.stringContaining("no terminal to ask at")]);
});
