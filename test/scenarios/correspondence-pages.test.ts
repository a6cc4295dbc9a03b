/** The pages for correspondence on a real instance: what a person does there is what agents then see by the API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scanFamilyWords } from "../../src/http/pages/screening-words.ts";
import { usualPolicy } from "../../src/screening/outbound.ts";
import { setMode } from "./people.ts";
import { keepReceived } from "./received-mail.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let mail: MailIn;
let cookie: string;
let box: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  mail = mailIn(running);
  cookie = await signIn(running);
  box = running.known.mailbox_id;
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

async function show(path: string, as = cookie): Promise<{ status: number; text: string }> {
  const response = await fetch(`${running.known.url}${path}`, { headers: { cookie: as } });
  return { status: response.status, text: await response.text() };
}

const care = (id: string, what: string, reason = ""): Promise<Response> =>
  postForm(running, cookie, `/messages/${id}`, `/messages/${id}/care`, { care: what, reason });

const asAgent = (id: string) =>
  running.call(running.known.agent_key, `/v1/mailboxes/${box}/emails/${id}`);

describe("received mail on the pages", () => {
  test("mail held on its way in is hidden from the agent, released on its page, and then in the agent's inbox", async () => {
    await setMode(running, cookie, box, "gated_all");
    expect(await mail.deliver({ subject: "Held at the door" })).toMatch(/^250 /);
    const { id } = await mail.received("Held at the door", running.known.oversight_key);
    expect((await asAgent(id)).status).toBe(404);
    expect((await show("/pending")).text).toContain("waits to be released");
    const list = await show("/received?status=pending_inbound_approval");
    expect(list.text).toContain(`href="/messages/${id}"`);
    const page = await show(`/messages/${id}`);
    expect(page.text).toContain("When does the parcel arrive?");
    expect(page.text).toContain("Who vouches for it");
    const done = await care(id, "release", "A customer");
    expect(done.headers.get("location")).toBe(`/received?decided=${id}`);
    const inbox = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${box}/emails?status=unread`,
    );
    expect(inbox.body.emails.map((one: { id: string }) => one.id)).toContain(id);
    expect((await asAgent(id)).body.text_body).toContain("When does the parcel arrive?");
  });

  test("looking at unread mail leaves it unread for the agent", async () => {
    const id = await keepReceived(node, box, { subject: "Unread" });
    expect((await show(`/messages/${id}`)).status).toBe(200);
    const { body } = await running.call(
      running.known.oversight_key,
      `/v1/mailboxes/${box}/emails/${id}`,
    );
    expect(body.status).toBe("unread");
  });

  test("refused mail stays hidden; spam can be quarantined and brought back by a person", async () => {
    const refused = await keepReceived(node, box, { status: "pending_inbound_approval" });
    expect((await care(refused, "refuse", "no")).status).toBe(303);
    expect((await asAgent(refused)).status).toBe(404);
    const late = await care(refused, "release");
    expect(late.status).toBe(409);
    expect(await late.text()).toContain("not waiting for a decision any more");
    const spam = await keepReceived(node, box);
    expect((await care(spam, "quarantine")).status).toBe(303);
    expect((await asAgent(spam)).body).toMatchObject({
      status: "spam_quarantined",
      user_label: "spam",
    });
    expect((await show("/received?status=spam_quarantined")).text).toContain(spam);
    expect((await care(spam, "not_spam")).status).toBe(303);
    expect((await asAgent(spam)).body.user_label).toBe("not_spam");
  });

  test("hostile HTML is cleaned, framed, and under a policy that runs and loads nothing", async () => {
    const html = `<p onclick="x()">Hello</p><script>x()</script><img src="http://evil.example/p.gif" alt="logo"><form action="/sign-out"><button>Go</button></form><a href="javascript:x()">a</a>`;
    await mail.deliver({ subject: "In HTML", html });
    const { id } = await mail.received("In HTML", running.known.oversight_key);
    const page = await show(`/messages/${id}`);
    expect(page.text).toContain(`<iframe class="mail" sandbox="" loading="lazy"`);
    expect(page.text).not.toMatch(/<(script|img|button>Go)/);
    const frame = await fetch(`${running.known.url}/messages/${id}/html`, { headers: { cookie } });
    expect(frame.headers.get("content-security-policy")).toContain("sandbox");
    expect(frame.headers.get("content-security-policy")).toContain("default-src 'none'");
    const text = await frame.text();
    expect(text).toContain("<p>Hello</p>");
    expect(text).not.toMatch(/<(script|img|form|button)|evil|onclick|javascript/);
  });

  test("attachments come as files, and nothing is there for somebody who is not signed in", async () => {
    const content = Buffer.from("<script>alert(1)</script>");
    const attachments = [{ filename: "page.html", content_type: "text/html", content }];
    const id = await keepReceived(node, box, { attachments });
    const path = `/messages/${id}/attachments/0`;
    expect((await show(`/messages/${id}`)).text).toContain(`href="${path}"`);
    const file = await fetch(`${running.known.url}${path}`, { headers: { cookie } });
    expect(file.headers.get("content-type")).toBe("application/octet-stream");
    expect(file.headers.get("content-disposition")).toContain('filename="page.html"');
    expect(Buffer.from(await file.arrayBuffer())).toEqual(content);
    for (const one of [path, "/received", `/messages/${id}`])
      expect((await show(one, "")).status).toBe(401);
    const form = await fetch(`${running.known.url}/messages/${id}/care`, {
      method: "POST",
      headers: {
        cookie,
        origin: running.known.url,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "care=quarantine",
    });
    expect(form.status).toBe(403);
    expect((await asAgent(id)).body.status).not.toBe("spam_quarantined");
  });
});

describe("an outgoing message on its page", () => {
  test("shows what the scan found, masked, and its own reply address is no warning", async () => {
    const { body } = await running.send({
      subject: "Paid",
      markdown: "Your card 4111 1111 1111 1111 was charged.",
    });
    const { text } = await show(`/messages/${body.id}`);
    expect(text).toContain("Why it is held");
    expect(text).toContain("Payment card number");
    const box_ = /<section class="alert warn" aria-labelledby="held">.*?<\/section>/su.exec(
      text,
    )?.[0];
    expect(box_).not.toContain("4111 1111 1111 1111");
    const api = await asAgent(body.id);
    expect(api.body.reply_to[0]).toContain("+");
    expect(text).not.toContain("Answers go to");
  });

  test("shows the message that it answers, and the thread", async () => {
    await setMode(running, cookie, box, "gated_send");
    const question = await keepReceived(node, box, { text: "Is it <b>blue</b>?\r\n" });
    const answer = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${box}/reply/${question}`,
      { markdown: "It is." },
    );
    expect(answer.status).toBe(202);
    const { text } = await show(`/messages/${answer.body.id}`);
    expect(text).toContain("It answers");
    expect(text).toContain("Is it &lt;b&gt;blue&lt;/b&gt;?");
    expect(text).toContain("Untrusted");
    expect((await show("/pending")).text).toContain(">answer<");
  });
});

describe("a mailbox on its page", () => {
  const path = () => `/mailboxes/${box}`;
  const save = (fields: Record<string, string>) =>
    postForm(running, cookie, path(), path(), fields);
  const settings = async () =>
    (await running.call(running.known.admin_key, `/v1/mailboxes/${box}`)).body;

  test("is paused and resumed, with why and since when", async () => {
    expect((await save({ paused: "yes", was_paused: "no" })).status).toBe(303);
    expect(await settings()).toMatchObject({ paused: true, paused_reason: "paused by hand" });
    const { text } = await show(path());
    expect(text).toContain("Paused since");
    expect(text).toContain("paused by hand");
    expect((await save({ paused: "no", was_paused: "yes" })).status).toBe(303);
    expect(await settings()).toMatchObject({ paused: false, paused_at: null });
  });

  test("is not resumed with an old sign-in", async () => {
    await save({ paused: "yes", was_paused: "no" });
    await node.asOwner(`UPDATE session SET verified_at = now() - interval '1 day'`);
    const refused = await save({ paused: "no", was_paused: "yes" });
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("Please confirm who you are");
    expect((await settings()).paused).toBe(true);
    await node.asOwner(`UPDATE session SET verified_at = now()`);
    expect((await save({ paused: "no", was_paused: "yes" })).status).toBe(303);
  });

  test("takes quota, warm-up and single rules of the scan, and leaves the other rules", async () => {
    await save({ scan_cards: "block", was_scan_cards: "" });
    await save({
      daily_quota: "50",
      was_daily_quota: "",
      warm_up: "yes",
      was_warm_up: "no",
      scan_bank_accounts: "hold",
      was_scan_bank_accounts: "",
    });
    expect(await settings()).toMatchObject({
      daily_quota: 50,
      warm_up: true,
      scan_policy: { cards: "block", bank_accounts: "hold" },
    });
    await save({ daily_quota: "", was_daily_quota: "50", scan_cards: "", was_scan_cards: "block" });
    expect(await settings()).toMatchObject({
      daily_quota: null,
      scan_policy: { bank_accounts: "hold" },
    });
    expect((await save({ scan_cards: "nothing", was_scan_cards: "" })).status).toBe(400);
  });

  test("offers every family of the scan, with what usually happens", () => {
    expect(
      Object.fromEntries(Object.entries(scanFamilyWords).map(([name, [, usual]]) => [name, usual])),
    ).toEqual(usualPolicy);
  });
});
