/** The timer worker: ends undo windows and schedules, and expires what nobody decided on. */
import type { Engine } from "../engine/engine.ts";
import type { Queue } from "../engine/queue.ts";
import { inGroups } from "./claim-groups.ts";
import { type Worker, startLoop } from "./loop.ts";

/** How long a claim holds, and when one that failed is tried again, in milliseconds. */
const lease = 60_000;

/** Starts the worker. It sleeps until the next row comes due, at most a second. */
export function startTimers(options: {
  engine: Pick<Engine, "timeOut">;
  queue: Pick<Queue, "claim" | "later" | "reclaim" | "isAway">;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
}): Worker {
  /** After a failed round nobody knows what it had claimed. */
  let astray = false;
  return startLoop({
    name: "timers",
    poll_ms: 500,
    log: options.log,
    async round() {
      const kinds: ("release" | "expire")[] = ["release", "expire"];
      if (astray) await options.queue.reclaim(options.node, options.now(), { kinds, except: [] });
      astray = true;
      let more = false;
      for (const kind of kinds) {
        const now = options.now();
        const claims = await options.queue.claim(kind, {
          now,
          lease_until: new Date(now.getTime() + lease),
          node: options.node,
          limit: 100,
        });
        await inGroups(claims, {
          ...options,
          kind,
          again_after: lease,
          work: (operatorId, group) => options.engine.timeOut(kind, operatorId, group),
          failed: "what came due could not be done",
        });
        more ||= claims.length > 0;
      }
      astray = false;
      return more;
    },
  });
}
