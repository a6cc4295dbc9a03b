/** Accept only: a 202 means on disk. Against one row and one commit per request on the same database. */
import { fork } from "node:child_process";
import { stop } from "../child.ts";
import { type Row, type Run, type Side, atMost, of, quantile, ratio } from "../figures.ts";
import { type Injector, type Size, jobFor } from "../injector.ts";
import { measure, rest } from "../measure.ts";
import { type Server, openServer } from "../multimail.ts";
import type { CommitJob, CommitResult } from "./one-row-commits.ts";

/** What the row is given. */
export type AcceptOptions = {
  count: number;
  rounds: number;
  injector: Injector;
  connections: number;
  size: Size;
};

/** The server runs no worker: what is accepted stays in the queue. */
export async function acceptOnly(options: AcceptOptions): Promise<Row> {
  const ours: Side = { name: "MultiMail", runs: [] };
  const theirs: Side = { name: "a row and a commit each", runs: [] };
  const server = await openServer({ MULTIMAIL_ROLES: "api" });
  try {
    await server.setMode("autonomous");
    for (let round = 0; round < options.rounds; round++) {
      ours.runs.push(await accept(options, server));
      theirs.runs.push(await commit(options, server));
    }
  } finally {
    await server.close();
  }
  const sides = [ours, theirs];
  const spread = of(ours, (run) => (run.more?.["p99_ms"] ?? 0) / (run.more?.["p50_ms"] ?? 1));
  return {
    row: "accept",
    what: `${options.count} × 202 for ${options.size.name} over ${options.connections} connections, delivery held back`,
    unit: "msg/s",
    sides,
    checks: [...ratio({ sides }, theirs.name, 1.5), atMost("p99 ÷ p50", spread, 3)],
    notes: [
      "the commits come from one Node process over 64 database connections, straight to PostgreSQL: no HTTP, no checks",
    ],
  };
}

async function accept(options: AcceptOptions, server: Server): Promise<Run> {
  const { injector, connections, size, count } = options;
  await injector.run(jobFor(server, "send", 500, connections, size));
  await rest(server.roots);
  let latencies: number[] = [];
  const run = await measure({ system: server.roots, tools: [] }, count, async () => {
    ({ latencies } = await injector.run(jobFor(server, "send", count, connections, size)));
  });
  return { ...run, more: percentiles(latencies) };
}

async function commit(options: AcceptOptions, server: Server): Promise<Run> {
  const { connections, count, size } = options;
  const child = fork(new URL("one-row-commits.ts", import.meta.url).pathname, [], {
    serialization: "advanced",
  });
  try {
    const job = (messages: number): CommitJob => ({
      socket_folder: server.socket_folder,
      connections,
      count: messages,
      bytes: size.payload,
    });
    await ask(child, job(500));
    let latencies: number[] = [];
    const run = await measure(
      { system: [child.pid ?? 0, ...server.roots], tools: [] },
      count,
      async () => {
        ({ latencies } = await ask(child, job(count)));
      },
    );
    return { ...run, more: percentiles(latencies) };
  } finally {
    await stop(child);
  }
}

function ask(child: ReturnType<typeof fork>, job: CommitJob): Promise<CommitResult> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void =>
      reject(new Error(`the committing process ended with ${code}`));
    child.once("exit", failed);
    child.once("message", (result) => {
      child.off("exit", failed);
      resolve(result as CommitResult);
    });
    child.send(job);
  });
}

function percentiles(latencies: readonly number[]): Record<string, number> {
  return { p50_ms: quantile(latencies, 0.5), p99_ms: quantile(latencies, 0.99) };
}
