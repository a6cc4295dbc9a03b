/** Tests that received mail is opened as its reader would see it, and that what it is hostile in stays out. */
import { describe, expect, test } from "vitest";

import { parseMail } from "./parse.ts";
import type { ParsedMail } from "./parsed-mail.ts";

function eml(...lines: (string | Buffer)[]): Buffer {
  return Buffer.concat(
    lines.flatMap((line) => [
      typeof line === "string" ? Buffer.from(line, "utf8") : line,
      Buffer.from("\r\n"),
    ]),
  );
}

async function ofHtml(html: string): Promise<ParsedMail> {
  return parseMail(eml("Content-Type: text/html; charset=utf-8", "", html));
}

describe("the header", () => {
  test("gives addresses, subject, date and identifiers", async () => {
    const mail = await parseMail(
      eml(
        "From: =?UTF-8?Q?J=C3=BCrgen?= <j@example.com>",
        "Sender: robot@example.com",
        'To: "Doe, Jane" <jane@example.org>, Team: a@example.org, b@example.org;',
        "Cc: c@example.org (a comment)",
        "Reply-To: answers@example.com",
        "Subject: =?UTF-8?B?w6Q=?=",
        " =?UTF-8?B?w7Y=?= plain",
        "Date: Mon, 8 Jan 2024 09:15:00 +0100 (CET)",
        "Message-ID: <1@example.com>",
        "In-Reply-To: <0@example.com> (said so)",
        "References: <a@example.com>",
        "\t<b@example.com>junk<0@example.com>",
        "",
        "Hello",
      ),
    );
    expect(mail).toMatchObject({
      from: [{ name: "Jürgen", address: "j@example.com" }],
      sender: { name: "", address: "robot@example.com" },
      to: [
        { name: "Doe, Jane", address: "jane@example.org" },
        { name: "", address: "a@example.org" },
        { name: "", address: "b@example.org" },
      ],
      cc: [{ address: "c@example.org" }],
      reply_to: [{ name: "", address: "answers@example.com" }],
      subject: "äö plain",
      date: "2024-01-08T08:15:00.000Z",
      message_id: "<1@example.com>",
      in_reply_to: "<0@example.com>",
      references: ["<a@example.com>", "<b@example.com>", "<0@example.com>"],
      text: "Hello\n",
      truncated: false,
    });
    expect(mail.headers[5]).toStrictEqual({ name: "subject", value: "äö plain" });
  });

  test("with a second From shows both", async () => {
    const mail = await parseMail(eml("From: a@example.com", "From: b@example.net", "", ""));
    expect(mail.from.map(({ address }) => address)).toStrictEqual([
      "a@example.com",
      "b@example.net",
    ]);
  });

  test("keeps a multi-byte character that two encoded words share", async () => {
    const mail = await parseMail(
      eml("Subject: =?utf-8?B?5pel5pw=?=", " =?utf-8?B?rOiqng==?=", "", ""),
    );
    expect(mail.subject).not.toContain("\n");
    const whole = await parseMail(
      eml("Subject: =?utf-8?Q?=E6=97=A5=E6=9C?= =?utf-8?Q?=AC?=", "", ""),
    );
    expect(whole.subject).toBe("日本");
  });

  test("in raw 8-bit is read as UTF-8, else as Windows-1252", async () => {
    const latin = await parseMail(eml(Buffer.from("Subject: caf\xe9", "latin1"), "", ""));
    expect(latin.subject).toBe("café");
    expect((await parseMail(eml("Subject: café", "", ""))).subject).toBe("café");
  });

  test("never gives a line end, a NUL or a bidirectional override in a name or subject", async () => {
    const word = Buffer.from("a\r\nBcc: x\0\u202egpj.exe").toString("base64");
    const mail = await parseMail(
      eml(`Subject: =?utf-8?B?${word}?=`, `From: =?utf-8?B?${word}?= <a@example.com>`, "", ""),
    );
    expect(mail.subject).toBe("a  Bcc: x gpj.exe");
    expect(mail.from[0]?.name).toBe("a  Bcc: x gpj.exe");
  });

  test("that no empty line ends does not swallow the body", async () => {
    const mail = await parseMail(eml("Subject: x", "This is the body: yes", "more"));
    expect([mail.subject, mail.text]).toStrictEqual(["x", "This is the body: yes\nmore\n"]);
  });

  test("over its limits is cut, and the body still found", async () => {
    const bomb = Array.from({ length: 20_000 }, (_none, i) => `X-Bomb-${i}: ${"x".repeat(50)}`);
    const mail = await parseMail(eml("Subject: first", ...bomb, "", "the body"));
    expect([mail.subject, mail.text, mail.truncated]).toStrictEqual(["first", "the body\n", true]);
    expect(mail.headers.length).toBeLessThanOrEqual(1_000);
    const refs = Array.from({ length: 500 }, (_none, i) => `<${i}@example.com>`).join("\r\n ");
    const { references, truncated } = await parseMail(eml(`References: ${refs}`, "", ""));
    expect([references.length, references[0], references.at(-1), truncated]).toStrictEqual([
      100,
      "<0@example.com>",
      "<499@example.com>",
      true,
    ]);
    const to = Array.from({ length: 10_000 }, (_none, i) => `u${i}@example.com`).join(",\r\n ");
    const many = await parseMail(eml(`To: ${to}`, "", ""));
    expect([many.to.length, many.truncated]).toStrictEqual([2_000, true]);
  });
});

