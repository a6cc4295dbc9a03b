/** Tests of reading raw messages and of the relaxed canonical forms. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  findBareLineEnd,
  MAX_HEADER_FIELDS,
  MessageSyntaxError,
  readMessage,
  relaxedBody,
  relaxedHeader,
  withCrlf,
} from "./headers.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

describe("RFC 6376 §3.4.5, the examples", () => {
  const message = readMessage(bytes("A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"));

  test("headers become a:X and b:Y Z", () => {
    expect(message.fields.map(relaxedHeader)).toEqual(["a:X\r\n", "b:Y Z\r\n"]);
  });

  test("the body becomes SP C, D SP E", () => {
    expect(relaxedBody(message.body).toString("latin1")).toBe(" C\r\nD E\r\n");
  });
});

describe("the relaxed body", () => {
  test.each([
    ["", ""],
    ["\r\n", ""],
    ["\r\n\r\n\r\n", ""],
    [" \t\r\n \r\n", ""],
    [" ", ""],
    ["a", "a\r\n"],
    ["a\r\n", "a\r\n"],
    ["a\r\n\r\n", "a\r\n"],
    ["a ", "a\r\n"],
    ["a \r\n", "a\r\n"],
    ["a\r\n \r\n\t\r\n", "a\r\n"],
    ["a\r\n\r\n\r\nb", "a\r\n\r\n\r\nb\r\n"],
    ["a  b\t\tc \t d", "a b c d\r\n"],
    ["a\tb\r\n", "a b\r\n"],
    ["\r\n\r\na\r\n", "\r\n\r\na\r\n"],
    ["  a\r\n", " a\r\n"],
    ["caf\xe9 \r\n", "caf\xe9\r\n"],
    ["a\xa0\r\n", "a\xa0\r\n"],
    ["a\rb", "a\rb\r\n"],
    ["a \rb", "a \rb\r\n"],
    ["a\nb\r\n", "a\nb\r\n"],
  ])("of %j is %j", (body, relaxed) => {
    expect(relaxedBody(bytes(body)).toString("latin1")).toBe(relaxed);
  });

  test("agrees with a line by line reading of the RFC, and changes nothing when done twice", () => {
    const line = fc
      .array(fc.constantFrom("a", " ", "\t", "=", "\xe9", "", ".", "  "), { maxLength: 6 })
      .map((parts) => parts.join(""));
    const body = fc
      .tuple(fc.array(line, { maxLength: 8 }), fc.boolean())
      .map(([lines, end]) => lines.join("\r\n") + (end ? "\r\n" : ""));
    fc.assert(
      fc.property(body, (text) => {
        const lines = text
          .split("\r\n")
          .map((part) => part.replace(/[ \t]+$/, "").replace(/[ \t]+/g, " "));
        while (lines.at(-1) === "") lines.pop();
        const expected = lines.map((part) => `${part}\r\n`).join("");
        const relaxed = relaxedBody(bytes(text));
        expect(relaxed.toString("latin1")).toBe(expected);
        expect(relaxedBody(relaxed).equals(relaxed)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("of ten million spaces is made in linear time", () => {
    const started = performance.now();
    expect(relaxedBody(Buffer.alloc(10_000_000, 0x20)).length).toBe(0);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("a raw message", () => {
  test("is cut into fields with folds and a body", () => {
    const { fields, body } = readMessage(
      bytes("Subject: one\r\n two\r\nX-A:b\r\n\r\nbody\r\n\r\nmore"),
    );
    expect(
      fields.map(({ name, key, value, line }) => [name, key, value.toString(), line.toString()]),
    ).toEqual([
      ["Subject", "subject", " one\r\n two", "Subject: one\r\n two\r\n"],
      ["X-A", "x-a", "b", "X-A:b\r\n"],
    ]);
    expect(body.toString()).toBe("body\r\n\r\nmore");
  });

  test("of nothing but an empty line, or nothing at all, has no fields", () => {
    expect(readMessage(bytes("\r\nx"))).toEqual({ fields: [], body: bytes("x") });
    expect(readMessage(bytes(""))).toEqual({ fields: [], body: bytes("") });
  });

  test.each([
    ["a bare LF", "A: b\nC: d\r\n\r\n"],
    ["a bare CR", "A: b\rC: d\r\n\r\n"],
    ["a NUL", "A: b\0c\r\n\r\n"],
    ["no colon", "A b\r\n\r\n"],
    ["no name", ": b\r\n\r\n"],
    ["a space inside a name", "A b: c\r\n\r\n"],
    ["an 8-bit name", "\xc4: c\r\n\r\n"],
    ["a fold first", " A: c\r\n\r\n"],
    ["no end", "A: c"],
    ["too many fields", "A: b\r\n".repeat(MAX_HEADER_FIELDS + 1)],
    ["too many bytes", `A: ${"b".repeat(1_100_000)}\r\n\r\n`],
    ["too many folds", `A: b\r\n${" c\r\n".repeat(300_000)}\r\n`],
  ])("with %s in the header is refused", (_what, text) => {
    expect(() => readMessage(bytes(text))).toThrow(MessageSyntaxError);
  });

  test("of any bytes is read or refused, and what is read adds up to the message", () => {
    const soup = fc.array(
      fc.constantFrom("a", ":", " ", "\r\n", "\r", "\n", "\0", "\t", "B: c\r\n", "\xff"),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(soup, (parts) => {
        const raw = bytes(parts.join(""));
        try {
          const { fields, body } = readMessage(raw);
          const header = Buffer.concat(fields.map(({ line }) => line));
          const separator = raw.length - header.length - body.length;
          expect([0, 2]).toContain(separator);
          expect(
            Buffer.concat([header, Buffer.from("\r\n".slice(0, separator)), body]).equals(raw),
          ).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(MessageSyntaxError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("line ends", () => {
  test("a bare LF is given its CR, CRLF and bare CR stay", () => {
    expect(withCrlf(bytes("\na\r\nb\n\nc\rd\r\n")).toString("latin1")).toBe(
      "\r\na\r\nb\r\n\r\nc\rd\r\n",
    );
  });

  test("bare CR and bare LF are found", () => {
    expect(findBareLineEnd(bytes("a\r\nb\r\n"))).toBe(-1);
    expect(findBareLineEnd(bytes("a\r\nb\n"))).toBe(4);
    expect(findBareLineEnd(bytes("a\r\nb\r"))).toBe(4);
    expect(findBareLineEnd(bytes("\n"))).toBe(0);
  });
});
