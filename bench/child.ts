/** Child processes of the bench: started, waited for, and ended by their own id, none left behind. */
import { type ChildProcess, type SpawnOptions, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

const running = new Set<ChildProcess>();

// Whatever ends the bench ends what it started.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program; it is killed with the bench unless it has ended. */
export function start(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Resolves with the exit code when the child has ended. */
export function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

/** Ends a child and waits for it; after ten seconds not by asking. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  child.kill(signal);
  await ended(child);
  clearTimeout(timer);
}

/** Runs a program to its end and answers what it printed. Throws when it fails. */
export function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** Where a program is, or null; Debian keeps servers outside of an ordinary user's path. */
export function find(program: string): string | null {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    "/sbin",
  ];
  for (const folder of folders) if (existsSync(join(folder, program))) return join(folder, program);
  return null;
}

/** A port of the loopback interface that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Asks until it is true; throws with `what` when that takes too long. */
export async function until(
  what: string,
  seconds: number,
  test: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await test())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await pause(10);
  }
}

/** Waits. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
