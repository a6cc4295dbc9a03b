/** The publishing worker: gives committed events their positions, and wakes whoever tells webhooks of them. */
import type { Engine } from "../engine/engine.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Starts the worker. It is woken when something commits on this node, and looks for what others committed a few times a second. */
export function startPublishing(options: {
  engine: Pick<Engine, "publishEvents">;
  /** Called when events were published. */
  published(): void;
  log: { error(fields: object, message: string): void };
}): Worker {
  return startLoop({
    name: "publish_events",
    poll_ms: 250,
    log: options.log,
    async round() {
      const count = await options.engine.publishEvents();
      if (count > 0) options.published();
      return count > 0;
    },
  });
}
