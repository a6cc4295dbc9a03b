/** What was said on the wire is there to be read, attempt by attempt: without the message, without credentials, for a time. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeNetwork, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let sink: SmtpSink;
let running: Running;
let node: SecondNode;
const seen = new Set<string>();

beforeAll(async () => {
  sink = await startSink({
    tls: selfSigned(["127.0.0.1"]),
    auth: { user: "relay user", pass: "correct horse battery" },
    answer_rcpt(address) {
      if (seen.has(address)) return undefined;
      seen.add(address);
      return "451 4.7.1 correct horse battery? come back later";
    },
  });
  running = await run({
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://relay%20user:correct%20horse%20battery@127.0.0.1:${sink.port}?verify=no`,
    MULTIMAIL_DNS: "127.0.0.1:1",
  });
  node = await secondNode(running);
  await setMode(running, await signIn(running), running.known.mailbox_id, "autonomous");
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await sink?.close();
  await closeNetwork();
});

const ask = (key: string, id: string): Promise<Answer> =>
  running.call(key, `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}/transcripts`);

test("each attempt is there with both sides of it, and nothing that is nobody's business", async () => {
  const { known } = running;
  const { body } = await running.send({ to: "ada@example.com", markdown: "The secret plan." });
  await expect
    .poll(async () => (await ask(known.admin_key, body.id)).body.transcripts.length, {
      timeout: 20_000,
    })
    .toBe(1);
  await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
  await running.settled(body.id, "sent");
  const { transcripts } = (await ask(known.admin_key, body.id)).body;
  expect(transcripts).toMatchObject([
    { attempt: 1, recipient: "ada@example.com" },
    { attempt: 2, recipient: "ada@example.com" },
  ]);
  const [first, second] = transcripts.map((one: { transcript: string }) =>
    one.transcript.replaceAll(/^\d+\.\d{3} /gm, ""),
  );
  expect(first).toMatch(/^\* 127\.0\.0\.1, port \d+\n\* connected to 127\.0\.0\.1\nS: 220 /);
  for (const line of [
    "C: EHLO multimail.localhost",
    "C: STARTTLS",
    "* TLSv1.3, ",
    "C: AUTH PLAIN ***",
    "C: RCPT TO:<ada@example.com>",
    "S: 451 4.7.1 ***? come back later",
  ])
    expect(first).toContain(line);
  expect(second).toMatch(/\* the message, \d+ octets\nS: 250 /);
  const all = JSON.stringify(transcripts);
  for (const hidden of [
    "correct horse",
    Buffer.from("correct horse battery").toString("base64"),
    Buffer.from("\0relay user\0correct horse battery").toString("base64"),
    "secret plan",
    "Subject",
  ])
    expect(all).not.toContain(hidden);
  // The agent reads its mail, and not how our servers talk.
  expect((await ask(known.agent_key, body.id)).status).toBe(403);
});

test("a message that goes over an open connection says so", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    seen.add(`quick${i}@example.com`);
    const { body } = await running.send({ to: `quick${i}@example.com` });
    await running.settled(body.id, "sent");
    ids.push(body.id);
  }
  const { transcripts } = (await ask(running.known.admin_key, ids[1] ?? "")).body;
  expect(transcripts[0].transcript).toContain("* over a connection that was open, to 127.0.0.1");
  expect(transcripts[0].transcript).not.toContain("quick0");
  expect(transcripts[0].transcript).not.toContain("EHLO");
});

test("transcripts go after their days", async () => {
  seen.add("old@example.com");
  const { body } = await running.send({ to: "old@example.com" });
  await running.settled(body.id, "sent");
  const days = (n: number): Date => new Date(Date.now() - n * 86_400_000);
  await node.asOwner(
    `UPDATE delivery_transcript SET at = now() - interval '31 days' WHERE message_id = '${body.id}'`,
  );
  const count = async (): Promise<number> =>
    (await ask(running.known.admin_key, body.id)).body.transcripts.length;
  expect(await node.engine.sweepTranscripts(days(32))).toBe(0);
  expect(await count()).toBe(1);
  expect(await node.engine.sweepTranscripts(days(30))).toBe(1);
  expect(await count()).toBe(0);
});

test("direct delivery tells of every host that was asked", async () => {
  const net = await startNetwork({
    "b.test": mx("mx1.b.test", "mx2.b.test", "mx3.b.test"),
    "mx1.b.test": { A: ["127.0.0.2"] },
    "mx2.b.test": { A: ["127.0.0.3"] },
    "mx3.b.test": { A: ["127.0.0.4"] },
  });
  const busy = await net.host("127.0.0.3");
  busy.fault("connect", { reply: "421 4.3.2 too busy\r\n", then: "disconnect" });
  await net.host("127.0.0.4");
  const { connection } = await sendTo(net.direct(), "person@b.test");
  const said = connection.transcript ?? "";
  expect(said.match(/\* 127\.0\.0\.\d|\* mx\d\.b\.test/g)).toEqual([
    "* mx1.b.test",
    "* mx2.b.test",
    "* mx3.b.test",
  ]);
  expect(said).toContain("* connection failed: ECONNREFUSED");
  expect(said).toContain("S: 421 4.3.2 too busy");
  expect(said).toContain("C: MAIL FROM:");
});
