/** A server in a process of its own, for tests that kill it. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FirstRunFile } from "../../src/first-run.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

/** Settings by which every listener takes a free port. */
export const freePorts = {
  MULTIMAIL_PORT: "0",
  MULTIMAIL_SMTP_PORT: "0",
  MULTIMAIL_SUBMISSION_PORT: "0",
  MULTIMAIL_CATCHER_PORT: "0",
};

/** A server process with what it printed. */
export type ChildServer = {
  process: ChildProcess;
  /** Everything on standard output and error so far. */
  output(): string;
  /** Resolves with the exit code, or null when a signal ended it. */
  ended: Promise<number | null>;
};

/** Spawns a server; it may fail to start. */
export function spawnServer(env: Record<string, string>): ChildServer {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) =>
    child.once("exit", (code) => resolve(code)),
  );
  return { process: child, output: () => text, ended };
}

/** Waits until the server says that it is ready, and reads what it keeps for its owner. */
export async function ready(server: ChildServer, folder: string): Promise<FirstRunFile> {
  const end = Date.now() + 60_000;
  while (!server.output().includes("MultiMail is ready")) {
    if (server.process.exitCode !== null || server.process.signalCode !== null || Date.now() > end)
      throw new Error(`the server did not start: ${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return JSON.parse(await readFile(join(folder, "first-run.json"), "utf8")) as FirstRunFile;
}

/** Kills the process at once, as a power cut would, and waits until it is gone. */
export async function kill(server: ChildServer): Promise<void> {
  server.process.kill("SIGKILL");
  await server.ended;
}
