/** Programs of others' making that talk MCP and OAuth, run as processes; tests that need them are skipped by name where they are absent. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const bin = join(import.meta.dirname, "../../tools/mcp/node_modules/.bin");

/** True where the program was installed (`npm ci --prefix tools/mcp`). */
export function installed(name: string): boolean {
  return existsSync(join(bin, name));
}

/** A program under way. */
export type Tester = {
  /** The first match of the pattern in what it prints; fails where it ends before. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** What it printed in all, and its exit code. */
  ended: Promise<{ stdout: string; stderr: string; code: number | null }>;
  stop(): void;
};

/** Starts one of the programs with Node and no environment but the given one. */
export function startTester(
  name: string,
  flags: readonly string[],
  env: Record<string, string> = {},
): Tester {
  const child: ChildProcessWithoutNullStreams = spawn(
    process.execPath,
    [join(bin, name), ...flags],
    { env: { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", ...env } },
  );
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of waiting) one();
  };
  child.stdout.on("data", (chunk: Buffer) => ((stdout += chunk.toString()), look()));
  child.stderr.on("data", (chunk: Buffer) => ((stderr += chunk.toString()), look()));
  const ended = new Promise<{ stdout: string; stderr: string; code: number | null }>((resolve) => {
    child.on("close", (code) => resolve({ stdout, stderr, code }));
  });
  return {
    ended,
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const find = (): void => {
          const match = pattern.exec(`${stdout}\n${stderr}`);
          if (!match) return;
          waiting.delete(find);
          resolve(match);
        };
        waiting.add(find);
        find();
        const tooLate = (): void => {
          find();
          reject(
            new Error(`${name} ended without printing ${String(pattern)}:\n${stdout}${stderr}`),
          );
        };
        child.on("close", tooLate);
      }),
    stop: () => void child.kill("SIGKILL"),
  };
}

/** A port that is free at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
