/** What the SMTP reply parser and classifier promise, against tables and against arbitrary bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ReplyParser, ReplySyntaxError, classify } from "./smtp-reply.ts";
import type { SmtpReply } from "./smtp-reply.ts";

function parse(...chunks: readonly (string | Buffer)[]): SmtpReply[] {
  const parser = new ReplyParser();
  const replies: SmtpReply[] = [];
  for (const chunk of chunks) {
    parser.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, "latin1"), (reply) =>
      replies.push(reply),
    );
  }
  return replies;
}

/** Cuts bytes at the given places, so that a test can feed them as a network might. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

describe("reply parser", () => {
  test.each([
    ["250 ok\r\n", { code: 250, enhanced: null, text: "ok" }],
    ["250\r\n", { code: 250, enhanced: null, text: "" }],
    ["250 \r\n", { code: 250, enhanced: null, text: "" }],
    ["250 bare LF\n", { code: 250, enhanced: null, text: "bare LF" }],
    ["550 5.1.1 no such user\r\n", { code: 550, enhanced: "5.1.1", text: "no such user" }],
    ["550 5.1.1\r\n", { code: 550, enhanced: "5.1.1", text: "" }],
    ["550 5.1.1x no code\r\n", { code: 550, enhanced: null, text: "5.1.1x no code" }],
    ["571 3.1.1 odd\r\n", { code: 571, enhanced: null, text: "3.1.1 odd" }],
    ["250-a\r\n250-b\r\n250 c\r\n", { code: 250, enhanced: null, text: "a\nb\nc" }],
    ["550-5.7.1 one\r\n550 5.7.1 two\r\n", { code: 550, enhanced: "5.7.1", text: "one\ntwo" }],
  ])("%j is read as one reply", (bytes, reply) => {
    expect(parse(bytes)).toEqual([reply]);
  });

  test.each([
    ["no digits", "hello\r\n"],
    ["an empty line", "\r\n"],
    ["a code below 200", "199 x\r\n"],
    ["a code above 599", "600 x\r\n"],
    ["a letter in the code", "2x0 x\r\n"],
    ["no separator behind the code", "2500 x\r\n"],
    ["a code that changes within the reply", "250-a\r\n550 b\r\n"],
    ["a line without end", "2".repeat(3000)],
    ["a line longer than 2048 octets", `250 ${"x".repeat(2100)}\r\n`],
    ["more than 128 lines", "250-x\r\n".repeat(200)],
    ["more than 16 KB", `250-${"x".repeat(2000)}\r\n`.repeat(10)],
  ])("a reply with %s is refused", (_, bytes) => {
    expect(() => parse(bytes)).toThrow(ReplySyntaxError);
  });

  test("control characters and broken UTF-8 from the server do not get through", () => {
    const text = parse(Buffer.from("550 a\u0000b\u001b[31m\rc \u00e9\r\n", "latin1"))[0]!.text;
    expect(text).toBe("a b [31m c \ufffd");
    expect(parse(Buffer.from("550 gr\u00fc\u00df\r\n", "utf8"))[0]!.text).toBe("gr\u00fc\u00df");
  });

  test("an unfinished reply is told from a finished one", () => {
    const parser = new ReplyParser();
    const ignore = (): void => undefined;
    expect(parser.pending).toBe(false);
    parser.push(Buffer.from("250-a\r\n"), ignore);
    expect(parser.pending).toBe(true);
    parser.push(Buffer.from("250 b\r\n"), ignore);
    expect(parser.pending).toBe(false);
    parser.push(Buffer.from("2"), ignore);
    expect(parser.pending).toBe(true);
  });

  test("however the network cuts a stream of replies, the replies are the same", () => {
    const reply = fc.record({
      code: fc.integer({ min: 200, max: 599 }),
      lines: fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 60 }), {
        minLength: 1,
        maxLength: 6,
      }),
    });
    fc.assert(
      fc.property(
        fc.array(reply, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (given, places) => {
          const wire = given
            .map(({ code, lines }) =>
              lines
                .map((line, i) => `${code}${i < lines.length - 1 ? "-" : " "}${line}\r\n`)
                .join(""),
            )
            .join("");
          const whole = parse(wire);
          expect(parse(...cut(Buffer.from(wire), places))).toEqual(whole);
          expect(whole.map((one) => one.code)).toEqual(given.map((one) => one.code));
          whole.forEach((one, i) => {
            if (one.enhanced === null) expect(one.text).toBe(given[i]!.lines.join("\n"));
          });
        },
      ),
    );
  });

  test("arbitrary bytes give replies with clean text or a syntax error, nothing else", () => {
    const digits = fc.constantFrom(
      "2",
      "5",
      "0",
      " ",
      "-",
      "\r",
      "\n",
      "250 ",
      "250-",
      "\r\n",
      "x",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.array(digits, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(""))),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 5 }), (input, places) => {
        try {
          for (const reply of parse(...cut(input, places))) {
            expect(reply.code).toBeGreaterThanOrEqual(200);
            expect(reply.code).toBeLessThan(600);
            expect(reply.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ReplySyntaxError);
        }
      }),
    );
  });
});

describe("classify", () => {
  test.each([
    ["250 2.1.5 ok", "accepted", "accepted"],
    ["251 will forward", "accepted", "accepted"],
    ["421 4.7.0 too many connections", "temporary", "host"],
    ["450 4.2.0 greylisted, try again in 300 s", "temporary", "other"],
    ["450 4.1.1 not verified yet", "temporary", "bad_address"],
    ["452 4.2.2 over quota", "temporary", "mailbox_full"],
    ["550 5.1.1 no such user", "permanent", "bad_address"],
    ["550 5.1.10 null MX", "permanent", "bad_address"],
    ["550 5.1.1 blocked by Spamhaus", "permanent", "policy"],
    ["550 5.1.8 sender domain", "permanent", "policy"],
    ["550 5.7.1 message refused", "permanent", "policy"],
    ["550 5.7.26 unauthenticated mail", "permanent", "policy"],
    ["550 4.7.1 contradicts itself", "temporary", "policy"],
    ["552 5.2.2 mailbox full", "temporary", "mailbox_full"],
    ["552 too many recipients", "temporary", "mailbox_full"],
    ["552 5.3.4 message too big", "permanent", "message_size"],
    ["503 5.5.1 bad sequence", "temporary", "protocol"],
    ["500 5.5.2 what", "permanent", "protocol"],
    ["550 User unknown in local recipient table", "permanent", "bad_address"],
    ["550 No such user here", "permanent", "bad_address"],
    ["550 mailbox does not exist", "permanent", "bad_address"],
    ["550 relaying denied", "permanent", "policy"],
    ["554 rejected", "permanent", "other"],
    ["550 5.0.0 recipient unknown", "permanent", "bad_address"],
  ])("%s is %s for reasons of %s", (line, outcome, kind) => {
    expect(classify(parse(`${line}\r\n`)[0]!)).toEqual({ outcome, kind });
  });

  test("nothing below 500 is ever permanent, and nothing from 400 up is ever accepted", () => {
    const reply = fc.record({
      code: fc.integer({ min: 200, max: 599 }),
      enhanced: fc.option(fc.constantFrom("5.1.1", "4.7.1", "2.0.0", "5.2.2", "5.7.1")),
      text: fc.string(),
    });
    fc.assert(
      fc.property(reply, (one) => {
        const { outcome } = classify(one);
        if (one.code < 500) expect(outcome).not.toBe("permanent");
        expect(outcome === "accepted").toBe(one.code < 300);
      }),
    );
  });
});
