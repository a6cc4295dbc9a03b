/** Starting: seconds from a new data folder, and from an old one, to readiness; memory of our process when idle. */
import { pause } from "../child.ts";
import { type Row, type Side, atMost, of } from "../figures.ts";
import { openServer } from "../multimail.ts";
import { residentBytes } from "../process-cpu.ts";

/** Each round starts twice on a folder of its own. */
export async function starting(rounds: number): Promise<Row> {
  const first: Side = { name: "first start", runs: [] };
  const later: Side = { name: "later start", runs: [] };
  for (let round = 0; round < rounds; round++) {
    const server = await openServer();
    first.runs.push({ value: server.started_in });
    await server.close(true);
    const again = await openServer({}, server.folder);
    await pause(3000);
    later.runs.push({ value: again.started_in, more: { idle_mb: residentBytes(again.pid) / 1e6 } });
    await again.close();
  }
  return {
    row: "start",
    what: "from start of the process to ready, and memory three seconds later",
    unit: "s",
    sides: [first, later],
    checks: [
      atMost(
        "first start, s",
        of(first, (run) => run.value),
        4,
      ),
      atMost(
        "later start, s",
        of(later, (run) => run.value),
        2,
      ),
      atMost(
        "idle memory, MB",
        of(later, (run) => run.more?.["idle_mb"]),
        150,
      ),
    ],
    notes: [],
  };
}
