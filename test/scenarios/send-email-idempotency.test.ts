/** Idempotency keys of send_email: replays, conflicts, races, and what they outlive. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSweep } from "../../src/workers/sweep.ts";
import { promise } from "../promises.ts";
import { keyOf } from "./owner-keys.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { attachment } from "./wrong-fields.ts";

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

const newMailbox = async (address: string): Promise<string> =>
  (await running.call(running.known.admin_key, "/v1/mailboxes", { address })).body.id;

const base = { to: ["ada@example.com"], subject: "A test", markdown: "Some *text*." };

const post = (
  mailboxId: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  running.call(running.known.agent_key, `/v1/mailboxes/${mailboxId}/send`, body, { headers });

const emailsOf = async (mailboxId: string): Promise<{ id: string; status: string }[]> => {
  const list = await running.call(
    running.known.agent_key,
    `/v1/mailboxes/${mailboxId}/emails?limit=100`,
  );
  return list.body.emails.map(({ id, status }: { id: string; status: string }) => ({ id, status }));
};

describe("idempotency", () => {
  test(promise("send.replay"), async () => {
    const box = await newMailbox("replay");
    const message = {
      ...base,
      tags: { a: "1", b: "2" },
      metadata: { ticket: "5" },
      attachments: [attachment],
      idempotency_key: "order-1",
    };
    const first = await post(box, message);
    expect(first.status).toBe(202);
    expect(first.body).not.toHaveProperty("idempotent");
    const again = { ...first.body, status: "already_sent", idempotent: true };
    const same: [string, unknown, Record<string, string>?][] = [
      ["as it was", message],
      [
        "the key in the header",
        { ...message, idempotency_key: undefined },
        { "idempotency-key": "order-1" },
      ],
      ["the key in both", message, { "idempotency-key": "order-1" }],
      ["the fields in another order", Object.fromEntries(Object.entries(message).toReversed())],
      ["the tags in another order", { ...message, tags: { b: "2", a: "1" } }],
      ["one recipient as text", { ...message, to: base.to[0] }],
      [
        "the attachment in the other spelling",
        {
          ...message,
          attachments: [{ name: "a.txt", content_type: "text/plain", content_base64: "aGk=" }],
        },
      ],
    ];
    for (const [what, body, headers] of same) {
      const answer = await post(box, body, headers);
      expect(answer.status, what).toBe(200);
      expect(answer.body, what).toEqual(again);
    }
    expect(await emailsOf(box)).toHaveLength(1);
    // Whatever became of the message and its mailbox, the first answer stands.
    expect((await running.decide(first.body.id, "reject")).status).toBe(200);
    expect((await post(box, message)).body).toEqual(again);
    await running.call(
      running.known.admin_key,
      `/v1/mailboxes/${box}`,
      { oversight_mode: "read_only" },
      { method: "PATCH" },
    );
    expect((await post(box, message)).body).toEqual(again);
    expect((await post(box, { ...message, idempotency_key: "order-2" })).status).toBe(403);
  });

  test(promise("send.conflict"), async () => {
    const box = await newMailbox("conflict");
    const message = { ...base, attachments: [attachment], idempotency_key: "order-1" };
    expect((await post(box, message)).status).toBe(202);
    const others: Record<string, unknown>[] = [
      { to: ["grace@example.com"] },
      { to: ["ada@example.com", "grace@example.com"] },
      { cc: ["grace@example.com"] },
      { bcc: ["grace@example.com"] },
      { to: [], bcc: ["ada@example.com"] },
      { reply_to: "x@example.com" },
      { subject: "A test " },
      { markdown: "Some *text*" },
      { attachments: [] },
      { attachments: [{ ...attachment, content: "aG8=" }] },
      { attachments: [{ ...attachment, filename: "b.txt" }] },
      { attachments: [{ ...attachment, content_type: "text/html" }] },
      { thread_id: "zd-1" },
      { tags: { a: "1" } },
      { metadata: { a: "1" } },
    ];
    for (const change of others) {
      const answer = await post(box, { ...message, ...change });
      expect(answer.status, JSON.stringify(change)).toBe(409);
      expect(answer.body).toMatchObject({ code: "idempotency_conflict", field: "idempotency_key" });
    }
    // What a test key sent never left: a live key's send must not be answered by it.
    const testKey = await keyOf(node, ["send"], { test: true });
    const asTest = await running.call(testKey, `/v1/mailboxes/${box}/send`, message);
    expect(asTest.status).toBe(409);
    expect(await emailsOf(box)).toHaveLength(1);
  });

  test(promise("send.empty-key"), async () => {
    const box = await newMailbox("empty-key");
    for (const answer of [
      await post(box, { ...base, idempotency_key: "" }),
      await post(box, base, { "idempotency-key": "" }),
      await post(box, { ...base, idempotency_key: " " }),
      await post(box, { ...base, idempotency_key: "a" }, { "idempotency-key": "b" }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe("invalid_idempotency_key");
    }
    expect(await emailsOf(box)).toEqual([]);
  });

  test("50 identical sends at once with one key are one message", async () => {
    const box = await newMailbox("fifty");
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post(box, { ...base, idempotency_key: "k" })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array(49).fill(200),
      202,
    ]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await emailsOf(box)).toHaveLength(1);
  });

  test("50 different sends at once with one key are one message and 49 conflicts", async () => {
    const box = await newMailbox("fifty-others");
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        post(box, { ...base, subject: `Number ${i}`, idempotency_key: "k" }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202,
      ...Array(49).fill(409),
    ]);
    expect(await emailsOf(box)).toHaveLength(1);
  });

  test("a key belongs to its mailbox, is not used up by a refusal, and is free again after 24 hours", async () => {
    const one = await newMailbox("one");
    const two = await newMailbox("two");
    const message = { ...base, idempotency_key: "shared" };
    expect((await post(one, { ...message, to: ["nobody"] })).status).toBe(400);
    const first = await post(one, message);
    const second = await post(two, message);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.id).not.toBe(first.body.id);
    expect((await post(one, message)).body.id).toBe(first.body.id);
    expect((await post(two, message)).body.id).toBe(second.body.id);
    await node.asOwner(
      `UPDATE idempotency SET created_at = created_at - interval '24 hours 1 second' WHERE mailbox_id = '${one}'`,
    );
    const third = await post(one, message);
    expect(third.status).toBe(202);
    expect(third.body.id).not.toBe(first.body.id);
    expect((await post(one, message)).body.id).toBe(third.body.id);
  });

  test("a key is kept for as long as it holds, and then deleted", async () => {
    const box = await newMailbox("swept");
    for (const key of ["old", "young"])
      expect((await post(box, { ...base, idempotency_key: key })).status).toBe(202);
    await node.asOwner(
      `UPDATE idempotency SET created_at = created_at - interval '24 hours' + CASE key WHEN 'old' THEN interval '-1 second' ELSE interval '1 hour' END
       WHERE mailbox_id = '${box}'`,
    );
    const { now } = node.context;
    const log = { error: () => undefined };
    const sweep = startSweep({ engine: node.engine, now, transcript_days: 30, log });
    try {
      const text = "SELECT key FROM idempotency WHERE operator_id = $1 AND mailbox_id = $2";
      await expect
        .poll(() => node.as((tx) => tx.named("keys_of_mailbox", text, [tx.operator_id, box])), {
          timeout: 10_000,
        })
        .toEqual([{ key: "young" }]);
    } finally {
      await sweep.stop();
    }
  });
});
