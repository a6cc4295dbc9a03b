/** Frozen messages give back what they were composed from. */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { givenHtml } from "./compose-body.ts";
import { UNSUBSCRIBE_PLACEHOLDER, compose } from "./compose.ts";
import { readFrozenParts } from "./frozen-parts.ts";

const base = {
  from: { name: "Agent", address: "agent@example.com" },
  to: [],
  cc: [],
  subject: "",
  markdown: "",
  message_id: "<one@example.com>",
  unsubscribe: { url: `https://example.com/u/${UNSUBSCRIBE_PLACEHOLDER}` },
  postal_address: "Street 1",
  ai_disclosure: null,
  auto_generated: true,
};

test("attached bytes of any type, the reply address and the references come back as they were given", async () => {
  const attachments = [
    { filename: "a.pdf", content_type: "application/pdf", content: randomBytes(100_000) },
    {
      filename: "ä ö.txt",
      content_type: "text/plain",
      content: Buffer.from([0xff, 0x0d, 0x80, 0x0a, 0x41]),
    },
    { filename: "c.html", content_type: "text/html", content: Buffer.from("<p>x\n</p>\n") },
    { filename: "d.csv", content_type: "text/csv", content: Buffer.from("\ufeffa;b\n1;2") },
    { filename: "e.ics", content_type: "text/calendar", content: Buffer.from("BEGIN:VCALENDAR\n") },
    { filename: "empty", content_type: "application/octet-stream", content: Buffer.alloc(0) },
    {
      filename: "m.eml",
      content_type: "message/rfc822",
      content: Buffer.from("Subject: x\r\n\r\nbody\r\n"),
    },
    { filename: "a.pdf", content_type: "application/pdf", content: Buffer.from("again") },
  ];
  const references = Array.from({ length: 30 }, (_, i) => `<r${i}@example.org>`);
  const mime = await compose({
    ...base,
    reply_to: { name: 'Café "x", y', address: "desk@example.com" },
    references,
    in_reply_to: "<r29@example.org>",
    attachments,
  });
  const parts = await readFrozenParts(mime);
  expect(parts.reply_to).toEqual({ name: 'Café "x", y', address: "desk@example.com" });
  expect(parts.references).toEqual(references);
  // Compared piece by piece: a difference in a large attachment is not printed byte by byte.
  expect(parts.attachments.map(({ filename, content_type }) => [filename, content_type])).toEqual(
    attachments.map(({ filename, content_type }) => [filename, content_type]),
  );
  for (const [i, { content }] of attachments.entries())
    expect(parts.attachments[i]?.content.equals(content), attachments[i]?.filename).toBe(true);
});

test("a message without any of them has none", async () => {
  const { html, ...parts } = await readFrozenParts(await compose({ ...base, attachments: [] }));
  expect(parts).toEqual({ reply_to: null, references: [], attachments: [] });
  expect(givenHtml(html, "")).toBeNull();
});

const footers = [
  { postal_address: "Street 1\nCity <hr>", ai_disclosure: "Written by <b>Acme</b>" },
  { postal_address: "Street 1", ai_disclosure: null },
];
const html = fc
  .array(
    fc.constantFrom(
      "<hr>",
      '<hr>\n<p style="font-size:12px;color:#555">',
      "<body>\n<div>",
      "</div>",
      "<p>é</p>",
      '<a href="https://example.com/?a=1&amp;b=2">x</a>',
      "text ",
      "\r\n",
      "<!-- ",
      '<td style="color:red">',
    ),
  )
  .map((pieces) => pieces.join(""));

test("HTML of the author's own is read back as it stands, exactly without our frame and footer", async () => {
  await fc.assert(
    fc.asyncProperty(html, fc.constantFrom(...footers), async (given, footer) => {
      const input = { ...base, ...footer, attachments: [], markdown: "of the *text* part" };
      const part = await readFrozenParts(await compose({ ...input, html: given }));
      const found = givenHtml(part.html, input.markdown);
      const other = await readFrozenParts(await compose({ ...input, html: "MARK" }));
      expect(part.html).toBe(other.html.replace("MARK", () => found ?? "nothing was found"));
    }),
    { numRuns: 60 },
  );
});

test("the rendering of the markdown is no HTML of the author's own", async () => {
  const piece = fc.constantFrom(
    "# a\n",
    "---\n\n",
    "*b* ",
    "\r\n",
    "<hr>",
    "é ",
    "- x\n",
    "\n",
    "[a](https://example.com) ",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.constantFrom(...footers), async (pieces, footer) => {
      const markdown = pieces.join("");
      const frozen = await compose({ ...base, ...footer, attachments: [], markdown });
      expect(givenHtml((await readFrozenParts(frozen)).html, markdown)).toBeNull();
    }),
    { numRuns: 60 },
  );
});
