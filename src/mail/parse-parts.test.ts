/** Tests that every part of a received message is found, within limits, and that reports stay what they are. */
import { describe, expect, test } from "vitest";

import { parseMail, PARSE_LIMITS, unreadableMail } from "./parse.ts";
import { UnreadableMessage } from "./read.ts";

function eml(...lines: string[]): Buffer {
  return Buffer.from(lines.join("\r\n"));
}

test("a report and its parts are attachments, and the message in it does not speak in the text", async () => {
  const mail = await parseMail(
    eml(
      "Subject: Undelivered",
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      "",
      "preamble",
      "--b",
      "",
      "Your message bounced.",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; mx.example.com",
      "",
      "Final-Recipient: rfc822; a@example.com",
      "Status: 5.1.1",
      "",
      "--b",
      "Content-Type: message/rfc822",
      "",
      "Subject: the original",
      "",
      "ORIGINAL TEXT",
      "--b",
      "Content-Type: text/rfc822-headers",
      "",
      "Subject: the original",
      "--b",
      "Content-Type: message/feedback-report",
      "",
      "Feedback-Type: abuse",
      "--b--",
      "epilogue",
    ),
  );
  expect(mail.text).toBe("Your message bounced.");
  expect(
    mail.attachments.map(({ content_type, filename, content }) => [
      content_type,
      filename,
      content.toString(),
    ]),
  ).toStrictEqual([
    [
      "message/delivery-status",
      "delivery-status.txt",
      "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; a@example.com\r\nStatus: 5.1.1\r\n",
    ],
    ["message/rfc822", "message.eml", "Subject: the original\r\n\r\nORIGINAL TEXT"],
    ["text/rfc822-headers", "headers.txt", "Subject: the original"],
    ["message/feedback-report", "feedback-report.txt", "Feedback-Type: abuse"],
  ]);
});

test("a report alone, without any text, is an attachment", async () => {
  const mail = await parseMail(
    eml(
      "Content-Type: application/gzip; name=report.xml.gz",
      "Content-Transfer-Encoding: base64",
      "",
      "H4sI",
    ),
  );
  expect(mail.text).toBe("");
  expect(mail.attachments).toMatchObject([
    { content_type: "application/gzip", filename: "report.xml.gz", size_bytes: 3, inline: false },
  ]);
});

test("an invitation is both an attachment and text in its charset", async () => {
  const mail = await parseMail(
    eml(
      "Content-Type: multipart/alternative; boundary=b",
      "",
      "--b",
      "",
      "Come",
      "--b",
      "Content-Type: text/calendar; method=REQUEST; charset=iso-8859-1",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      "SUMMARY:Caf=E9",
      "--b",
      "Content-Type: application/ics; name=invite.ics; charset=utf-8",
      "",
      "SUMMARY:Café",
      "--b--",
    ),
  );
  expect(mail.calendars).toStrictEqual(["SUMMARY:Café"]);
  expect(mail.attachments[0]).toMatchObject({
    content_type: "text/calendar",
    filename: "invite.ics",
  });
});

test("a picture in the HTML is inline and named by its identifier", async () => {
  const mail = await parseMail(
    eml(
      "Content-Type: multipart/related; boundary=b",
      "",
      "--b",
      "Content-Type: text/html",
      "",
      '<img src="cid:logo@example.com" alt="logo">',
      "--b",
      "Content-Type: image/png; name=logo.png",
      "Content-ID: <logo@example.com>",
      "Content-Transfer-Encoding: base64",
      "",
      "iVBORw0KGgo=",
      "--b--",
    ),
  );
  expect(mail.attachments).toMatchObject([
    { filename: "logo.png", content_id: "logo@example.com", inline: true, size_bytes: 8 },
  ]);
});

