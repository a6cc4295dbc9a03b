/** What the engine reports for monitoring: queues of the whole instance, and what this node's attempts to deliver came to. */
import type { Metric } from "../contract/metrics.ts";
import { brokenLogs, queueDepths, unsequencedEntries } from "../store/metrics.ts";
import type { EngineContext } from "./context.ts";
import type { AttemptResult } from "./result-outcome.ts";

type Outcome = AttemptResult["recipients"][number]["receipt"]["outcome"];

const attempts = new WeakMap<object, Map<Outcome, number>>();

function attemptsOf(context: object): Map<Outcome, number> {
  const known = attempts.get(context) ?? new Map<Outcome, number>();
  attempts.set(context, known);
  return known;
}

/** The same function, whose results are counted by recipient and outcome. */
export function counted(
  context: object,
  record: (result: AttemptResult) => Promise<boolean>,
): (result: AttemptResult) => Promise<boolean> {
  const counts = attemptsOf(context);
  return async (result) => {
    const recorded = await record(result);
    const tried = result.recipients.filter((one) => one.again_after === undefined);
    for (const { receipt } of recorded ? tried : [])
      counts.set(receipt.outcome, (counts.get(receipt.outcome) ?? 0) + 1);
    return recorded;
  };
}

/** Milliseconds for which what the database said is shown again: whoever asks often costs nothing more. */
const freshFor = 1000;

/** Reads the figures; one function for the life of the process. */
export function createMetrics(
  context: Pick<EngineContext, "database" | "now">,
): () => Promise<Metric[]> {
  let last: { at: number; metrics: Promise<Metric[]> } | null = null;
  return () => {
    const at = performance.now();
    if (last === null || at - last.at > freshFor) {
      last = { at, metrics: read(context) };
      // A look that failed is not shown again.
      last.metrics.catch(() => {
        last = null;
      });
    }
    return last.metrics;
  };
}

async function read(context: Pick<EngineContext, "database" | "now">): Promise<Metric[]> {
  const [queues, unsequenced, broken] = await Promise.all([
    queueDepths(context.database, context.now()),
    unsequencedEntries(context.database),
    brokenLogs(context.database),
  ]);
  return [
    {
      name: "multimail_queue_due",
      type: "gauge",
      help: "Rows of the instance's queue that are due, by kind; 100000 means at least so many.",
      values: queues.map(({ kind, due }) => ({ labels: { kind }, value: due })),
    },
    {
      name: "multimail_queue_oldest_seconds",
      type: "gauge",
      help: "Seconds since the oldest of them came due.",
      values: queues.map(({ kind, oldest_seconds: value }) => ({ labels: { kind }, value })),
    },
    {
      name: "multimail_log_unsequenced_entries",
      type: "gauge",
      help: "Log entries that have no index yet; 100000 means at least so many.",
      values: [{ value: unsequenced }],
    },
    {
      name: "multimail_log_broken",
      type: "gauge",
      help: "Operators whose log is not the one that was signed last: nothing more of it is signed.",
      values: [{ value: broken }],
    },
    {
      name: "multimail_delivery_attempts_total",
      type: "counter",
      help: "Attempts of this node to deliver to one recipient, by outcome.",
      values: [...attemptsOf(context)].map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
  ];
}
