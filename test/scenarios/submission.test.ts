/** Programs that speak only SMTP send through the same gate: nodemailer and swaks against the submission door of a running instance. */
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { createTransport } from "nodemailer";
import type { SendMailOptions } from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";

import { parseMail } from "../../src/mail/parse.ts";
import { SWAKS, no_swaks } from "../interop/swaks.ts";
import { arrive } from "./arriving.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { fieldsOf } from "./verifiers.ts";

let it: ModedInstance;
let keys: OwnerKeys;
let agent: string;
/** Mailboxes by what they may do, with their addresses. */
let gated: { id: string; address: string };
let free: { id: string; address: string };
let silent: { id: string; address: string };

beforeAll(async () => {
  it = await modedInstance();
  keys = await ownerKeys(it.node);
  agent = it.running.known.agent_key;
  const box = async (mode: Parameters<ModedInstance["mailboxIn"]>[0]) => {
    const id = await it.mailboxIn(mode);
    const { body } = await it.running.call(agent, `/v1/mailboxes/${id}`);
    return { id, address: body.address as string };
  };
  gated = await box("gated_send");
  free = await box("autonomous");
  silent = await box("read_only");
});
afterAll(() => it.stop());

const door = (): { host: string; port: number } => it.running.instance.smtp!.submission;

/** Hands a message in as nodemailer does, over STARTTLS; resolves with the last reply, rejects with nodemailer's error. */
async function hand(mail: SendMailOptions, key = agent): Promise<string> {
  const transport = createTransport({
    ...door(),
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    auth: { user: "agent", pass: key },
  });
  try {
    const sent = await transport.sendMail(mail);
    return sent.response;
  } finally {
    transport.close();
  }
}

/** The reply that refused it. */
async function refused(mail: SendMailOptions, key = agent): Promise<string> {
  return hand(mail, key).then(
    (reply) => `was taken: ${reply}`,
    (error: unknown) => (error as { response?: string }).response ?? String(error),
  );
}

const idOf = (reply: string): string => /queued as ([0-9A-Z]{26})/.exec(reply)?.[1] ?? reply;

const letter = (more: SendMailOptions = {}): SendMailOptions => ({
  from: free.address,
  to: "ada@example.com",
  subject: "From a program",
  text: "Hello.",
  ...more,
});

test("mail for a gated mailbox waits for its decision, says so in the reply, and is delivered once approved", async () => {
  const before = it.sink.message_count;
  const reply = await hand(letter({ from: `"The Shop" <${gated.address}>` }));
  expect(reply).toMatch(/^250 2\.0\.0 queued as [0-9A-Z]{26} \(pending_send_approval\)$/);
  const id = idOf(reply);
  const waiting = await it.read(gated.id, id);
  expect(waiting).toMatchObject({
    status: "pending_send_approval",
    from: gated.address,
    to: ["ada@example.com"],
    subject: "From a program",
  });
  expect(it.sink.message_count).toBe(before);
  expect((await it.running.decide(id, "approve")).status).toBe(200);
  const sent = await it.reaches(gated.id, id, "sent");
  const [copy] = it.copiesOf(sent);
  expect(copy?.to).toBe("ada@example.com");
  // What arrives has our name for it and our headers, whatever the program wrote.
  const names = fieldsOf(copy!.data).map(({ key }) => key);
  expect(names).toEqual(
    expect.arrayContaining(["list-unsubscribe", "dkim-signature", "x-multimail-identity"]),
  );
});

test("mail for an autonomous mailbox is queued and sent", async () => {
  const reply = await hand(letter());
  expect(reply).toContain("(queued)");
  await it.reaches(free.id, idOf(reply), "sent");
});

test("a test key's mail ends in sandboxed and reaches no socket", async () => {
  const { secret } = await keys.make(["read", "send"], { test: true });
  const reply = await hand(letter({ subject: "Only a test" }), secret);
  const ended = await it.reaches(free.id, idOf(reply), "sandboxed");
  expect(it.copiesOf(ended)).toEqual([]);
});

