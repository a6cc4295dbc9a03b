/** Sending again: to whom it did not get, with everything asked anew, and never what a person rejected. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { keyOf } from "./owner-keys.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const resend = (
  box: string,
  id: string,
  body: object = {},
  key = it.running.known.agent_key,
): Promise<Answer> => it.running.call(key, `/v1/mailboxes/${box}/emails/${id}/resend`, body);
const cancel = (box: string, id: string): Promise<Answer> =>
  it.running.call(it.running.known.agent_key, `/v1/mailboxes/${box}/emails/${id}/cancel`, {});

describe("resend_email", () => {
  test("a cancelled message goes again as a new one with the same content, linked to the first", async () => {
    const box = await it.mailboxIn("autonomous");
    const file = { filename: "a.dat", content: Buffer.from([0, 255, 13, 10]).toString("base64") };
    const first = await it.send(box, {
      to: ["Ada <ada@example.com>"],
      bcc: ["hidden@example.com"],
      reply_to: "desk@example.com",
      thread_id: "zd-7",
      tags: { a: "1" },
      metadata: { ticket: "7" },
      attachments: [file],
      send_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    await cancel(box, first.body.id);
    const sent = await resend(box, first.body.id);
    expect(sent.status).toBe(202);
    expect(sent.body).toMatchObject({ status: "queued", thread_id: "zd-7" });
    expect(sent.body.id).not.toBe(first.body.id);
    const message = await it.reaches(box, sent.body.id, "sent");
    expect(message).toMatchObject({
      tags: { a: "1" },
      metadata: { ticket: "7", resend_of: first.body.id },
      reply_to: ["desk@example.com"],
      attachments: [{ filename: "a.dat", size_bytes: 4 }],
      send_at: null,
    });
    expect(message.message_id).not.toBe(first.body.message_id);
    const copies = it.copiesOf(message);
    expect(copies.map(({ to }) => to).toSorted()).toEqual([
      "ada@example.com",
      "hidden@example.com",
    ]);
    expect(copies[0]?.data.toString("latin1")).toContain(file.content);
  });

  test("of a sent message only those whom it did not reach get it, unless they are suppressed", async () => {
    const box = await it.mailboxIn("autonomous");
    const first = await it.send(box, { to: ["ada@example.com", "b@example.com"] });
    await it.reaches(box, first.body.id, "sent");
    expect((await resend(box, first.body.id)).body.code).toBe("not_resendable");
    await it.node.asOwner(
      `UPDATE recipient SET status = 'bounced' WHERE message_id = '${first.body.id}' AND position = 1`,
    );
    const all = await Promise.all([1, 2, 3].map(() => resend(box, first.body.id)));
    // Asked for several times in a minute it is one message.
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(1);
    const [sent] = all as [(typeof all)[0]];
    const message = await it.reaches(box, sent.body.id, "sent");
    expect(it.copiesOf(message).map(({ to }) => to)).toEqual(["b@example.com"]);
    await it.unsubscribe(box, sent.body.id, "b@example.com");
    const again = { idempotency_key: "meant" };
    expect((await resend(box, first.body.id, again)).body).toMatchObject({
      code: "recipient_suppressed",
      field: "to[0]",
    });
  });

  test("it passes the gate anew, and those who wrote it first do not decide on it", async () => {
    const box = await it.mailboxIn("gated_all");
    const first = await it.send(box);
    await it.running.decide(first.body.id, "approve");
    await it.reaches(box, first.body.id, "sent");
    await it.node.asOwner(
      `UPDATE recipient SET status = 'bounced' WHERE message_id = '${first.body.id}'`,
    );
    const sent = await resend(box, first.body.id, {}, it.running.known.admin_key);
    expect(sent.body.status).toBe("pending_send_approval");
    const [row] = await it.node.as((tx) =>
      tx.named<{ authors: string[] }>(
        "authors_of",
        "SELECT authors FROM message WHERE message_id = $1",
        [sent.body.id],
      ),
    );
    expect(row?.authors).toHaveLength(2);
  });

  test("one key is one resending", async () => {
    const box = await it.mailboxIn("gated_all");
    const first = await it.send(box);
    await cancel(box, first.body.id);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => resend(box, first.body.id, { idempotency_key: "again" })),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 200, 200, 202,
    ]);
  });

  test("what was rejected, waits, is a draft, lies elsewhere or was a test is not sent again", async () => {
    const box = await it.mailboxIn("gated_all");
    const rejected = (await it.send(box)).body.id;
    await it.running.decide(rejected, "reject");
    const pending = (await it.send(box)).body.id;
    const draft = (
      await it.running.call(it.running.known.agent_key, `/v1/mailboxes/${box}/drafts`, {
        to: ["ada@example.com"],
        subject: "x",
        markdown: "x",
      })
    ).body.id;
    const made = await keyOf(it.node, ["read", "send"], { test: true });
    const tried = await it.running.call(made, `/v1/mailboxes/${box}/send`, {
      to: ["ada@example.com"],
      subject: "x",
      markdown: "x",
    });
    await cancel(box, tried.body.id);
    for (const id of [rejected, pending, draft, tried.body.id])
      expect((await resend(box, id)).body.code, id).toBe("not_resendable");
    const other = await it.mailboxIn("gated_all");
    expect((await resend(other, rejected)).status).toBe(404);
    const cancelled = (await it.send(box)).body.id;
    await cancel(box, cancelled);
    expect(
      (await resend(box, cancelled, {}, (await it.node.found("again")).agent_key)).status,
    ).toBe(404);
    await it.lower(box, "read_only");
    expect((await resend(box, cancelled)).body.code).toBe("mode_forbids_send");
  });
});
