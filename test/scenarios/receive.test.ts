/** Receiving whole: mail over SMTP becomes a message in its mailbox, threaded, screened and readable. */
import { promise } from "../promises.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { returnPath, replyAddress } from "../../src/engine/addresses.ts";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let mail: MailIn;
let other: Founded;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  other = await node.found("other");
  mail = mailIn(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

/** Another mailbox of the first operator. */
async function mailbox(
  local: string,
  mode = "gated_send",
): Promise<{ id: string; address: string }> {
  const { admin_key } = running.known;
  const { body } = await running.call(admin_key, "/v1/mailboxes", { address: local });
  if (mode !== "gated_send") {
    const path = `/v1/mailboxes/${body.id}/configure`;
    const set = await running.call(admin_key, path, { oversight_mode: mode }, { method: "PATCH" });
    expect(set.status, JSON.stringify(set.body)).toBe(200);
  }
  return { id: body.id, address: body.address };
}

const rawOf = async (id: string, key = running.known.agent_key): Promise<string> =>
  (await running.call(key, `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}/raw`)).body;

const eventsOf = (messageId: string): Promise<{ type: string; thread_id: string }[]> =>
  node.as((tx) =>
    tx.named(
      "events_of",
      "SELECT type, thread_id FROM event WHERE operator_id = $1 AND message_id = $2 ORDER BY event_id",
      [tx.operator_id, messageId],
    ),
  );

/** Resolves once everything that was answered with 250 has been opened up. */
async function settled(operatorId = node.operator_id): Promise<void> {
  for (const end = Date.now() + 20_000; ; await new Promise((go) => setTimeout(go, 20))) {
    const rows = await node.as(
      (tx) => tx.named("waiting", "SELECT 1 FROM inbound", []),
      operatorId,
    );
    if (rows.length === 0) return;
    if (Date.now() > end) throw new Error(`${rows.length} messages still wait`);
  }
}

const bySubject = async (subject: string): Promise<Answer["body"][]> =>
  (await mail.inbox()).filter((one) => one.subject === subject);

describe("mail that comes in", () => {
  test(promise("inbound.accepted-is-kept"), async () => {
    expect(await mail.deliver()).toMatch(/^250 /);
    const body = await mail.received("A question");
    expect(body).toMatchObject({
      direction: "inbound",
      from: "ada@example.com",
      from_name: "Ada Lovelace",
      to: [running.known.mailbox_address],
      kind: "mail",
      text_body: "When does the parcel arrive?\n",
      truncated: false,
      thread_id: body.id,
      author: { kind: "external" },
    });
    expect(await eventsOf(body.id)).toMatchObject([{ type: "message.received" }]);
    const { oversight_key } = running.known;
    await expect
      .poll(
        async () =>
          (await running.call(oversight_key, `/v1/audit-log?resource=${body.id}`)).body.entries,
      )
      .toMatchObject([
        {
          type: "message.received",
          mailbox_id: running.known.mailbox_id,
          data: {
            digest: body.digest,
            kind: "mail",
            status: "unread",
            content: {
              from: expect.stringMatching(/^[0-9a-f]{64}$/),
              subject: expect.stringMatching(/^[0-9a-f]{64}$/),
              body: expect.stringMatching(/^[0-9a-f]{64}$/),
            },
          },
        },
      ]);
  });

  test("its trace stands on top of the bytes that came, and results in our name that others wrote are gone", async () => {
    const came = [
      "Authentication-Results: multimail.localhost; dmarc=pass header.from=bank.example",
      "Authentication-Results: mx.elsewhere.example; spf=pass",
      "From: Mallory <mallory@bank.example>",
      "Subject: Believe me",
      "Message-ID: <trace@bank.example>",
      "authentication-RESULTS :",
      " MultiMail.localhost; dkim=pass",
      "",
      ".A dot, and bytes: \xff\xfe",
      "",
    ].join("\r\n");
    const from = "mallory@bank.example";
    expect(
      await mail.raw(from, running.known.mailbox_address, Buffer.from(came, "latin1")),
    ).toMatch(/^250 /);
    const body = await mail.received("Believe me");
    expect(body.authentication.dmarc.result).not.toBe("pass");
    const [stored] = await node.as((tx) =>
      tx.named<{ mime: Buffer }>(
        "mime_of",
        "SELECT mime FROM message_content WHERE message_id = $1",
        [body.id],
      ),
    );
    const text = stored?.mime.toString("latin1") ?? "";
    expect(text).toMatch(
      /^Return-Path: <mallory@bank\.example>\r\nReceived: from mx\.example\.com \(\[127\.0\.0\.1\]\)\r\n\tby multimail\.localhost with ESMTP\r\n\tid [0-9A-Z]{26}; \w{3}, .* \+0000\r\nAuthentication-Results: multimail\.localhost;\r\n\tspf=/,
    );
    expect(text.match(/multimail\.localhost;/gi)).toHaveLength(1);
    expect(text).toContain("Authentication-Results: mx.elsewhere.example; spf=pass\r\n");
    expect(text.endsWith("\r\n\r\n.A dot, and bytes: \xff\xfe\r\n")).toBe(true);
    expect(await rawOf(body.id)).toContain("Received: from mx.example.com");
  });

  test(promise("thread.reply-address"), async () => {
    const { body: sent } = await running.send({ subject: "The offer" });
    const address =
      replyAddress(node.context.unsubscribe_key, running.known.mailbox_address, sent.id) ?? "";
    await mail.deliver({ to: address.toUpperCase(), subject: "Re: the offer, by address" });
    expect(await mail.received("Re: the offer, by address")).toMatchObject({
      thread_id: sent.thread_id,
      reply_of: sent.id,
    });
    const wrong = address.replace(/.(?=@)/, (last) => (last === "x" ? "y" : "x"));
    await mail.deliver({ to: wrong, subject: "The offer, by a wrong address" });
    const stray = await mail.received("The offer, by a wrong address");
    expect(stray.thread_id).toBe(stray.id);
  });

  test("an answer by References joins its thread", async () => {
    const { body: sent } = await running.send({ subject: "An order" });
    await mail.deliver({ subject: "Re: An order", inReplyTo: sent.message_id });
    expect((await mail.received("Re: An order")).thread_id).toBe(sent.thread_id);
  });

  test("several mailboxes get one message each, and one under two of its addresses gets one", async () => {
    const second = await mailbox("second");
    const { mailbox_address: first } = running.known;
    await mail.deliver({
      to: [first, second.address, first.replace("@", "+tag@")],
      subject: "To all",
    });
    const { agent_key } = running.known;
    const body = await mail.received("To all", agent_key, second.id);
    expect(body.mailbox_id).toBe(second.id);
    await settled();
    expect(await bySubject("To all")).toHaveLength(1);
    expect(
      (await mail.inbox(agent_key, second.id)).filter((one) => one.subject === "To all"),
    ).toHaveLength(1);
  });

  test(promise("inbound.no-relay"), async () => {
    const strange = [
      "nobody@multimail.localhost",
      "ada@example.com",
      returnPath(
        node.context.unsubscribe_key,
        { operator_id: node.operator_id, message_id: node.operator_id, position: 0 },
        "multimail.localhost",
      ),
      `${"0".repeat(64)}@bounces.multimail.localhost`,
      "agent%multimail.localhost@example.com",
    ];
    for (const to of strange)
      expect(await mail.raw("ada@example.com", to, "x\r\n"), to).toMatch(/^550 5\.1\.1 /);
    expect(
      await mail.raw("ada@example.com", "postmaster", "Subject: For the postmaster\r\n\r\nx\r\n"),
    ).toMatch(/^250 /);
    expect(await mail.received("For the postmaster")).toMatchObject({
      metadata: { role: "postmaster" },
    });
  });

  test("the case of an address makes no difference", async () => {
    await mail.deliver({ to: running.known.mailbox_address.toUpperCase(), subject: "Loud" });
    expect(await mail.received("Loud")).toMatchObject({ mailbox_id: running.known.mailbox_id });
  });

  test(promise("inbound.once"), async () => {
    const again = {
      messageId: "<once@example.com>",
      subject: "Once",
      text: "The same.",
      date: new Date(0),
    };
    await mail.deliver(again);
    await mail.deliver(again);
    await mail.deliver({ ...again, headers: { "X-Way": "another" } });
    await settled();
    expect(await bySubject("Once")).toHaveLength(1);
    await mail.deliver({ ...again, text: "Another." });
    await settled();
    expect(await bySubject("Once")).toHaveLength(2);
  });

  test("a message that was put off with 451 comes once when it is sent again", async () => {
    await node.asOwner("ALTER TABLE inbound ADD CONSTRAINT closed CHECK (false) NOT VALID");
    const data = "Subject: Put off\r\nMessage-ID: <off@example.com>\r\n\r\nx\r\n";
    const { mailbox_address: to } = running.known;
    try {
      expect(await mail.raw("ada@example.com", to, data)).toMatch(/^451 /);
    } finally {
      await node.asOwner("ALTER TABLE inbound DROP CONSTRAINT closed");
    }
    expect(await mail.raw("ada@example.com", to, data)).toMatch(/^250 /);
    expect(await mail.raw("ada@example.com", to, data)).toMatch(/^250 /);
    await settled();
    expect(await bySubject("Put off")).toHaveLength(1);
  });

  test("letters of every script, attachments and copies arrive as they were written", async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256));
    const { mailbox_address: to } = running.known;
    await mail.deliver({
      from: "Ольга Петрова <olga@example.com>",
      to: "others@example.net",
      cc: ["Grüße <gruesse@example.net>"],
      envelope: { from: "olga@example.com", to: [to] },
      subject: "Größe 日本語 \u{1f4e6}",
      text: "Привет, 世界\n",
      attachments: [{ filename: "отчёт.bin", content: bytes }],
    });
    const body = await mail.received("Größe 日本語 \u{1f4e6}");
    expect(body).toMatchObject({
      from_name: "Ольга Петрова",
      text_body: expect.stringContaining("Привет, 世界"),
      to: ["others@example.net"],
      cc: ["gruesse@example.net"],
      bcc: [to],
      attachments: [{ filename: "отчёт.bin", size_bytes: 70_000 }],
    });
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${body.id}/attachments/${encodeURIComponent("отчёт.bin")}`;
    const response = await fetch(`${running.known.url}${path}`, {
      headers: { authorization: `Bearer ${running.known.agent_key}` },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("a message of 25 MB is taken and read", async () => {
    const content = Buffer.alloc(18 * 1024 * 1024, "multimail");
    await mail.deliver({ subject: "Large", attachments: [{ filename: "large.txt", content }] });
    expect(await mail.received("Large")).toMatchObject({
      attachments: [{ filename: "large.txt", size_bytes: content.length }],
    });
  });

  test("what is no MIME is kept whole", async () => {
    const data =
      "Subject: Broken\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\x01\x02";
    await mail.raw("", running.known.mailbox_address, data);
    const body = await mail.received("Broken");
    expect(body.from).toBe("");
    expect(await rawOf(body.id)).toContain("\x01\x02");
  });
});

describe("walls", () => {
  test("mail for two operators' mailboxes is a message of each, and neither sees the other's", async () => {
    const theirs = other.mailbox_address ?? "agent@other.example";
    await mail.deliver({ to: [running.known.mailbox_address, theirs], subject: "To both" });
    const ours = await mail.received("To both");
    const far = await mail.received("To both", other.agent_key, other.mailbox_id);
    expect(far.id).not.toBe(ours.id);
    const path = (box: string, id: string): string => `/v1/mailboxes/${box}/emails/${id}`;
    for (const [key, box, id] of [
      [running.known.admin_key, other.mailbox_id, far.id],
      [running.known.admin_key, running.known.mailbox_id, far.id],
      [other.admin_key, running.known.mailbox_id, ours.id],
    ] as const)
      expect((await running.call(key, path(box, id))).status).toBe(404);
    for (const [key, id] of [
      [other.oversight_key, ours.id],
      [running.known.oversight_key, far.id],
    ] as const)
      for (const what of ["release", "refuse", "not-spam"])
        expect((await running.call(key, `/v1/emails/${id}/${what}`, {})).status).toBe(404);
  });

  test("nobody sees in a message that another mailbox had it as a blind copy", async () => {
    const hidden = await mailbox("hidden");
    const { mailbox_address: to, agent_key } = running.known;
    await mail.deliver({ to, bcc: hidden.address, subject: "Blind" });
    const open = await mail.received("Blind");
    const blind = await mail.received("Blind", agent_key, hidden.id);
    expect(JSON.stringify(open)).not.toContain(hidden.address);
    expect(await rawOf(open.id)).not.toContain(hidden.address);
    expect(blind.bcc).toEqual([hidden.address]);
  });
});
