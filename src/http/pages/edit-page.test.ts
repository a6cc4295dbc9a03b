/** The edit form: two people at once never undo each other's edit unseen, and nothing typed is lost. */
import { expect, test } from "vitest";
import { samplePages } from "../../../test/browser/sample-pages.ts";

test("an edit over content that changed meanwhile saves nothing, shows what stands now, and keeps what was typed", async () => {
  const sample = samplePages();
  const email = sample.addEmail({ markdown: "Forty euros", subject: "Refund" });
  const cookie = sample.signIn();
  const save = async (digest: string, fields: Record<string, string>) => {
    const before = { to: '"Ada Lovelace" <ada@customer.example>', cc: "", bcc: "" };
    const response = await sample.app.request(`http://localhost/messages/${email.id}/edit`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: "http://localhost",
        cookie: `multimail_session=${cookie}`,
      },
      body: new URLSearchParams({
        csrf_token: `csrf-of-${cookie}`,
        digest,
        ...before,
        ...fields,
      }).toString(),
    });
    return { status: response.status, text: await response.text() };
  };
  const old = email.digest;
  expect((await save(old, { subject: "Refund", markdown: "Fifty euros" })).status).toBe(303);
  const late = await save(old, { subject: "Money", markdown: "Forty euros <b>", reason: "Tone" });
  expect(late.status).toBe(409);
  expect(email).toMatchObject({ subject: "Refund", markdown: "Fifty euros" });
  expect(late.text).toContain(">\nFifty euros</textarea>");
  expect(late.text).toContain('value="Refund"');
  expect(late.text).toContain(">\nTone</textarea>");
  expect(late.text).toContain("What you had written");
  expect(late.text).toContain("Subject: Money");
  expect(late.text).toContain("Forty euros &lt;b&gt;");
});
