/** The worker that tells people of mail that waits for them: when it begins to wait, at half of its time, and near its end. */
import type { Engine } from "../engine/engine.ts";
import { noticeKinds } from "../engine/notices.ts";
import type { Queue } from "../engine/queue.ts";
import { inGroups } from "./claim-groups.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Messages told of in one transaction. */
const batch = 100;

/** How long a claim holds, and when one that failed is tried again, in milliseconds. */
const lease = 60_000;

/** What the worker needs. */
type NoticeOptions = {
  engine: Engine;
  queue: Queue;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
};

/** Starts the worker. */
export function startNotices(options: NoticeOptions): Worker {
  /** After a failed round nobody knows what it had claimed. */
  let astray = false;
  return startLoop({
    name: "notices",
    poll_ms: 1000,
    log: options.log,
    async round() {
      const { queue, node } = options;
      const now = options.now();
      if (astray) await queue.reclaim(node, now, { kinds: [...noticeKinds], except: [] });
      astray = true;
      let more = false;
      for (const kind of noticeKinds) {
        const lease_until = new Date(now.getTime() + lease);
        const claims = await queue.claim(kind, { now, lease_until, node, limit: batch });
        await inGroups(claims, {
          ...options,
          kind,
          again_after: lease,
          work: (operatorId, group) => options.engine.tellDue(kind, operatorId, group),
          failed: "people could not be told",
        });
        more ||= claims.length > 0;
      }
      astray = false;
      return more;
    },
  });
}