test("a key that is none, cannot send, or may not use the mailbox is refused in words", async () => {
  expect(await refused(letter(), "mm_live_wrong")).toMatch(/^535 5\.7\.8 .*API key/);
  const reader = await keys.make(["read"]);
  expect(await refused(letter(), reader.secret)).toMatch(/^550 5\.7\.1 .*scope send/);
  const overseer = await keys.make(["read", "oversight"]);
  expect(await refused(letter(), overseer.secret)).toMatch(/^550 5\.7\.1 .*scope send/);
  const bound = await keys.make(["read", "send"], { mailbox_ids: [gated.id] });
  expect(await refused(letter(), bound.secret)).toMatch(/^550 5\.1\.0 From: .*may send from/);
  expect(await refused(letter({ from: silent.address }))).toMatch(
    /^550 5\.7\.1 .*\[mode_forbids_send\]/,
  );
});

test("a From that is nobody's, another operator's, or more than one is refused in words", async () => {
  const other = await it.node.found("other-shop");
  const no = /^550 5\.1\.0 From: is not a mailbox that this key may send from/;
  expect(await refused(letter({ from: other.mailbox_address }))).toMatch(no);
  expect(await refused(letter(), other.agent_key)).toMatch(no);
  expect(await refused(letter({ from: "ceo@agents.example" }))).toMatch(no);
  expect(await refused(letter({ from: "agent@elsewhere.example" }))).toMatch(no);
  expect(await refused(letter({ from: [free.address, gated.address] as never }))).toMatch(no);
  // The envelope's sender gives no right either.
  const envelope = { from: free.address, to: "ada@example.com" };
  expect(await refused(letter({ from: "ceo@agents.example", envelope }))).toMatch(no);
});

test("who is only in the envelope is a blind copy, and nobody learns of them", async () => {
  const id = idOf(
    await hand(
      letter({
        to: '"Ada" <ada@example.com>',
        cc: "grace@example.org",
        bcc: "hidden@example.net",
        subject: "To three",
      }),
    ),
  );
  const sent = await it.reaches(free.id, id, "sent");
  expect(sent).toMatchObject({ cc: ["grace@example.org"], bcc: ["hidden@example.net"] });
  const copies = it.copiesOf(sent);
  expect(copies.map(({ to }) => to).toSorted()).toEqual([
    "ada@example.com",
    "grace@example.org",
    "hidden@example.net",
  ]);
  for (const { data } of copies) {
    expect(data.toString("latin1")).not.toContain("hidden@");
    expect(fieldsOf(data).map(({ key }) => key)).not.toContain("bcc");
  }
});

test("whoever is one too many for a message is put off at RCPT, and gets it in a transaction of their own", async () => {
  const everybody = Array.from({ length: 53 }, (_, i) => `person${i}@many.example`);
  const mail = letter({ to: everybody, subject: "To many", messageId: "<many@program.example>" });
  const transport = createTransport({
    ...door(),
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    auth: { user: "agent", pass: agent },
  });
  try {
    const first = await transport.sendMail(mail);
    expect(first.accepted).toEqual(everybody.slice(0, 50));
    expect(first.rejected).toEqual(everybody.slice(50));
    for (const { response } of first.rejectedErrors ?? [])
      expect(response).toMatch(/^452 4\.5\.3 /);
    // As a mail system does with those who were put off.
    const rest = { from: free.address, to: everybody.slice(50) };
    const second = await transport.sendMail({ ...mail, envelope: rest });
    expect(second.rejected).toEqual([]);
    const sent: string[] = [];
    for (const { response } of [first, second])
      sent.push(
        ...it
          .copiesOf(await it.reaches(free.id, idOf(response), "sent"))
          .map((copy: { to: string }) => copy.to),
      );
    expect(sent.toSorted()).toEqual(everybody.toSorted());
  } finally {
    transport.close();
  }
});

test("the header names nobody whom the envelope does not have", async () => {
  const envelope = { from: free.address, to: "ada@example.com" };
  const mail = letter({ cc: "boss@example.com", subject: "To one", envelope });
  const sent = await it.reaches(free.id, idOf(await hand(mail)), "sent");
  expect(sent).toMatchObject({ to: ["ada@example.com"], cc: [], bcc: [] });
});

test("the same Message-ID twice is one message, and with other content it is refused", async () => {
  const mail = letter({ subject: "Once", messageId: "<once-1@program.example>" });
  const first = idOf(await hand(mail));
  await it.reaches(free.id, first, "sent");
  expect(idOf(await hand(mail))).toBe(first);
  expect(it.sink.messages.filter(({ data }) => data.includes("Subject: Once\r\n"))).toHaveLength(1);
  expect(await refused({ ...mail, text: "Something else." })).toMatch(
    /^554 5\.5\.0 .*\[idempotency_conflict\]/,
  );
});

