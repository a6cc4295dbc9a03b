/** What dot-stuffing, line-end checks and envelope checks promise. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { inspectContent, stuffContent } from "./smtp-content.ts";
import { SmtpInputError, assertEnvelope, assertPathSafe } from "./smtp-envelope.ts";

function onWire(text: string): string {
  const data = Buffer.from(text, "latin1");
  return stuffContent(data, inspectContent(data).dots).toString("latin1");
}

/** Reads content off the wire the way RFC 5321 §4.5.2 tells a receiver to, line by line, up to the first line of one dot. */
function receive(wire: string): { content: string; rest: string } {
  let content = "";
  let at = 0;
  for (;;) {
    const end = wire.indexOf("\r\n", at);
    if (end === -1) throw new Error("no end of data");
    const line = wire.slice(at, end);
    at = end + 2;
    if (line === ".") return { content, rest: wire.slice(at) };
    content += `${line.startsWith(".") ? line.slice(1) : line}\r\n`;
  }
}

const line = fc.array(fc.constantFrom(".", "..", "a", " ", "\u00e9", "\u0000", "MAIL FROM:<x@y>"), {
  maxLength: 5,
});
const message = fc
  .array(line, { minLength: 1, maxLength: 12 })
  .map((lines) => lines.map((parts) => `${parts.join("")}\r\n`).join(""));

describe("content", () => {
  test("a receiver gets back every message exactly, and nothing is left behind it", () => {
    fc.assert(
      fc.property(message, (text) => {
        expect(receive(onWire(text))).toEqual({ content: text, rest: "" });
      }),
    );
  });

  test.each([
    ["\r\n", "\r\n.\r\n"],
    [".\r\n", "..\r\n.\r\n"],
    ["a\r\n.\r\nQUIT\r\n", "a\r\n..\r\nQUIT\r\n.\r\n"],
    [".\r\n.\r\n", "..\r\n..\r\n.\r\n"],
    ["a.\r\n", "a.\r\n.\r\n"],
  ])("%j goes out as %j", (text, wire) => {
    expect(onWire(text)).toBe(wire);
  });

  test("wherever a bare CR or LF stands, the message is refused", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.constantFrom("\r", "\n"), (text, at, bare) => {
        const place = at % (text.length + 1);
        const broken = `${text.slice(0, place)}${bare}${text.slice(place)}`;
        expect(() => onWire(broken)).toThrow(SmtpInputError);
      }),
    );
  });

  test.each([
    ["the smuggling end LF . LF", "a\n.\nMAIL FROM:<x@y>\r\n"],
    ["the smuggling end LF . CRLF", "a\n.\r\nMAIL FROM:<x@y>\r\n"],
    ["the smuggling end CR . CR", "a\r.\rMAIL FROM:<x@y>\r\n"],
    ["the smuggling end CRLF . LF", "a\r\n.\nMAIL FROM:<x@y>\r\n"],
    ["no line end at all", "a"],
    ["nothing in it", ""],
    ["an LF alone", "\n"],
  ])("a message with %s is refused", (_, text) => {
    expect(() => onWire(text)).toThrow(SmtpInputError);
  });

  test("octets above 127 are noticed", () => {
    expect(inspectContent(Buffer.from("a\r\n")).eight_bit).toBe(false);
    expect(inspectContent(Buffer.from("\u00e9\r\n")).eight_bit).toBe(true);
  });
});

describe("envelope", () => {
  test.each([
    "a@b.example",
    "A.B+c=d@xn--bcher-kva.example",
    '"quoted"@b.example',
    "a@[192.0.2.1]",
    "a@[IPv6:2001:db8::1]",
    "!#$%&'*+-/=?^_`{|}~@b.example",
    "postmaster",
  ])("%s passes", (address) => {
    expect(() => assertPathSafe(address)).not.toThrow();
  });

  test("an address with CR, LF, NUL, any control, space, angle bracket or non-ASCII character is refused wherever it stands", () => {
    const bad = fc.oneof(
      fc.constantFrom(
        "\r",
        "\n",
        "\0",
        " ",
        "<",
        ">",
        "\u007f",
        "\u0085",
        "\u2028",
        "\u00e9",
        "\u010d",
        "\u560a",
      ),
      fc.integer({ min: 0, max: 32 }).map((code) => String.fromCharCode(code)),
      fc.integer({ min: 127, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(bad, fc.nat(), (character, at) => {
        const good = "someone@recipient.example";
        const place = at % (good.length + 1);
        const address = good.slice(0, place) + character + good.slice(place);
        expect(() => assertPathSafe(address)).toThrow(SmtpInputError);
        expect(() => assertEnvelope("a@b.example", ["ok@b.example", address])).toThrow(
          SmtpInputError,
        );
        expect(() => assertEnvelope(address, ["ok@b.example"])).toThrow(SmtpInputError);
      }),
    );
  });

  test("the null sender passes; no recipient, an empty one, too many, or one too long do not", () => {
    expect(() => assertEnvelope("", ["a@b.example"])).not.toThrow();
    expect(() => assertEnvelope("a@b.example", [])).toThrow(SmtpInputError);
    expect(() => assertEnvelope("a@b.example", [""])).toThrow(SmtpInputError);
    expect(() => assertEnvelope("a@b.example", Array(1001).fill("a@b.example"))).toThrow(
      SmtpInputError,
    );
    expect(() => assertEnvelope("a@b.example", [`${"x".repeat(245)}@b.example`])).toThrow(
      SmtpInputError,
    );
    expect(() => assertEnvelope("a@b.example", [`${"x".repeat(244)}@b.example`])).not.toThrow();
  });
});
