/** The worker that delivers to webhooks: many targets side by side, each by one node at a time, none so long that others wait. */
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "../engine/engine.ts";
import type { Claim, Queue } from "../engine/queue.ts";
import type { GuardedAgent } from "../web/guarded-agent.ts";
import { type Flights, startFlights } from "./flights.ts";
import type { Worker } from "./loop.ts";

/** Targets that a node delivers to at once, and calls to one of them at once. */
const maxTargets = 50;
const maxCalls = 10;

/** Most calls of a node at once. */
export const maxWebhookCalls = maxTargets * maxCalls;

/** How long a claim holds before it is first renewed, in milliseconds; the engine renews it with each round. */
const lease = 90_000;

/** A target is let go after so long, so that those that wait come to their turn; and no round begins calls later than that. */
const turn = 15_000;

/** Milliseconds that a target has for its answer where nothing else is said; bytes of it that are looked at. */
const usualTimeout = 15_000;
const maxAnswer = 4096;

/** Milliseconds that calls under way have when the node stops. */
const lastCalls = 5000;

type Work = NonNullable<Awaited<ReturnType<Engine["takeWebhook"]>>>;
type Sending = Work["sendings"][number];
type Result = Parameters<Engine["settleWebhook"]>[2][number];

/** What the worker needs. */
export type WebhookWorkerOptions = {
  engine: Pick<Engine, "takeWebhook" | "settleWebhook" | "letWebhookGo">;
  queue: Queue;
  agent: GuardedAgent;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
  /** Longest sleep in milliseconds; 1000. */
  poll_ms?: number;
  /** Milliseconds that a target has for its answer; 15,000. */
  call_timeout_ms?: number;
};

/** Starts the worker. `stop` lets calls under way end for a few seconds; what did not end then is made again later. */
export function startWebhooks(options: WebhookWorkerOptions): Worker {
  const flights: Flights = startFlights({
    kind: "webhook",
    queue: options.queue,
    node: options.node,
    now: options.now,
    log: options.log,
    poll_ms: options.poll_ms ?? 1000,
    lease,
    most: maxTargets,
    fly: (claim, stopping) => serve(options, claim, stopping),
    // What fails here would fail again at once: it waits until its lease ends.
    failed(claim, error) {
      options.log.error(
        { webhook_id: claim.message_id, error: String(error) },
        "deliveries to a webhook wait",
      );
      return false;
    },
    landed: () => flights.wake(),
  });
  return {
    wake: flights.wake,
    async stop() {
      await flights.stop();
      const ended = flights.landed();
      await Promise.race([ended, delay(lastCalls, undefined, { ref: false })]);
      await options.agent.close();
      await ended;
    },
  };
}

/** One turn of a target: rounds of deliveries until nothing is due, or its time is over. */
async function serve(
  { engine, agent, now, call_timeout_ms: timeout_ms = usualTimeout }: WebhookWorkerOptions,
  claim: Claim,
  stopping: AbortSignal,
): Promise<void> {
  const { operator_id: operatorId } = claim;
  const ends = performance.now() + turn;
  for (;;) {
    const work = await engine.takeWebhook(operatorId, claim);
    if (work === null) return;
    if (work.sendings.length === 0) break;
    const results: Result[] = [];
    const open = (): boolean => !stopping.aborted && performance.now() < ends;
    await inLanes(lanesOf(work), open, async (sending) => {
      const at = now();
      const began = performance.now();
      const answer = await agent.call(sending.url, {
        method: "POST",
        headers: sending.headers,
        body: sending.body,
        timeout_ms,
        max_answer: maxAnswer,
      });
      const result = { sending, answer, at, duration_ms: Math.round(performance.now() - began) };
      // Broken off by our own stop: the target did nothing wrong, and it is made again.
      if (stopping.aborted && answer.kind === "failed") return false;
      results.push(result);
      return answer.kind === "answered" && answer.status >= 200 && answer.status < 300;
    });
    if (!(await engine.settleWebhook(operatorId, claim, results))) return;
    // A target that rests is asked once; whether it is to be asked again now is known when it is let go.
    if (!open() || !results.some(succeeded)) break;
  }
  await engine.letWebhookGo(operatorId, claim);
}

function succeeded({ answer }: Result): boolean {
  return answer.kind === "answered" && answer.status >= 200 && answer.status < 300;
}

/** What may be sent side by side: where order counts, those of a thread one after the other. */
function lanesOf({ ordered, sendings }: Work): Sending[][] {
  if (!ordered) return sendings.map((sending) => [sending]);
  return [
    ...Map.groupBy(
      sendings,
      ({ delivery }) => delivery.thread_id ?? `- ${delivery.delivery_id}`,
    ).values(),
  ];
}

/** Works through lanes, {@link maxCalls} at a time; a lane ends where its work answers false. */
async function inLanes(
  lanes: readonly Sending[][],
  open: () => boolean,
  work: (sending: Sending) => Promise<boolean>,
): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    for (;;) {
      const lane = lanes[next++];
      if (!lane) return;
      for (const sending of lane) if (!open() || !(await work(sending))) break;
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxCalls, lanes.length) }, run));
}
