/** What time does to webhooks: dead letters, pauses, crashes, and targets that keep others waiting. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ownerOf } from "./authorisation-grants.ts";
import { promise } from "../promises.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { happen, startDelivering, subscribe, tally, useSchedule } from "./webhook-node.ts";
import { type Receiver, receiver } from "./webhook-receiver.ts";

let running: Running;
let node: SecondNode;
let clock = 0;
let target: Receiver;
const stops: (() => Promise<unknown>)[] = [];
const made: string[] = [];

beforeAll(async () => {
  running = await run({ MULTIMAIL_ROLES: "api" });
  node = await secondNode(running, () => new Date(Date.now() + clock));
});
afterAll(async () => {
  await node.close();
  await running.stop();
});
beforeEach(async () => {
  target = await receiver();
  useSchedule(node);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  for (const id of made.splice(0)) await node.engine.removeWebhook(owner(), id);
  await target.close();
});

const owner = (): ReturnType<typeof ownerOf> => ownerOf(node, node.operator_id);

async function subscribed(...args: [url: string, wanted?: { ordered?: boolean }]): Promise<string> {
  const id = await subscribe(node, ...args);
  made.push(id);
  return id;
}

function delivering(options: Parameters<typeof startDelivering>[1] = {}) {
  const worker = startDelivering(node, options);
  stops.push(worker.stop);
  return worker;
}

async function reaches(webhookId: string, wanted: Record<string, number>): Promise<void> {
  await expect.poll(() => tally(node, webhookId), { timeout: 30_000 }).toEqual(wanted);
}

test("what is given up is a dead letter, and can be delivered again", async () => {
  useSchedule(node, { give_up_after: 2000 });
  target.answer = (_told, response) => response.writeHead(500).end();
  const webhook = await subscribed(target.url);
  await happen(node, [{}, {}, {}]);
  delivering();
  await reaches(webhook, { dead: 3 });
  expect(target.told.length).toBeGreaterThan(6);
  const listed = await running.call(
    running.known.admin_key,
    `/v1/webhook-deliveries?webhook_id=${webhook}&status=dead&event=message.sent`,
  );
  expect(listed.body.deliveries).toHaveLength(3);
  expect(listed.body.deliveries[0].attempts).toBeGreaterThan(2);
  target.answer = (_told, response) => response.writeHead(200).end();
  const [one] = listed.body.deliveries;
  await running.call(running.known.admin_key, `/v1/webhook-deliveries/${one.id}/redeliver`, {});
  await reaches(webhook, { dead: 2, delivered: 1 });
  const range = await running.call(running.known.admin_key, `/v1/webhooks/${webhook}/redeliver`, {
    status: "dead",
    until: new Date(Date.now() - 60_000).toISOString(),
  });
  expect(range.body).toEqual({ count: 0 });
  const rest = await running.call(running.known.admin_key, `/v1/webhooks/${webhook}/redeliver`, {
    since: new Date(Date.now() - 60_000).toISOString(),
  });
  expect(rest.body).toEqual({ count: 2 });
  await reaches(webhook, { delivered: 3 });
});

test("a webhook to which nothing gets through for five days is paused, and people are told", async () => {
  useSchedule(node, { pause_after: 5 * 86_400_000 });
  target.answer = (_told, response) => response.writeHead(500).end();
  const webhook = await subscribed(target.url);
  await happen(node, [{}]);
  delivering();
  await target.until(() => true);
  await expect
    .poll(async () => (await node.engine.oneWebhook(owner(), webhook)).failing_since)
    .not.toBeNull();
  expect((await node.engine.oneWebhook(owner(), webhook)).paused_at).toBeNull();
  await node.asOwner(
    `UPDATE webhook SET failing_since = failing_since - interval '5 days' WHERE webhook_id = '${webhook}'`,
  );
  await expect
    .poll(async () => (await node.engine.oneWebhook(owner(), webhook)).paused_reason)
    .toMatch(/nothing got through since/);
  const mails = await node.as((tx) =>
    tx.named<{ to_address: string }>(
      "mails",
      "SELECT to_address FROM service_mail WHERE operator_id = $1 AND kind = 'webhook_paused'",
      [tx.operator_id],
    ),
  );
  expect(mails.length).toBeGreaterThan(0);
  const log = await running.call(running.known.admin_key, "/v1/audit-log?type=webhook.paused");
  expect(JSON.stringify(log.body)).toContain(webhook);
  const before = target.told.length;
  await happen(node, [{}]);
  await reaches(webhook, { pending: 2 });
  expect(target.told.length).toBe(before);
});

test("a target that does not answer keeps nobody else waiting, and is asked once at a time", async () => {
  const slow = await receiver();
  stops.push(slow.close);
  slow.answer = () => undefined;
  const stuck = await subscribed(slow.url);
  const quick = await subscribed(target.url);
  await happen(
    node,
    Array.from({ length: 200 }, () => ({})),
  );
  delivering();
  await reaches(quick, { delivered: 200 });
  expect(slow.told.length).toBeLessThanOrEqual(10);
  expect(await tally(node, stuck)).toEqual({ pending: 200 });
});

test("after a crash what was under way is made again, under the same id, by whichever node", async () => {
  const webhook = await subscribed(target.url);
  const [id] = await happen(node, [{}]);
  // A node that claimed it and is gone.
  const [claim] = await node.queue.claim("webhook", {
    now: node.context.now(),
    lease_until: new Date(node.context.now().getTime() + 200),
    node: "gone",
    limit: 1,
  });
  const operatorId = claim?.operator_id ?? "";
  const work = claim && (await node.engine.takeWebhook(operatorId, claim));
  expect(work?.sendings).toHaveLength(1);
  delivering();
  expect(target.told).toEqual([]);
  await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'webhook'");
  await target.until(({ body }) => body.id === id);
  await reaches(webhook, { delivered: 1 });
  // What the first node would have written now is not taken.
  const [sending] = work?.sendings ?? [];
  const late = sending && {
    sending,
    answer: { kind: "failed", reason: "ECONNRESET" } as const,
    at: node.context.now(),
    duration_ms: 1,
  };
  expect(claim && late && (await node.engine.settleWebhook(operatorId, claim, [late]))).toBe(false);
  expect(await tally(node, webhook)).toEqual({ delivered: 1 });
});

test("a thread whose earlier event waits for its next try is not told of the later one", async () => {
  const webhook = await subscribed(target.url, { ordered: true });
  let refuse = true;
  target.answer = ({ body }, response) =>
    response.writeHead(refuse && body.data.n === 1 ? 500 : 200).end();
  useSchedule(node, { delays: [300] });
  await happen(node, [
    { thread_id: "a", data: { n: 1 } },
    { thread_id: "a", data: { n: 2 } },
    { thread_id: "b", data: { n: 3 } },
    { data: { n: 4 } },
  ]);
  delivering();
  await reaches(webhook, { delivered: 2, pending: 2 });
  expect(target.told.map(({ body }) => body.data.n)).not.toContain(2);
  refuse = false;
  await reaches(webhook, { delivered: 4 });
  const order = target.told.map(({ body }) => body.data.n);
  expect(order.lastIndexOf(1)).toBeLessThan(order.indexOf(2));
});

test(promise("webhook.private"), async () => {
  const webhook = await subscribed(target.url);
  await happen(node, [{}]);
  delivering({ allow_private: false });
  await expect
    .poll(async () => (await node.engine.oneWebhook(owner(), webhook)).failures)
    .toBeGreaterThan(0);
  const { rows } = await node.engine.findDeliveries(owner(), { webhook_id: webhook }, { limit: 1 });
  expect(rows[0]?.last?.error).toMatch(/not a public address/);
  expect(target.told).toEqual([]);
});

test("events older than 30 days are deleted with their deliveries, and a cursor from then is refused", async () => {
  const webhook = await subscribed(target.url);
  await happen(node, [{}, {}]);
  const first = await running.call(running.known.admin_key, "/v1/events?limit=1");
  expect(first.body.events).toHaveLength(1);
  clock = 31 * 86_400_000;
  try {
    const gone = await node.engine.sweepEvents(
      new Date(node.context.now().getTime() - 30 * 86_400_000),
    );
    expect(gone).toBeGreaterThanOrEqual(2);
  } finally {
    clock = 0;
  }
  expect(await tally(node, webhook)).toEqual({});
  const { cursor } = first.body;
  const late = await running.call(running.known.admin_key, `/v1/events?cursor=${cursor}`);
  expect(late).toMatchObject({ status: 400, body: { code: "invalid_cursor" } });
});
