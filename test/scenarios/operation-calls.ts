/** Calls of any operation by its description: over REST, and by the command line in this process. */
import { runCli } from "../../src/cli/main.ts";
import type { OperationSpec } from "../../src/contract/operation.ts";
import { allOperations } from "../../src/operations/all.ts";
import type { Answer, Running } from "./running.ts";

/** Sends an operation's input as its description says: names of its path there, the rest in the query or the body. */
export function callOperation(
  running: Running,
  spec: OperationSpec,
  key: string | null,
  input: object,
): Promise<Answer> {
  const left = new Map(Object.entries(input));
  const path = spec.path.replaceAll(/\{(\w+)\*?\}/g, (_, name: string) => {
    const value = String(left.get(name));
    left.delete(name);
    return value;
  });
  const rest = Object.fromEntries(left);
  const inQuery = spec.method === "GET" || spec.method === "DELETE";
  const query =
    inQuery && left.size > 0
      ? `?${new URLSearchParams(rest as Record<string, string>).toString()}`
      : "";
  return running.call(key, path + query, inQuery ? undefined : rest, { method: spec.method });
}

/** Runs a command with every operation there is, and keeps what it printed. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await runCli(args, {
    env,
    stdout: { write: (text) => (out += Buffer.from(text).toString()) },
    stderr: { write: (text) => (err += Buffer.from(text).toString()) },
    stdin: (async function* () {})(),
    operations: allOperations,
    local: {},
    fetch: globalThis.fetch,
  });
  return { code, out, err };
}
