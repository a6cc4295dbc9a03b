/** One measured run: time until something is done, CPU of the system under test until it rests, and the noise of others. */
import { availableParallelism } from "node:os";
import { pause } from "./child.ts";
import type { Run } from "./figures.ts";
import { cpuSeconds, machineSeconds } from "./process-cpu.ts";

/** What takes part in a run. */
export type Parts = {
  /** Roots of the system under test. */
  system: readonly number[];
  /** Roots of what is ours but not under test: injector, sink. */
  tools: readonly number[];
};

/**
 * Measures `work` and, until the system has come to rest, its CPU. `count` is the number of messages that `work` moves.
 * The value is messages a second.
 */
export async function measure(
  parts: Parts,
  count: number,
  work: () => Promise<void>,
): Promise<Run> {
  const bench = process.pid;
  const read = (): { system: number; known: number; machine: number; at: number } => ({
    system: cpuSeconds(parts.system),
    // The bench's own tree holds everything that it started.
    known: cpuSeconds([bench, ...parts.system, ...parts.tools]),
    machine: machineSeconds(),
    at: performance.now(),
  });
  const before = read();
  await work();
  const seconds = (performance.now() - before.at) / 1000;
  const after = read();
  const rested = await rest(parts.system);
  const span = (after.at - before.at) / 1000;
  const others = after.machine - before.machine - (after.known - before.known);
  return {
    value: count / seconds,
    cpu_ms: ((rested - before.system) * 1000) / count,
    noise: Math.max(0, others) / (span * availableParallelism()),
  };
}

/** Waits until the system has nothing left to do (at most ten seconds); answers its CPU so far. */
export async function rest(system: readonly number[]): Promise<number> {
  let last = cpuSeconds(system);
  for (let i = 0; i < 20; i++) {
    await pause(500);
    const now = cpuSeconds(system);
    if (now - last < 0.02) return now;
    last = now;
  }
  return last;
}
