/** A message's page and the decision on it: nothing hidden, nothing lost, nothing decided on other content. */
import { describe, expect, test } from "vitest";
import { type Sample, samplePages } from "../../../test/browser/sample-pages.ts";
import { Refusal, type RefusalCode } from "../../core/refusal.ts";

const origin = "http://localhost";
const get = async (sample: Sample, path: string, cookie: string) => {
  const response = await sample.app.request(`${origin}${path}`, {
    headers: { cookie: `multimail_session=${cookie}` },
  });
  return { status: response.status, text: await response.text() };
};
const decide = async (
  sample: Sample,
  id: string,
  cookie: string,
  fields: Record<string, string>,
) => {
  const response = await sample.app.request(`${origin}/messages/${id}/decide`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin,
      cookie: `multimail_session=${cookie}`,
    },
    body: new URLSearchParams({ csrf_token: `csrf-of-${cookie}`, ...fields }).toString(),
  });
  return {
    status: response.status,
    text: await response.text(),
    location: response.headers.get("location"),
  };
};
const pending = { attempts: 0, receipt: null, status: "pending", name: null } as const;

describe("the page of a message", () => {
  test("names every recipient before the subject, with Bcc marked", async () => {
    const sample = samplePages();
    const email = sample.addEmail({
      cc: ["carol@customer.example"],
      bcc: ["boss@operator.example"],
      recipients: [
        { ...pending, address: "ada@customer.example", kind: "to" },
        { ...pending, address: "carol@customer.example", kind: "cc" },
        { ...pending, address: "boss@operator.example", kind: "bcc" },
      ],
    });
    const { text } = await get(sample, `/messages/${email.id}`, sample.signIn());
    const places = [
      "Would go to 3 recipients",
      "ada@<wbr><b>customer.example",
      "carol@<wbr><b>",
      "boss@<wbr><b>",
      "hidden from the others",
      email.subject,
      "Dear Ada",
    ].map((part) => text.indexOf(part));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("also names a recipient that stands in the header only", async () => {
    const sample = samplePages();
    const email = sample.addEmail({ bcc: ["hidden@elsewhere.example"] });
    expect((await get(sample, `/messages/${email.id}`, sample.signIn())).text).toContain(
      "hidden@<wbr><b>elsewhere.example",
    );
  });

  test("shows large where answers would go, and marks an address that is not the mailbox's", async () => {
    const sample = samplePages();
    const own = sample.addEmail({ reply_to: ["Support@agents.example"] });
    const token = (id: string) => `support+${id.toLowerCase()}0123456789@agents.example`;
    const usual = sample.addEmail();
    usual.reply_to = [token(usual.id)];
    const others = sample.addEmail({ reply_to: [token(own.id)] });
    const abroad = sample.addEmail();
    abroad.reply_to = [token(abroad.id).replace("agents", "agents.example.evil")];
    const away = sample.addEmail({
      from_name: "The <b>Chief</b>\u202E",
      reply_to: ["thief@evil.example"],
    });
    const none = sample.addEmail();
    const cookie = sample.signIn();
    const page = async (id: string) => (await get(sample, `/messages/${id}`, cookie)).text;
    const text = await page(away.id);
    const place = text.indexOf("thief@<wbr><b>evil.example");
    expect(place).toBeGreaterThan(text.indexOf("Answers go to"));
    expect(place).toBeLessThan(text.indexOf('class="subject"'));
    expect(text).toContain("not the mailbox&#39;s address");
    expect(text).toContain("The &lt;b&gt;Chief&lt;/b&gt;<mark");
    for (const { id } of [own, usual]) {
      expect(await page(id)).not.toContain("Answers go to");
      expect(await page(id)).not.toContain("not the mailbox");
    }
    for (const { id } of [others, abroad])
      expect(await page(id)).toContain("not the mailbox&#39;s address");
    expect(await page(none.id)).not.toContain("Answers go to");
  });

  test("offers no approval of a message that is not shown to its end", async () => {
    const sample = samplePages();
    const cut = sample.addEmail({ truncated: true });
    const whole = sample.addEmail();
    const cookie = sample.signIn();
    const { text } = await get(sample, `/messages/${cut.id}`, cookie);
    expect(text).toContain("cannot be approved");
    expect(text).not.toContain('value="approve"');
    expect(text).toContain('value="reject"');
    const other = (await get(sample, `/messages/${whole.id}`, cookie)).text;
    expect(other).toContain('value="approve"');
    expect(other).not.toContain("cannot be approved");
  });

  test("marks invisible characters in the HTML as in the text", async () => {
    const sample = samplePages();
    const html_safe = `<p title="a\u202Eb">pay\u202E\u202E evil\u200B</p> 5 &gt; 4`;
    sample.read = { subject: null, text: null, html_safe, attachments: [] };
    const email = sample.addEmail();
    const { text } = await get(sample, `/messages/${email.id}/html`, sample.signIn());
    expect(text).toContain(
      '<p title="ab">pay<mark title="Invisible character">U+202E ×2</mark> evil<mark title="Invisible character">U+200B</mark></p> 5 &gt; 4',
    );
  });

  test("shows markup, broken lines, turned text and huge subjects as what they are", async () => {
    const sample = samplePages();
    const hostile = `"><script>alert(1)</script>\r\nBcc: evil@example\u202Egnp.exe`;
    const email = sample.addEmail({
      subject: `${hostile}${"W".repeat(100_000)}`,
      text_body: `</pre><img src=x onerror=alert(1)> javascript:alert(1) \u200B\u{E0041}`,
      thread_id: hostile,
      from: hostile,
      from_address: `" onfocus=alert(1) x="@evil.example`,
      to: [],
      to_addresses: [`<svg/onload=alert(1)>@раураl.example`],
      recipients: [],
      tags: { [hostile]: hostile },
      reason: hostile,
      attachments: [
        { filename: `../"><b>\u202Efdp.exe`, content_type: `text/html"><script>`, size_bytes: 3 },
      ],
      decisions: [
        {
          decision: "revise",
          by: hostile,
          class: "B",
          voided_at: null,
          reason: hostile,
          digest: "old",
          at: "2026-11-21T08:00:00Z",
        },
      ],
      author: { kind: hostile, id: hostile },
    });
    const cookie = sample.signIn();
    for (const path of [
      `/messages/${email.id}`,
      "/pending",
      `/pending?decided=${email.id}`,
      `/mailboxes/${sample.mailbox.id}`,
    ]) {
      const { status, text } = await get(sample, path, cookie);
      expect(status).toBe(200);
      expect(text).not.toMatch(/<script|<img|<svg|<[^>]* on\w+=|href="javascript/i);
      expect(text).not.toMatch(/\u202E|\u200B|\u{E0041}|\r/u);
      expect(text).toContain("U+202E");
      expect(text).toContain("U+000D ×2");
    }
    expect((await get(sample, "/pending", cookie)).text.length).toBeLessThan(20_000);
    expect((await get(sample, `/messages/${email.id}`, cookie)).text).toContain(
      "international characters",
    );
  });

  test("shows HTML only in a frame that can do nothing", async () => {
    const sample = samplePages();
    const html_safe = `<script>alert(1)</script><a href="javascript:alert(1)">x</a>`;
    sample.read = { subject: null, text: null, html_safe, attachments: [] };
    const email = sample.addEmail();
    const cookie = sample.signIn();
    const { text } = await get(sample, `/messages/${email.id}`, cookie);
    expect(text).toMatch(
      new RegExp(`<iframe[^>]* sandbox="" [^>]*src="/messages/${email.id}/html"`),
    );
    expect(text).not.toContain("alert(1)");
  });

  test("says so when the raw message cannot be read, and has no frame where there is no HTML", async () => {
    const sample = samplePages();
    const email = sample.addEmail();
    const cookie = sample.signIn();
    sample.read = { subject: null, text: null, html_safe: null, attachments: [] };
    expect((await get(sample, `/messages/${email.id}`, cookie)).text).not.toContain("<iframe");
    expect((await get(sample, `/messages/${email.id}/html`, cookie)).status).toBe(404);
    sample.read = new Error("bomb");
    const { status, text } = await get(sample, `/messages/${email.id}`, cookie);
    expect(status).toBe(200);
    expect(text).toContain("could not be read");
    expect(sample.logged).toContain("message is unreadable");
  });

  test.each(["nonsense", "..%2F..%2Fetc", "01H'%20OR%201=1", "<script>"])(
    "there is no message %s",
    async (id) => {
      const sample = samplePages();
      expect((await get(sample, `/messages/${id}`, sample.signIn())).status).toBe(404);
      expect(sample.calls).toEqual([]);
    },
  );

  test("offers the decision only to who may decide, and the evidence to who may audit", async () => {
    const sample = samplePages();
    const { id } = sample.addEmail();
    const page = async (role: "approver" | "auditor") =>
      (await get(sample, `/messages/${id}`, sample.signIn(role))).text;
    const approver = await page("approver");
    expect(approver).toContain(`action="/messages/${id}/decide"`);
    expect(approver).not.toContain(`/messages/${id}/proof`);
    const auditor = await page("auditor");
    expect(auditor).not.toContain(`action="/messages/${id}/decide"`);
    expect(auditor).toContain(`/messages/${id}/proof`);
  });

  test("shows decisions, and what each recipient's server answered", async () => {
    const sample = samplePages();
    const email = sample.addEmail({ status: "sent" });
    const receipt = {
      at: "2026-11-21T08:30:00Z",
      host: "mx.customer.example",
      address: "192.0.2.7",
      code: 250,
      enhanced_status_code: "2.0.0",
      reply: "Ok: queued as <b>4711</b>",
      tls: { version: "TLSv1.3", cipher: "x", authorized: false },
      outcome: "accepted" as const,
    };
    email.recipients = [
      {
        ...pending,
        address: "ada@customer.example",
        kind: "to",
        status: "sent",
        attempts: 2,
        receipt,
      },
    ];
    email.decisions = [
      {
        decision: "approve",
        by: "Grace",
        class: "B",
        voided_at: null,
        reason: "fine",
        digest: email.digest,
        at: "2026-11-21T08:00:00Z",
      },
    ];
    const { text } = await get(sample, `/messages/${email.id}`, sample.signIn());
    for (const part of [
      "Approved",
      "<strong><bdi>Grace</bdi></strong>",
      "fine",
      "mx.customer.example [192.0.2.7]",
      "250 2.0.0",
      "queued as &lt;b&gt;4711",
      "certificate not verified",
    ])
      expect(text).toContain(part);
    expect(text).not.toContain("/decide");
  });
});

describe("a decision", () => {
  test("names the digest that was shown, carries the reason, and leads to the next message", async () => {
    const sample = samplePages();
    const [first, second, third] = [sample.addEmail(), sample.addEmail(), sample.addEmail()];
    const cookie = sample.signIn();
    const { text } = await get(sample, `/messages/${second.id}`, cookie);
    expect(text).toContain(`name="digest" value="${second.digest}"`);
    const approve = { decision: "approve", digest: second.digest, reason: " Looks\r\nright \r\n" };
    const answer = await decide(sample, second.id, cookie, approve);
    expect(answer.status).toBe(303);
    expect(answer.location).toBe(`/messages/${third.id}?decided=${second.id}`);
    expect(sample.calls.find((call) => call.name === "decide_email")?.input).toEqual({
      email_id: second.id,
      decision: "approve",
      digest: second.digest,
      reason: "Looks\nright",
    });
    const next = await get(sample, answer.location ?? "", cookie);
    expect(next.text).toContain(`is now: <span class="badge quiet">Scheduled</span>`);
    const last = await decide(sample, third.id, cookie, {
      decision: "reject",
      digest: third.digest,
      reason: "",
    });
    expect(last.location).toBe(`/messages/${first.id}?decided=${third.id}`);
    const empty = await decide(sample, first.id, cookie, {
      decision: "reject",
      digest: first.digest,
    });
    expect(empty.location).toBe(`/pending?decided=${first.id}`);
    expect((await get(sample, empty.location ?? "", cookie)).text).toContain(
      "Nothing waits for a decision.",
    );
  });

  test("is offered to a colleague of its author, and never to the author", async () => {
    const sample = samplePages();
    const form = `action="/messages/`;
    const foreign = sample.addEmail({ author: { kind: "person", id: "person-2" } });
    expect((await get(sample, `/messages/${foreign.id}`, sample.signIn())).text).toContain(form);
    const own = sample.addEmail({ author: { kind: "person", id: "person-1" } });
    const { text } = await get(sample, `/messages/${own.id}`, sample.signIn());
    expect(text).not.toContain(form);
    expect(text).toContain("It waits for a colleague.");
  });

  test.each<[RefusalCode, number, string]>([
    ["stale_digest", 409, "changed while you read it"],
    ["self_approval", 403, "Somebody else must decide"],
    ["already_decided", 409, "approved this message already"],
    ["fresh_sign_in_required", 403, "Confirm who you are"],
    ["operator_stopped", 403, "Sending is stopped"],
    ["unavailable", 503, "Try again"],
  ])("refused with %s keeps the reason in the form and answers %i", async (code, status, words) => {
    const sample = samplePages();
    const email = sample.addEmail();
    sample.refuse = new Refusal(code, "The operation's own sentence.");
    const reason = `\nTwo lines </textarea><script>\nhere`;
    const answer = await decide(sample, email.id, sample.signIn(), {
      decision: "reject",
      digest: email.digest,
      reason,
    });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
    expect(answer.text).toContain("sentence.");
    expect(answer.text).toContain(">\nTwo lines &lt;/textarea&gt;&lt;script&gt;\nhere</textarea>");
  });

  test("on a message that is not pending any more shows where it stands and what was written", async () => {
    const sample = samplePages();
    const email = sample.addEmail({ status: "expired" });
    const answer = await decide(sample, email.id, sample.signIn(), {
      decision: "approve",
      digest: email.digest,
      reason: "My words",
    });
    expect(answer.status).toBe(409);
    for (const part of ["not waiting for a decision any more", "Expired", "My words"])
      expect(answer.text).toContain(part);
    expect(answer.text).not.toContain("<textarea");
  });

  test("after the message changed shows the new digest, so that only a second look decides", async () => {
    const sample = samplePages();
    const email = sample.addEmail();
    const answer = await decide(sample, email.id, sample.signIn(), {
      decision: "approve",
      digest: "0".repeat(64),
    });
    expect(answer.status).toBe(409);
    expect(answer.text).toContain(`name="digest" value="${email.digest}"`);
    expect(email.status).toBe("pending_send_approval");
  });

  test.each<[Record<string, string>, string]>([
    [{ decision: "maybe", digest: "d" }, "one of the three buttons"],
    [{ digest: "d" }, "one of the three buttons"],
    [{ decision: "approve" }, "which content"],
    [{ decision: "revise", digest: "d", reason: " " }, "what the agent should change"],
    [{ decision: "reject", digest: "d", reason: "x".repeat(2001) }, "longer than 2000"],
  ])("that is not complete is refused: %o", async (fields, words) => {
    const sample = samplePages();
    const email = sample.addEmail();
    const answer = await decide(sample, email.id, sample.signIn(), fields);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(words);
    expect(sample.calls.some((call) => call.name === "decide_email")).toBe(false);
  });

  test("that breaks on a bug keeps the reason and says nothing of the cause", async () => {
    const sample = samplePages();
    const email = sample.addEmail();
    sample.refuse = new Error("password of the database");
    const answer = await decide(sample, email.id, sample.signIn(), {
      decision: "approve",
      digest: email.digest,
      reason: "Mine",
    });
    expect(answer.status).toBe(500);
    expect(answer.text).toContain("Mine</textarea>");
    expect(answer.text).not.toContain("password");
    expect(sample.logged).toEqual(["page failed"]);
  });
});

describe("the queue", () => {
  test("is not what an auditor begins with", async () => {
    const sample = samplePages();
    sample.addEmail();
    const auditor = sample.signIn("auditor");
    const { status, text } = await get(sample, "/", auditor);
    expect(status).toBe(200);
    expect(text).toContain("<h1>Mailboxes</h1>");
    expect(text).not.toContain(`href="/pending"`);
    expect((await get(sample, "/pending", auditor)).status).toBe(403);
    expect((await get(sample, "/", sample.signIn("approver"))).text).toContain(
      "<h1>Pending messages</h1>",
    );
  });

  test("goes on by its cursor and back to its start", async () => {
    const sample = samplePages();
    for (let i = 0; i < 51; i++) sample.addEmail({ subject: `Number ${i}.` });
    const cookie = sample.signIn();
    const first = await get(sample, "/pending", cookie);
    expect(first.text).toContain(`href="/pending?cursor=50"`);
    expect(first.text).not.toContain("Number 50.");
    const second = await get(sample, "/pending?cursor=50", cookie);
    expect(second.text).toContain("Number 50.");
    expect(second.text).toContain(`<a href="/pending">First page</a>`);
    expect((await get(sample, "/pending?cursor=nonsense", cookie)).status).toBe(400);
  });
});
