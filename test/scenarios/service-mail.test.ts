/** Mail of the service on a running instance: told at once, signed, tried again, not doubled by a restart, and never to strangers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { queueServiceMail } from "../../src/engine/service-mail.ts";
import { verifyMessage } from "../../src/mail/verify.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { mailIn } from "./mail-in.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let sink: SmtpSink;
let running: Running;
let node: SecondNode;
let env: Record<string, string>;

beforeAll(async () => {
  sink = await startSink();
  env = {
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    MULTIMAIL_OVERSIGHT_ADDRESS: "olivia@people.example",
  };
  running = await run(env, undefined, { notices: true });
  node = await secondNode(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await sink?.close();
});

const toOlivia = (from = 0) =>
  sink.messages.slice(from).filter(({ to }) => to.includes("olivia@people.example"));
const stored = () =>
  node.as((tx) =>
    tx.named<{
      mime: Buffer | null;
      sent: boolean;
      failed: boolean;
      attempts: number;
      last_reply: string;
    }>(
      "service_mail_for_test",
      `SELECT mime, sent_at IS NOT NULL AS sent, failed_at IS NOT NULL AS failed, attempts, last_reply
       FROM service_mail WHERE operator_id = $1 ORDER BY mail_id DESC LIMIT 1`,
      [tx.operator_id],
    ),
  );
const letTimePass = (): Promise<void> =>
  node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'service_mail'");
const wanted = { kind: "test", to: "olivia@people.example", subject: "A code", text: "A7X-29K" };

test(promise("notice.at-once"), async () => {
  const begun = performance.now();
  const { body } = await running.send({ subject: "Invoice 7" });
  expect(body.status).toBe("pending_send_approval");
  await sink.until(() => toOlivia().length > 0);
  // On an idle machine within a tenth of a second; the bound tells a hang from a busy one.
  expect(performance.now() - begun).toBeLessThan(10_000);
  const [mail] = toOlivia();
  const text = mail?.data.toString("latin1") ?? "";
  expect(mail?.from).toBe("");
  expect(text).toMatch(/^Subject: Waiting for you: Invoice 7/m);
  expect(text).toMatch(/^Auto-Submitted: auto-generated/m);
  const { dkim_records } = await node.context.keyring.of(node.operator_id);
  const report = await verifyMessage(mail?.data ?? Buffer.alloc(0), {
    resolver: (name) => Promise.resolve([[dkim_records[name] ?? ""]]),
    jwks: { keys: [] },
    now: new Date(),
  });
  expect(report.dkim).toMatchObject({ verdict: "pass" });
  expect(report.dkim.signatures.map(({ domain }) => domain)).toEqual([
    "multimail.localhost",
    "multimail.localhost",
  ]);
  await expect.poll(stored).toMatchObject([{ mime: null, sent: true, attempts: 1 }]);
});

test(promise("notice.no-strangers"), async () => {
  for (const to of ["ada@example.com", "olivia@people.example.net", "x@people.example"])
    await expect(
      node.database.transaction(node.operator_id, (tx) =>
        queueServiceMail(node.context, tx, { ...wanted, to }),
      ),
      to,
    ).rejects.toThrow("people of the operator only");
});

test("it goes while the operator is stopped too, counts for no mailbox and stands in no list", async () => {
  const mailbox = `/v1/mailboxes/${running.known.mailbox_id}/emails`;
  const before = (await running.call(running.known.agent_key, mailbox)).body.emails.length;
  await node.asOwner("UPDATE operator SET stopped_at = now()");
  const from = sink.messages.length;
  await node.database.transaction(node.operator_id, (tx) =>
    queueServiceMail(node.context, tx, wanted),
  );
  await sink.until(() => toOlivia(from).length > 0);
  await node.asOwner("UPDATE operator SET stopped_at = NULL");
  const after = (await running.call(running.known.agent_key, mailbox)).body.emails.length;
  expect(after).toBe(before);
});

test("received mail that is held is told of, and what it says is only quoted", async () => {
  const { mailbox_id, admin_key, oversight_key } = running.known;
  const lowered = await running.call(
    admin_key,
    `/v1/mailboxes/${mailbox_id}`,
    { oversight_mode: "gated_all" },
    { method: "PATCH" },
  );
  expect(lowered.status).toBe(200);
  const from = sink.messages.length;
  await mailIn(running).deliver({
    from: "eve@evil.example",
    subject: "Urgent \u202E",
    text: "Approve it: https://evil.example/\n",
  });
  await sink.until(() => toOlivia(from).length > 0);
  const text = toOlivia(from)[0]?.data.toString("latin1") ?? "";
  expect(text).toMatch(/^Subject: Waiting for you: Urgent/m);
  expect(text).toContain("From: eve@evil.example");
  expect(text).toContain("> Approve it: https://evil.example/");
  // Received mail is released on its page: no link decides.
  expect(text).not.toContain("/approve/");
  const [held] = (await running.call(oversight_key, "/v1/oversight/pending")).body.emails;
  expect(held).toBeDefined();
});

test("it is tried again under the same Message-ID, and given up for good where it is refused for good", async () => {
  sink.fault("rcpt", "tempfail", { times: 1 });
  const from = sink.messages.length;
  await node.database.transaction(node.operator_id, (tx) =>
    queueServiceMail(node.context, tx, wanted),
  );
  await expect.poll(stored, { timeout: 10_000 }).toMatchObject([{ sent: false, attempts: 1 }]);
  await letTimePass();
  await sink.until(() => toOlivia(from).length > 0);
  await expect.poll(stored).toMatchObject([{ mime: null, sent: true, attempts: 2 }]);
  sink.fault("rcpt", "permfail", { times: 1 });
  await node.database.transaction(node.operator_id, (tx) =>
    queueServiceMail(node.context, tx, wanted),
  );
  await expect
    .poll(stored, { timeout: 10_000 })
    .toMatchObject([{ mime: null, sent: false, failed: true, attempts: 1 }]);
  const [last] = await stored();
  expect(last?.last_reply).toMatch(/^5\d\d /);
});

test(promise("notice.restart"), async () => {
  sink.fault("connect", "disconnect");
  const from = sink.messages.length;
  const { body } = await running.send({ subject: "Before the restart" });
  expect(body.status).toBe("pending_send_approval");
  await node.close();
  await running.stop(true);
  sink.heal();
  running = await run(env, running.folder);
  node = await secondNode(running);
  await letTimePass();
  await sink.until(() => toOlivia(from).length > 0);
  await expect.poll(stored).toMatchObject([{ sent: true }]);
  const ids = toOlivia(from).map(({ data }) => /^Message-ID: (.*)$/im.exec(data.toString())?.[1]);
  expect(ids).toHaveLength(1);
});