describe("the charset", () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
  test.each<[string, Buffer, string]>([
    ["utf-8", Buffer.from("Grüße 日本"), "Grüße 日本"],
    ["iso-8859-1", bytes("477266fcdf"), "Grfüß"],
    ["windows-1251", bytes("cff0e8e2e5f2"), "Привет"],
    ["windows-1250", bytes("9cb9bf"), "śąż"],
    ["cp1252", bytes("80"), "€"],
    ["koi8-r", bytes("f0d2c9d7c5d4"), "Привет"],
    ["shift_jis", bytes("93fa967b"), "日本"],
    ["cp932", bytes("93fa967b"), "日本"],
    ["iso-2022-jp", bytes("1b2442467c4b5c1b2842"), "日本"],
    ["euc-jp", bytes("c6fccbdc"), "日本"],
    ["gb2312", bytes("d6d0b9fa"), "中国"],
    ["gb18030", bytes("d6d0b9fa"), "中国"],
    ["big5", bytes("a4a4b0ea"), "中國"],
    ["euc-kr", bytes("c7d1b1b9"), "한국"],
    ["ks_c_5601-1987", bytes("c7d1b1b9"), "한국"],
    ["utf-16", bytes("feff00480069"), "Hi"],
    ["utf-16le", bytes("48006900"), "Hi"],
    ["utf-16", bytes("00480069"), "Hi"],
    ["x-unknown-nonsense", Buffer.from("Grüße"), "Grüße"],
    ["us-ascii", bytes("e9"), "é"],
    ["", Buffer.from("Grüße"), "Grüße"],
    ["utf-7", Buffer.from("+ADw-script+AD4-"), "+ADw-script+AD4-"],
    ["utf-8", bytes("e9ff"), "\ufffd\ufffd"],
  ])("%s is read", async (charset, content, text) => {
    for (const encoding of ["base64", "8bit"]) {
      // UTF-16 and line ends of one byte do not go together.
      if (encoding === "8bit" && charset.startsWith("utf-16")) continue;
      const body = encoding === "base64" ? content.toString("base64") : content;
      const mail = await parseMail(
        eml(
          `Content-Type: text/plain; charset="${charset}"`,
          `Content-Transfer-Encoding: ${encoding}`,
          "",
          body,
        ),
      );
      expect(mail.text.trim()).toBe(text);
    }
  });
});

