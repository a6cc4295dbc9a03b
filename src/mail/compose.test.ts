/** Tests of building the frozen message: what readers see, what is refused, and what never gets in. */
import fc from "fast-check";
import MailComposer from "nodemailer/lib/mail-composer";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import {
  compose,
  ComposeError,
  UNSUBSCRIBE_PLACEHOLDER,
  UNSUBSCRIBE_TOKEN_LENGTH,
} from "./compose.ts";
import type { ComposeInput } from "./compose.ts";
import { serialize } from "./compose-serialize.ts";
import { countPlaceholders } from "./digest.ts";
import { composeInput } from "./fixture.ts";
import { findBareLineEnd, readMessage } from "./headers.ts";

const header = (mime: Buffer, key: string): string[] =>
  readMessage(mime)
    .fields.filter((field) => field.key === key)
    .map((field) => field.value.toString("latin1").replace(/\r\n/g, "").trim());

async function refusal(over: Partial<ComposeInput>): Promise<ComposeError> {
  const error: unknown = await compose(composeInput(over)).then(
    () => new Error("it was composed"),
    (reason: unknown) => reason,
  );
  if (error instanceof ComposeError) return error;
  throw error;
}

describe("a composed message", () => {
  test("has a text part with links in reach, an HTML part, and the footer in both", async () => {
    const mail = await PostalMime.parse(await compose(composeInput()));
    expect(mail.text).toContain("Hello Bob,");
    expect(mail.text).toContain("on its way (https://example.com/track?id=1&x=2)");
    expect(mail.html).toContain('<a href="https://example.com/track?id=1&amp;x=2">on its way</a>');
    for (const part of [mail.text ?? "", mail.html ?? ""]) {
      expect(part).toContain("This message was written by an AI agent.");
      expect(part).toContain("1 Long Road");
      expect(part).toContain(`https://mail.example.com/u/${UNSUBSCRIBE_PLACEHOLDER}`);
    }
  });

  test("offers one-click unsubscribe by RFC 8058, and by mail where there is an address", async () => {
    const url = `https://mail.example.com/u/${UNSUBSCRIBE_PLACEHOLDER}`;
    const mailto = `mailto:stop@example.com?subject=${UNSUBSCRIBE_PLACEHOLDER}`;
    const mime = await compose(composeInput({ unsubscribe: { url, mailto } }));
    expect(header(mime, "list-unsubscribe")).toEqual([`<${url}>, <${mailto}>`]);
    expect(header(mime, "list-unsubscribe-post")).toEqual(["List-Unsubscribe=One-Click"]);
    const bare = await compose(composeInput({ unsubscribe: { url, mailto: "stop@example.com" } }));
    expect(header(bare, "list-unsubscribe")).toEqual([`<${url}>, <mailto:stop@example.com>`]);
  });

  test("has our Message-ID, no Date, no Bcc, and each field once", async () => {
    const mime = await compose(
      composeInput({
        in_reply_to: "<p@x>",
        references: ["<o@x>", "<p@x>"],
        headers: { "Feedback-ID": "a:b:c" },
      }),
    );
    const keys = readMessage(mime).fields.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain("date");
    expect(keys).not.toContain("bcc");
    expect(header(mime, "message-id")).toEqual(["<01hq.1@example.com>"]);
    expect(header(mime, "in-reply-to")).toEqual(["<p@x>"]);
    expect(header(mime, "references")).toEqual(["<o@x> <p@x>"]);
    expect(header(mime, "feedback-id")).toEqual(["a:b:c"]);
  });

  test("says that it is AI-generated, and Auto-Submitted only where no person approved", async () => {
    const approved = await compose(composeInput());
    expect(approved.toString()).toContain("\r\nX-AI-Generated: true\r\n");
    expect(header(approved, "auto-submitted")).toEqual([]);
    expect(header(await compose(composeInput({ auto_generated: true })), "auto-submitted")).toEqual(
      ["auto-generated"],
    );
    expect(header(await compose(composeInput({ ai_generated: false })), "x-ai-generated")).toEqual(
      [],
    );
    const replied = composeInput({ auto_generated: true, auto_replied: true });
    expect(header(await compose(replied), "auto-submitted")).toEqual(["auto-replied"]);
    const looked = composeInput({ auto_generated: false, auto_replied: true });
    expect(header(await compose(looked), "auto-submitted")).toEqual([]);
  });

  test("leaves the disclosure line out where the operator turned it off", async () => {
    const mail = await PostalMime.parse(await compose(composeInput({ ai_disclosure: null })));
    expect(`${mail.text}${mail.html}`).not.toContain("AI agent");
  });

  test("is the same bytes for the same input", async () => {
    expect((await compose(composeInput())).equals(await compose(composeInput()))).toBe(true);
  });

  test("is 7-bit in CRLF lines without base64 text, whatever the script and line ends of the markdown", async () => {
    const markdown =
      "Zażółć 日本語 🎉\rone\r\ntwo\nthree " + "long ".repeat(500) + "名前".repeat(500);
    const mime = await compose(composeInput({ markdown }));
    expect(findBareLineEnd(mime)).toBe(-1);
    expect(mime.toString("latin1")).toMatch(/^[\t\r\n -~]*$/);
    expect(mime.toString("latin1")).not.toMatch(/base64/i);
    const mail = await PostalMime.parse(mime);
    expect(mail.text).toContain("Zażółć 日本語 🎉");
    expect(mail.text).toContain("名前".repeat(500));
    expect(
      (
        await compose(composeInput({ markdown: "これは日本語だけの本文です。".repeat(100) }))
      ).toString("latin1"),
    ).not.toMatch(/base64/i);
  });

  test("carries non-ASCII names, subject and file names as they were", async () => {
    const content = Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 256));
    const over: Partial<ComposeInput> = {
      from: { name: "Änne Müller", address: "agent@example.com" },
      to: [
        { name: "山田 太郎", address: "taro@例え.jp" },
        { name: 'Bob "B", Jr. (x)', address: "bob@example.net" },
      ],
      cc: [{ name: null, address: "c@example.net" }],
      reply_to: { name: "Ответ", address: "r@example.com" },
      subject: "Grüße — 日本語の件名がここに、とても長く続いて、折り返されるはずです 🎉".repeat(3),
      attachments: [
        { filename: "Rechnung für März 日本.pdf", content_type: "application/pdf", content },
        {
          filename: `${"long name ".repeat(20)}.txt`,
          content_type: "text/plain; charset=utf-8",
          content: Buffer.from("a\nb\rc\r\n"),
        },
        {
          filename: 'we"ird;=.bin',
          content_type: "application/octet-stream",
          content: Buffer.alloc(0),
        },
      ],
    };
    const mail = await PostalMime.parse(await compose(composeInput(over)));
    expect(mail.from).toMatchObject({ name: "Änne Müller", address: "agent@example.com" });
    expect(mail.to).toMatchObject([
      { name: "山田 太郎", address: "taro@xn--r8jz45g.jp" },
      { name: 'Bob "B", Jr. (x)', address: "bob@example.net" },
    ]);
    expect(mail.cc).toMatchObject([{ name: "", address: "c@example.net" }]);
    expect(mail.replyTo).toMatchObject([{ name: "Ответ", address: "r@example.com" }]);
    expect(mail.subject).toBe(over.subject);
    expect(mail.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
      ["Rechnung für März 日本.pdf", "application/pdf"],
      [`${"long name ".repeat(20)}.txt`, "text/plain"],
      ['we"ird;=.bin', "application/octet-stream"],
    ]);
    expect(Buffer.from(mail.attachments[0]?.content as ArrayBuffer).equals(content)).toBe(true);
    expect(Buffer.from(mail.attachments[1]?.content as ArrayBuffer).toString()).toBe("a\nb\rc\r\n");
  });

  test("shows text that looks like an encoded word as that text", async () => {
    const subject = "=?utf-8?Q?Not_this?= but this";
    expect((await PostalMime.parse(await compose(composeInput({ subject })))).subject).toBe(
      subject,
    );
  });

  test("folds a subject without spaces below 998 octets", async () => {
    const subject = "x".repeat(998);
    expect((await PostalMime.parse(await compose(composeInput({ subject })))).subject).toBe(
      subject,
    );
  });

  test("writes a table as lines of cells in the text part, without padding", async () => {
    const markdown = `| a | b |\n|--|--|\n| ${"c".repeat(5_000)} | d |\n${"| 1 | 2 |\n".repeat(5_000)}`;
    const started = performance.now();
    const mail = await PostalMime.parse(await compose(composeInput({ markdown })));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(mail.text).toContain("\na | b\n".trim());
    expect(mail.text).toContain("1 | 2\n1 | 2");
    expect((mail.text ?? "").length).toBeLessThan(60_000);
  });

  test("may be empty of subject, body and visible recipients", async () => {
    const mime = await compose(composeInput({ subject: "", markdown: "", to: [] }));
    expect(header(mime, "subject")).toEqual([]);
    expect(header(mime, "to")).toEqual([]);
  });

  test("has a 1,000-recipient To folded in lines of less than 998 octets", async () => {
    const to = Array.from({ length: 1_000 }, (_, i) => ({
      name: `Pärson ${i}`,
      address: `p${i}@example.net`,
    }));
    expect((await PostalMime.parse(await compose(composeInput({ to })))).to).toHaveLength(1_000);
  });

  test("is what MailComposer's own stream would give", async () => {
    const attachments = [
      {
        filename: "ä.bin",
        contentType: "application/octet-stream",
        content: Buffer.from("abc".repeat(100)),
      },
    ];
    const text = `Zażółć ${"long line ".repeat(40)}\r\nend `;
    const options = {
      text,
      html: `<p>${text}</p>`,
      subject: "x",
      from: "a@b",
      date: " ",
      messageId: "<a@b>",
    };
    for (const mail of [options, { ...options, attachments }, { ...options, html: "" }]) {
      const over = {
        ...mail,
        encoding: "quoted-printable",
        newline: "windows",
        baseBoundary: "fixed",
      };
      const streamed = await new MailComposer(over).compile().build();
      expect(serialize(new MailComposer(over).compile()).toString()).toBe(streamed.toString());
    }
  });
});

