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
