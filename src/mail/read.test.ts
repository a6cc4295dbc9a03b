/** Tests of showing a foreign message: nothing in it loads, runs, submits or hides. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import { composeInput } from "./fixture.ts";
import { readForShow, safeHtml, UnreadableMessage } from "./read.ts";

const LOADS_OR_RUNS =
  /<(?:script|style|link|meta|base|form|input|button|iframe|object|embed|svg|math|img|video|audio|source|template|body|html)|\son[a-z]+\s*=|\ssrc\s*=|srcset|url\(|javascript:|vbscript:|data:|@import|position|display|background/i;

const hostile = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '<img src="https://track.example/1.gif">',
  "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
  "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
  '<a href="javascript:alert(1)">x</a>',
  '<a href="  jAvAsCrIpT&#58;alert(1)">x</a>',
  '<a href="data:text/html,x">x</a>',
  '<a href="//evil.example">x</a>',
  '<p style="background:url(https://track.example)">x</p>',
  '<p style="position:fixed;top:0">x</p>',
  '<p style="display:none">hidden</p>',
  '<p style="text-align:expression(alert(1))">x</p>',
  "<style>@import url(https://x)</style>",
  '<link rel="stylesheet" href="https://x">',
  '<meta http-equiv="refresh" content="0;url=https://x">',
  '<base href="https://x/">',
  '<form action="https://x"><input name=p><button>go</button></form>',
  '<iframe src="https://x"></iframe>',
  '<object data="https://x"></object>',
  '<video src="https://x" poster="https://y"></video>',
  '<table background="https://x"><tr><td background="https://y">x</td></tr></table>',
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
  "<template><script>x</script></template>",
  "<div><!--[if mso]><script>x</script><![endif]--></div>",
];

describe("foreign HTML", () => {
  test.each(hostile)("%s shows nothing that loads or runs", (html) => {
    expect(safeHtml(html)).not.toMatch(LOADS_OR_RUNS);
  });

  test("in any combination and truncation shows nothing that loads or runs", () => {
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(...hostile),
        fc.constantFrom("<", ">", '"', "'", "<!--", "-->", "&#", "\0", "</p", "<p "),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, fc.nat(400), (pieces, cut) => {
        const tags = safeHtml(pieces.join("").slice(cut)).match(/<[^>]*>/g) ?? [];
        for (const tag of tags) expect(tag).not.toMatch(LOADS_OR_RUNS);
      }),
      { numRuns: 500 },
    );
  });

  test("loses the text of elements that are not text for readers", () => {
    expect(
      safeHtml(
        "<title>a</title><svg><text>b</text></svg><noscript>c</noscript><template>d</template><style>e</style>",
      ),
    ).toBe("");
  });

  test("keeps structure, links without a referrer, and what an image was to say", () => {
    expect(
      safeHtml(
        '<p align="center">Hi <b>you</b> <a href="https://x.example/?a=1&amp;b=2">x</a></p>',
      ),
    ).toBe(
      '<p align="center">Hi <b>you</b> <a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">x</a></p>',
    );
    expect(safeHtml('<img alt="<b>Logo" src="cid:1">')).toBe("<span>[image: &lt;b&gt;Logo]</span>");
  });

  test.each([
    "<div>",
    "<b>x",
    "<p><div>",
    "<li><ul>",
    "<a href='https://x'>",
    "<td><table>",
    "</x><div>",
    "<div><!--</div>-->",
    "<div title='</div>'>",
    "<td><li>",
    "<x-y>",
    "<svg>",
  ])("of a million characters of %s is shown soon", (piece) => {
    const started = performance.now();
    safeHtml(piece.repeat(1_000_000 / piece.length));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("a foreign message", () => {
  test("is shown with its people, text, safe HTML and attachments", async () => {
    const attachments = [
      { filename: "Rechnung ä.pdf", content_type: "application/pdf", content: Buffer.alloc(1_234) },
    ];
    const shown = await readForShow(
      await compose(
        composeInput({ subject: "Grüße", attachments, cc: [{ name: "Cé", address: "c@d" }] }),
      ),
    );
    expect(shown).toMatchObject({
      from: [{ name: "Example Agent", address: "agent@example.com" }],
      to: [{ name: "Bob", address: "bob@example.net" }],
      cc: [{ name: "Cé", address: "c@d" }],
      reply_to: [],
      subject: "Grüße",
      date: null,
      message_id: "<01hq.1@example.com>",
      attachments: [
        { filename: "Rechnung ä.pdf", content_type: "application/pdf", size: 1_234, inline: false },
      ],
    });
    expect(shown.text).toContain("Hello Bob,");
    expect(shown.html_safe).toContain("<strong>Bob</strong>");
  });

  test("without an HTML part has none to show", async () => {
    expect((await readForShow(Buffer.from("Subject: x\r\n\r\nbody\r\n"))).html_safe).toBeNull();
  });

  test.each([
    ["text", `Content-Type: text/plain\r\n\r\n${"x ".repeat(500_001)}`],
    ["HTML", `Content-Type: text/html\r\n\r\n${"x ".repeat(500_001)}`],
    ["elements", `Content-Type: text/html\r\n\r\n${"<br>".repeat(20_001)}`],
  ])("with more %s than is shown says so", async (_, eml) => {
    expect((await readForShow(Buffer.from(eml))).truncated).toBe(true);
    expect((await readForShow(Buffer.from(eml.slice(0, 70_000)))).truncated).toBe(false);
  });

  test("nested too deep or with too much header is refused by name", async () => {
    const deep = Array.from(
      { length: 60 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
    ).join("");
    await expect(readForShow(Buffer.from(deep))).rejects.toThrow(UnreadableMessage);
    await expect(readForShow(Buffer.from(`X: ${"y".repeat(600_000)}\r\n\r\n`))).rejects.toThrow(
      UnreadableMessage,
    );
  });

  test("of any bytes is shown or refused, never a crash", async () => {
    const piece = fc.constantFrom(
      "Content-Type: multipart/mixed; boundary=b\r\n",
      "Content-Transfer-Encoding: base64\r\n",
      "Content-Type: text/html\r\n",
      "From: a: b;\r\n",
      "__proto__: x\r\n",
      "--b\r\n",
      "--b--\r\n",
      "\r\n",
      "=?utf-8?B?????=",
      "<p>",
      "\0",
      "\xff",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (parts) => {
        const shown = await readForShow(Buffer.from(parts.join(""), "latin1"));
        expect(typeof shown.text).toBe("string");
      }),
      { numRuns: 300 },
    );
  });
});
