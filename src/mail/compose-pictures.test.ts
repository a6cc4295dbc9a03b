/** Tests of pictures inside a message: shown where the HTML names them, kept as they are, and no way to anything else. */
import { describe, expect, it } from "vitest";
import { type ComposeAttachment, ComposeError, compose, placeAttachments } from "./compose.ts";
import { UNSUBSCRIBE_PLACEHOLDER } from "./digest.ts";
import { givenHtml } from "./compose-body.ts";
import { readFrozenParts } from "./frozen-parts.ts";
import { parseMail } from "./parse.ts";

const png = (n: number): Buffer => Buffer.from([0x89, 0x50, 0x4e, 0x47, n]);
const logo: ComposeAttachment = {
  filename: "logo.png",
  content_type: "image/png",
  content: png(1),
  content_id: "logo.1@agents.example",
};
const sheet: ComposeAttachment = {
  filename: "sheet.pdf",
  content_type: "application/pdf",
  content: Buffer.from("%PDF-1.7"),
};

const written = (markdown: string, attachments: ComposeAttachment[], html?: string) =>
  compose({
    from: { name: null, address: "agent@agents.example" },
    to: [{ name: null, address: "ada@example.com" }],
    cc: [],
    subject: "Pictures",
    markdown,
    ...(html === undefined ? {} : { html }),
    attachments,
    message_id: "<pictures@agents.example>",
    unsubscribe: { url: `https://agents.example/u/${UNSUBSCRIBE_PLACEHOLDER}` },
    postal_address: "1 Street",
    ai_disclosure: null,
    auto_generated: true,
    feedback_id: "abc:agent:sender1",
  });

describe("a picture with a content id", () => {
  it("stands in the HTML where the markdown names it, in a multipart/related, and the files behind it", async () => {
    const mime = await written("Look: ![our *logo*](cid:logo.1@agents.example)\n", [sheet, logo]);
    const text = mime.toString("latin1");
    expect(text.match(/multipart\/\w+/g)).toEqual([
      "multipart/mixed",
      "multipart/alternative",
      "multipart/related",
    ]);
    expect(text).toContain("Content-ID: <logo.1@agents.example>");
    expect(text).toMatch(/Content-Disposition: inline; filename=logo\.png/);
    expect(text).toMatch(/Content-Disposition: attachment; filename=sheet\.pdf/);
    const parts = await readFrozenParts(mime);
    expect(parts.html).toContain('<img src="cid:logo.1@agents.example" alt="our logo">');
    expect(parts.attachments).toMatchObject([
      { filename: "logo.png", content_id: "logo.1@agents.example", content: png(1) },
      { filename: "sheet.pdf", content_id: null },
    ]);
    const read = await parseMail(mime);
    expect(read.attachments.map(({ filename, inline }) => [filename, inline])).toEqual([
      ["logo.png", true],
      ["sheet.pdf", false],
    ]);
  });

  it("is a file like any other where nothing shows it; an id that nothing has stays a link", async () => {
    const mime = await written("![a](cid:other)", [logo]);
    const text = mime.toString("latin1");
    expect(text).not.toContain("multipart/related");
    expect(text).not.toContain("Content-ID");
    const { html } = await readFrozenParts(mime);
    expect(html).not.toContain("<img");
    expect(html).toContain("[image: a]");
  });

  it("stands in given HTML, whose other pictures by cid lose their address", async () => {
    const html =
      '<p><img src="CID:logo.1%40agents.example" onerror="x()"><img src="cid:gone"><img src="https://example.com/a.png"></p>';
    const mime = await written("Text.", [logo], html);
    const parts = await readFrozenParts(mime);
    expect(parts.html.match(/<img[^>]*>/g)).toEqual([
      '<img src="cid:logo.1@agents.example" />',
      "<img />",
      '<img src="https://example.com/a.png" />',
    ]);
  });

  it("is no given HTML when the message is read back", async () => {
    const markdown = "A ![logo](cid:logo.1@agents.example) here";
    const { html } = await readFrozenParts(await written(markdown, [logo]));
    expect(givenHtml(html, markdown, new Set(["logo.1@agents.example"]))).toBeNull();
  });

  it("comes once, is a picture, and has an id that cannot break a header or an address", async () => {
    const wrong: [ComposeAttachment[], string][] = [
      [[logo, { ...logo, filename: "b.png" }], "attachments[1].content_id"],
      [[{ ...sheet, content_id: "a" }], "attachments[0].content_id"],
      ...["a b", "<a>", "a\r\nBcc: x", 'a"b', "", "a@b@c", "x".repeat(300), "ä"].map(
        (content_id): [ComposeAttachment[], string] => [
          [{ ...logo, content_id }],
          "attachments[0].content_id",
        ],
      ),
    ];
    for (const [attachments, field] of wrong) {
      const error = await written("x", attachments).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ComposeError);
      expect((error as ComposeError).field).toBe(field);
    }
  });

  it("in the emphasis around it breaks nothing", async () => {
    const { html } = await readFrozenParts(
      await written(
        "**a ![x *y* `z`](cid:logo.1@agents.example) b** *c* ![x][r]\n\n[r]: cid:logo.1@agents.example",
        [logo],
      ),
    );
    expect(html).toContain(
      '<p><strong>a <img src="cid:logo.1@agents.example" alt="x y z"> b</strong> <em>c</em> <img src="cid:logo.1@agents.example" alt="x"></p>',
    );
  });

  it("leaves the order of files alone where there is none", () => {
    const files = [sheet, { ...logo, content_id: undefined }];
    expect(placeAttachments({ markdown: "x", attachments: files }).attachments).toEqual(files);
  });
});

describe("Feedback-ID", () => {
  it("stands in the frozen message once, and nothing else fits", async () => {
    const text = (await written("x", [])).toString("latin1");
    expect(text.match(/^Feedback-ID: abc:agent:sender1\r$/gm)).toHaveLength(1);
  });
});
