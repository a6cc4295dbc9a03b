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
