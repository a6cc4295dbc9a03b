/** The receiving worker: opens up mail that was answered with 250 and brings it to its mailbox. */
import type { Engine } from "../engine/engine.ts";
import type { Claim, Queue } from "../engine/queue.ts";
import { type Worker, startLoop } from "./loop.ts";

/** How long a claim holds, in milliseconds: far longer than reading is allowed to take. */
const lease = 10 * 60_000;

/** Messages between claim and mailbox at most. One that waits for DNS holds up no other. */
const maxInFlight = 32;

/** Starts the worker. */
export function startReceiving(options: {
  engine: Engine;
  queue: Queue;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
}): Worker {
  const { engine, queue, node } = options;
  const flying = new Map<string, Promise<void>>();
  /** After a failure of the database nobody knows what had been claimed: whatever is not flying comes due again. */
  let astray = false;

  function launch(claim: Claim): void {
    const flight = engine
      .receive(claim.operator_id, claim)
      .catch((error: unknown) => {
        astray = true;
        options.log.error(
          { inbound_id: claim.message_id, error: String(error) },
          "received mail waits for the database",
        );
      })
      .finally(() => flying.delete(claim.token));
    flying.set(claim.token, flight);
  }

  async function claimSome(): Promise<boolean> {
    const now = options.now();
    if (astray) {
      // What flies may be due in two operators under one id, so all of it lands first.
      await Promise.all(flying.values());
      await queue.reclaim(node, now, { kinds: ["receive"], except: [] });
      astray = false;
    }
    const limit = maxInFlight - flying.size;
    const claims = await queue
      .claim("receive", {
        now,
        lease_until: new Date(now.getTime() + lease),
        node,
        limit,
      })
      .catch((error: unknown) => {
        astray = true;
        throw error;
      });
    claims.forEach(launch);
    // Less than was asked for is all that there was; what comes later wakes the loop.
    return claims.length === limit;
  }

  const loop = startLoop({
    name: "receive",
    poll_ms: 1000,
    log: options.log,
    async round() {
      if (flying.size < maxInFlight) return claimSome();
      await Promise.race(flying.values());
      return true;
    },
  });
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await Promise.all(flying.values());
    },
  };
}
