/** What must not leave does not leave: every end short of the wire, with a sink that counts each socket. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertSuppressions } from "../../src/store/suppressions.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { decideOnPage } from "./people.ts";
import { keyOf } from "./owner-keys.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let sink: SmtpSink;
let running: Running;
let node: SecondNode;
let cookie: string;
/** Ids of the messages that must not leave, with the status they ended in. */
const held = new Map<string, string>();

const relay = (): Record<string, string> => ({
  MULTIMAIL_DELIVERY: "relay",
  MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
});

beforeAll(async () => {
  sink = await startSink();
  running = await run(relay());
  node = await secondNode(running);
  cookie = await signIn(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
  await sink.close();
});

async function pending(more: Record<string, unknown> = {}, key?: string): Promise<Answer["body"]> {
  const { status, body } = await running.send(more, key);
  if (status !== 202 || body.status !== "pending_send_approval")
    throw new Error(`the send answered ${status} ${JSON.stringify(body)}`);
  return running.settled(body.id, "pending_send_approval");
}

const cancel = (id: string): Promise<Answer> =>
  running.call(
    running.known.agent_key,
    `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}/cancel`,
    {},
  );

/** The message stands at `status` and no socket was ever opened. */
async function ends(id: string, status: string): Promise<Answer["body"]> {
  const message = await running.settled(id, status);
  held.set(id, status);
  expect(sink.connections).toHaveLength(0);
  return message;
}

/** Resolves once the delivery worker has looked at the message and put it off. */
async function putOff(id: string): Promise<void> {
  for (;;) {
    const [due] = await node.as((tx) =>
      tx.named<{ due_at: Date }>(
        "due_of",
        "SELECT due_at FROM due WHERE message_id = $1 AND kind = 'deliver' AND coalesce(node, '(stopped)') = '(stopped)'",
        [id],
      ),
    );
    if (due && due.due_at.getTime() > Date.now() + 10_000) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("no socket is opened for", () => {
  test(promise("gate.rejected"), async () => {
    const { id } = await pending();
    expect((await running.decide(id, "reject", { reason: "no" })).status).toBe(200);
    await ends(id, "rejected");
    // Reject is final.
    expect((await running.decide(id, "approve")).status).toBe(409);
    expect((await cancel(id)).status).toBe(409);
  });

  test(promise("gate.cancelled"), async () => {
    const waiting = await pending();
    expect((await cancel(waiting.id)).status).toBe(200);
    await ends(waiting.id, "cancelled");
    expect((await running.decide(waiting.id, "approve")).status).toBe(409);
    // Within the time to undo that an approval in the dashboard leaves.
    const approved = await pending();
    expect(await decideOnPage(running, cookie, approved, "approve")).toBe(303);
    await running.settled(approved.id, "scheduled");
    expect((await cancel(approved.id)).status).toBe(200);
    await ends(approved.id, "cancelled");
  });

  test(promise("gate.expired"), async () => {
    const message = await pending();
    const eightDays = new Date(Date.now() + 8 * 86_400_000);
    const late = await secondNode(running, () => eightDays);
    const early = await secondNode(running, () => new Date(Date.now() + 6 * 86_400_000));
    try {
      const claim = { node: "late", lease_until: eightDays, limit: 100 };
      expect(await late.queue.claim("expire", { ...claim, now: early.context.now() })).toEqual([]);
      const claims = await late.queue.claim("expire", { ...claim, now: eightDays });
      expect(claims.map((one) => one.message_id)).toEqual([message.id]);
      await late.engine.timeOut("expire", node.operator_id, claims);
      // Once more, as a node would whose lease had passed: nothing changes.
      await late.engine.timeOut("expire", node.operator_id, claims);
    } finally {
      await late.close();
      await early.close();
    }
    const expired = await ends(message.id, "expired");
    expect(expired.reason).toBe("nobody decided in time");
    expect((await running.decide(message.id, "approve")).status).toBe(409);
    expect((await cancel(message.id)).status).toBe(409);
  });

  test(promise("gate.test-key"), async () => {
    const made = await keyOf(node, ["read", "send"], { test: true });
    expect(made).toMatch(/^mm_test_/);
    const message = await pending({}, made);
    expect(message.test).toBe(true);
    expect((await running.decide(message.id, "approve")).status).toBe(200);
    await ends(message.id, "sandboxed");
    expect((await cancel(message.id)).status).toBe(409);
  });

  test(promise("decide.revise"), async () => {
    const message = await pending();
    const note = "say which order";
    expect((await running.decide(message.id, "revise", { reason: note })).status).toBe(200);
    const draft = await ends(message.id, "draft");
    expect(draft.decisions).toMatchObject([
      { decision: "revise", reason: note, digest: message.digest },
    ]);
    expect((await running.decide(message.id, "approve")).status).toBe(409);
  });

  test(promise("gate.suppressed"), async () => {
    const message = await pending({ to: ["gone@example.com"], cc: ["gone-too@example.com"] });
    for (const address of ["gone@example.com", "gone-too@example.com"])
      await suppress(message.id, address);
    expect((await running.decide(message.id, "approve")).status).toBe(200);
    const ended = await ends(message.id, "suppressed");
    expect(ended.recipients.map((one: { status: string }) => one.status)).toEqual([
      "suppressed",
      "suppressed",
    ]);
  });

  test(promise("gate.stopped"), async () => {
    const setStopped = (at: Date | null): Promise<unknown> =>
      node.as((tx) => tx.named("stop", "UPDATE operator SET stopped_at = $1", [at]));
    const message = await pending();
    await setStopped(new Date());
    try {
      expect((await running.decide(message.id, "approve")).status).toBe(200);
      await putOff(message.id);
      expect((await running.settled(message.id, "queued")).recipients[0].attempts).toBe(0);
      expect((await cancel(message.id)).status).toBe(200);
    } finally {
      await setStopped(null);
    }
    await ends(message.id, "cancelled");
  });

  test("a message whose stored bytes are no longer those that were approved", async () => {
    const message = await pending();
    await node.asOwner("ALTER TABLE message_content DISABLE TRIGGER USER");
    await node.asOwner(
      `UPDATE message_content SET mime = convert_to(replace(convert_from(mime, 'LATIN1'), 'Some', 'Same'), 'LATIN1') WHERE message_id = '${message.id}'`,
    );
    await node.asOwner("ALTER TABLE message_content ENABLE TRIGGER USER");
    expect((await running.decide(message.id, "approve")).status).toBe(200);
    await putOff(message.id);
    expect((await cancel(message.id)).status).toBe(200);
    await ends(message.id, "cancelled");
  });

  test("a send from a read_only mailbox, or a message whose mailbox became read_only", async () => {
    const { body: mailbox } = await running.call(running.known.admin_key, "/v1/mailboxes", {
      address: "quiet",
    });
    const path = `/v1/mailboxes/${mailbox.id}`;
    const message = { to: ["ada@example.com"], subject: "Hello", markdown: "Hello" };
    const before = await running.call(running.known.agent_key, `${path}/send`, message);
    expect(before.status).toBe(202);
    await running.call(
      running.known.admin_key,
      path,
      { oversight_mode: "read_only" },
      { method: "PATCH" },
    );
    const refused = await running.call(running.known.agent_key, `${path}/send`, message);
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe("mode_forbids_send");
    const list = await running.call(running.known.agent_key, `${path}/emails`);
    expect(list.body.emails.map((one: { id: string }) => one.id)).toEqual([before.body.id]);
    // Approved all the same: the mode at hand-off counts too.
    expect((await running.decide(before.body.id, "approve")).status).toBe(200);
    const read = (): Promise<Answer> =>
      running.call(running.known.agent_key, `${path}/emails/${before.body.id}`);
    while ((await read()).body.status !== "blocked")
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sink.connections).toHaveLength(0);
  });
});

/** Suppresses the address while its message waits: as if it had unsubscribed from an earlier one. This one's own link does not do. */
async function suppress(emailId: string, address: string): Promise<void> {
  const proof = await running.call(
    running.known.agent_key,
    `/v1/mailboxes/${running.known.mailbox_id}/emails/${emailId}/proof`,
  );
  const { token } = proof.body.recipients.find(
    (one: { address: string }) => one.address === address,
  );
  const link = `/v1/unsubscribe/${token}`;
  for (const method of ["GET", "POST"])
    expect((await running.call(null, link, undefined, { method })).status, method).toBe(410);
  const row = {
    mailbox_id: running.known.mailbox_id,
    message_id: null,
    note: null,
    created_by: "test",
    expires_at: null,
    created_at: new Date(),
    address,
    reason: "unsubscribed",
  };
  expect(await node.as((tx) => insertSuppressions(tx, [row]))).toHaveLength(1);
}

describe("afterwards", () => {
  /** An approved message arrives: the worker has been through everything that was due before it. Answers who got mail so far. */
  async function whoGotMail(): Promise<string> {
    const { id } = await pending({ to: ["control@example.com"] });
    await running.decide(id, "approve");
    await running.settled(id, "sent");
    for (const [other, status] of held) await running.settled(other, status);
    return sink.messages.flatMap((mail) => mail.to).join(" ");
  }
  const control = (times: number): string => Array(times).fill("control@example.com").join(" ");

  test("of two recipients only the one who did not unsubscribe is written to", async () => {
    const message = await pending({ to: ["control@example.com"], cc: ["leaves@example.com"] });
    await suppress(message.id, "leaves@example.com");
    expect((await running.decide(message.id, "approve")).status).toBe(200);
    const sent = await running.settled(message.id, "sent");
    expect(sent.recipients.map((one: { status: string }) => one.status)).toEqual([
      "sent",
      "suppressed",
    ]);
    expect(sink.messages.map((mail) => mail.to)).toEqual([["control@example.com"]]);
  });

  test("rounds of the workers change nothing", async () => {
    expect(await whoGotMail()).toBe(control(2));
    expect(await whoGotMail()).toBe(control(3));
  });

  test("a restart changes nothing", async () => {
    await node.close();
    await running.stop(true);
    running = await run(relay(), running.folder);
    node = await secondNode(running);
    expect(await whoGotMail()).toBe(control(4));
    const left = await node.as((tx) =>
      tx.named("left", "SELECT kind, message_id FROM due WHERE kind <> 'index'", []),
    );
    expect(left).toEqual([]);
  });
});
