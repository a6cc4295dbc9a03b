/** The receiving worker: opens up mail that was answered with 250 and brings it to its mailbox. */
import type { Engine } from "../engine/engine.ts";
import type { Queue } from "../engine/queue.ts";
import { type Worker, startLoop } from "./loop.ts";

/** How long a claim holds, in milliseconds: far longer than reading is allowed to take. */
const lease = 5 * 60_000;

/** Starts the worker. */
export function startReceiving(options: {
  engine: Engine;
  queue: Queue;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
}): Worker {
  /** After a failed round nobody knows what it had claimed. */
  let astray = false;
  return startLoop({
    name: "receive",
    poll_ms: 1000,
    log: options.log,
    async round() {
      const now = options.now();
      if (astray)
        await options.queue.reclaim(options.node, now, { kinds: ["receive"], except: [] });
      astray = true;
      const claims = await options.queue.claim("receive", {
        now,
        lease_until: new Date(now.getTime() + lease),
        node: options.node,
        limit: 32,
      });
      for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
        await options.engine.receive(operatorId, group);
      astray = false;
      return claims.length > 0;
    },
  });
}
