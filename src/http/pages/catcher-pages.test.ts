/** Caught mail: its headers as they are, its verdicts in words, and nothing in it that reaches the reader's browser. */
import { describe, expect, test } from "vitest";
import { type Sample, addCaught, samplePages } from "../../../test/browser/sample-pages.ts";

const get = async (sample: Sample, path: string) => {
  const cookie = sample.signIn();
  const response = await sample.app.request(`http://localhost${path}`, {
    headers: { cookie: `multimail_session=${cookie}` },
  });
  return { status: response.status, text: await response.text() };
};

describe("a caught message", () => {
  test("shows its headers as they stand, escaped, and stops at the body", async () => {
    const sample = samplePages();
    const id = addCaught(
      sample,
      `Subject: <script>alert(1)</script>\r\nX-A: 1\r\n\t2\u202E\r\n\r\nSECRET`,
    );
    const { text } = await get(sample, `/catcher/${id}`);
    expect(text).toContain(
      `Subject: &lt;script&gt;alert(1)&lt;/script&gt;\nX-A: 1\n\t2<mark class="hidden-character" data-hidden="202e" title="Invisible character">U+202E</mark>`,
    );
    expect(text).not.toContain("SECRET");
    expect(text).not.toContain("<script");
  });

  test("is cut where its header has no end", async () => {
    const sample = samplePages();
    const id = addCaught(sample, `X: ${"a".repeat(200_000)}`);
    const { text } = await get(sample, `/catcher/${id}`);
    expect(text.length).toBeLessThan(80_000);
    expect(text).toContain("cut here");
  });

  test("says in words what its signatures are worth", async () => {
    const sample = samplePages();
    const id = addCaught(sample, "A: b\r\n\r\n");
    const good = (await get(sample, `/catcher/${id}`)).text;
    for (const part of [
      "Valid: signed by the sender and unchanged",
      "Example Ltd",
      "yes, class B",
      "rsa-sha256",
      ">pass<",
    ])
      expect(good).toContain(part);
    sample.verification = {
      dkim: [
        { domain: "evil.example", selector: "<b>", result: "fail", comment: "bad <signature>" },
      ],
      identity: { verdict: "invalid", reason: "two <identity> headers" },
    };
    const bad = (await get(sample, `/catcher/${id}`)).text;
    for (const part of [
      `badge bad">Not valid`,
      "two &lt;identity&gt; headers",
      `badge bad">fail`,
      "bad &lt;signature&gt;",
    ])
      expect(bad).toContain(part);
    sample.verification = {
      dkim: [],
      identity: {
        verdict: "valid",
        reason: "",
        claims: { operator: 7, sub: ["x"], approval: null },
      },
    };
    expect((await get(sample, `/catcher/${id}`)).text).toContain("No signature");
  });

  test("that cannot be read still shows its headers and verdicts", async () => {
    const sample = samplePages();
    const id = addCaught(sample, "Subject: bomb\r\n\r\n");
    sample.read = new Error("bomb");
    const { status, text } = await get(sample, `/catcher/${id}`);
    expect(status).toBe(200);
    for (const part of ["could not be read", "Subject: bomb", "Valid: signed"])
      expect(text).toContain(part);
  });

  test.each(["nope", "..%2F..%2Fetc%2Fpasswd", "a".repeat(100)])(
    "is not there under %s",
    async (id) => {
      expect((await get(samplePages(), `/catcher/${id}`)).status).toBe(404);
    },
  );
});

describe("the list of caught mail", () => {
  test("is newest first, goes on after the last one shown, and names the null sender", async () => {
    const sample = samplePages();
    const ids = Array.from({ length: 51 }, (_, i) =>
      addCaught(sample, "x", { subject: `Number ${i}.`, from: "" }),
    );
    const first = (await get(sample, "/catcher")).text;
    expect(first).toContain("Number 50.");
    expect(first).not.toContain("Number 0.");
    expect(first).toContain("null sender");
    expect(first).toContain(`href="/catcher?cursor=${ids[1]}"`);
    const second = (await get(sample, `/catcher?cursor=${ids[1]}`)).text;
    expect(second).toContain("Number 0.");
    expect(second).not.toContain("Next page");
  });

  test("is not there where mail really leaves", async () => {
    const sample = samplePages({ caught: null });
    const { status, text } = await get(sample, "/catcher");
    expect(status).toBe(404);
    expect(text).not.toContain(`href="/catcher"`);
  });
});