test("plain text arrives line by line as it was written", async () => {
  const text =
    "Your order 4711:\n  2 x apple     1.00\n# of items: 2\n1) snake_case\n\nGrüße\nShop";
  const mail = letter({ subject: "Bestellung für Zoë 山田", text });
  const sent = await it.reaches(free.id, idOf(await hand(mail)), "sent");
  const arrived = await parseMail(it.copiesOf(sent)[0]!.data);
  expect(arrived.subject).toBe("Bestellung für Zoë 山田");
  expect(arrived.text.replaceAll("\u00a0", " ").startsWith(`${text}\n`)).toBe(true);
});

test("HTML, attachments and names beyond ASCII are kept", async () => {
  const content = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256));
  const mail = letter({
    subject: "With everything",
    html: '<p>Dear <b>Ada</b>,<br>see <a href="https://shop.example/a?b=1&amp;c=2">this</a>.</p>',
    attachments: [
      { filename: "Rechnung ä.pdf", contentType: "application/pdf", content },
      { filename: "list.csv", contentType: "text/csv", content: "a;b\r\n1;2\r\n" },
    ],
  });
  const sent = await it.reaches(free.id, idOf(await hand(mail)), "sent");
  expect(sent.attachments).toMatchObject([
    { filename: "Rechnung ä.pdf", content_type: "application/pdf", size_bytes: 70_000 },
    { filename: "list.csv" },
  ]);
  const arrived = await parseMail(it.copiesOf(sent)[0]!.data);
  expect(arrived.html).toContain("Dear <b>Ada</b>,<br />see <a");
  expect(arrived.html).toContain("https://shop.example/a?b=1&amp;c=2");
  expect(arrived.text).toContain("this (https://shop.example/a?b=1&c=2)");
  expect(arrived.attachments[0]!.content.equals(content)).toBe(true);
  expect(arrived.attachments[1]!.content.toString()).toBe("a;b\r\n1;2\r\n");
});

test("HTML of its own outlasts an edit and a resend, and an edit of the text is refused in words", async () => {
  const html = '<p>Dear <b>Ada</b>,</p><hr><p style="color:red">see you.</p>';
  const mail = letter({ from: gated.address, subject: "In HTML", html });
  const id = idOf(await hand(mail));
  const path = `/v1/mailboxes/${gated.id}/emails/${id}`;
  const edit = async (body: object): ReturnType<typeof it.running.call> =>
    it.running.call(agent, `${path}/schedule`, body, { method: "PATCH" });
  expect(await edit({ markdown: "Other words." })).toMatchObject({
    status: 409,
    body: { code: "not_editable", error: expect.stringContaining("HTML of its own") },
  });
  const edited = await edit({ subject: "In HTML, edited" });
  expect(edited.status).toBe(200);
  const { digest } = edited.body;
  expect((await it.running.decide(id, "approve", { digest })).status).toBe(200);
  const sent = await it.reaches(gated.id, id, "sent");
  const arrived = await parseMail(it.copiesOf(sent)[0]!.data);
  expect(arrived.subject).toBe("In HTML, edited");
  expect(arrived.html).toContain('<b>Ada</b>,</p><hr /><p style="color:red">see you.</p>\n<hr>');

  const other = idOf(await hand({ ...mail, subject: "In HTML, again" }));
  await it.running.call(agent, `/v1/mailboxes/${gated.id}/emails/${other}/cancel`, {});
  const again = await it.running.call(
    agent,
    `/v1/mailboxes/${gated.id}/emails/${other}/resend`,
    {},
  );
  expect(again.status).toBe(202);
  const copy = again.body.id as string;
  expect((await it.running.decide(copy, "approve")).status).toBe(200);
  const second = await it.reaches(gated.id, copy, "sent");
  const resent = await parseMail(it.copiesOf(second)[0]!.data);
  expect(resent.html).toContain('<b>Ada</b>,</p><hr /><p style="color:red">see you.</p>\n<hr>');
});