describe("given HTML", () => {
  test("loses scripts, forms, style sheets and layers, and cannot swallow the footer", async () => {
    const html =
      '<style>p{display:none}</style><script>alert(1)</script><form action="https://x"><input></form>' +
      '<p style="position:fixed;color:red;margin-top:-50px" onclick="x()">Hi <a href="javascript:alert(1)">x</a></p>' +
      '<img src="https://example.com/logo.png"><iframe src="https://x"></iframe><div><table><!-- ';
    const shown = (await PostalMime.parse(await compose(composeInput({ html })))).html ?? "";
    expect(shown).not.toMatch(/script|<form|<input|<style|position|onclick|iframe|-50px|<!-- /);
    expect(shown).toContain("color:red");
    expect(shown).toContain('<img src="https://example.com/logo.png"');
    expect(shown).toContain("written by an AI agent");
    expect(shown.indexOf("</table>")).toBeLessThan(shown.indexOf("written by an AI agent"));
  });

  test("in markdown is text", async () => {
    const shown = (
      await PostalMime.parse(
        await compose(composeInput({ markdown: "<b onclick=x>hi</b> [a](javascript:x)" })),
      )
    ).html;
    expect(shown).toContain("&lt;b onclick=x&gt;");
    expect(shown).not.toContain('href="javascript');
  });
});

