/** Thousands of events to receivers that fail, reset, redirect and dawdle: all arrive, in order where that was asked for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { happen, startDelivering, subscribe, tally, useSchedule } from "./webhook-node.ts";
import { type Receiver, receiver } from "./webhook-receiver.ts";

/** What the product promises; fewer show the same sooner. */
const count = Number(process.env["WEBHOOK_EVENTS"] ?? "10000");
const threads = 200;

/** Milliseconds that a target has for its answer: as the 15 seconds of an instance, made short. */
const callTimeout = 1000;

let running: Running;
let node: SecondNode;
beforeAll(async () => {
  running = await run({ MULTIMAIL_ROLES: "api" });
  node = await secondNode(running);
  useSchedule(node);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

/**
 * A receiver that takes 70 of 100 calls; whatever it takes is noted. Of 100 calls it answers 2 late, and each 400th never: what that
 * told it has taken, and is told again.
 */
async function flaky(elsewhere: string): Promise<Receiver & { taken: string[] }> {
  const target = await receiver();
  const taken: string[] = [];
  let state = 42;
  const chance = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  target.answer = ({ body }, response) => {
    if (target.told.length % 400 === 8) return void taken.push(body.id);
    const drawn = chance();
    if (drawn < 0.1) return response.writeHead(500).end("no");
    if (drawn < 0.2) return response.socket?.resetAndDestroy();
    if (drawn < 0.25) return response.writeHead(307, { location: elsewhere }).end();
    if (drawn < 0.3) return response.writeHead(429, { "retry-after": "0" }).end();
    const take = (): void => {
      taken.push(body.id);
      response.writeHead(200).end("ok");
    };
    if (drawn < 0.32) setTimeout(take, 100);
    else take();
  };
  return Object.assign(target, { taken });
}

/** Tries whose answer did not come in time. */
async function timeouts(): Promise<number> {
  const [row] = await node.as((tx) =>
    tx.named<{ n: number }>(
      "count_timeouts",
      "SELECT count(*)::int AS n FROM webhook_attempt WHERE operator_id = $1 AND error = 'timeout'",
      [tx.operator_id],
    ),
  );
  return row?.n ?? 0;
}

test(promise("webhook.all-arrive"), { timeout: 900_000 }, async () => {
  const elsewhere = await receiver();
  const [ordered, free] = [await flaky(elsewhere.url), await flaky(elsewhere.url)];
  const inOrder = await subscribe(node, ordered.url, { ordered: true });
  const unordered = await subscribe(node, free.url);
  const ids = await happen(
    node,
    Array.from({ length: count }, (_, i) => ({ thread_id: `t-${i % threads}`, data: { i } })),
  );
  expect(new Set(ids).size).toBe(count);
  const began = performance.now();
  // Two nodes: a target is one node's at a time, whoever it is.
  const workers = ["one", "two"].map((name) =>
    startDelivering(node, { name, call_timeout_ms: callTimeout }),
  );
  await expect
    .poll(() => Promise.all([tally(node, inOrder), tally(node, unordered)]), {
      timeout: 880_000,
      interval: 500,
    })
    .toEqual([{ delivered: count }, { delivered: count }]);
  const seconds = (performance.now() - began) / 1000;
  for (const worker of workers) await worker.stop();
  expect(workers.flatMap(({ errors }) => errors)).toEqual([]);
  for (const target of [ordered, free]) expect(new Set(target.taken)).toEqual(new Set(ids));
  const place = new Map(ids.map((id, i) => [id, i]));
  for (let thread = 0; thread < threads; thread++) {
    const places = ordered.taken
      .map((id) => place.get(id) ?? -1)
      .filter((i) => i % threads === thread);
    expect(places, `thread ${thread}`).toEqual(places.toSorted((a, b) => a - b));
  }
  const calls = ordered.told.length + free.told.length;
  process.stdout.write(
    `${count} events to two receivers: ${calls} calls in ${seconds.toFixed(1)} s\n`,
  );
  expect(calls).toBeGreaterThan(2.5 * count);
  expect(await timeouts()).toBeGreaterThan(0);
  expect(elsewhere.told).toEqual([]);
  for (const each of [ordered, free, elsewhere]) await each.close();
});
