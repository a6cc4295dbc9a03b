/** The starter scripts: real npm, real signals and real exit codes, in a small checkout without dependencies. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const scripts = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "scripts");
const asRoot = process.getuid?.() === 0;
const children: ChildProcess[] = [];
let checkout: string;

beforeEach(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), "mm-run-")));
  chmodSync(checkout, 0o755);
  mkdirSync(join(checkout, "scripts"));
  mkdirSync(join(checkout, "src"));
  for (const name of ["run", "multimail", "install-dependencies", "end-with-parent"])
    cpSync(join(scripts, `${name}.mjs`), join(checkout, "scripts", `${name}.mjs`));
  // npm runs `install` of the checkout itself in each `npm ci`, which counts them.
  packageWith(`node -e "require('fs').appendFileSync('installs', 'x'); setTimeout(() => {}, 300)"`);
  file(
    "echo.ts",
    "const words: string[] = process.argv.slice(2); console.log(JSON.stringify(words));",
  );
  file(
    "stay.ts",
    `for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
       process.on(name, () => { console.log(name); process.exit(7); });
     setInterval(() => undefined, 1000);
     console.log("ready " + process.pid);`,
  );
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(checkout, { recursive: true, force: true });
});

/** What npm notes about the one dependency, a folder of the checkout. */
const installed = {
  part: { version: "1.0.0" },
  "node_modules/part": { resolved: "part", link: true },
};

function packageWith(install: string): void {
  const manifest = { name: "small", version: "1.0.0" };
  const dependencies = { part: "file:part" };
  mkdirSync(join(checkout, "part"), { recursive: true });
  file("part/package.json", JSON.stringify({ name: "part", version: "1.0.0" }));
  file(
    "package.json",
    JSON.stringify({ ...manifest, dependencies, type: "module", scripts: { install } }),
  );
  const packages = { "": { ...manifest, dependencies }, ...installed };
  file(
    "package-lock.json",
    JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }),
  );
}

function file(name: string, content: string): void {
  writeFileSync(join(checkout, name), content);
}

type Ended = { code: number | null; signal: string | null; out: string; err: string };

function run(words: string[], options: { uid?: number; gid?: number; script?: string } = {}) {
  const { script = "run", ...account } = options;
  const child = spawn(process.execPath, [join(checkout, "scripts", `${script}.mjs`), ...words], {
    ...account,
    cwd: checkout,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += String(chunk)));
  child.stderr.on("data", (chunk) => (said.err += String(chunk)));
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal, ...said })),
  );
  return { child, said, ended };
}

function installs(): number {
  return existsSync(join(checkout, "installs"))
    ? readFileSync(join(checkout, "installs"), "utf8").length
    : 0;
}

describe("installing", () => {
  test("the first run installs with one line on stderr, the next not at all, a changed lock file again", async () => {
    const first = await run(["echo.ts", "a b", "--flag"]).ended;
    expect(first).toMatchObject({ code: 0, out: '["a b","--flag"]\n' });
    expect(first.err).toBe("Installing dependencies (first run)…\n");
    expect(await run(["echo.ts"]).ended).toMatchObject({ code: 0, err: "" });
    expect(installs()).toBe(1);
    file("package-lock.json", `${readFileSync(join(checkout, "package-lock.json"), "utf8")}\n`);
    rmSync(join(checkout, "node_modules", ".package-lock.json"), { force: true });
    expect((await run(["echo.ts"]).ended).err).toBe("Installing dependencies…\n");
    expect(installs()).toBe(2);
    expect(existsSync(join(checkout, ".multimail-install.lock"))).toBe(false);
  });

  test("what somebody installed by hand is not installed again", async () => {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: checkout, stdio: "ignore" });
    expect(await run(["echo.ts"]).ended).toMatchObject({ code: 0, err: "" });
    expect(installs()).toBe(1);
  });

  test("of three runs at once one installs and the others wait for it", async () => {
    const runs = await Promise.all([1, 2, 3].map((n) => run(["echo.ts", String(n)]).ended));
    expect(runs.map(({ out }) => out)).toEqual(['["1"]\n', '["2"]\n', '["3"]\n']);
    expect(installs()).toBe(1);
  });

  test("the lock of a dead run does not block, even when its pid belongs to another program", async () => {
    file(".multimail-install.lock", `${process.pid} 1\n999999999 1`);
    expect(await run(["echo.ts"]).ended).toMatchObject({ code: 0 });
  });

  test("a failure is tried once more and then shown with npm's own words", async () => {
    packageWith("echo x >> tries; echo words of npm >&2; exit 3");
    const ended = await run(["echo.ts"]).ended;
    expect(ended).toMatchObject({ code: 1, out: "" });
    expect(ended.err).toContain("words of npm");
    expect(ended.err).toContain(`could not be installed by "npm ci" in ${checkout}`);
    expect(ended.err).not.toContain("    at ");
    expect(readFileSync(join(checkout, "tries"), "utf8")).toBe("x\nx\n");
  });

  test("SIGTERM while it installs ends npm and all that it started", async () => {
    packageWith(
      `node -e "require('fs').writeFileSync('pid', '' + process.pid); setInterval(() => {}, 1000)"`,
    );
    const { child, ended } = run(["echo.ts"]);
    const pid = await vi.waitFor(
      () => Number(readFileSync(join(checkout, "pid"), "utf8") || undefined),
      {
        timeout: 20_000,
      },
    );
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 143, out: "" });
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 5000 });
    expect(existsSync(join(checkout, ".multimail-install.lock"))).toBe(false);
  });

  test.skipIf(!asRoot)(
    "where node_modules cannot be written it says so and who could",
    async () => {
      const ended = await run(["echo.ts"], { uid: 65534, gid: 65534 }).ended;
      expect(ended).toMatchObject({ code: 1, out: "" });
      expect(ended.err).toMatch(/user 65534 may not write in .*mm-run.*npm ci.*\n$/);
      expect(installs()).toBe(0);
    },
  );

  test.skipIf(!asRoot)("an ordinary user in a checkout of their own", async () => {
    execFileSync("chown", ["-R", "65534:65534", checkout]);
    file(".npmrc", `cache=${checkout}/cache\n`);
    chownSync(join(checkout, ".npmrc"), 65534, 65534);
    expect(await run(["echo.ts", "u"], { uid: 65534, gid: 65534 }).ended).toMatchObject({
      code: 0,
      out: '["u"]\n',
    });
  });
});

