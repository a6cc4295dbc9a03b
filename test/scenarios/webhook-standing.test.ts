/** How it goes with a webhook: what counts as failing for days, a resume that meets a claim, and publishing beside thousands of others. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeEvent } from "../../src/engine/record.ts";
import type { Tx } from "../../src/store/database.ts";
import { appendRecords } from "../../src/store/records.ts";
import { wakeWebhooks } from "../../src/store/webhook-queue.ts";
import { updateWebhook } from "../../src/store/webhooks.ts";
import { ownerOf } from "./authorisation-grants.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { happen, subscribe } from "./webhook-node.ts";

const hour = 3_600_000;

let running: Running;
let node: SecondNode;
let now = 0;

beforeAll(async () => {
  running = await run({ MULTIMAIL_ROLES: "api" });
  node = await secondNode(running, () => new Date(now));
});
beforeEach(() => {
  now = Date.now();
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

const owner = (): ReturnType<typeof ownerOf> => ownerOf(node, node.operator_id);

/** A webhook for as long as a test; nobody is at its target, and nobody is asked. */
async function during(work: (webhookId: string) => Promise<void>): Promise<void> {
  const id = await subscribe(node, "http://127.0.0.1:9/hook");
  try {
    await work(id);
  } finally {
    await node.engine.removeWebhook(owner(), id);
  }
}

/** When a webhook is due; null where it sleeps. */
async function dueAt(webhookId: string): Promise<Date | null> {
  const [row] = await node.as((tx) =>
    tx.named<{ due_at: Date }>(
      "due_at_of_webhook",
      "SELECT due_at FROM due WHERE operator_id = $1 AND kind = 'webhook' AND message_id = $2",
      [tx.operator_id, webhookId],
    ),
  );
  return row?.due_at ?? null;
}

async function claimed() {
  const [claim] = await node.queue.claim("webhook", {
    now: new Date(now),
    lease_until: new Date(now + hour),
    node: "here",
    limit: 1,
  });
  if (!claim) throw new Error("nothing is due");
  return claim;
}

/** One turn of the webhook, in which its target answers so. */
async function tried(status: number): Promise<void> {
  const claim = await claimed();
  const work = await node.engine.takeWebhook(node.operator_id, claim);
  const results = (work?.sendings ?? []).map((sending) => ({
    sending,
    answer: {
      kind: "answered" as const,
      status,
      headers: {},
      body: Buffer.alloc(0),
      cut: false,
    },
    at: new Date(now),
    duration_ms: 1,
  }));
  await node.engine.settleWebhook(node.operator_id, claim, results);
  await node.engine.letWebhookGo(node.operator_id, claim);
}

/** Every try that the target refuses, until nothing is due any more or the webhook is paused. */
async function refusedUntil(webhookId: string, end: number): Promise<void> {
  for (;;) {
    const due = await dueAt(webhookId);
    if (due === null || due.getTime() > end) return;
    now = Math.max(now, due.getTime());
    await tried(500);
  }
}

const pausedAt = async (webhookId: string): Promise<string | null> =>
  (await node.engine.oneWebhook(owner(), webhookId)).paused_at?.toString() ?? null;

test("an outage of the past and one failed try days later are not five days of failing", async () => {
  await during(async (webhook) => {
    const began = now;
    await happen(node, [{}]);
    await refusedUntil(webhook, Infinity);
    expect(now).toBeGreaterThan(began + 48 * hour);
    now = began + 10 * 24 * hour;
    await happen(node, [{}]);
    await tried(500);
    expect(await pausedAt(webhook)).toBeNull();
    // The next one gets through.
    now = (await dueAt(webhook))?.getTime() ?? now;
    await tried(200);
    expect(await node.engine.oneWebhook(owner(), webhook)).toMatchObject({
      paused_at: null,
      failing_since: null,
      failures: 0,
    });
  });
});

test("a target that is tried all the time and fails for five days is paused, not sooner", async () => {
  await during(async (webhook) => {
    const began = now;
    for (let days = 0; days < 5; days++) {
      now = Math.max(now, began + days * 24 * hour);
      await happen(node, [{}]);
      await refusedUntil(webhook, began + (days + 1) * 24 * hour - 1);
      expect(await pausedAt(webhook)).toBeNull();
    }
    await refusedUntil(webhook, Infinity);
    expect(await pausedAt(webhook)).not.toBeNull();
    expect(now).toBeGreaterThanOrEqual(began + 5 * 24 * hour);
    expect(now).toBeLessThan(began + 6 * 24 * hour);
  });
});

/** Waits until a statement of somebody's waits for a lock. */
const somebodyWaits = async (tx: Tx): Promise<void> => {
  await expect
    .poll(
      async () =>
        (await tx.named("locks_waited_for", "SELECT 1 FROM pg_locks WHERE NOT granted", [])).length,
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
};

test("a webhook that is resumed while its claim is let go does not stay asleep", async () => {
  await during(async (webhook) => {
    await happen(node, [{}]);
    const claim = await claimed();
    await node.engine.changeWebhook(owner(), webhook, { paused: true });
    let gone: Promise<void> | undefined;
    await node.database.transaction(node.operator_id, async (tx) => {
      await updateWebhook(tx, webhook, {
        paused_at: null,
        paused_by: null,
        paused_reason: null,
      });
      await wakeWebhooks(tx, [webhook], new Date(now));
      // It comes to the row that this transaction holds, and has seen what it sees before that or sees it after.
      gone = node.engine.letWebhookGo(node.operator_id, claim);
      await somebodyWaits(tx);
    });
    await gone;
    expect(await dueAt(webhook)).not.toBeNull();
  });
});

test("publishing what happens in one mailbox neither reads nor waits for the webhooks of others", async () => {
  const { mailbox_id } = running.known;
  const { body: other } = await running.call(running.known.admin_key, "/v1/mailboxes", {
    address: "somewhere-else",
  });
  const url = "http://127.0.0.1:9/hook";
  const ids = [
    await subscribe(node, url, { mailbox_id }),
    await subscribe(node, url, { mailbox_id: other.id }),
    await subscribe(node, url),
  ];
  const [mine, theirs, everybodys] = ids;
  await node.database.transaction(node.operator_id, async (held) => {
    await held.named(
      "hold_webhook_of_others",
      "SELECT 1 FROM webhook WHERE operator_id = $1 AND webhook_id = $2 FOR UPDATE",
      [held.operator_id, theirs],
    );
    const event = { ...makeEvent(node.context, "message.sent", nowhere), mailbox_id };
    await node.as((tx) => appendRecords(tx, { entries: [], openings: [], events: [event] }));
    await node.engine.publishEvents();
  });
  for (const [id, due] of [
    [mine, true],
    [theirs, false],
    [everybodys, true],
  ] as const)
    expect((await dueAt(id ?? "")) !== null, id).toBe(due);
  for (const id of ids) await node.engine.removeWebhook(owner(), id);
});

const nowhere = { mailbox_id: null, message_id: null, thread_id: null };
