/** CPU time of process trees and of the whole machine, from Linux's /proc. */
import { readFileSync, readdirSync } from "node:fs";

/** Seconds of CPU a tick of /proc stands for: USER_HZ is 100 on every Linux that Node runs on. */
const tick = 1 / 100;

type Stat = { parent: number; ticks: number };

/** One process's parent and its own and its reaped children's ticks; null when it is gone. See proc(5), /proc/pid/stat. */
function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold spaces and brackets itself: what follows the last one is fixed.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    return null;
  }
}

/** Every pid in the trees below `roots`, themselves included. */
export function treeOf(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : null;
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const found = new Set<number>();
  const waiting = [...roots];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (found.has(pid)) continue;
    found.add(pid);
    waiting.push(...(children.get(pid) ?? []));
  }
  return [...found];
}

/**
 * Seconds of CPU used so far in the trees below `roots`. A child that ended counts through its parent, which reaped it,
 * so the difference of two readings is what the system used in between.
 */
export function cpuSeconds(roots: readonly number[]): number {
  return treeOf(roots).reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0) * tick, 0);
}

/** Seconds of CPU that the whole machine has worked so far, idle and waiting for disks left out. */
export function machineSeconds(): number {
  const line = readFileSync("/proc/stat", "latin1").split("\n")[0] ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * tick;
}

/** Resident bytes of one process. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(line?.[1] ?? 0) * 1024;
}