describe("file names", () => {
  async function names(...dispositions: string[]): Promise<string[]> {
    const parts = dispositions.flatMap((disposition) => [
      "--b",
      "Content-Type: application/octet-stream",
      `Content-Disposition: attachment; ${disposition}`,
      "",
      "x",
    ]);
    const mail = await parseMail(
      eml("Content-Type: multipart/mixed; boundary=b", "", ...parts, "--b--"),
    );
    return mail.attachments.map(({ filename }) => filename);
  }

  test.each([
    ["filename=../../etc/passwd", "passwd"],
    ['filename="C:\\\\Windows\\\\system32\\\\evil.dll"', "evil.dll"],
    ["filename=..", "attachment.bin"],
    ['filename="."', "attachment.bin"],
    ['filename=""', "attachment.bin"],
    ["filename=.htaccess", "htaccess"],
    ["filename=CON", "_CON"],
    ["filename=nul.txt", "_nul.txt"],
    ["filename=-rf", "_-rf"],
    ['filename="a\u0000b\u0007.txt"', "ab.txt"],
    ['filename="inv\u202egpj.exe"', "invgpj.exe"],
    ['filename="a\u200bb.txt. . ."', "ab.txt"],
    ['filename="a<b>|c?.txt"', "a_b__c_.txt"],
    ["filename=Invoice(1).pdf", "Invoice(1).pdf"],
    ['filename="=?utf-8?Q?../=C3=A4.txt?="', "ä.txt"],
    ["filename*=utf-8''..%2F..%2F%e2%82%ac.txt", "€.txt"],
    ["filename*0*=iso-8859-1''caf%E9; filename*1=\" menu.\"; filename*2=pdf", "café menu.pdf"],
    ["filename=plain.txt; filename*=utf-8''b%C3%A4r.txt", "bär.txt"],
  ])("%s is offered as %s", async (disposition, filename) => {
    expect(await names(disposition)).toStrictEqual([filename]);
  });

  test("keep their extension when cut", async () => {
    const [name = ""] = await names(`filename="${"ä".repeat(5_000)}.pdf"`);
    expect(name).toMatch(/^ä+\.pdf$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });

  test("are unique whatever the case", async () => {
    const given = await names(
      "filename=a.txt",
      "filename=A.TXT",
      "filename=a.txt",
      'filename="a (2).txt"',
    );
    expect(new Set(given.map((name) => name.toLowerCase())).size).toBe(4);
    expect(given.slice(0, 3)).toStrictEqual(["a.txt", "A (2).TXT", "a (3).txt"]);
  });
});

describe("HTML", () => {
  test("becomes markdown with its structure, and links only where they are safe", async () => {
    const { markdown } = await ofHtml(
      '<h2>Offer</h2><p>Dear <b>Anna</b>,<br>see <a href="https://example.com/a">here</a>, ' +
        '<a href="mailto:a@example.com">write</a>, <a href="javascript:alert(1)">run</a>.</p>' +
        '<ul><li>one</li><li>two</li></ul><img src="https://example.com/x.png" alt="logo">',
    );
    expect(markdown).toBe(
      "## Offer\n\nDear **Anna**,  \nsee [here](https://example.com/a), [write](mailto:a@example.com), run.\n\n" +
        "- one\n- two\n\n[image: logo]",
    );
  });

  test("becomes markdown in its lists, rows, quotations and code, its own signs escaped", async () => {
    const { markdown, text } = await ofHtml(
      "<ol><li>one<ul><li>inner</li></ul></li><li><p>two</p></li></ol><table><tr><th>a</th><th>b</th></tr>" +
        "<tr><td>1</td><td>2</td></tr></table><blockquote>said<br>so</blockquote><pre>x\n  y</pre>" +
        "<p>1. no list</p><p># no heading</p><p>- no item, 2*3 [x](y) snake_case <code>a_b</code></p><p><b>bold </b>end</p>",
    );
    expect(markdown).toBe(
      "1. one\n   - inner\n2. two\n\na | b\n1 | 2\n\n> said  \n> so\n\n    x\n      y\n\n" +
        "1\\. no list\n\n\\# no heading\n\n\\- no item, 2\\*3 \\[x\\](y) snake_case `a_b`\n\n**bold** end",
    );
    expect(text).toContain("1. one\n   * inner\n2. two\n\na | b\n1 | 2\n\n> said\n> so\n\nx\n  y");
  });

  test.each([
    '<div style="display:none">HIDDEN</div>',
    '<div style="DISPLAY : NONE !important">HIDDEN</div>',
    '<div style="display/**/:none">HIDDEN</div>',
    '<div style="d\\69splay:none">HIDDEN</div>',
    "<div hidden>HIDDEN</div>",
    '<div style="visibility:hidden"><b>HIDDEN</b></div>',
    '<div style="opacity:0">HIDDEN</div>',
    '<span style="font-size:0px">HIDDEN</span>',
    '<span style="font-size:1px">HIDDEN</span>',
    '<span style="color:#fff">HIDDEN</span>',
    '<font color="white">HIDDEN</font>',
    '<td style="color:#fefefe;background:#ffffff">HIDDEN</td>',
    '<div style="background:rgb(0,0,0)"><span style="color:black">HIDDEN</span></div>',
    '<span style="color:rgba(0,0,0,0)">HIDDEN</span>',
    '<div style="max-height:0;overflow:hidden">HIDDEN</div>',
    '<div style="position:absolute;left:-9999px">HIDDEN</div>',
    '<div style="text-indent:-9999px">HIDDEN</div>',
    '<div style="mso-hide:all">HIDDEN</div>',
    "<script>HIDDEN</script>",
    "<style>HIDDEN</style>",
    "<title>HIDDEN</title>",
    "<noscript>HIDDEN</noscript>",
    "<!-- HIDDEN -->",
    "<textarea>HIDDEN</textarea>",
    '<div style="display:none"><div>HIDDEN</div>HIDDEN</div>',
    '<img alt="HIDDEN" width="1" height="1" src="https://example.com/p.gif">',
    "<div style=display:none>HIDDEN",
  ])("that nobody sees is not in text or markdown: %s", async (hidden) => {
    const { text, markdown, html } = await ofHtml(`<p>seen before</p>${hidden}`);
    expect(text).toBe("seen before");
    expect(markdown).toBe("seen before");
    expect(html).toContain(hidden);
  });

  test.each([
    '<td style="font-size:0"><div style="font-size:14px">SEEN</div></td>',
    '<td bgcolor="#0066cc"><a href="https://example.com" style="color:#ffffff">SEEN</a></td>',
    '<div style="color:#fff"><p style="color:#222">SEEN</p></div>',
    '<div style="visibility:hidden"><p style="visibility:visible">SEEN</p></div>',
    '<div style="background:url(x.png)"><p style="color:#fff">SEEN</p></div>',
    '<div style="display:none">x</div>SEEN',
    '<br style="display:none">SEEN',
  ])("that a person sees is kept: %s", async (html) => {
    const mail = await ofHtml(html);
    expect(mail.text).toContain("SEEN");
    expect(mail.markdown).toContain("SEEN");
  });

  test("and text lose what has no width, joiners of words excepted", async () => {
    const hidden = "ig\u200bno\u2060re\u{e0041}\u{e0042}\u00ad\u202e";
    expect((await ofHtml(`<p>${hidden}</p>`)).markdown).toBe("ignore");
    const plain = await parseMail(eml("", `${hidden} a\0b\u001b[31m می\u200cخواهم 👨\u200d👩`));
    expect(plain.text).toBe("ignore ab[31m می\u200cخواهم 👨\u200d👩\n");
  });

  test("beside a text part that is no alternative hides nothing into the text", async () => {
    const mail = await parseMail(
      eml(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "first",
        "--b",
        "Content-Type: text/html",
        "",
        '<p>second</p><p style="display:none">HIDDEN</p><style>p{}</style>',
        "--b--",
      ),
    );
    expect(mail.text).toBe("first\nsecond");
    expect(mail.markdown).toBe("first\n\nsecond");
  });

  test("quoted in a block is told from what is new", async () => {
    const mail = await ofHtml(
      '<div>Yes.</div><div>On Mon, Jan 8, 2024 at 9:15 AM Sales &lt;<a href="mailto:s@example.com">s@example.com</a>&gt; wrote:</div>' +
        "<blockquote><div>Friday?</div></blockquote>",
    );
    expect(mail.new_text).toBe("Yes.");
    expect(mail.quoted_text).toContain("> Friday?");
  });
});
