/** Waiting for events: one look at the database for all who wait on a node, several times a second. */
import { eventHeads } from "../store/events.ts";
import type { EngineContext } from "./context.ts";

/** Milliseconds between two looks. */
const interval = 200;

type Watcher = { operator_id: string; position: number; end(): void };

/** Waiting for whatever comes behind a position. */
export type EventWatch = {
  /** Resolves when there is something behind the position, when `milliseconds` are over, or when the caller goes away. */
  behind(
    operatorId: string,
    position: number,
    milliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  /** Aborted when the node stops. */
  closed: AbortSignal;
  /** Lets everybody go. */
  close(): void;
};

/** Watches the heads of the operators for whom somebody waits, so that it does not matter which node publishes. */
export function createEventWatch(context: Pick<EngineContext, "database" | "log">): EventWatch {
  const watchers = new Set<Watcher>();
  const closing = new AbortController();
  let timer: NodeJS.Timeout | null = null;

  async function look(): Promise<void> {
    const operators = [...new Set([...watchers].map(({ operator_id }) => operator_id))];
    const heads = await eventHeads(context.database, operators);
    for (const watcher of watchers)
      if ((heads.get(watcher.operator_id) ?? 0) > watcher.position) watcher.end();
  }

  function schedule(): void {
    if (timer !== null || watchers.size === 0) return;
    timer = setTimeout(() => {
      look()
        // The database is away: who waits goes on waiting until their time is over.
        .catch((error: unknown) =>
          context.log.warn(
            { error: String(error) },
            "calls that wait for events were not looked after",
          ),
        )
        .finally(() => {
          timer = null;
          schedule();
        });
    }, interval);
  }

  return {
    async behind(operatorId, position, milliseconds, signal) {
      if (milliseconds <= 0 || closing.signal.aborted || signal?.aborted === true) return;
      await new Promise<void>((resolve) => {
        const watcher: Watcher = {
          operator_id: operatorId,
          position,
          end() {
            watchers.delete(watcher);
            clearTimeout(over);
            signal?.removeEventListener("abort", watcher.end);
            resolve();
          },
        };
        const over = setTimeout(watcher.end, milliseconds);
        signal?.addEventListener("abort", watcher.end, { once: true });
        watchers.add(watcher);
        schedule();
      });
    },
    closed: closing.signal,
    close() {
      closing.abort();
      for (const watcher of watchers) watcher.end();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