describe("the placeholder", () => {
  test("is 80 characters of Crockford base32 and stands in header, text and HTML", async () => {
    expect(UNSUBSCRIBE_PLACEHOLDER).toHaveLength(UNSUBSCRIBE_TOKEN_LENGTH);
    expect(UNSUBSCRIBE_PLACEHOLDER).toMatch(/^[0-9A-HJKMNP-TV-Z]{80}$/);
    expect(countPlaceholders(await compose(composeInput()))).toBe(3);
  });

  test.each([
    ["markdown", { markdown: `x ${UNSUBSCRIBE_PLACEHOLDER}` }],
    ["html", { html: UNSUBSCRIBE_PLACEHOLDER }],
    ["subject", { subject: UNSUBSCRIBE_PLACEHOLDER }],
    ["from.name", { from: { name: UNSUBSCRIBE_PLACEHOLDER, address: "a@b" } }],
    ["unsubscribe.url", { unsubscribe: { url: "https://x/none" } }],
    [
      "unsubscribe.url",
      { unsubscribe: { url: `https://x/${UNSUBSCRIBE_PLACEHOLDER}/${UNSUBSCRIBE_PLACEHOLDER}` } },
    ],
  ] as [string, Partial<ComposeInput>][])(
    "anywhere in %s but the unsubscribe link is refused",
    async (field, over) => {
      expect((await refusal(over)).field).toBe(field);
    },
  );
});

