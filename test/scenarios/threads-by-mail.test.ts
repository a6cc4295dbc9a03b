/** A conversation by mail: our message leaves, its answer comes in over SMTP, and our answer to that leaves again, in one thread. */
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, type Running, run } from "./running.ts";

let running: Running;

beforeAll(async () => {
  running = await run();
});
afterAll(() => running?.stop());

const call = (path: string, body?: unknown): Promise<Answer> =>
  running.call(running.known.agent_key, `/v1/mailboxes/${running.known.mailbox_id}${path}`, body);

/** Hands a message in as another mail system does. */
async function deliver(message: Record<string, unknown>): Promise<void> {
  const { host, port } = running.instance.smtp?.inbound ?? { host: "", port: 0 };
  const transport = createTransport({
    host,
    port,
    secure: false,
    tls: { rejectUnauthorized: false },
  });
  await transport.sendMail({ from: "Ada <ada@example.com>", subject: "Re: A test", ...message });
}

async function lastOf(threadId: string, count: number): Promise<Answer["body"]> {
  const end = Date.now() + 20_000;
  for (;;) {
    const { body } = await running.call(
      running.known.oversight_key,
      `/v1/mailboxes/${running.known.mailbox_id}/threads/${encodeURIComponent(threadId)}`,
    );
    if (body.emails?.length === count) return body.emails.at(-1);
    if (Date.now() > end) throw new Error(`thread ${threadId} has ${body.emails?.length} messages`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

test("answers by mail come back to their thread by reference, by reply address, and are answered there", async () => {
  const sent = await running.send({ thread_id: "zd-1/2", to: ["ada@example.com"] });
  await running.decide(sent.body.id, "approve");
  await running.settled(sent.body.id, "sent", "delivered");
  const [replyTo] = (await call(`/emails/${sent.body.id}`)).body.reply_to;
  await deliver({
    to: running.known.mailbox_address,
    text: "By reference.\n",
    inReplyTo: sent.body.message_id,
    references: sent.body.message_id,
  });
  expect(await lastOf("zd-1/2", 2)).toMatchObject({ direction: "inbound", reply_of: sent.body.id });
  await deliver({ to: replyTo, text: "By address.\n", subject: "Something else" });
  const second = await lastOf("zd-1/2", 3);
  expect(second).toMatchObject({ direction: "inbound", subject: "Something else" });
  const answered = await call(`/reply/${second.id}`, { markdown: "Thanks." });
  expect(answered.body).toMatchObject({ thread_id: "zd-1/2" });
  const last = await lastOf("zd-1/2", 4);
  expect(last).toMatchObject({
    id: answered.body.id,
    to: ["ada@example.com"],
    subject: "Re: Something else",
    in_reply_to: second.message_id,
  });
});