describe("running", () => {
  beforeEach(() => {
    mkdirSync(join(checkout, "node_modules"));
    file("node_modules/.package-lock.json", JSON.stringify({ packages: installed }));
  });

  test("the exit code is the program's, and so is death by a signal", async () => {
    file("code.ts", "process.exit(9);");
    file("die.ts", 'process.kill(process.pid, "SIGKILL"); setInterval(() => undefined, 1000);');
    expect(await run(["code.ts"]).ended).toMatchObject({ code: 9, signal: null });
    expect(await run(["die.ts"]).ended).toMatchObject({ code: null, signal: "SIGKILL" });
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s reaches the program once",
    async (name) => {
      const { child, said, ended } = run(["stay.ts"]);
      await vi.waitFor(() => expect(said.out).toContain("ready"), { timeout: 10_000 });
      child.kill(name);
      const { code, out } = await ended;
      expect({ code, heard: out.split("\n").slice(1) }).toEqual({ code: 7, heard: [name, ""] });
    },
  );

  test("kill -9 of the starter ends the program in order, it is not left behind", async () => {
    const { child, said, ended } = run(["stay.ts"]);
    await vi.waitFor(() => expect(said.out).toContain("ready"), { timeout: 10_000 });
    child.kill("SIGKILL");
    // The pipe closes only when the program has ended as well.
    expect((await ended).out).toContain("SIGTERM");
  });

  test("a program that is done ends at once although it is watched over", async () => {
    file("marks.ts", "console.log(process.env['MULTIMAIL_PARENT'] ?? 'clean');");
    expect(await run(["marks.ts"]).ended).toMatchObject({ code: 0, out: "clean\n", err: "" });
  });

  test("--watch starts the program again when it changes", async () => {
    file("watched.ts", 'console.log("one"); setInterval(() => undefined, 1000);');
    const { child, said, ended } = run(["--watch", "watched.ts"]);
    await vi.waitFor(() => expect(said.out).toContain("one"), { timeout: 10_000 });
    file("watched.ts", 'console.log("two"); setInterval(() => undefined, 1000);');
    await vi.waitFor(() => expect(said.out).toContain("two"), { timeout: 10_000 });
    child.kill("SIGTERM");
    await ended;
  });

  test("the command multimail runs src/multimail.ts with all its arguments, from any folder", async () => {
    file("src/multimail.ts", "console.log(JSON.stringify(process.argv.slice(2)));");
    expect(
      await run(["send", "--to", "a@example.org"], { script: "multimail" }).ended,
    ).toMatchObject({
      code: 0,
      out: '["send","--to","a@example.org"]\n',
    });
  });

  test("a file that is not there, and no file at all, are told in one line", async () => {
    expect(await run(["absent.ts"]).ended).toMatchObject({
      code: 1,
      err: "there is no file absent.ts\n",
    });
    expect(await run([]).ended).toMatchObject({ code: 2, err: expect.stringMatching(/^Usage: /) });
  });
});