describe("a part", () => {
  const body = async (encoding: string, ...lines: string[]): Promise<string> =>
    (
      await parseMail(
        eml("Content-Type: application/x", `Content-Transfer-Encoding: ${encoding}`, "", ...lines),
      )
    ).attachments[0]?.content.toString() ?? "";

  test("in quoted-printable is decoded, bad escapes kept, white space of the way dropped", async () => {
    expect(await body("quoted-printable", "a=20  ", "b=", "c =  ", "d=3D=ZZ=4")).toBe(
      "a \r\nbc d==ZZ=4",
    );
  });

  test("in base64 is decoded, padded line by line too, junk left out", async () => {
    expect(await body("BASE64 ", "SGVs", "bG8=", "IHRo*ZXJl")).toBe("Hello there");
  });

  test("in flowed text has its paragraphs joined, quotations apart", async () => {
    const mail = await parseMail(
      eml(
        "Content-Type: text/plain; format=flowed",
        "",
        "one ",
        "two",
        "> three ",
        "> four",
        "-- ",
        "me",
      ),
    );
    expect(mail.text).toBe("one two\n> three four\n-- \nme");
  });

  test("of a multipart without delimiters is shown as text", async () => {
    const mail = await parseMail(eml("Content-Type: multipart/mixed; boundary=b", "", "words"));
    expect(mail.text).toBe("words");
    expect((await parseMail(eml("Content-Type: multipart/mixed", "", "words"))).text).toBe("words");
  });

  test("ends at its own delimiter only", async () => {
    const mail = await parseMail(
      eml(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b  ",
        "",
        "one",
        "--bb",
        " --b",
        "x --b",
        "--b--",
        "out",
      ),
    );
    expect(mail.text).toBe("one\n--bb\n --b\nx --b");
  });
});

describe("bounds", () => {
  const within = async <T>(work: Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work;
    expect(performance.now() - start).toBeLessThan(5_000);
    return result;
  };

  test("10,000 parts are opened up to the limit", async () => {
    const part = "--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n";
    const mail = await within(
      parseMail(eml("Content-Type: multipart/mixed; boundary=b", "", part.repeat(10_000))),
    );
    expect(mail.attachments.length).toBe(PARSE_LIMITS.attachments);
    expect(new Set(mail.attachments.map(({ filename }) => filename)).size).toBe(500);
    expect(mail.truncated).toBe(true);
  });

  test("10,000 texts are read up to the limit of parts, over all multiparts together", async () => {
    const texts = "--b\r\n\r\nx\r\n".repeat(600);
    const inner = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${texts}--b--\r\n`;
    const mail = await within(
      parseMail(eml("Content-Type: multipart/mixed; boundary=a", "", `--a\r\n${inner}`.repeat(20))),
    );
    expect(mail.text.split("\n").length).toBeLessThan(PARSE_LIMITS.parts);
    expect(mail.truncated).toBe(true);
  });

  test("nesting is opened up to the limit, and the rest kept closed", async () => {
    const open = Array.from(
      { length: 5_000 },
      (_none, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
    ).join("");
    const mail = await within(parseMail(eml(open, "", "deep")));
    expect(mail.truncated).toBe(true);
    expect(mail.attachments).toHaveLength(1);
  });

  test("one line of 60 MB and ten million short lines take little time", async () => {
    const line = Buffer.alloc(60 * 1024 * 1024, "A");
    line.write("Subject: long\r\n\r\n");
    expect((await within(parseMail(line))).truncated).toBe(true);
    const short = Buffer.alloc(30 * 1024 * 1024, "a\r\n");
    short.write("Content-Type: text/plain\r\n\r\n");
    expect((await within(parseMail(short))).text.length).toBeLessThanOrEqual(1_000_000);
  });

  test("HTML that is deep, wide or broken takes little time", async () => {
    const bombs = [
      "<b>".repeat(300_000),
      "<div>x".repeat(150_000),
      `${"x".repeat(190_000)}${"<b> </b>".repeat(3_900)}`,
      "<b>&nbsp; </b>".repeat(3_900),
      "<".repeat(200_000),
      "&#".repeat(400_000),
      `<p style="${"/*".repeat(100_000)}">`,
      "<blockquote>".repeat(2_000) + "line<br>".repeat(2_000),
      `<!--${"--!".repeat(300_000)}`,
      `<a href="${"&".repeat(500_000)}`,
      "<table><tr><td>".repeat(1_200),
    ];
    for (const bomb of bombs) {
      const mail = await within(parseMail(eml("Content-Type: text/html", "", bomb)));
      expect(mail.html).toBe(bomb.slice(0, PARSE_LIMITS.text));
    }
  }, 40_000);

  test("a message over its size is refused, and still tells its header", async () => {
    const large = eml("Subject: large", "From: a@example.com", "", "x".repeat(1_000));
    await expect(parseMail(large, { messageBytes: 500 })).rejects.toThrow(UnreadableMessage);
    expect(unreadableMail(large)).toMatchObject({
      subject: "large",
      from: [{ address: "a@example.com" }],
      text: "",
      truncated: true,
    });
  });
});
