/** Ways around the gate that were tried: what made a message wait for a person stays with it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrive } from "./arriving.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const asAgent = (path: string, body: object): Promise<Answer> =>
  it.running.call(it.running.known.agent_key, path, body);

describe("an answer to a machine in an autonomous mailbox", () => {
  test("waits for a person also when it is cancelled and sent again", async () => {
    const box = await it.mailboxIn("autonomous");
    const { body } = await it.running.call(it.running.known.agent_key, `/v1/mailboxes/${box}`);
    const came = await arrive(
      it.node,
      { id: box, address: body.address },
      { headers: { "Auto-Submitted": "auto-replied" }, kind: "auto_reply" },
    );
    const at = `/v1/mailboxes/${box}`;
    const first = await asAgent(`${at}/reply/${came.id}`, { markdown: "Noted." });
    expect(first.body.status).toBe("pending_send_approval");
    await asAgent(`${at}/emails/${first.body.id}/cancel`, {});
    const again = await asAgent(`${at}/emails/${first.body.id}/resend`, {});
    expect(again.body).toMatchObject({
      status: "pending_send_approval",
      reason: first.body.reason,
    });
  });
});

describe("an agent that writes to a thread whose only answer is held", () => {
  test("is not told by the guard against loops that there is one", async () => {
    const box = await it.mailboxIn("gated_all");
    const { body } = await it.running.call(it.running.known.agent_key, `/v1/mailboxes/${box}`);
    const first = (await it.send(box, { thread_id: "t-held" })).body;
    const held = await arrive(
      it.node,
      { id: box, address: body.address },
      { headers: { "In-Reply-To": first.message_id }, status: "pending_inbound_approval" },
    );
    expect(held.thread_id).toBe("t-held");
    const reasons = new Set<unknown>();
    for (let i = 0; i < 12; i++)
      reasons.add((await it.send(box, { thread_id: "t-held", subject: `${i}` })).body.reason);
    expect([...reasons]).toEqual([undefined]);
  });
});

describe("a decision that names no digest", () => {
  test("is refused once the same author has put other words in place of those that were read", async () => {
    const box = await it.mailboxIn("gated_send");
    const { id } = (await it.send(box, { markdown: "Harmless." })).body;
    const change = { markdown: "Not harmless.", to: ["victim@example.com"] };
    const path = `/v1/mailboxes/${box}/emails/${id}/schedule`;
    const key = it.running.known.agent_key;
    const edited = await it.running.call(key, path, change, { method: "PATCH" });
    expect(edited.status).toBe(200);
    for (const decision of ["approve", "reject", "revise"])
      expect((await it.running.decide(id, decision)).body.code).toBe("stale_digest");
    const { digest } = edited.body;
    expect((await it.running.decide(id, "approve", { digest })).status).toBe(200);
  });

  test("is refused for what was sent back and comes again", async () => {
    const box = await it.mailboxIn("gated_send");
    const { id } = (await it.send(box)).body;
    await it.running.decide(id, "revise", { reason: "Be kind." });
    const draft = `/v1/mailboxes/${box}/drafts/${id}`;
    const key = it.running.known.agent_key;
    await it.running.call(key, draft, { markdown: "Other words." }, { method: "PATCH" });
    expect((await asAgent(`${draft}/send`, {})).body.status).toBe("pending_send_approval");
    expect((await it.running.decide(id, "approve")).body.code).toBe("stale_digest");
  });
});

test("a draft that was never sent has no proof, rather than one that no verifier believes", async () => {
  const box = await it.mailboxIn("gated_send");
  const at = `/v1/mailboxes/${box}`;
  const { id } = (await asAgent(`${at}/drafts`, { subject: "Later" })).body;
  const ask = (): Promise<Answer> =>
    it.running.call(it.running.known.agent_key, `${at}/emails/${id}/proof`);
  expect(await ask()).toMatchObject({ status: 404, body: { code: "not_found" } });
  const key = it.running.known.agent_key;
  await it.running.call(key, `${at}/drafts/${id}`, undefined, { method: "DELETE" });
  expect((await ask()).status).toBe(404);
});

test("no message is changed so often that its evidence can no longer hold its story", async () => {
  const box = await it.mailboxIn("gated_send");
  const { id } = (await it.send(box)).body;
  const path = `/v1/mailboxes/${box}/emails/${id}`;
  const key = it.running.known.agent_key;
  const change = (n: number): Promise<Answer> =>
    it.running.call(key, `${path}/schedule`, { markdown: `Words ${n}.` }, { method: "PATCH" });
  let last = await change(0);
  for (let n = 1; last.status === 200 && n < 1100; n++) last = await change(n);
  expect(last.body.code).toBe("not_editable");
  expect((await it.running.call(key, `${path}/proof`)).status).toBe(200);
}, 60_000);
