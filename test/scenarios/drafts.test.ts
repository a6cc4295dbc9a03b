/** Drafts: written, changed, thrown away and sent, and messages that people sent back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { keyOf } from "./owner-keys.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const call = (
  box: string,
  path: string,
  body?: unknown,
  method?: string,
  key = it.running.known.agent_key,
): Promise<Answer> =>
  it.running.call(key, `/v1/mailboxes/${box}${path}`, body, method === undefined ? {} : { method });
const write = (box: string, draft: object = {}, key?: string): Promise<Answer> =>
  call(box, "/drafts", draft, "POST", key);
const change = (box: string, id: string, draft: object, key?: string): Promise<Answer> =>
  call(box, `/drafts/${id}`, draft, "PATCH", key);
const send = (box: string, id: string, body: object = {}, key?: string): Promise<Answer> =>
  call(box, `/drafts/${id}/send`, body, "POST", key);
const whole = { to: ["ada@example.com"], subject: "A draft", markdown: "Some *text*." };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const testKey = async (): Promise<string> => keyOf(it.node, ["read", "send"], { test: true });

describe("the life of a draft", () => {
  test("an empty draft is written, listed, completed bit by bit and sent as it then stands", async () => {
    const box = await it.mailboxIn("autonomous");
    const empty = await write(box);
    expect(empty.status).toBe(201);
    expect(empty.body).toMatchObject({ status: "draft", to: [], subject: "", markdown: "" });
    const { id } = empty.body;
    expect((await call(box, "/drafts")).body.drafts.map((one: { id: string }) => one.id)).toEqual([
      id,
    ]);
    for (const [field, more] of [
      ["to", { to: "Ada <ada@example.com>", bcc: ["b@example.com"] }],
      ["subject", { subject: "Now with a subject" }],
      ["markdown", { markdown: "And *text*." }],
    ] as const) {
      const early = await send(box, id);
      expect(early.body).toMatchObject({ code: "validation_failed", field });
      expect((await change(box, id, more)).status).toBe(200);
    }
    await change(box, id, { attachments: [{ filename: "a.txt", content: base64("one\r\ntwo") }] });
    // What is not named stays.
    const read = await call(box, `/drafts/${id}`);
    expect(read.body).toMatchObject({
      to: ["ada@example.com"],
      bcc: ["b@example.com"],
      subject: "Now with a subject",
      markdown: "And *text*.",
      attachments: [{ filename: "a.txt", size_bytes: 8 }],
      message_id: empty.body.message_id,
    });
    const sent = await send(box, id);
    expect(sent.status).toBe(202);
    expect(sent.body).toMatchObject({ id, status: "queued", message_id: empty.body.message_id });
    const message = await it.reaches(box, id, "sent");
    const copies = it.copiesOf(message);
    expect(copies.map(({ to }) => to).toSorted()).toEqual(["ada@example.com", "b@example.com"]);
    const mail = copies[0]?.data.toString("latin1") ?? "";
    expect(mail).toContain("filename=a.txt");
    expect(mail).toContain(base64("one\r\ntwo"));
    expect(mail).toMatch(/^To: Ada <ada@example.com>\r$/m);
    for (const after of [await call(box, `/drafts/${id}`), await change(box, id, { subject: "x" })])
      expect([404, 409]).toContain(after.status);
    expect((await send(box, id)).body.code).toBe("not_editable");
    expect((await call(box, "/drafts")).body.drafts).toEqual([]);
  });

  test("a draft thrown away is never sent", async () => {
    const box = await it.mailboxIn("autonomous");
    const { id } = (await write(box, whole)).body;
    expect((await call(box, `/drafts/${id}`, undefined, "DELETE")).body.status).toBe("cancelled");
    expect((await send(box, id)).body.code).toBe("not_editable");
    expect((await call(box, `/drafts/${id}`, undefined, "DELETE")).body.code).toBe("not_editable");
    expect(it.copiesOf(await it.read(box, id))).toEqual([]);
  });

  test("a draft waits for people where its mailbox asks for them, and whoever changed it cannot decide", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await write(box, whole)).body;
    await change(box, id, { subject: "By another" }, it.running.known.admin_key);
    const sent = await send(box, id);
    expect(sent.body.status).toBe("pending_send_approval");
    expect((await it.running.decide(id, "approve", { digest: sent.body.digest })).status).toBe(200);
    expect(it.copiesOf(await it.reaches(box, id, "sent"))).toHaveLength(1);
  });

  test("a read_only mailbox takes drafts and refuses to send them", async () => {
    const box = await it.mailboxIn("read_only");
    const { id } = (await write(box, whole)).body;
    expect((await change(box, id, { subject: "Changed" })).status).toBe(200);
    expect((await send(box, id)).body.code).toBe("mode_forbids_send");
    expect((await it.read(box, id)).status).toBe("draft");
  });

  test("somebody suppressed since the draft was written is refused when it is sent", async () => {
    const box = await it.mailboxIn("autonomous");
    const { id } = (await write(box, { ...whole, cc: ["left@example.com"] })).body;
    const first = await it.send(box, { to: ["left@example.com"] });
    await it.reaches(box, first.body.id, "sent");
    await it.unsubscribe(box, first.body.id, "left@example.com");
    expect((await send(box, id)).body).toMatchObject({
      code: "recipient_suppressed",
      field: "cc[0]",
    });
    await change(box, id, { cc: [] });
    expect((await send(box, id)).body.status).toBe("queued");
    await it.reaches(box, id, "sent");
  });

  test("a draft with a time waits for it; a time that is over is refused when it is sent", async () => {
    const box = await it.mailboxIn("autonomous");
    const send_at = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = (await write(box, { ...whole, send_at })).body;
    expect((await change(box, id, { send_at: null })).body.send_at).toBeNull();
    await change(box, id, { send_at });
    expect((await send(box, id)).body).toMatchObject({ status: "scheduled", send_at });
    const late = (await write(box, { ...whole, send_at })).body.id;
    await it.node.asOwner(
      `UPDATE message SET send_at = now() - interval '1 day' WHERE message_id = '${late}'`,
    );
    expect((await send(box, late)).body).toMatchObject({ field: "send_at" });
  });

  test("a monitored mailbox's draft is copied to the overseer when it is sent", async () => {
    const box = await it.mailboxIn("monitored");
    const { id } = (await write(box, whole)).body;
    await send(box, id);
    const message = await it.reaches(box, id, "sent");
    expect(message.recipients.map(({ kind }: { kind: string }) => kind)).toEqual(["to", "copy"]);
  });
});

describe("whose draft it is", () => {
  test("a test key's draft ends in sandboxed, and a test key sends and changes no live draft", async () => {
    const box = await it.mailboxIn("autonomous");
    const key = await testKey();
    const own = (await write(box, whole, key)).body.id;
    await send(box, own, {}, key);
    expect(it.copiesOf(await it.reaches(box, own, "sandboxed"))).toEqual([]);
    const live = (await write(box, whole)).body.id;
    for (const refused of [
      await send(box, live, {}, key),
      await change(box, live, { subject: "x" }, key),
      await call(box, `/drafts/${live}`, undefined, "DELETE", key),
    ])
      expect(refused.body.code).toBe("test_key");
    // And a live key's sending makes no live message of a test key's.
    const test2 = (await write(box, whole, key)).body.id;
    await send(box, test2);
    expect(it.copiesOf(await it.reaches(box, test2, "sandboxed"))).toEqual([]);
  });

  test("by way of another mailbox or operator there is no draft", async () => {
    const box = await it.mailboxIn("autonomous");
    const other = await it.mailboxIn("autonomous");
    const { id } = (await write(box, whole)).body;
    const stranger = (await it.node.found("stranger")).agent_key;
    for (const [where, key] of [
      [other, it.running.known.agent_key],
      [box, stranger],
    ] as const) {
      for (const answer of [
        await call(where, `/drafts/${id}`, undefined, "GET", key),
        await change(where, id, { subject: "x" }, key),
        await send(where, id, {}, key),
        await call(where, `/drafts/${id}`, undefined, "DELETE", key),
      ])
        expect(answer.status).toBe(404);
    }
    expect((await call(box, `/drafts/${id}`)).body.subject).toBe(whole.subject);
  });
});

describe("sent twice", () => {
  test("many sends of a draft at once send it once", async () => {
    const box = await it.mailboxIn("autonomous");
    const { id } = (await write(box, whole)).body;
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(box, id)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    for (const { status, body } of answers)
      if (status !== 202) expect(body.code).toBe("not_editable");
    expect(it.copiesOf(await it.reaches(box, id, "sent"))).toHaveLength(1);
  });

  test("with one idempotency key each send after the first replays it; the key is spent for others", async () => {
    const box = await it.mailboxIn("autonomous");
    const { id } = (await write(box, whole)).body;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => send(box, id, { idempotency_key: "once" })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 200, 200, 200, 200, 202,
    ]);
    expect(new Set(answers.map(({ body }) => body.id))).toEqual(new Set([id]));
    const other = (await write(box, whole)).body.id;
    expect((await send(box, other, { idempotency_key: "once" })).body.code).toBe(
      "idempotency_conflict",
    );
    expect((await it.send(box, { idempotency_key: "once" })).body.code).toBe(
      "idempotency_conflict",
    );
  });
});

describe("sent back", () => {
  test("a message sent back with a note is changed and sent again, and not as it was", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await it.send(box)).body;
    await it.running.decide(id, "revise", { reason: "be polite" });
    const back = await call(box, `/drafts/${id}`);
    expect(back.body).toMatchObject({ status: "draft", reason: "be polite" });
    expect((await send(box, id)).body.code).toBe("content_blocked");
    await change(box, id, { markdown: "Dear Ada, some *text*." });
    const again = await send(box, id);
    expect(again.body).toMatchObject({ status: "pending_send_approval" });
    expect(again.body.digest).not.toBe(back.body.digest);
    const stale = await it.running.decide(id, "approve", { digest: back.body.digest });
    expect(stale.body.code).toBe("stale_digest");
    await it.running.decide(id, "approve", { digest: again.body.digest });
    const [copy] = it.copiesOf(await it.reaches(box, id, "sent"));
    expect(copy?.data.toString("latin1")).toContain("Dear Ada");
  });
});
