/** The delivery worker: claims what is due, hands it off, and lets every message make its attempt. */
import type { Outgoing } from "../engine/signing.ts";
import type { Claim } from "../engine/queue.ts";
import { type AttemptOptions, deliver, lease, pause } from "./attempt.ts";
import { type Worker, startLoop } from "./loop.ts";

export type { Driver } from "./attempt.ts";

/** What the worker needs. */
export type DeliverOptions = AttemptOptions & {
  node: string;
  /** Messages between claim and result at most. */
  max_in_flight?: number;
  /** Milliseconds that messages under way get when the worker stops; default 30,000. The first half is theirs alone. */
  stop_grace?: number;
};

/** Rows in one claim: enough to make a commit worthwhile, few enough to lose little by a crash. */
const claimSize = 50;

/** Starts the worker. Stopping it closes the driver's transport. */
export function startDelivery(options: DeliverOptions): Worker {
  const { queue, node, now } = options;
  const maxInFlight = options.max_in_flight ?? 150;
  const flying = new Map<string, Promise<void>>();
  const stopped = new AbortController();
  const given = new AbortController();
  /** After a failed round nobody knows what it had claimed: whatever is not flying comes due again. */
  let astray = false;

  function launch(message: Outgoing): void {
    const id = message.message_id;
    const flight = deliver(options, message, given.signal).finally(() => flying.delete(id));
    flying.set(id, flight);
  }

  async function claimAndHandOff(): Promise<boolean> {
    if (astray)
      await queue.reclaim(node, now(), { kinds: ["deliver"], except: [...flying.keys()] });
    astray = true;
    const claims = await queue.claim("deliver", {
      now: now(),
      lease_until: new Date(now().getTime() + lease),
      node,
      limit: Math.min(claimSize, maxInFlight - flying.size),
    });
    for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
      for (const message of await handOff(options, operatorId, group)) launch(message);
    astray = false;
    return claims.length > 0;
  }

  const loop = startLoop({
    name: "deliver",
    poll_ms: 1000,
    log: options.log,
    async round() {
      if (flying.size < maxInFlight) return claimAndHandOff();
      await Promise.race([...flying.values(), until(stopped.signal)]);
      return true;
    },
  });
  return {
    wake: loop.wake,
    async stop() {
      stopped.abort();
      await loop.stop();
      // What was handed off is on its way: its answers are waited for, so that nothing is sent twice.
      const half = (options.stop_grace ?? 30_000) / 2;
      const landed = (): Promise<unknown> => Promise.all(flying.values());
      await Promise.race([landed(), pause(half)]);
      // A remote that hangs must not hold us: the rest is told that it was interrupted, and comes due at once.
      await options.driver.transport.close(half);
      await Promise.race([landed(), pause(flying.size > 0 ? half : 0)]);
      given.abort();
      await landed();
    },
  };
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Hands a batch off; should the database refuse it, one by one, so that one message cannot hold up the others. */
async function handOff(
  options: DeliverOptions,
  operatorId: string,
  claims: readonly Claim[],
): Promise<Outgoing[]> {
  try {
    const free = await options.engine.holdPaused(operatorId, claims);
    return free.length === 0 ? [] : await options.engine.handOff(operatorId, free);
  } catch (error) {
    // Away: the round ends here, and everything it claimed comes due when the database is back.
    if (options.queue.isAway(error)) throw error;
    if (claims.length === 1 || !options.queue.isRefusal(error)) {
      options.log.error(
        { messages: claims.map((claim) => claim.message_id), error: String(error) },
        "hand-off failed",
      );
      // Not sent and not lost: the claim comes due again.
      await options.queue.later(
        "deliver",
        operatorId,
        claims,
        new Date(options.now().getTime() + 60_000),
      );
      return [];
    }
    const outgoing: Outgoing[] = [];
    for (const claim of claims) outgoing.push(...(await handOff(options, operatorId, [claim])));
    return outgoing;
  }
}
