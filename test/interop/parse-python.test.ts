/** Python's email package as a second reader of what we parse, over messages that it, nodemailer and hand wrote. */
import { spawnSync } from "node:child_process";
import { createTransport } from "nodemailer";
import { describe, expect, test } from "vitest";

import { parseMail } from "../../src/mail/parse.ts";

const python = ["/usr/bin/python3", "python3"].find(
  (path) => spawnSync(path, ["-c", "import email.policy"]).status === 0,
);

interface Reading {
  subject: string;
  from: string[];
  text: string;
  attachments: { type: string; size: number }[];
}

// Writes messages of its own in many charsets, and reads all: its own and ours.
const PROGRAM = `
import base64, json, sys, email, email.policy
from email.message import EmailMessage
written = []
for number, (charset, text) in enumerate([
    ("utf-8", "Grüße 日本 Привет"), ("iso-8859-1", "Grüße"), ("iso-8859-15", "10 €"), ("windows-1252", "“Grüße” €"),
    ("windows-1251", "Привет"), ("koi8-r", "Привет"), ("iso-2022-jp", "日本語のテキスト"), ("shift_jis", "日本語"),
    ("euc-jp", "日本語"), ("gb2312", "中国"), ("gb18030", "中国"), ("big5", "中國"), ("euc-kr", "한국어"), ("utf-16", "Hi 日本")]):
    for cte in (["base64"] if charset == "utf-16" else ["base64", "quoted-printable"]):
        m = EmailMessage()
        m["Subject"] = text + " " + "long " * 20 + text
        m["From"] = '"' + text + '" <a@example.com>'
        m.set_content((text + " = line\\n") * 5, charset=charset, cte=cte)
        if number % 2:
            m.add_attachment(bytes(range(256)) * (number + 1), maintype="application", subtype="x-test", filename=text + ".bin")
        if number % 3 == 0:
            m.add_alternative("<p>" + text + "</p>", subtype="html") if not number % 2 else m.add_attachment(text, filename="t.txt")
        written.append(bytes(m))
def reading(data):
    m = email.message_from_bytes(data, policy=email.policy.default)
    body = m.get_body(preferencelist=("plain",))
    attachments = []
    for part in m.iter_attachments():
        content = part.get_payload(decode=True)
        attachments.append({"type": part.get_content_type(), "size": len(content)})
    return {"subject": str(m["Subject"] or ""), "from": [a.addr_spec for a in m["From"].addresses] if m["From"] else [],
            "text": "" if body is None else body.get_content(), "attachments": attachments}
messages = written + [base64.b64decode(text) for text in json.load(sys.stdin)]
json.dump([{"eml": base64.b64encode(m).decode(), "reading": reading(m)} for m in messages], sys.stdout)
`;

const HAND_WRITTEN = [
  "From: a@example.com, =?utf-8?Q?B_=C3=A4?= <b@example.com>\r\nSubject: folded\r\n  here\r\n\r\nbody\r\n",
  "From: a@example.com\nSubject: bare line feeds\n\nbody\nmore\n",
  'From: a@example.com\r\nSubject: preamble\r\nContent-Type: multipart/mixed; boundary="b b"\r\n\r\npreamble\r\n--b b\r\n\r\nbody\r\n--b b--\r\nepilogue',
  "From: a@example.com\r\nSubject: unclosed\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n",
  "From: a@example.com\r\nSubject: nested\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=aa\r\n\r\n--aa\r\n\r\nbody\r\n--aa\r\nContent-Type: text/html\r\n\r\n<p>body</p>\r\n--aa--\r\n--a\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--a--\r\n",
];

async function nodemailerWrote(): Promise<Buffer[]> {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const common = { from: '"Ünï" <a@example.com>', to: "b@example.com" };
  const mails = [
    { subject: "plain", text: "Hello\n" },
    { subject: "Grüße an alle ".repeat(8), text: "Grüße\n".repeat(20), html: "<b>Grüße</b>" },
    {
      subject: "日本",
      text: "日本\n",
      attachments: [{ filename: "日本.bin", content: Buffer.alloc(5_000, 7) }],
    },
    {
      subject: "event",
      text: "Come\n",
      icalEvent: { method: "REQUEST", content: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" },
    },
  ];
  const sent = await Promise.all(mails.map((mail) => transport.sendMail({ ...common, ...mail })));
  return sent.map(({ message }) => Buffer.from(message as Buffer));
}

function readByPython(ours: readonly Buffer[]): { eml: string; reading: Reading }[] {
  const { status, stdout, stderr } = spawnSync(python ?? "", ["-c", PROGRAM], {
    input: JSON.stringify(ours.map((message) => message.toString("base64"))),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { eml: string; reading: Reading }[];
}

/** Python folds white space in a subject, and ends or begins texts by its own mind. */
const even = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

describe.skipIf(!python)(
  `Python's reader${python ? "" : " (skipped: python3 is not installed)"}`,
  () => {
    test("finds the same subject, sender, text and attachments in each message", async () => {
      const ours = [...HAND_WRITTEN.map((text) => Buffer.from(text)), ...(await nodemailerWrote())];
      const read = readByPython(ours);
      expect(read.length).toBeGreaterThanOrEqual(30);
      for (const { eml, reading } of read) {
        const mail = await parseMail(Buffer.from(eml, "base64"));
        expect({
          subject: even(mail.subject),
          from: mail.from.map(({ address }) => address),
          text: even(mail.text),
          // An invitation among alternatives is no attachment to Python.
          attachments: mail.attachments
            .filter(({ content_type }) => content_type !== "text/calendar")
            .map(({ content_type, size_bytes }) => ({
              type: content_type,
              size: size_bytes,
            })),
        }).toStrictEqual({ ...reading, subject: even(reading.subject), text: even(reading.text) });
      }
    });
  },
);
