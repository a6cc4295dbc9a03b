/** The worker that looks at domains: new ones until they are proven, keys to come until DNS shows them, the others daily. */
import type { Engine } from "../engine/engine.ts";
import type { Queue } from "../engine/queue.ts";
import { type Worker, startLoop } from "./loop.ts";

/** How long a claim holds, in milliseconds: longer than DNS may keep all of them waiting. */
const lease = 10 * 60_000;

/** Starts the worker. */
export function startVerifying(options: {
  engine: Engine;
  queue: Queue;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
}): Worker {
  /** After a failed round nobody knows what it had claimed. */
  let astray = false;
  return startLoop({
    name: "verify_domain",
    poll_ms: 5000,
    log: options.log,
    async round() {
      const now = options.now();
      const kinds: ["verify_domain"] = ["verify_domain"];
      if (astray) await options.queue.reclaim(options.node, now, { kinds, except: [] });
      astray = true;
      const claims = await options.queue.claim("verify_domain", {
        now,
        lease_until: new Date(now.getTime() + lease),
        node: options.node,
        limit: 5,
      });
      for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
        await options.engine.recheckDomains(operatorId, group);
      astray = false;
      return claims.length > 0;
    },
  });
}
