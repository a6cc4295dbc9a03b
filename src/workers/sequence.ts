/** The sequencing worker: keeps the log's tree and checkpoint close behind the committed entries. */
import type { Engine } from "../engine/engine.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Pause between rounds under load: a checkpoint a second at most costs little and is fresh enough. */
const underLoad = 1000;

/** Starts the worker: at once when idle, about once a second under load. */
export function startSequencer(options: {
  engine: Engine;
  log: { error(fields: object, message: string): void };
}): Worker {
  let busyUntil = 0;
  let waiting: NodeJS.Timeout | null = null;
  const loop = startLoop({
    name: "sequence",
    poll_ms: 2000,
    log: options.log,
    async round() {
      const placed = await options.engine.sequence();
      busyUntil = placed > 0 ? performance.now() + underLoad : 0;
      return false;
    },
  });
  return {
    wake() {
      const left = busyUntil - performance.now();
      if (left <= 0) loop.wake();
      else
        waiting ??= setTimeout(() => {
          waiting = null;
          loop.wake();
        }, left);
    },
    async stop() {
      if (waiting) clearTimeout(waiting);
      await loop.stop();
      // Everything committed gets its index before we go.
      await options.engine.sequence();
    },
  };
}
