/** The index worker: makes messages findable in batches with pauses, so that deliveries never wait for it. */
import type { Engine } from "../engine/engine.ts";
import type { Queue } from "../engine/queue.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Messages of one round; between rounds there is always a pause, in milliseconds. */
const batch = 200;
const pause = 500;

/** Starts the worker. */
export function startIndexing(options: {
  engine: Engine;
  queue: Queue;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
}): Worker {
  /** After a failed round nobody knows what it had claimed. */
  let astray = false;
  return startLoop({
    name: "index",
    poll_ms: pause,
    log: options.log,
    async round() {
      if (astray)
        await options.queue.reclaim(options.node, options.now(), { kinds: ["index"], except: [] });
      astray = true;
      const now = options.now();
      const claims = await options.queue.claim("index", {
        now,
        lease_until: new Date(now.getTime() + 300_000),
        node: options.node,
        limit: batch,
      });
      for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
        await options.engine.indexMessages(operatorId, group);
      astray = false;
      return false;
    },
  });
}
