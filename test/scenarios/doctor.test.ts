/** The doctor beside a running instance, without one, from afar, and before everything that can be wrong. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { runDoctor } from "../../src/doctor-command.ts";
import type { Finding } from "../../src/maintenance/checks.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { type Running, run } from "./running.ts";

let one: Running;
let folder: string;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-doctor-"));
  one = await run();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await one.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the doctor; `at` is its clock. */
async function doctor(
  args: string[],
  env: Record<string, string> = {},
  at = new Date(),
): Promise<{ code: number; out: string; err: string; findings: Finding[]; wrong: string[] }> {
  let out = "";
  let err = "";
  const code = await runDoctor([...args, "--json"], {
    env: { HOME: folder, ...env },
    stdout: { write: (chunk) => void (out += String(chunk)) },
    stderr: { write: (chunk) => void (err += String(chunk)) },
    stdin: (async function* (): AsyncGenerator<string> {})(),
    read_file: (path) => readFile(path),
    write_file: (path, content) => writeFile(path, content),
    fetch: globalThis.fetch,
    now: () => at,
  });
  const { findings = [] } = (out === "" ? {} : JSON.parse(out)) as { findings?: Finding[] };
  const wrong = findings.filter(({ state }) => state === "wrong").map(({ says }) => says);
  return { code, out, err, findings, wrong };
}

test("beside a running instance nothing is wrong, and no secret is printed", async () => {
  const { code, findings, out, wrong } = await doctor(["--data", one.folder]);
  expect(wrong).toEqual([]);
  expect(code).toBe(0);
  const says = findings.map((finding) => finding.says).join("\n");
  for (const words of [
    "A server answers",
    "beside the server",
    "schema is that of this release",
    "master key opens the private keys",
    "master.key is readable by its owner alone",
    "agree",
  ])
    expect(says).toContain(words);
  expect(out).not.toContain(one.known.admin_key);
});

test("a node that did not found the instance, or whose public address leads elsewhere, is not called wrong", async () => {
  const path = join(one.folder, "first-run.json");
  const kept = await readFile(path, "utf8");
  closing.push(() => writeFile(path, kept, { mode: 0o600 }));
  const MULTIMAIL_PORT = new URL(one.known.url).port;
  const elsewhere = JSON.stringify({ ...one.known, url: "https://127.0.0.1:1" });
  for (const written of [null, elsewhere]) {
    await (written === null ? rm(path) : writeFile(path, written, { mode: 0o600 }));
    const { code, findings, wrong } = await doctor(["--data", one.folder], { MULTIMAIL_PORT });
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    const says = findings.map((finding) => finding.says);
    expect(says).toContain(`A server answers at http://127.0.0.1:${MULTIMAIL_PORT}.`);
  }
  const { code, findings } = await doctor(["--data", one.folder], { MULTIMAIL_PORT: "1" });
  expect(code).toBe(0);
  expect(findings.find(({ area }) => area === "server")).toMatchObject({ state: "warning" });
});

test("from afar it sees version, database, clock and what the key may do", async () => {
  const { url, agent_key } = one.known;
  const { code, findings } = await doctor(["--url", url, "--key", agent_key]);
  expect(code).toBe(0);
  expect(findings.map((finding) => `${finding.area} ${finding.state}`)).toEqual([
    "server ok",
    "database ok",
    "clock ok",
    "keys ok",
  ]);
  const bad = await doctor(["--url", url, "--key", "mm_live_wrong"]);
  expect([bad.code, bad.wrong]).toEqual([1, [expect.stringContaining("not taken (status 401)")]]);
  const nowhere = await doctor(["--url", "http://127.0.0.1:1"]);
  expect([nowhere.code, nowhere.wrong]).toEqual([
    1,
    [expect.stringContaining("cannot be reached")],
  ]);
});

test("a clock that is off by minutes is wrong", async () => {
  const late = new Date(Date.now() - 10 * 60_000);
  const { code, wrong } = await doctor(["--url", one.known.url], {}, late);
  expect([code, wrong]).toEqual([
    1,
    [expect.stringMatching(/^This clock is (?:599|6\d\d) s behind/)],
  ]);
});

test("files that others may read, and a master key of another instance, are wrong", async () => {
  const two = await run();
  await two.stop(true);
  closing.push(() => rm(two.folder, { recursive: true, force: true }));
  await chmod(join(two.folder, "first-run.json"), 0o644);
  const other = { MULTIMAIL_MASTER_KEY: "0".repeat(64) };
  // Without a server its embedded database is started for the look, and stopped again.
  const { code, wrong, findings } = await doctor(["--data", two.folder], other);
  expect(code).toBe(1);
  expect(wrong).toEqual([
    "The master key does not open the keys in the database.",
    expect.stringContaining("Others may read"),
  ]);
  expect(findings.filter(({ state }) => state === "wrong").every(({ mend }) => mend)).toBe(true);
  await rm(join(two.folder, "master.key"));
  const none = await doctor(["--data", two.folder]);
  expect(none.wrong[0]).toContain("There is no master key");
});

test("a taken port, a wrong setting, a certificate that ended and a database that is away are told", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => taken.close(resolve)));
  const port = String((taken.address() as { port: number }).port);
  const data = join(folder, "new");
  const busy = await doctor(["--data", data], { MULTIMAIL_PORT: port });
  expect([busy.code, busy.wrong]).toEqual([
    1,
    [`HTTP: 127.0.0.1:${port} cannot be used: EADDRINUSE.`],
  ]);
  const typo = await doctor(["--data", data], { MULTIMAIL_PROT: "1" });
  expect(typo.wrong).toEqual([expect.stringContaining("did you mean MULTIMAIL_PORT?")]);
  const { cert, key } = selfSigned(["mx.example.com"]);
  const files = {
    MULTIMAIL_TLS_CERT: join(folder, "c.pem"),
    MULTIMAIL_TLS_KEY: join(folder, "k.pem"),
  };
  await writeFile(files.MULTIMAIL_TLS_CERT, cert);
  await writeFile(files.MULTIMAIL_TLS_KEY, key);
  const free = { MULTIMAIL_PORT: "0", MULTIMAIL_SMTP_NAME: "mx.example.com" };
  const century = new Date("2126-01-01T00:00:00Z");
  const ended = await doctor(["--data", data], { ...files, ...free }, century);
  expect(ended.wrong).toEqual([expect.stringContaining("is valid from")]);
  const away = await doctor(["--data", data], {
    ...free,
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
  });
  expect(away.wrong).toEqual([expect.stringContaining("The database does not answer")]);
});
