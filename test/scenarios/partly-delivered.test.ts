/** Mail that some have when its mailbox may send no more: it was sent, its open recipients end, and its evidence says so. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import { type SentOut, sentOut } from "./sent-out.ts";

let out: SentOut;
beforeAll(async () => {
  out = await sentOut({
    answer_rcpt: (address) => (address.startsWith("full@") ? "452 4.2.2 mailbox full" : undefined),
  });
});
afterAll(() => out?.stop());

/** A message that ada has and full has not, whose mailbox is then in another mode as it comes due. */
async function lowered(to: string[], mode: string): Promise<string> {
  await out.node.asOwner("UPDATE mailbox SET mode = 'autonomous'");
  const { id } = (await out.running.send({ to })).body;
  await expect
    .poll(async () => (await out.read(id)).recipients.at(-1).status, { timeout: 20_000 })
    .toBe("deferred");
  await expect.poll(async () => (await out.read(id)).status).toBe("queued");
  await out.node.asOwner(`UPDATE mailbox SET mode = '${mode}'`);
  await out.node.asOwner(`UPDATE due SET due_at = now() WHERE message_id = '${id}'`);
  return id;
}

async function faults(id: string): Promise<unknown[]> {
  const { known } = out.running;
  const path = `/v1/mailboxes/${known.mailbox_id}/emails/${id}/proof`;
  const bundle = (await out.running.call(known.agent_key, path)).body;
  const report = await verifyBundle(bundle, { pinned: bundle.keys, now: new Date() });
  return report.checks.filter(({ status }) => status === "fail");
}

const both = ["ada@example.com", "full@example.com"];

test("a mailbox that became read_only does not block what one recipient has: it is sent, and the other one failed", async () => {
  const id = await lowered(both, "read_only");
  const message = await out.running.settled(id, "sent", "blocked");
  expect(message).toMatchObject({
    status: "sent",
    reason: "not sent to 1 of 2 recipients: the mailbox became read_only",
    recipients: [
      { status: "sent" },
      { status: "failed", attempts: 1, receipt: { outcome: "temporary" } },
    ],
  });
  const events = (await out.events(id)).map(({ type }) => type);
  expect(events).toContain("message.sent");
  expect(events).not.toContain("message.failed");
  expect(await faults(id)).toEqual([]);
});

test("nor does it wait for a decision when its mailbox begins to gate", async () => {
  const id = await lowered(both, "gated_all");
  const message = await out.running.settled(id, "sent", "pending_send_approval");
  expect(message).toMatchObject({
    status: "sent",
    recipients: [{ status: "sent" }, { status: "failed" }],
  });
  expect(message.reason).toContain("oversight was tightened");
  expect(await faults(id)).toEqual([]);
});

test("what nobody has is blocked as before", async () => {
  const id = await lowered(["full@example.com"], "read_only");
  expect(await out.running.settled(id, "sent", "blocked")).toMatchObject({
    status: "blocked",
    reason: "the mailbox became read_only before the message left",
  });
  expect(await faults(id)).toEqual([]);
});
