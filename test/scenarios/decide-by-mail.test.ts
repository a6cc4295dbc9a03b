/** Decisions without signing in: by a mailed link, whose page alone decides, and by an answer from the person's own address. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decisionLink } from "../../src/engine/decision-link.ts";
import { replyCode } from "../../src/engine/decide-by-reply.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { promise } from "../promises.ts";
import { mailTo } from "./approvals.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let dns: DnsServerForTests;
let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let mail: MailIn;
/** Mara, who approves, and her address. */
let mara: string;
const address = "mara@example.com";

beforeAll(async () => {
  dns = await startDns({
    "example.com": { TXT: ["v=spf1 ip4:127.0.0.1 ip6:::1 -all"] },
    "_dmarc.example.com": { TXT: ["v=DMARC1; p=reject"] },
    "loose.example": { TXT: ["v=spf1 ip4:127.0.0.1 ip6:::1 -all"] },
    "elsewhere.example": { TXT: ["v=spf1 ip4:127.0.0.1 ip6:::1 -all"] },
  });
  running = await run({ MULTIMAIL_DNS: dns.address });
  node = await secondNode(running);
  keys = await ownerKeys(node);
  mail = mailIn(running);
  mara = await keys.person("mara");
});
afterAll(async () => {
  await node.close();
  await running.stop();
  await dns.close();
});

type Pending = { id: string; digest: string };
const pending = async (more: object = {}): Promise<Pending> => {
  const { body } = await running.send({ subject: "Waits", ...more });
  return { id: body.id, digest: (await read(body.id)).digest };
};
const read = async (id: string): Promise<Answer["body"]> =>
  (
    await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`,
    )
  ).body;
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);
const tokenFor = ({ id, digest }: Pending, person = mara): string =>
  decisionLink(node.context, {
    operator_id: node.operator_id,
    message_id: id,
    digest,
    person_id: person,
    via: "link",
    expires_at: inAnHour(),
  })
    .split("/")
    .at(-1) ?? "";
const page = (token: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${running.known.url}/approve/${token}`, { redirect: "manual", ...init });
const form = (fields: Record<string, string>): RequestInit => ({
  method: "POST",
  headers: {
    "content-type": "application/x-www-form-urlencoded",
    origin: running.known.url,
    "sec-fetch-site": "same-origin",
  },
  body: new URLSearchParams(fields).toString(),
});
const pageToken = async (token: string): Promise<string> =>
  /name="page_token" value="([^"]+)"/.exec(await (await page(token)).text())?.[1] ?? "";