describe("injection", () => {
  const fields: [string, (text: string) => Partial<ComposeInput>][] = [
    ["from.name", (name) => ({ from: { name, address: "a@b" } })],
    ["from.address", (address) => ({ from: { name: null, address } })],
    ["to[0].name", (name) => ({ to: [{ name, address: "a@b" }] })],
    ["to[0].address", (address) => ({ to: [{ name: null, address }] })],
    ["cc[0].name", (name) => ({ cc: [{ name, address: "a@b" }] })],
    ["cc[0].address", (address) => ({ cc: [{ name: null, address }] })],
    ["reply_to.name", (name) => ({ reply_to: { name, address: "a@b" } })],
    ["reply_to.address", (address) => ({ reply_to: { name: null, address } })],
    ["subject", (subject) => ({ subject })],
    ["message_id", (text) => ({ message_id: `<a${text}@b>` })],
    ["in_reply_to", (text) => ({ in_reply_to: `<a${text}@b>` })],
    ["references[0]", (text) => ({ references: [`<a${text}@b>`] })],
    [
      "attachments[0].filename",
      (filename) => ({
        attachments: [{ filename, content_type: "a/b", content: Buffer.alloc(1) }],
      }),
    ],
    [
      "attachments[0].content_type",
      (text) => ({
        attachments: [{ filename: "a", content_type: `a/b${text}`, content: Buffer.alloc(1) }],
      }),
    ],
    ["ai_disclosure", (text) => ({ ai_disclosure: text })],
    [
      "unsubscribe.url",
      (text) => ({ unsubscribe: { url: `https://x/${UNSUBSCRIBE_PLACEHOLDER}${text}` } }),
    ],
    [
      "unsubscribe.mailto",
      (mailto) => ({ unsubscribe: { url: `https://x/${UNSUBSCRIBE_PLACEHOLDER}`, mailto } }),
    ],
    ["headers.X-Custom", (text) => ({ headers: { "X-Custom": text } })],
  ];
  const control = fc.constantFrom(
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\r\nBcc: evil@example.org",
    "\n\n",
    "\u0085",
    "\u2028",
    "\u001b",
    "\u007f",
    "\u202e",
  );

  test.each(fields)(
    "of a control character into %s is refused by name, never stripped",
    async (field, over) => {
      const property = fc.asyncProperty(
        fc.string({ maxLength: 8 }),
        control,
        fc.string({ maxLength: 8 }),
        async (before, char, after) => {
          expect((await refusal(over(before + char + after))).field).toBe(field);
        },
      );
      await fc.assert(property, { numRuns: 40 });
    },
  );

  test.each(fields)("into %s never adds a field, whatever the text", async (_field, over) => {
    const expected = new Set(["reply-to", "in-reply-to", "references", "cc", "x-custom"]);
    const plain = readMessage(await compose(composeInput())).fields.map(({ key }) => key);
    const property = fc.asyncProperty(
      fc.string({ unit: "binary", maxLength: 40 }),
      async (text) => {
        const mime = await compose(composeInput(over(text))).catch((error: unknown) => {
          expect(error).toBeInstanceOf(ComposeError);
          return null;
        });
        if (!mime) return;
        for (const { key } of readMessage(mime).fields)
          expect(plain.includes(key) || expected.has(key)).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  test.each([
    ["headers", { headers: { "X-A: b\r\nBcc": "c" } }],
    ["headers", { headers: { "X A": "c" } }],
    ["headers.Bcc", { headers: { Bcc: "c@d" } }],
    ["headers.DKIM-Signature", { headers: { "DKIM-Signature": "v=1" } }],
    ["headers.x-multimail-identity", { headers: { "x-multimail-identity": "x" } }],
    ["headers.Date", { headers: { Date: "now" } }],
    ["headers.Content-Type", { headers: { "Content-Type": "text/plain" } }],
    ["message", { headers: { "X-A": "1", "x-a": "2" } }],
    ["from.name", { from: { name: "=?utf-8?Q?Boss?=", address: "a@b" } }],
    ["from.name", { from: { name: "\ud800", address: "a@b" } }],
    ["from.address", { from: { name: null, address: '"a@b"@c' } }],
    ["to[0].address", { to: [{ name: null, address: "a@b,c@d" }] }],
    ["message_id", { message_id: "<a@b> <c@d>" }],
    ["message_id", { message_id: "a@b" }],
    ["references", { references: Array.from({ length: 300 }, () => "<a@b>") }],
    ["subject", { subject: "x".repeat(999) }],
    ["markdown", { markdown: "a\0b" }],
    ["markdown", { markdown: "a\u001b[2Jb" }],
    ["html", { html: "\ud800" }],
    ["html", { html: "<div>".repeat(20_000) }],
    ["markdown", { markdown: "x".repeat(500_001) }],
    ["postal_address", { postal_address: "a\0" }],
    ["unsubscribe.url", { unsubscribe: { url: `javascript:${UNSUBSCRIBE_PLACEHOLDER}` } }],
    ["unsubscribe.url", { unsubscribe: { url: `https://x/>,<${UNSUBSCRIBE_PLACEHOLDER}` } }],
    [
      "unsubscribe.mailto",
      { unsubscribe: { url: `https://x/${UNSUBSCRIBE_PLACEHOLDER}`, mailto: "a@b,c@d" } },
    ],
  ] as [string, Partial<ComposeInput>][])("or nonsense in %s is refused", async (field, over) => {
    expect((await refusal(over)).field).toBe(field);
  });

  test.each([
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "..",
    ".",
    "",
    "=?utf-8?Q?a?=",
    "n".repeat(256),
    "a\u202efdp.exe",
  ])("the file name %j is refused", async (filename) => {
    const attachments = [{ filename, content_type: "application/pdf", content: Buffer.alloc(1) }];
    expect((await refusal({ attachments })).field).toBe("attachments[0].filename");
  });

  test.each([
    "multipart/mixed",
    "text",
    "text/plain; boundary",
    "text/plain (x)",
    'a/b; c="d\r\n"',
    "text/plain;charset=a;;",
  ])("the media type %j is refused", async (content_type) => {
    const attachments = [{ filename: "a", content_type, content: Buffer.alloc(1) }];
    expect((await refusal({ attachments })).field).toBe("attachments[0].content_type");
  });

  test("an attached message travels as it is, or is refused where it cannot", async () => {
    const attach = (text: string): Partial<ComposeInput> => ({
      attachments: [
        { filename: "m.eml", content_type: "message/rfc822", content: Buffer.from(text, "latin1") },
      ],
    });
    const mime = await compose(composeInput(attach("Subject: inner\nFrom: a@b\n\nbody\n")));
    expect(mime.toString()).toContain("Subject: inner\r\nFrom: a@b\r\n\r\nbody\r\n");
    for (const text of [
      "Subject: \xe4\n\n",
      "a\rb",
      "a\0",
      `${"x".repeat(1_100)}\n`,
      UNSUBSCRIBE_PLACEHOLDER,
    ]) {
      expect((await refusal(attach(text))).field).toBe("attachments[0].content");
    }
  });
});
