/** Rate limits of keys and operators: token buckets in the database, from which each node takes blocks in advance. */
import type { Authenticate } from "../contract/sign-in.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { drawTokens } from "../store/rate-limits.ts";
import type { EngineContext } from "./context.ts";
import { type SourcePace, sourcePace } from "./source-pace.ts";

/** Quotas are of so many seconds. */
const windowSeconds = 60;

/** Tokens that a node has drawn and not used are forgotten after so many milliseconds. */
const leaseMs = 10_000;

/** Leases that are kept before those that ended are swept out. */
const sweepAt = 10_000;

/** What limits are asked. */
export type RateLimits = {
  /** Takes one request of the caller; throws `rate_limited` with `retry_after` where none is left. People are not limited. */
  take(actor: Actor): Promise<void>;
};

/** Who is counted, and how it is named to them. */
type Counted = {
  name: "key" | "operator";
  operator_id: string;
  subject: string;
  quota: number;
};

/** What this node holds of a bucket. */
type Lease = {
  left: number;
  ends: number;
  /** Until when the bucket is known to be empty; spares the database those who try again at once. */
  empty_until: number;
  drawing: Promise<void> | null;
};

/**
 * Makes the limits of a node. A block is what a bucket gains in a second, so a busy key costs one write a second and node. In
 * t seconds a key gets through at most quota × (1 + t/60), and beyond it one block for each node that held one before.
 */
export function createRateLimits(
  context: Pick<EngineContext, "database" | "now" | "limits">,
): RateLimits {
  const { key_rate, operator_rate } = context.limits;
  const leases = new Map<string, Lease>();

  const leaseOf = (counted: Counted): Lease => {
    const id = `${counted.operator_id} ${counted.subject}`;
    const known = leases.get(id);
    if (known) return known;
    if (leases.size >= sweepAt) sweep(leases, context.now().getTime());
    const lease: Lease = { left: 0, ends: 0, empty_until: 0, drawing: null };
    leases.set(id, lease);
    return lease;
  };

  const draw = async (counted: Counted, lease: Lease): Promise<void> => {
    const { quota, subject, operator_id } = counted;
    const block = Math.max(1, Math.floor(quota / windowSeconds));
    const now = context.now();
    const { granted, tokens } = await context.database.as(operator_id, (tx) =>
      drawTokens(tx, { subject, quota }, block, now),
    );
    lease.left = granted;
    lease.ends = now.getTime() + leaseMs;
    if (granted === 0)
      lease.empty_until = now.getTime() + Math.ceil(((1 - tokens) * windowSeconds * 1000) / quota);
  };

  /** Takes one token; answers the milliseconds to wait where there is none. */
  const takeOf = async (counted: Counted): Promise<number> => {
    const lease = leaseOf(counted);
    for (;;) {
      const now = context.now().getTime();
      if (now < lease.empty_until) return lease.empty_until - now;
      if (lease.left > 0 && now < lease.ends) {
        lease.left--;
        return 0;
      }
      lease.drawing ??= draw(counted, lease).finally(() => {
        lease.drawing = null;
      });
      await lease.drawing;
    }
  };

  return {
    async take(actor) {
      if (actor.kind === "person" || actor.kind === "system") return;
      const operator_id = actor.operator_id;
      if (key_rate > 0)
        await refuseAfter(takeOf, {
          name: "key",
          operator_id,
          subject: `key:${actor.credential_id}`,
          quota: key_rate,
        });
      if (operator_rate > 0)
        await refuseAfter(takeOf, {
          name: "operator",
          operator_id,
          subject: "operator",
          quota: operator_rate,
        });
    },
  };
}

async function refuseAfter(
  takeOf: (counted: Counted) => Promise<number>,
  counted: Counted,
): Promise<void> {
  const wait = await takeOf(counted);
  if (wait === 0) return;
  const who = counted.name === "key" ? "This key made" : "The keys of this operator made together";
  throw new Refusal("rate_limited", `${who} more than ${counted.quota} requests a minute.`, {
    hint: "Wait as long as Retry-After says; ask for several things at once where a call can.",
    retry_after: Math.ceil(wait / 1000),
    policy: { name: counted.name, quota: counted.quota, window: windowSeconds },
  });
}

function sweep(leases: Map<string, Lease>, now: number): void {
  for (const [id, lease] of leases)
    if (lease.drawing === null && lease.ends <= now && lease.empty_until <= now) leases.delete(id);
}

/** Throws where an address calls too often without a good credential; counted by this node alone, so that strangers cost no write. */
export function publicPace(context: Pick<EngineContext, "now" | "limits">): SourcePace {
  const { public_rate } = context.limits;
  if (public_rate === 0) return () => undefined;
  const message = `There were more than ${public_rate} calls a minute from your network.`;
  return sourcePace(context.now, public_rate, windowSeconds * 1000, message);
}

/** Finds who is behind a key, and takes a request of theirs. */
export function limited(authenticate: Authenticate, rate: RateLimits): Authenticate {
  return async (credential, door) => {
    const actor = await authenticate(credential, door);
    if (actor) await rate.take(actor);
    return actor;
  };
}
