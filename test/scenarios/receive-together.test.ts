/** Messages of one conversation that come in the same moment: the answer finds what it answers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertInbound } from "../../src/store/inbound.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let mail: MailIn;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  mail = mailIn(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

const hour = 3_600_000;

/** Mail that is on disk and due in an hour: no worker has it. Answers its claim, taken by this node. */
async function waits(
  name: string,
  headers: string,
): Promise<{ id: string; open(): Promise<void> }> {
  const id = node.context.new_id();
  const raw = Buffer.from(
    `From: ada@example.com\r\nSubject: ${name}\r\nMessage-ID: <${name}@example.com>\r\n${headers}\r\n${name}\r\n`,
  );
  const now = Date.now();
  await node.as((tx) =>
    insertInbound(tx, [
      {
        inbound_id: id,
        envelope_from: "ada@example.com",
        envelope_to: [running.known.mailbox_address],
        raw,
        session: {
          remote_address: "192.0.2.1",
          helo: "mx.example.com",
          tls: null,
          smtputf8: false,
        },
        received_at: new Date(now + hour),
      },
    ]),
  );
  const [claim] = await node.queue.claim("receive", {
    now: new Date(now + 2 * hour),
    lease_until: new Date(now + 3 * hour),
    node: "second",
    limit: 1,
  });
  if (claim?.message_id !== id) throw new Error("another mail was due");
  return { id, open: () => node.engine.receive(claim.operator_id, claim) };
}

/** When the mail comes due again, and how often it was tried; null once it has been brought. */
const standing = (id: string): Promise<{ attempts: number; due: Date } | null> =>
  node.as(async (tx) => {
    const [row] = await tx.named<{ attempts: number; due: Date }>(
      "standing_of",
      "SELECT i.attempts, d.due_at AS due FROM inbound i JOIN due d ON d.operator_id = i.operator_id AND d.message_id = i.inbound_id WHERE i.operator_id = $1 AND i.inbound_id = $2",
      [tx.operator_id, id],
    );
    return row ?? null;
  });

test("an answer that is opened before what it answers is put back once, and joins its thread", async () => {
  const parent = await waits("parent", "");
  const answer = await waits("answer", "In-Reply-To: <parent@example.com>\r\n");
  await answer.open();
  const back = await standing(answer.id);
  expect(back?.attempts).toBe(1);
  expect(back!.due.getTime() - Date.now()).toBeLessThanOrEqual(1000);
  await parent.open();
  const first = await mail.received("parent");
  expect((await mail.received("answer")).thread_id).toBe(first.thread_id);
});

test("an answer does not wait a second time, and one to mail from elsewhere not at all", async () => {
  await waits("stuck", "");
  const answer = await waits("patient", "In-Reply-To: <stuck@example.com>\r\n");
  await answer.open();
  expect((await standing(answer.id))?.attempts).toBe(1);
  expect((await mail.received("patient")).in_reply_to).toBe("<stuck@example.com>");
  const other = await waits("other", "References: <elsewhere@example.com>\r\n");
  await other.open();
  expect(await standing(other.id)).toBeNull();
});