test("what the scan blocks is refused in words, and kept for people to see", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const text = `Keep this safe:\n${String(privateKey.export({ type: "pkcs8", format: "pem" }))}`;
  const reply = await refused(letter({ text, messageId: "<blocked-1@program.example>" }));
  expect(reply).toMatch(/^550 5\.7\.1 The message is kept as [0-9A-Z]{26} and does not leave/);
  const id = /kept as ([0-9A-Z]{26})/.exec(reply)![1]!;
  expect(await it.read(free.id, id)).toMatchObject({ status: "blocked" });
  const again = await refused(letter({ text, messageId: "<blocked-1@program.example>" }));
  expect(again).toContain(id);
});

test("what is too large or names two reply addresses is refused in words", async () => {
  const attachments = [{ filename: "huge.bin", content: Buffer.alloc(30 * 1024 * 1024, 1) }];
  expect(await refused(letter({ attachments }))).toMatch(
    /^552 5\.3\.4 attachments: more than 25 MiB together/,
  );
  expect(await refused(letter({ replyTo: "a@example.com, b@example.com" }))).toMatch(
    /^550 5\.6\.0 Reply-To: more than one address/,
  );
});

test("an answer by SMTP joins the conversation of what it answers, and its lock holds", async () => {
  const asked = await arrive(it.node, free, { headers: { Subject: "A question by mail" } });
  const answer = letter({
    subject: "Re: A question by mail",
    inReplyTo: asked.rfc_message_id,
    references: [asked.rfc_message_id],
  });
  const sent = await it.reaches(free.id, idOf(await hand(answer)), "sent");
  expect(sent).toMatchObject({ thread_id: asked.thread_id, reply_of: asked.id });
  const [copy] = it.copiesOf(sent);
  expect(fieldsOf(copy!.data).find(({ key }) => key === "in-reply-to")?.value).toBe(
    asked.rfc_message_id,
  );
  const lock = await it.running.call(
    it.running.known.oversight_key,
    `/v1/mailboxes/${free.id}/threads/${asked.thread_id}/owner`,
    { owner: "human" },
    { method: "PUT" },
  );
  expect(lock.status).toBe(200);
  expect(await refused({ ...answer, text: "Again." })).toMatch(/^554 5\.5\.0 .*\[thread_locked\]/);
});

test("an answer by SMTP to a machine waits for a person", async () => {
  const asked = await arrive(it.node, free, {
    headers: { Subject: "Out of office", "Auto-Submitted": "auto-replied" },
    kind: "auto_reply",
  });
  const reply = await hand(letter({ inReplyTo: asked.rfc_message_id }));
  expect(reply).toContain("(pending_send_approval)");
});

/** What swaks said and heard, and how it ended. */
function swaks(...more: string[]): Promise<{ code: number; transcript: string }> {
  const args = ["--server", door().host, "--port", String(door().port), ...more];
  return new Promise((resolve) => {
    execFile(SWAKS, args, { encoding: "utf8" }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === "number" ? error.code : 0,
        transcript: stdout + stderr,
      }),
    );
  });
}

test.skipIf(no_swaks)(
  "swaks signs in by PLAIN and by LOGIN over STARTTLS, and hears 535 for a wrong key",
  async () => {
    const mail = [
      "--from",
      free.address,
      "--to",
      "ada@example.com",
      "--header",
      "Subject: By swaks",
    ];
    for (const mechanism of ["PLAIN", "LOGIN"]) {
      const auth = ["--auth", mechanism, "--auth-user", "agent", "--auth-password"];
      const { code, transcript } = await swaks("-tls", ...mail, ...auth, agent);
      expect(transcript).toContain("=== TLS started");
      expect(transcript).toMatch(/^<~ {2}235 /m);
      expect(code, transcript).toBe(0);
      const id = idOf(transcript);
      expect(await it.reaches(free.id, id, "sent")).toMatchObject({ subject: "By swaks" });
      const wrong = await swaks("-tls", ...mail, ...auth, "mm_live_wrong");
      expect(wrong.transcript).toMatch(/^<~\* 535 5\.7\.8/m);
      expect(wrong.code).not.toBe(0);
    }
    const nobody = await swaks("-tls", ...mail);
    expect(nobody.transcript).toMatch(/^<~\* 530 5\.7\.0 authentication required/m);
  },
);
