/** Received mail and what is found in mail: shown as what it is, and moved only by those who may, by a form of ours. */
import { describe, expect, test } from "vitest";
import { type Sample, samplePages } from "../../../test/browser/sample-pages.ts";
import { receivedSample } from "../../../test/browser/showcase.ts";
import { Refusal } from "../../core/refusal.ts";

const origin = "http://localhost";
const get = async (sample: Sample, path: string, cookie: string) => {
  const response = await sample.app.request(`${origin}${path}`, {
    headers: { cookie: `multimail_session=${cookie}` },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const care = async (
  sample: Sample,
  id: string,
  cookie: string,
  fields: Record<string, string>,
  from = origin,
) => {
  const response = await sample.app.request(`${origin}/messages/${id}/care`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: from,
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
const hostile = `"><script>alert(1)</script>\u202Egnp`;
const escaped = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;<mark";

describe("a message that waits", () => {
  test("says first why it waits and what the scan found, gravest first, as text", async () => {
    const sample = samplePages();
    const email = sample.addEmail({
      reason: `the outbound scan found: card ends 1111 (text), and 4 more; it answers a list`,
      screening: {
        verdict: "review",
        findings: [
          { rule: "bank_accounts", action: "mark", field: "text", detail: "IBAN ends 3000" },
          { rule: hostile, action: "hold", field: hostile, detail: hostile },
          { rule: "cards", action: "block", field: "text", detail: "card ends 1111" },
          { rule: "attachment_macro", action: "hold", field: "attachments[1]", detail: "m.docm" },
        ],
      },
    });
    const { text } = await get(sample, `/messages/${email.id}`, sample.signIn());
    expect(text).not.toContain("<script");
    expect(text.split(escaped)).toHaveLength(4);
    expect(text).not.toContain("the outbound scan found");
    const places = [
      "Why it is held",
      "it answers a list",
      "Forbidden to send",
      "Payment card number",
      "card ends 1111",
      "in attachment 2",
      "For information",
      "Would go to",
    ].map((part) => text.indexOf(part));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("tells what holds it where nothing was found, and not an approver's words after the first approval", async () => {
    const sample = samplePages();
    const cookie = sample.signIn();
    const page = async (more: object) =>
      (await get(sample, `/messages/${sample.addEmail(more).id}`, cookie)).text;
    expect(await page({})).toContain("not every recipient is on its allowlist");
    expect(await page({ oversight_mode: "gated_all" })).toContain("holds everything");
    const second = await page({
      approvals: 1,
      approvals_required: 2,
      reason: "Fine by me",
      screening: { verdict: "pass", findings: [], review: "it answers a list" },
    });
    expect(second).toContain("it answers a list");
    expect(second).not.toContain("Fine by me");
    expect(await page({ screening: { findings: "nonsense" } })).toContain("Why it is held");
  });

  test("shows what it answers, as foreign text, or that it cannot be seen", async () => {
    const sample = samplePages();
    const question = receivedSample(sample, { new_text: hostile, subject: hostile });
    const answer = sample.addEmail({ reply_of: question.id, in_reply_to: question.message_id });
    const lost = sample.addEmail({ reply_of: null, in_reply_to: `<${hostile}@x>` });
    const cookie = sample.signIn();
    const { text } = await get(sample, `/messages/${answer.id}`, cookie);
    expect(text).toContain(`href="/messages/${question.id}"`);
    expect(text).toContain("Untrusted");
    expect(text).toContain(escaped);
    expect(text).not.toContain("<script");
    const other = (await get(sample, `/messages/${lost.id}`, cookie)).text;
    expect(other).toContain("not kept here");
    expect(other).not.toContain("<script");
  });
});

describe("a received message", () => {
  test("shows verdicts in words, screening with its reasons, and every foreign word as text", async () => {
    const sample = samplePages();
    const email = receivedSample(sample, {
      subject: hostile,
      from_name: hostile,
      text_body: hostile,
      reason: hostile,
      user_label: hostile,
      reply_to: ["thief@evil.example"],
      attachments: [{ filename: hostile, content_type: hostile, size_bytes: 1 }],
      authentication: {
        spf: { result: hostile, domain: hostile },
        dkim: [{ domain: hostile, selector: "x", result: hostile, aligned: true }],
        dmarc: { result: "fail", domain: hostile, disposition: "reject" },
        arc: { cv: "fail", sealer: hostile, trusted: false },
      },
      screening: {
        score: 12,
        verdict: "spam",
        injection: true,
        stranger_in_thread: true,
        reasons: [{ rule: hostile, score: 12, detail: hostile }],
      },
    });
    const { text } = await get(sample, `/messages/${email.id}`, sample.signIn());
    expect(text).not.toContain("<script");
    for (const words of [
      "sender not proved",
      "Not proved to be from",
      "asks receivers to refuse",
      "Chain broken",
      "Tries to instruct agents",
      "Sender is new in this thread",
      "not the sender&#39;s address",
      'sandbox="" loading="lazy"',
    ])
      expect(text).toContain(words);
    expect(text).not.toContain('action="/messages/' + email.id + '/decide"');
  });

  test("is readable whatever stands in place of verdicts", async () => {
    const sample = samplePages();
    const cookie = sample.signIn();
    for (const odd of [
      null,
      {},
      { spf: 1, dkim: "x", dmarc: [], arc: true, reasons: 7, score: {} },
    ]) {
      const email = receivedSample(sample, { authentication: odd, screening: odd });
      const { status, text } = await get(sample, `/messages/${email.id}`, cookie);
      expect(status).toBe(200);
      expect(text).toContain("sender not proved");
    }
  });

  test("stays readable where its raw form cannot be opened, and says so", async () => {
    const sample = samplePages();
    const email = receivedSample(sample);
    sample.read = new Error("nested too deep");
    const { status, text } = await get(sample, `/messages/${email.id}`, sample.signIn());
    expect(status).toBe(200);
    expect(text).toContain("Where is my money?");
    expect(text).toContain("could not be read");
    expect(text).not.toContain("nested too deep");
  });

  test("gives its attachments only as files, whatever their type, and by their place", async () => {
    const sample = samplePages();
    const email = receivedSample(sample, {
      attachments: [{ filename: "a\r\nb.html", content_type: "text/html", size_bytes: 1 }],
    });
    const cookie = sample.signIn();
    const { headers, text } = await get(sample, `/messages/${email.id}/attachments/0`, cookie);
    expect(text).toContain("<script>");
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-disposition")).toContain('attachment; filename="a__b.html"');
    expect(headers.get("content-security-policy")).toContain("sandbox");
    for (const place of ["1", "-1", "0x0", "constructor"])
      expect((await get(sample, `/messages/${email.id}/attachments/${place}`, cookie)).status).toBe(
        404,
      );
  });

  test("has the buttons that fit it and the person, and an auditor has none", async () => {
    const sample = samplePages();
    const held = receivedSample(sample, { status: "pending_inbound_approval" });
    const flagged = receivedSample(sample, { status: "spam_flagged" });
    const unread = receivedSample(sample);
    const buttons = async (id: string, cookie: string) =>
      [
        ...(await get(sample, `/messages/${id}`, cookie)).text.matchAll(
          /name="care" value="(\w+)"/g,
        ),
      ].map(([, what]) => what);
    const approver = sample.signIn("approver");
    expect(await buttons(held.id, approver)).toEqual(["release", "refuse"]);
    expect(await buttons(flagged.id, approver)).toEqual([
      "release",
      "not_spam",
      "quarantine",
      "refuse",
    ]);
    expect(await buttons(unread.id, approver)).toEqual(["quarantine"]);
    const auditor = sample.signIn("auditor");
    expect(await buttons(flagged.id, auditor)).toEqual([]);
    const refused = await care(sample, flagged.id, auditor, { care: "release" });
    expect(refused.status).toBe(403);
    expect(flagged.status).toBe("spam_flagged");
  });

  test("is moved by its form alone: with its token, from our own page, by a known button", async () => {
    const sample = samplePages();
    const email = receivedSample(sample, { status: "pending_inbound_approval" });
    const cookie = sample.signIn("approver");
    const answers = [
      await care(sample, email.id, cookie, { care: "release", csrf_token: "other" }),
      await care(sample, email.id, cookie, { care: "release" }, "https://evil.example"),
      await care(sample, email.id, cookie, { care: "constructor" }),
      await care(sample, email.id, cookie, { care: "release", reason: "x".repeat(1001) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 400, 400]);
    expect(sample.calls.filter(({ effect }) => effect !== "read")).toEqual([]);
    const done = await care(sample, email.id, cookie, {
      care: "refuse",
      reason: "Not for us",
      status: "pending_inbound_approval",
    });
    expect(done.location).toBe(`/received?status=pending_inbound_approval&decided=${email.id}`);
    expect(email).toMatchObject({ status: "rejected", reason: "Not for us" });
  });

  test("shows a refusal above the message as it is now, with what the person had typed", async () => {
    const sample = samplePages();
    const email = receivedSample(sample, { status: "spam_flagged" });
    sample.refuse = new Refusal("not_pending", "The message is read.");
    const answer = await care(sample, email.id, sample.signIn(), {
      care: "release",
      reason: "My long words",
    });
    expect(answer.status).toBe(409);
    expect(answer.text).toContain("The message is read.");
    expect(answer.text).toContain("My long words");
  });
});

describe("the list of received mail", () => {
  test("is filtered by status, without what the person may not see, and names nothing unknown in its links", async () => {
    const sample = samplePages();
    receivedSample(sample, { status: "pending_inbound_approval", subject: "Held one" });
    receivedSample(sample, { status: "spam_quarantined", subject: "Spam one" });
    receivedSample(sample, { subject: "Plain one" });
    const subjects = async (path: string, role: "approver" | "auditor") =>
      [
        ...(await get(sample, path, sample.signIn(role))).text.matchAll(/(Held|Spam|Plain) one/g),
      ].map(([, which]) => which);
    expect(await subjects("/received", "approver")).toEqual(["Plain", "Spam", "Held"]);
    expect(await subjects("/received", "auditor")).toEqual(["Plain", "Spam"]);
    expect(await subjects("/received?status=spam_quarantined", "auditor")).toEqual(["Spam"]);
    expect(await subjects("/received?status=pending_inbound_approval", "auditor")).toEqual([]);
    expect(await subjects("/received?status=%22%3E", "approver")).toHaveLength(3);
    const { text } = await get(sample, "/received", sample.signIn("auditor"));
    expect(text).not.toContain(">Held<");
  });
});