describe("a mailed link", () => {
  test(promise("link.scanners-never-decide"), async () => {
    const message = await pending();
    const token = tokenFor(message);
    for (const method of ["GET", "HEAD", "OPTIONS"])
      for (let n = 0; n < 3; n++)
        expect([200, 204, 404, 405]).toContain((await page(token, { method })).status);
    expect((await page(token, { headers: { purpose: "prefetch" } })).status).toBe(200);
    const api = `${running.known.url}/v1/approve/${token}`;
    expect((await fetch(api)).status).toBe(200);
    for (const fields of [
      { decision: "approve" },
      { decision: "approve", page_token: "" },
      { decision: "approve", page_token: `${Math.floor(Date.now() / 1000)}.${"A".repeat(43)}` },
      { decision: "approve", page_token: await pageToken(tokenFor(await pending())) },
    ]) {
      expect((await page(token, form(fields as Record<string, string>))).status).not.toBe(200);
      const posted = await fetch(api, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(fields),
      });
      expect([400, 403]).toContain(posted.status);
    }
    expect(await read(message.id)).toMatchObject({
      status: "pending_send_approval",
      decisions: [],
    });
  });

  test("shows the message, decides by its button as class C, and dies with the decision", async () => {
    const message = await pending({ markdown: "Dear Ada, <script>alert(1)</script>" });
    const token = tokenFor(message);
    const shown = await page(token);
    const html = await shown.text();
    expect(html).toContain("Dear Ada");
    expect(html).not.toContain("<script");
    expect(shown.headers.get("cache-control")).toBe("no-store");
    const page_token = await pageToken(token);
    const done = await page(token, form({ page_token, decision: "approve", reason: "Good." }));
    expect(done.status, await done.clone().text()).toBe(200);
    const after = await read(message.id);
    expect(after.decisions).toMatchObject([
      { decision: "approve", by: "mara", class: "C", reason: "Good." },
    ]);
    expect(await (await page(token)).text()).toContain("Nothing to decide here");
    const again = await page(token, form({ page_token, decision: "reject" }));
    expect(again.status).toBe(409);
  });

  test("is dead for changed content, for whoever was removed or demoted, and when altered or expired", async () => {
    const message = await pending();
    const token = tokenFor(message);
    const page_token = await pageToken(token);
    const box = running.known.mailbox_id;
    await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${box}/emails/${message.id}/schedule`,
      { subject: "Other words" },
      { method: "PATCH" },
    );
    expect((await page(token, form({ page_token, decision: "approve" }))).status).toBe(409);
    const gone = await keys.person("gone");
    const theirs = tokenFor(await pending(), gone);
    expect((await page(theirs)).status).toBe(200);
    await node.asOwner(`UPDATE person SET role = 'auditor' WHERE person_id = '${gone}'`);
    expect((await page(theirs)).status).not.toBe(200);
    await node.asOwner(
      `UPDATE person SET role = 'approver', removed_at = now() WHERE person_id = '${gone}'`,
    );
    expect((await page(theirs)).status).not.toBe(200);
    for (const broken of [token.slice(0, -1), `A${token}`, token.replace(".", "x"), "x.y"])
      expect((await page(broken)).status, broken).not.toBe(200);
  });

  test("does not approve what its page does not show whole, nor what asks for a passkey", async () => {
    const message = await pending();
    await node.asOwner(`UPDATE message SET passkey = true WHERE message_id = '${message.id}'`);
    const token = tokenFor(message);
    const page_token = await pageToken(token);
    const refused = await page(token, form({ page_token, decision: "approve" }));
    expect(refused.status).toBe(403);
    expect((await read(message.id)).decisions).toEqual([]);
    expect((await page(token, form({ page_token, decision: "reject" }))).status).toBe(200);
  });

  test("two who press at once make one decision of each, and the author's own link decides nothing", async () => {
    for (let n = 0; n < 10; n++) {
      const message = await pending();
      const token = tokenFor(message);
      const page_token = await pageToken(token);
      const [a, b] = await Promise.all([
        page(token, form({ page_token, decision: "approve" })),
        page(token, form({ page_token, decision: "reject" })),
      ]);
      expect([a.status, b.status].toSorted((x, y) => x - y)).toEqual([200, 409]);
      expect((await read(message.id)).decisions).toHaveLength(1);
    }
  });
});

describe("an answer to a notice", () => {
  const answer = async (
    message: Pending,
    text: string,
    more: Record<string, unknown> = {},
  ): Promise<{ code: string; reply_to: string }> => {
    const { code, reply_to } = await codeFor(message);
    await mail.deliver({
      from: `Mara <${address}>`,
      to: reply_to,
      subject: "Re: A message waits",
      text: text.replace("CODE", code),
      ...more,
    });
    return { code, reply_to };
  };
  const codeFor = async (message: Pending): Promise<{ code: string; reply_to: string }> => {
    const made = await node.as((tx) =>
      replyCode(node.context, tx, {
        message_id: message.id,
        digest: message.digest,
        person_id: mara,
        expires_at: inAnHour(),
      }),
    );
    if (made.reply_to === null) throw new Error("the service's address leaves no room");
    return { code: made.code, reply_to: made.reply_to };
  };
  /** Until all mail that came has been brought to its place. */
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 400; n++) {
      const rows = await node.as((tx) =>
        tx.named<{ n: string }>("waiting_of_test", "SELECT count(*) AS n FROM inbound", []),
      );
      if (rows[0]?.n === "0") return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error("received mail stays where it is");
  };

  test("with the right code from the person's own address decides, as class C", async () => {
    const message = await pending();
    await answer(message, "approve CODE\n\n> the notice\n");
    await settled();
    const { decisions } = await read(message.id);
    expect(decisions).toMatchObject([{ decision: "approve", by: "mara", class: "C" }]);
    const back = await pending();
    await answer(back, "Revise CODE\nPlease greet her first.\n");
    await settled();
    expect((await read(back.id)).decisions).toMatchObject([
      { decision: "revise", reason: "Please greet her first." },
    ]);
  });

  test("to the very notice that was mailed, as a mail program would write it, decides", async () => {
    const message = await pending({ subject: "Told by mail" });
    const notice = await noticeAbout("Told by mail");
    const headerOf = (name: string): string =>
      new RegExp(`^${name}: (.*)\\r$`, "im").exec(notice)?.[1] ?? "";
    const code = /approve ([A-Z0-9]{3}-[A-Z0-9]{3})/.exec(notice)?.[1];
    await mail.deliver({
      from: `Mara <${address}>`,
      to: headerOf("Reply-To"),
      subject: `Re: ${headerOf("Subject")}`,
      inReplyTo: headerOf("Message-ID"),
      text: `Approve ${code}\n\nOn Saturday MultiMail wrote:\n> approve AAA-AAA\n`,
    });
    await settled();
    expect((await read(message.id)).decisions).toMatchObject([{ by: "mara", class: "C" }]);
  });

  /** The notice to Mara about a message with this subject, as it lies in the catcher, its header unfolded. */
  const noticeAbout = async (subject: string): Promise<string> => {
    for (let n = 0; n < 400; n++) {
      const notice = (await mailTo(running, address)).find((eml) => eml.includes(subject));
      if (notice) return notice.replaceAll(/\r\n[ \t]+/g, " ");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`no notice about ${subject}`);
  };

  test(promise("reply.forged-from-never-decides"), async () => {
    const message = await pending();
    // The right code, in the name of the person, from a host that may not write for her domain.
    await answer(message, "approve CODE", {
      envelope: {
        from: "mallory@elsewhere.example",
        to: (await codeFor(message)).reply_to,
      },
    });
    // Her name on another domain, whose own mail it is.
    await answer(message, "approve CODE", { from: `"${address}" <mara@elsewhere.example>` });
    // Two authors.
    await answer(message, "approve CODE", { from: `Mara <${address}>, x@elsewhere.example` });
    // No record to be aligned with.
    await node.asOwner(
      `UPDATE person SET email = 'mara@loose.example' WHERE person_id = '${mara}'`,
    );
    await answer(message, "approve CODE", { from: "mara@loose.example" });
    await settled();
    await node.asOwner(`UPDATE person SET email = '${address}' WHERE person_id = '${mara}'`);
    expect(await read(message.id)).toMatchObject({
      status: "pending_send_approval",
      decisions: [],
    });
  });

  test("with a wrong, old or used code decides nothing, and five wrong ones end the right one", async () => {
    const message = await pending();
    const { code, reply_to } = await codeFor(message);
    const other = await pending();
    const { code: foreign } = await codeFor(other);
    const write = (text: string): Promise<string> =>
      mail.deliver({ from: `Mara <${address}>`, to: reply_to, subject: "Re: Waits", text });
    for (const wrong of [`approve ${foreign}`, "approve AAA-AAA", "yes please", "approve"])
      await write(wrong);
    for (const wrong of ["BBB-BBB", "CCC-CCC", "DDD-DDD", "EEE-EEE"])
      await write(`approve ${wrong}`);
    await settled();
    await write(`approve ${code}`);
    await settled();
    expect((await read(message.id)).decisions).toEqual([]);
    expect((await read(other.id)).decisions).toEqual([]);
  });

  test("of a machine, or to an address that was made up, decides nothing", async () => {
    const message = await pending();
    await answer(message, "approve CODE", { headers: { "Auto-Submitted": "auto-replied" } });
    const { reply_to } = await codeFor(message);
    await expect(
      mail.deliver({ from: address, to: reply_to.replace(/.@/, "0@"), text: "approve AAA-AAA" }),
    ).rejects.toThrow();
    await settled();
    expect((await read(message.id)).decisions).toEqual([]);
  });

  test("approves nothing of which a notice does not show all: where answers would go, long lists, HTML; its code still rejects", async () => {
    const agent = await node.engine.authenticate(running.known.agent_key);
    if (!agent) throw new Error("the agent's key is not known");
    const plain = {
      mailbox_id: running.known.mailbox_id,
      to: ["ada@example.com"],
      cc: [],
      bcc: [],
      subject: "Waits",
      markdown: "Text",
      attachments: [],
      tags: {},
      metadata: {},
    };
    const redirected = await node.engine.submit(agent, {
      ...plain,
      reply_to: "thief@elsewhere.example",
    });
    const dressed = await node.engine.submit(agent, { ...plain, html: "<p>Other words</p>" });
    const attachments = Array.from({ length: 51 }, (_, i) => ({
      filename: `${i}.txt`,
      content: "eA==",
      content_type: "text/plain",
    }));
    const packed = await pending({ attachments });
    for (const id of [redirected.id, packed.id, dressed.id]) {
      const { digest } = await read(id);
      const { code, reply_to } = await answer({ id, digest }, "approve CODE");
      await settled();
      expect(await read(id)).toMatchObject({ status: "pending_send_approval", decisions: [] });
      // The person was told that rejecting works from here, and their code still does.
      await mail.deliver({ from: address, to: reply_to, text: `reject ${code}` });
      await settled();
      expect((await read(id)).decisions).toMatchObject([{ decision: "reject" }]);
    }
  });

  test("is one decision: its code is used up with the first that is taken", async () => {
    const message = await pending();
    await node.asOwner(`UPDATE message SET required = 2 WHERE message_id = '${message.id}'`);
    const { code, reply_to } = await answer(message, "approve CODE");
    await settled();
    const approved = { status: "pending_send_approval", decisions: [{ decision: "approve" }] };
    expect(await read(message.id)).toMatchObject(approved);
    await mail.deliver({ from: address, to: reply_to, text: `reject ${code}` });
    await settled();
    expect(await read(message.id)).toMatchObject(approved);
    // Nor is it good for two decisions that were read at the same time, whichever comes first.
    const both = await pending();
    await node.asOwner(`UPDATE message SET required = 2 WHERE message_id = '${both.id}'`);
    const once = await codeFor(both);
    await Promise.all(
      ["approve", "reject"].map((word) =>
        mail.deliver({ from: address, to: once.reply_to, text: `${word} ${once.code}` }),
      ),
    );
    await settled();
    expect((await read(both.id)).decisions).toHaveLength(1);
  });
});

test("the pages of links are not for signing in: a session changes nothing about them", async () => {
  const cookie = await signIn(running);
  const message = await pending();
  const token = tokenFor(message);
  const shown = await (await page(token, { headers: { cookie } })).text();
  expect(shown).toContain("mara");
});
