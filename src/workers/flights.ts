/** The loop of a worker whose claims are worked on side by side, each by itself: one that hangs holds up no other. */
import type { Claim, Queue } from "../engine/queue.ts";
import { type LoopOptions, type Worker, startLoop } from "./loop.ts";

/** What such a worker is made of. */
export type FlightOptions = Pick<LoopOptions, "poll_ms" | "log"> & {
  kind: Parameters<Queue["claim"]>[0];
  queue: Queue;
  node: string;
  now(): Date;
  /** How long a claim holds, in milliseconds. */
  lease: number;
  /** Most claims under way at once. */
  most: number;
  /** Works on one claim; `stopping` is aborted once the worker is to stop. */
  fly(claim: Claim, stopping: AbortSignal): Promise<void>;
  /** Says that one failed. True: it is to come due again at once; false: once its lease ends. */
  failed(claim: Claim, error: unknown): boolean;
  /** Called when one has landed, however it ended. */
  landed?(): void;
};

/** A running one. `stop` ends the claiming; `landed` waits for what is under way then. */
export type Flights = Worker & { landed(): Promise<void> };

/** Starts it. */
export function startFlights(options: FlightOptions): Flights {
  const { kind, queue, node, most } = options;
  const flying = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  /** After a failed round nobody knows what had been claimed: whatever is not flying comes due again. */
  let astray = false;

  function launch(claim: Claim): void {
    const flight = options
      .fly(claim, stopping.signal)
      .catch((error: unknown) => {
        if (options.failed(claim, error)) astray = true;
      })
      .finally(() => {
        flying.delete(claim.message_id);
        options.landed?.();
      });
    flying.set(claim.message_id, flight);
  }

  const loop = startLoop({
    name: kind,
    poll_ms: options.poll_ms,
    log: options.log,
    async round() {
      const now = options.now();
      if (astray) await queue.reclaim(node, now, { kinds: [kind], except: [...flying.keys()] });
      astray = true;
      const claims = await queue.claim(kind, {
        now,
        lease_until: new Date(now.getTime() + options.lease),
        node,
        limit: most - flying.size,
      });
      for (const claim of claims) launch(claim);
      astray = false;
      if (flying.size >= most) await Promise.race([...flying.values(), stopped]);
      return claims.length > 0;
    },
  });
  return {
    wake: loop.wake,
    async stop() {
      stopping.abort();
      await loop.stop();
    },
    async landed() {
      await Promise.all(flying.values());
    },
  };
}
