/** The Python SDK as a process that tests call. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Python 3.9 or newer, the oldest there is first; undefined where there is none. */
export const python = ["python3.9", "/usr/bin/python3", "python3"].find(
  (path) => spawnSync(path, ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0,
);

const folder = fileURLToPath(new URL("../../sdk-python", import.meta.url));
const program = fileURLToPath(new URL("python_sdk.py", import.meta.url));

/** The environment in which `import multimail` finds the SDK of the tree, and no proxy comes between. */
export const pythonEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PYTHONPATH: folder,
  PYTHONDONTWRITEBYTECODE: "1",
  no_proxy: "*",
};

/** A call: of a client's method, or without `client` of a function of the package. */
export type PythonCall = {
  client?: Record<string, unknown>;
  method: string;
  positional?: unknown[];
  args?: Record<string, unknown>;
  /** Takes so many items of what is iterated, then closes it. */
  take?: number;
  /** Makes the call so often at once, in threads. */
  times?: number;
};

/** What came of it. */
export type PythonAnswer = {
  // oxlint-disable-next-line typescript/no-explicit-any
  ok?: any;
  // oxlint-disable-next-line typescript/no-explicit-any
  error?: any;
  bug?: string;
  /** Seconds that were waited between attempts, one number for each wait. */
  waited: number[];
};

/** Starts it. Calls are answered one after the other; `stop` ends the process. */
export function startPython(): {
  call(one: PythonCall): Promise<PythonAnswer>;
  stop(): void;
} {
  const child = spawn(python ?? "python3", [program], {
    env: pythonEnvironment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting: ((line: string) => void)[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => waiting.shift()?.(line));
  lines.on("close", () => {
    for (const done of waiting.splice(0)) done('{"bug":"the process has ended","waited":[]}');
  });
  return {
    call: (one) =>
      new Promise((resolve) => {
        waiting.push((line) => resolve(JSON.parse(line) as PythonAnswer));
        child.stdin.write(`${JSON.stringify(one)}\n`);
      }),
    stop: () => void child.stdin.end(),
  };
}
