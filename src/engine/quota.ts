/** Quotas of operators: what the instance lets each submit in a month and keep. */
import { firstIdAt } from "../core/id.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { countSubmitted, storedBytes } from "../store/usage.ts";
import type { EngineContext } from "./context.ts";

/** Milliseconds for which counts are believed. */
const freshFor = { messages: 5_000, bytes: 60_000 };

/** With so few messages left they are counted at each submission. */
const near = 100;

/** When the month (UTC) of a moment began, and when the next one does. */
export function monthOf(now: Date): { begins: Date; ends: Date } {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return { begins: new Date(Date.UTC(year, month)), ends: new Date(Date.UTC(year, month + 1)) };
}

type Gauge = {
  messages: {
    used: number;
    at: number;
    month: number;
    /** Submissions that were counted and are not on disk yet. */
    under_way: number;
    counting: Promise<void> | null;
  };
  bytes: { used: number; at: number; counting: Promise<void> | null };
};

/** Submits one message of an operator; throws `quota_exceeded` for one that may submit no more. */
export type QuotaGate = <T>(operatorId: string, submit: () => Promise<T>) => Promise<T>;

const gates = new WeakMap<object, QuotaGate>();

/** The gate of a node, one for all ways to submit. Where the instance has no quotas it counts nothing. */
export function quotaGate(context: QuotaContext): QuotaGate {
  const gate = gates.get(context) ?? createGate(context);
  gates.set(context, gate);
  return gate;
}

type QuotaContext = Pick<EngineContext, "database" | "now" | "limits">;

function createGate(context: QuotaContext): QuotaGate {
  const { monthly_messages: most, storage_bytes: room } = context.limits;
  const gauges = new Map<string, Gauge>();
  if (most === null && room === null) return (_, submit) => submit();
  return async (operatorId, submit) => {
    const gauge = gauges.get(operatorId) ?? {
      messages: { used: 0, at: -Infinity, month: 0, under_way: 0, counting: null },
      bytes: { used: 0, at: -Infinity, counting: null },
    };
    gauges.set(operatorId, gauge);
    if (room !== null) await refuseFull(context, operatorId, gauge.bytes, room);
    if (most === null) return submit();
    await countOne(context, operatorId, gauge.messages, most);
    try {
      return await submit();
    } finally {
      gauge.messages.under_way--;
    }
  };
}

type Context = Pick<EngineContext, "database" | "now">;

async function refuseFull(
  context: Context,
  operatorId: string,
  gauge: Gauge["bytes"],
  room: number,
): Promise<void> {
  const now = context.now().getTime();
  if (now - gauge.at > freshFor.bytes) {
    gauge.counting ??= (async () => {
      gauge.used = await context.database.as(operatorId, (tx) => storedBytes(tx, null, true));
      gauge.at = now;
    })().finally(() => {
      gauge.counting = null;
    });
    await gauge.counting;
  }
  if (gauge.used >= room)
    throw new Refusal(
      "quota_exceeded",
      `The operator keeps ${gauge.used} of ${room} bytes of mail: nothing more can be sent.`,
      { hint: "GET /v1/usage shows what is used; ask whoever runs the instance for more room." },
    );
}

async function countOne(
  context: Context,
  operatorId: string,
  gauge: Gauge["messages"],
  most: number,
): Promise<void> {
  const now = context.now();
  const { begins, ends } = monthOf(now);
  const stale =
    gauge.month !== begins.getTime() ||
    now.getTime() - gauge.at > freshFor.messages ||
    // What is under way is not to be found yet: until it has landed this node's own count is the better one.
    (most - gauge.used < near && gauge.under_way === 0);
  if (stale) {
    gauge.counting ??= (async () => {
      const month = begins.getTime();
      const count = (tx: Tx): Promise<number> => countSubmitted(tx, firstIdAt(month));
      const used = await context.database.as(operatorId, count);
      Object.assign(gauge, { used: used + gauge.under_way, at: now.getTime(), month });
    })().finally(() => {
      gauge.counting = null;
    });
    await gauge.counting;
  }
  if (gauge.used >= most)
    throw new Refusal(
      "quota_exceeded",
      `The operator has submitted ${gauge.used} of ${most} messages this month.`,
      {
        hint: `The next month begins at ${ends.toISOString()}; ask whoever runs the instance for more.`,
        retry_after: Math.ceil((ends.getTime() - now.getTime()) / 1000),
      },
    );
  gauge.used++;
  gauge.under_way++;
}
