/** Usage and quotas: what is counted is what happened, and who used up a quota is told so and refused. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unlimited } from "../../src/engine/context.ts";
import { quotaGate } from "../../src/engine/quota.ts";
import { ownerKeys } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const usage = async (query = "", key = running.known.admin_key): Promise<Answer> =>
  running.call(key, `/v1/usage${query}`);

test("sent, received, decided and waiting messages are counted by day and by mailbox", async () => {
  const { mailbox_id } = running.known;
  const [first, second, third] = await Promise.all(
    ["a", "b", "c"].map(async (subject) => (await running.send({ subject })).body.id),
  );
  await running.decide(first, "approve");
  await running.decide(second, "reject", { reason: "No" });
  await running.settled(first, "sent", "delivered");
  await keepReceived(node, mailbox_id);
  await keepReceived(node, mailbox_id);
  // Another operator's do not count here.
  const other = await node.found("usage-other");
  await keepReceived(node, other.mailbox_id, {}, other.operator_id);
  const counts = { sent: 1, received: 2, approved: 1, rejected: 1, revised: 0 };
  const { body } = await usage("?period=daily");
  const today = new Date().toISOString().slice(0, 10);
  expect(body).toMatchObject({ period: "daily", ...counts, pending: 1, mailboxes: 1 });
  expect(body.storage_bytes).toBeGreaterThan(500);
  expect(body.daily.at(-1)).toMatchObject({ date: today, ...counts });
  expect(body.daily).toHaveLength(Number(today.slice(8)));
  expect(body.by_mailbox).toEqual([expect.objectContaining({ mailbox_id, pending: 1, ...counts })]);
  expect(body.quotas.messages).toMatchObject({ limit: null, used: 3 });
  expect(third).toBeDefined();
});

test("both spellings ask for the same, and what they disagree on is refused", async () => {
  expect((await usage()).body).toMatchObject({ period: "summary", daily: [] });
  expect((await usage("?breakdown=daily")).body.period).toBe("daily");
  const wrong = await usage("?breakdown=daily&period=summary");
  expect(wrong.body).toMatchObject({ code: "validation_failed", field: "breakdown" });
});

test("days before anything happened count nothing, and days that are none are refused", async () => {
  const { body } = await usage("?from=2024-02-01&to=2024-02-29&period=daily");
  expect(body).toMatchObject({ sent: 0, received: 0, approved: 0, by_mailbox: [{ pending: 1 }] });
  expect(body.daily).toHaveLength(29);
  for (const [query, field] of [
    ["?from=2024-02-30", "from"],
    ["?to=yesterday", "to"],
    ["?from=2024-03-02&to=2024-03-01", "from"],
    ["?from=2020-01-01&to=2024-03-01", "from"],
  ])
    expect((await usage(query)).body).toMatchObject({ code: "validation_failed", field });
});

test("a key that is bound to mailboxes sees what they used, and no quotas", async () => {
  const box = (await running.call(running.known.admin_key, "/v1/mailboxes", { address: "quiet" }))
    .body.id;
  const bound = await (await ownerKeys(node)).make(["read"], { mailbox_ids: [box] });
  const { body } = await usage("", bound.secret);
  expect(body).toMatchObject({ sent: 0, received: 0, pending: 0, storage_bytes: 0, quotas: null });
  const foreign = await usage(`?mailbox_id=${running.known.mailbox_id}`, bound.secret);
  expect(foreign.status).toBe(404);
});

describe("with quotas", () => {
  let limited: Running;
  beforeAll(async () => {
    limited = await run({
      MULTIMAIL_MONTHLY_QUOTA: "3",
      MULTIMAIL_MAILBOX_QUOTA: "2",
      MULTIMAIL_OPERATOR_NAME: "Limited",
    });
  });
  afterAll(() => limited.stop());

  test("the message beyond the month's quota is refused with what was used; test keys and drafts cost nothing", async () => {
    const other = await secondNode(limited);
    const byTest = await (await ownerKeys(other)).make(["read", "send"], { test: true });
    await other.close();
    expect((await limited.send({}, byTest.secret)).status).toBe(202);
    const drafts = `/v1/mailboxes/${limited.known.mailbox_id}/drafts`;
    const text = { to: ["d@example.com"], subject: "Draft", markdown: "Text." };
    const draft = (await limited.call(limited.known.agent_key, drafts, text)).body.id;
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => limited.send({ subject: `Number ${n}` })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: "quota_exceeded" });
    expect(refused?.body.error).toContain("3 of 3");
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    const sent = await limited.call(limited.known.agent_key, `${drafts}/${draft}/send`, {});
    expect(sent.body.code).toBe("quota_exceeded");
    const { body } = await limited.call(limited.known.admin_key, "/v1/usage");
    expect(body.quotas.messages).toMatchObject({ limit: 3, used: 3 });
  });

  test("a replay of what was sent costs nothing", async () => {
    const open = await run({ MULTIMAIL_MONTHLY_QUOTA: "1" });
    try {
      const message = { idempotency_key: "once", subject: "Once" };
      expect((await open.send(message)).status).toBe(202);
      expect((await open.send(message)).status).toBe(200);
      expect((await open.send({ subject: "Another" })).status).toBe(429);
    } finally {
      await open.stop();
    }
  });

  test("of mailboxes made at once only as many come as the quota lets, and a deleted one makes room", async () => {
    const make = (address: string): Promise<Answer> =>
      limited.call(limited.known.admin_key, "/v1/mailboxes", { address });
    const answers = await Promise.all(["m1", "m2", "m3"].map(make));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    expect(answers.find(({ status }) => status === 429)?.body.code).toBe("quota_exceeded");
    await limited.call(limited.known.admin_key, `/v1/mailboxes/${made[0]?.body.id}`, undefined, {
      method: "DELETE",
    });
    expect((await make("m4")).status).toBe(201);
  });

  test("a full store sends no more, and is looked at again after a while", async () => {
    let now = Date.now();
    const used = (await usage()).body.storage_bytes;
    const gate = quotaGate({
      database: node.database,
      now: () => new Date(now),
      limits: { ...unlimited, storage_bytes: used + 100 },
    });
    const send = (operatorId = node.operator_id): Promise<string> =>
      gate(operatorId, () => Promise.resolve("sent"));
    expect(await send()).toBe("sent");
    await keepReceived(node, running.known.mailbox_id);
    now += 61_000;
    await expect(send()).rejects.toMatchObject({
      code: "quota_exceeded",
      message: expect.stringContaining(`of ${used + 100} bytes`),
    });
    expect(await send("0".repeat(26))).toBe("sent");
  });

  test("the month's count begins anew with the month, and other nodes' messages count", async () => {
    let now = Date.now();
    const gate = quotaGate({
      database: node.database,
      now: () => new Date(now),
      limits: { ...unlimited, monthly_messages: 3 },
    });
    const send = (): Promise<void> => gate(node.operator_id, () => Promise.resolve());
    await expect(send()).rejects.toMatchObject({ code: "quota_exceeded" });
    now += 32 * 86_400_000;
    await expect(send()).resolves.toBeUndefined();
  });
});
