/** The processes of an instance's own PostgreSQL, to be killed or held as a fault would. */
import { readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** Process ids of all that works in the data folder's database; the postmaster's own first. */
export function databaseProcesses(folder: string): number[] {
  const data = realpathSync(join(folder, "postgres", "data"));
  const first = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return Number.isSafeInteger(pid) && readlinkSync(`/proc/${pid}/cwd`) === data;
      } catch {
        return false;
      }
    })
    .toSorted((a, b) => Number(b === first) - Number(a === first));
}

/** Sends a signal to every one of them; answers how many there were. */
export function signalDatabase(folder: string, signal: NodeJS.Signals): number {
  let count = 0;
  try {
    for (const pid of databaseProcesses(folder)) {
      try {
        process.kill(pid, signal);
        count++;
      } catch {
        // It ended together with another.
      }
    }
  } catch {
    // No postmaster.pid: it is between two lives.
  }
  return count;
}
