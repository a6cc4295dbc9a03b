/** Tests that no message can stop the process that receives it. */
import { expect, test } from "vitest";

import { parseMail } from "./parse.ts";
import { openParser } from "./parse-isolated.ts";

function message(subject: string, body = "Hello"): Buffer {
  return Buffer.from(`From: a@example.com\r\nSubject: ${subject}\r\n\r\n${body}\r\n`);
}

const SLOW = Buffer.from(
  `Subject: slow\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\nContent-Type: text/html\r\n\r\n${"<".repeat(999_999)}\r\n`.repeat(2)}`,
);

test("a message opened in the thread says what it says when opened here, contents included", async () => {
  const eml = Buffer.from(
    [
      "From: a@example.com",
      "Subject: files",
      "Content-Type: multipart/mixed; boundary=b",
      "",
      "--b",
      "",
      "text",
      "--b",
      "Content-Type: application/octet-stream",
      "Content-Disposition: attachment; filename=plain.bin",
      "",
      "bytes in place",
      "--b",
      "Content-Type: image/png",
      "Content-Transfer-Encoding: base64",
      "",
      "iVBORw0KGgo=",
      "--b--",
    ].join("\r\n"),
  );
  const before = Buffer.from(eml);
  const parser = openParser();
  const mail = await parser.parse(eml);
  await parser.close();
  expect(mail).toStrictEqual(await parseMail(eml));
  expect(mail.attachments.every(({ content }) => Buffer.isBuffer(content))).toBe(true);
  expect(eml).toStrictEqual(before);
});

test("a message over its time comes back unopened with its header, and those behind it are served", async () => {
  const reasons: string[] = [];
  const parser = openParser({ timeoutMs: 400, onFailure: (reason) => reasons.push(reason) });
  // The first message waits for the thread to have compiled what it needs.
  await parser.parse(message("warm"));
  const mails = await Promise.all(
    [message("before"), SLOW, message("behind")].map((eml) => parser.parse(eml)),
  );
  await parser.close();
  expect(mails.map(({ subject, truncated }) => [subject, truncated])).toStrictEqual([
    ["before", false],
    ["slow", true],
    ["behind", false],
  ]);
  expect(reasons).toStrictEqual(["the message was not opened within 400 ms"]);
});

test("a message that takes more memory than the thread has ends the thread only", async () => {
  const reasons: string[] = [];
  const parser = openParser({ heapMb: 24, onFailure: (reason) => reasons.push(reason) });
  const html = "<p>x</p>".repeat(19_000);
  const heavy = Buffer.from(
    `Subject: heavy\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\nContent-Type: text/html\r\n\r\n${html}\r\n`.repeat(12)}`,
  );
  const [mail, next] = await Promise.all([parser.parse(heavy), parser.parse(message("next"))]);
  await parser.close();
  expect([mail.subject, mail.truncated, mail.text]).toStrictEqual(["heavy", true, ""]);
  expect(reasons.join()).toContain("memory");
  expect([next.subject, next.truncated]).toStrictEqual(["next", false]);
});

test("a message over the size is told by its header and not opened", async () => {
  const parser = openParser({ limits: { messageBytes: 100 } });
  const mail = await parser.parse(message("large", "x".repeat(200)));
  await parser.close();
  expect([mail.subject, mail.truncated, mail.text]).toStrictEqual(["large", true, ""]);
});

test("the thread is ended when idle and started again for the next message", async () => {
  const parser = openParser({ idleMs: 1 });
  const first = await parser.parse(message("first"));
  const second = await parser.parse(message("second"));
  await parser.close();
  expect([first.subject, second.subject]).toStrictEqual(["first", "second"]);
});

test("a closed parser finishes what it was given and takes nothing more", async () => {
  const parser = openParser();
  const given = parser.parse(message("given"));
  await parser.close();
  expect((await given).subject).toBe("given");
  await expect(parser.parse(message("late"))).rejects.toThrow("closed");
});
