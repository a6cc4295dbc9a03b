/** Mailboxes with names that the mail system needs for itself: nobody can take away by them what others rely on. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type Running, run } from "./running.ts";

let running: Running;
let mail: MailIn;
beforeAll(async () => {
  running = await run();
  mail = mailIn(running);
});
afterAll(() => running?.stop());

const make = (address: string) =>
  running.call(running.known.admin_key, "/v1/mailboxes", { address });

describe("a mailbox of the name unsubscribe", () => {
  test("does not keep those from being heard who unsubscribe by mail, and reads what else comes", async () => {
    const { agent_key, admin_key, mailbox_id, mailbox_address } = running.known;
    const domain = mailbox_address.slice(mailbox_address.indexOf("@") + 1);
    const box = (await make("unsubscribe")).body;
    const sent = await running.send({ to: ["bob@example.net"] });
    await running.decide(sent.body.id, "approve");
    await running.settled(sent.body.id, "sent", "delivered");
    const proof = await running.call(
      agent_key,
      `/v1/mailboxes/${mailbox_id}/emails/${sent.body.id}/proof`,
    );
    const { token } = proof.body.recipients[0];
    const to = `unsubscribe@${domain}`;
    const asks = `From: bob@example.net\r\nSubject: ${token}\r\n\r\n\r\n`;
    expect(await mail.raw("bob@example.net", to, asks)).toMatch(/^250 /);
    const other = "From: eve@example.net\r\nSubject: A word\r\n\r\nHello.\r\n";
    expect(await mail.raw("eve@example.net", to, other)).toMatch(/^250 /);
    await mail.received("A word", agent_key, box.id);
    const listed = await running.call(admin_key, "/v1/suppression/bob@example.net");
    expect(listed.body.suppressed).toBe(true);
    expect(await mail.inbox(agent_key, box.id)).toHaveLength(1);
  });
});

describe("a mailbox with a plus in its name", () => {
  test("is refused: its mail would come to another mailbox", async () => {
    const refused = await make("agent+billing");
    expect(refused).toMatchObject({ status: 400, body: { field: "address" } });
  });
});
