/** Mail from one mailbox of an instance to another in direct delivery: by the instance's own door, and no loop. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { mx } from "../dns/mail-network.ts";
import { publish } from "./domain-life.ts";
import { mailIn } from "./mail-in.ts";
import { codeIn } from "./members.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

const smtpName = "mx.agents.example";

let dns: DnsServerForTests;
let running: Running;
let node: SecondNode;
/** A tenant beside the first one, at other.example. */
let other: Founded;
let cookie: string;

beforeAll(async () => {
  dns = await startDns({
    // Nobody is there: whoever dials what DNS says delivers nothing.
    [smtpName]: { A: ["192.0.2.1"] },
    "stranger.example": mx(smtpName),
    "asked.example": mx(smtpName),
  });
  running = await run({
    MULTIMAIL_DELIVERY: "direct",
    MULTIMAIL_DNS: dns.address,
    MULTIMAIL_DOMAIN: "agents.example",
    MULTIMAIL_SMTP_NAME: smtpName,
    MULTIMAIL_OVERSIGHT_ADDRESS: "agent@other.example",
  });
  node = await secondNode(running);
  other = await node.found("other");
  for (const key of [running.known.admin_key, other.admin_key]) {
    const { body } = await running.call(key, "/v1/domains");
    for (const { id } of body.domains)
      publish(dns, (await running.call(key, `/v1/domains/${id}`)).body.records);
  }
  dns.put("agents.example", mx(smtpName));
  dns.put("other.example", mx(smtpName));
  cookie = await signIn(running);
  await setMode(running, cookie, running.known.mailbox_id, "autonomous");
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await dns?.close();
});

/** The message of that subject that a mailbox got, whatever screening says of it. */
const received = (key: string, mailboxId: string, subject: string): Promise<Answer["body"]> =>
  mailIn(running).received(subject, key, mailboxId);

test("one tenant writes to another and is answered, signed and in one thread, though the MX of both is this server", async () => {
  const { known } = running;
  const sent = await running.send({ to: [other.mailbox_address], subject: "To a neighbour" });
  const delivered = await running.settled(sent.body.id, "delivered", "bounced", "send_failed");
  expect(delivered).toMatchObject({ status: "delivered" });
  expect(delivered.recipients[0].receipt).toMatchObject({ host: smtpName, code: 250 });
  const arrived = await received(other.agent_key, other.mailbox_id, "To a neighbour");
  expect(arrived).toMatchObject({ from: known.mailbox_address });
  expect(arrived.authentication).toMatchObject({ dmarc: { result: "pass" } });

  const answered = await running.call(
    other.agent_key,
    `/v1/mailboxes/${other.mailbox_id}/reply/${arrived.id}`,
    { markdown: "Welcome." },
  );
  expect(answered.status, JSON.stringify(answered.body)).toBe(202);
  await running.call(other.oversight_key, "/v1/oversight/decide", {
    email_id: answered.body.id,
    decision: "approve",
  });
  const back = await received(known.agent_key, known.mailbox_id, "Re: To a neighbour");
  expect(back).toMatchObject({ thread_id: delivered.thread_id, reply_of: sent.body.id });
  const second = await running.call(
    known.agent_key,
    `/v1/mailboxes/${known.mailbox_id}/reply/${back.id}`,
    { markdown: "Thanks." },
  );
  expect(second.body).toMatchObject({ thread_id: delivered.thread_id });
  // What a machine wrote is not answered unattended, here as anywhere: no two mailboxes go on for ever.
  const held = await running.settled(second.body.id, "pending_send_approval");
  expect(held.reason).toContain("RFC 3834");
  await running.decide(second.body.id, "approve");
  await running.settled(second.body.id, "delivered");
});

test("a mailbox writes to another one of the same tenant", async () => {
  const { known } = running;
  const made = await running.call(known.admin_key, "/v1/mailboxes", { address: "second" });
  const sent = await running.send({ to: [made.body.address], subject: "To ourselves" });
  await running.settled(sent.body.id, "delivered");
  const arrived = await received(known.agent_key, made.body.id, "To ourselves");
  expect(arrived).toMatchObject({ from: known.mailbox_address });
});

test("a code that is mailed to an address hosted here arrives", async () => {
  const asked = await fetch(`${running.known.url}/sign-in/code`, {
    method: "POST",
    redirect: "manual",
    headers: {
      origin: running.known.url,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ email: other.mailbox_address }),
  });
  expect(asked.status).toBeLessThan(400);
  const mail = await received(other.agent_key, other.mailbox_id, "Your sign-in code");
  expect(codeIn(mail.text_body)).not.toBe("");
});

test("an address that nobody has is refused by the door, and turns away nobody else's mail", async () => {
  const wrong = Array.from({ length: 30 }, (_, i) => `nobody${i}@other.example`);
  const ids: string[] = [];
  for (const to of wrong) ids.push((await running.send({ to: [to] })).body.id);
  for (const id of ids) {
    const { recipients } = await running.settled(id, "bounced");
    expect(recipients[0].receipt).toMatchObject({ code: 550, enhanced_status_code: "5.1.1" });
  }
  const sent = await running.send({ to: [other.mailbox_address], subject: "After the others" });
  await running.settled(sent.body.id, "delivered");
});

test("mail of a domain that is not proven here still loops where its MX is this server", async () => {
  const { known } = running;
  const claimed = await running.call(known.admin_key, "/v1/domains", { domain: "asked.example" });
  expect(claimed.status).toBe(201);
  for (const to of ["ada@stranger.example", "ada@asked.example"]) {
    const sent = await running.send({ to: [to] });
    const { recipients } = await running.settled(sent.body.id, "bounced");
    expect(recipients[0].receipt).toMatchObject({ enhanced_status_code: "5.4.6" });
  }
});

test("the route of a domain is told as it is", async () => {
  const route = async (address: string): Promise<Answer["body"]> =>
    (await running.call(running.known.admin_key, `/v1/destinations/route?address=${address}`)).body;
  expect(await route(other.mailbox_address)).toMatchObject({
    delivery: "direct",
    outcome: "try",
    hosts: [{ host: smtpName, addresses: [{ address: "127.0.0.1" }], policy: "none" }],
  });
  expect(await route("ada@stranger.example")).toMatchObject({
    outcome: "refuse",
    problem: { enhanced_status_code: "5.4.6" },
  });
});
