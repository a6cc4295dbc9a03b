/** The delivery worker: claims what is due, hands it off, and lets every message make its attempt. */
import type { Outgoing } from "../engine/signing.ts";
import type { Claim } from "../engine/queue.ts";
import { type AttemptOptions, deliver, lease, pause } from "./attempt.ts";
import { type Worker, startLoop } from "./loop.ts";
import { Places } from "./places.ts";

export type { Driver } from "./attempt.ts";

/** What the worker needs. */
export type DeliverOptions = AttemptOptions & {
  node: string;
  /** Messages between claim and result at most, default 300; of one operator alone half of them. */
  max_in_flight?: number;
  /** Bytes of these messages, default 256 MiB; a single message may be larger. */
  max_bytes_in_flight?: number;
  /** Milliseconds that messages under way get when the worker stops; default 30,000. The first half is theirs alone. */
  stop_grace?: number;
};

/** Rows in one claim: enough to make a commit worthwhile, few enough to lose little by a crash. */
const claimSize = 50;

/** Claims under way are held for longer every so often, in milliseconds: two of them may fail before one runs out. */
const renewEvery = 10 * 60_000;

/** Starts the worker. Stopping it closes the driver's transport. */
export function startDelivery(options: DeliverOptions): Worker {
  const flights = new Flights(options);
  const loop = startLoop({
    name: "deliver",
    poll_ms: 1000,
    log: options.log,
    round: () => flights.round(),
  });
  flights.on_room = loop.wake;
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await flights.land();
    },
  };
}

/** A message under way. */
type Flight = { claim: Claim; landed: Promise<void> };

/** What is under way at this node. */
class Flights {
  readonly #options: DeliverOptions;
  readonly #places: Places;
  /** By message and token: should a claim ever be overtaken, the later attempt is another flight. */
  readonly #flying = new Map<string, Flight>();
  readonly #given = new AbortController();
  #renewed: number;
  /** After a failed round nobody knows what it had claimed: whatever is not flying comes due again. */
  #astray = false;
  /** More might have been claimed had there been room. */
  #short = false;
  /** Called when there is room again for what may be due. */
  on_room: () => void = () => undefined;

  constructor(options: DeliverOptions) {
    this.#options = options;
    this.#places = new Places({
      messages: options.max_in_flight ?? 300,
      bytes: options.max_bytes_in_flight ?? 256 * 1024 * 1024,
    });
    this.#renewed = options.now().getTime();
  }

  /** Claims and hands off once. True when there may be more at once. */
  async round(): Promise<boolean> {
    const { queue, node, now } = this.#options;
    // Before anything is claimed: what is still flying here must not be taken for lost.
    await this.#renew();
    if (this.#astray) {
      const except = [...this.#flying.values()].map(({ claim }) => claim.message_id);
      await queue.reclaim(node, now(), { kinds: ["deliver"], except });
      this.#astray = false;
    }
    const limit = Math.min(claimSize, this.#places.free);
    const shares = this.#places.shares();
    this.#short = Math.min(limit, shares.others, ...shares.held.values()) < claimSize;
    if (limit === 0) return false;
    this.#astray = true;
    const lease_until = new Date(now().getTime() + lease);
    const claims = await queue.claimDeliveries({ now: now(), lease_until, node, limit, shares });
    for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
      await this.#handOff(operatorId, group);
    this.#astray = false;
    return claims.length > 0;
  }

  /** Waits for what is under way, and ends what takes too long. */
  async land(): Promise<void> {
    const landed = (): Promise<unknown> =>
      Promise.all([...this.#flying.values()].map((flight) => flight.landed));
    // What was handed off is on its way: its answers are waited for, so that nothing is sent twice.
    const half = (this.#options.stop_grace ?? 30_000) / 2;
    await Promise.race([landed(), pause(half)]);
    // A remote that hangs must not hold us: the rest is told that it was interrupted, and comes due at once.
    await this.#options.driver.transport.close(half);
    await Promise.race([landed(), pause(this.#flying.size > 0 ? half : 0)]);
    this.#given.abort();
    await landed();
  }

  /** Holds the claims of what is flying, however long the remote takes. */
  async #renew(): Promise<void> {
    const { queue, node, now } = this.#options;
    const time = now().getTime();
    if (time - this.#renewed < renewEvery) return;
    const claims = [...this.#flying.values()].map(({ claim }) => claim);
    if (claims.length > 0)
      await queue.renew("deliver", claims, { node, lease_until: new Date(time + lease) });
    this.#renewed = time;
  }

  /** Hands a batch off; should that fail, one by one, so that one message cannot hold up the others. */
  async #handOff(operatorId: string, claims: readonly Claim[]): Promise<void> {
    const { engine, queue, log, now } = this.#options;
    try {
      const free = await engine.holdPaused(operatorId, claims);
      if (free.length === 0) return;
      const room = this.#places.roomOf(operatorId);
      const { outgoing, left_bytes } = await engine.handOff(operatorId, free, room);
      for (const message of outgoing) this.#launch(message);
      this.#places.turnedAway(operatorId, left_bytes);
    } catch (error) {
      // Away: the round ends here, and everything it claimed comes due when the database is back.
      if (queue.isAway(error)) throw error;
      if (claims.length > 1) {
        for (const claim of claims) await this.#handOff(operatorId, [claim]);
        return;
      }
      log.error(
        { messages: claims.map((claim) => claim.message_id), error: String(error) },
        "hand-off failed",
      );
      // Not sent and not lost: the claim comes due again.
      await queue.later("deliver", operatorId, claims, new Date(now().getTime() + 60_000));
    }
  }

  #launch(message: Outgoing): void {
    const { operator_id, message_id, token } = message;
    const key = `${message_id} ${token}`;
    const bytes = message.mime.length;
    this.#places.take(operator_id, bytes);
    const landed = deliver(this.#options, message, this.#given.signal).finally(() => {
      this.#flying.delete(key);
      this.#places.leave(operator_id, bytes);
      if (this.#short) this.on_room();
    });
    this.#flying.set(key, { claim: { operator_id, message_id, token }, landed });
  }
}
