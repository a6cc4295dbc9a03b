/** Tests that no bytes make the parser throw or take long, whatever they are. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { parseMail, unreadableMail } from "./parse.ts";
import type { ParsedMail } from "./parsed-mail.ts";

const SEED = Buffer.from(
  [
    "From: =?utf-8?Q?J=C3=BCrgen?= <a@example.com>",
    "To: Team: b@example.com, c@example.com;, (comment) d@example.com",
    "Subject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= =?utf-8?B?w6Q=?=",
    "Date: Mon, 8 Jan 2024 09:15:00 +0100",
    "References: <a@b> <c@d>",
    "Content-Type: multipart/mixed; boundary=\"b\"; charset*0*=utf-8''x%41; charset*1=y",
    "",
    "--b",
    "Content-Type: multipart/alternative; boundary=c",
    "",
    "--c",
    "Content-Type: text/plain; charset=shift_jis; format=flowed; delsp=yes",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "=93=FA=96{ soft =",
    "> On 1/8/24 09:15, Sales wrote:",
    "-- ",
    "--c",
    "Content-Type: text/html; charset=utf-16",
    "Content-Transfer-Encoding: base64",
    "",
    "PHAgc3R5bGU9ImRpc3BsYXk6bm9uZSI+aGlkZGVuPC9wPjxhIGhyZWY9Imh0dHBzOi8vZXhhbXBsZS5jb20iPng8L2E+",
    "--c--",
    "--b",
    "Content-Type: text/html",
    "",
    "<ul><li style='font-size:0'>a<li>b</ul><blockquote>q<br>r</blockquote><img alt=x><pre> y </pre>",
    "--b",
    "Content-Type: message/rfc822; name*=utf-8''..%2F%00x",
    'Content-Disposition: attachment; filename="=?utf-8?Q?..=2F?="',
    "",
    "Subject: inner",
    "",
    "--b",
    "Content-Type: text/calendar",
    "",
    "BEGIN:VCALENDAR",
    "--b--",
    "",
  ].join("\r\n"),
);

const TOKENS = [
  ...SEED.toString("latin1").split(/(?<=[\s;=<>"'])/),
  "\r\n",
  "\n",
  "\r",
  "\0",
  "\u00ff",
  "\u00fe\u00ff",
  "--b",
  "--b--",
  "=?utf-8?B?",
  "?=",
  "(",
  ")",
  '"',
  "\\",
  ":",
  ";",
  "<",
  "&#x202e;",
  "&#0;",
  "<b>",
  "</",
  "<!--",
  "boundary=",
  "Content-Type: multipart/mixed; boundary=",
];

interface Edit {
  at: number;
  remove: number;
  insert: string;
}

const edits = fc.array(
  fc.record({
    at: fc.nat({ max: SEED.length }),
    remove: fc.oneof(fc.constant(0), fc.nat({ max: 3 }), fc.nat({ max: 200 })),
    insert: fc.oneof(
      fc.constantFrom(...TOKENS),
      fc.constantFrom(...TOKENS).map((token) => token.repeat(300)),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

function mutate(changes: readonly Edit[]): Buffer {
  let text = SEED.toString("latin1");
  for (const { at, remove, insert } of changes)
    text = text.slice(0, at) + insert + text.slice(at + remove);
  return Buffer.from(text, "latin1");
}

/** Text that databases and JSON refuse or that forges lines. */
const BROKEN = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const FORGING = /[\u0000-\u001f\u007f-\u009f]/;

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Buffer.isBuffer(value) || value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(strings);
}

function expectSound(mail: ParsedMail): void {
  const { attachments } = mail;
  expect(strings(mail).filter((text) => BROKEN.test(text))).toStrictEqual([]);
  const { subject, from, to, headers } = mail;
  const single = strings([subject, from, to, headers, attachments]);
  expect(single.filter((text) => FORGING.test(text))).toStrictEqual([]);
  const names = attachments.map(({ filename }) => filename.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  expect(
    names.filter((filename) => /^\.|[/\\]|^$/.test(filename) || filename.length > 255),
  ).toStrictEqual([]);
  expect(attachments.every(({ content, size_bytes }) => content.length === size_bytes)).toBe(true);
  // Without HTML the markdown is the text as it came, with whatever brackets its writer typed.
  if (mail.markdown !== mail.text) expect(mail.markdown).not.toMatch(/\]\((?!https?:|mailto:)/);
}

async function open(eml: Buffer): Promise<void> {
  const start = performance.now();
  const mail = await parseMail(eml);
  // Measured alone it is milliseconds; this machine may be busy.
  expect(performance.now() - start).toBeLessThan(5_000);
  expectSound(mail);
  expect(unreadableMail(eml)).toMatchObject({ subject: mail.subject, truncated: true });
}

const RUNS = { numRuns: 300 };

test("a damaged message is opened, soundly and soon", async () => {
  await fc.assert(fc.asyncProperty(edits.map(mutate), open), RUNS);
}, 60_000);

test("a heap of fragments of messages is opened, soundly and soon", async () => {
  const heaps = fc
    .array(fc.constantFrom(...TOKENS), { maxLength: 200 })
    .map((tokens) => Buffer.from(tokens.join(""), "latin1"));
  await fc.assert(fc.asyncProperty(heaps, open), RUNS);
}, 60_000);

test("random bytes are opened, soundly and soon", async () => {
  const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array));
  await fc.assert(fc.asyncProperty(bytes, open), RUNS);
}, 60_000);
