/** Tests of the address grammar: what is accepted is one plain address, and nothing can be smuggled in it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AddressError, parseAddress, parseMailbox } from "./address.ts";

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof AddressError) return error.reason;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a bare address", () => {
  test.each([
    ["a@b", "a@b"],
    ["Jane.Doe+tag@Example.COM", "Jane.Doe+tag@example.com"],
    ["o'brien@example.ie", "o'brien@example.ie"],
    ["x@bücher.example", "x@xn--bcher-kva.example"],
    ["x@BÜCHER.example", "x@xn--bcher-kva.example"],
    ["x@xn--bcher-kva.example", "x@xn--bcher-kva.example"],
    ["x@straße.example", "x@xn--strae-oqa.example"],
    ["x@例え.テスト", "x@xn--r8jz45g.xn--zckzah"],
    [`${"l".repeat(64)}@example.com`, `${"l".repeat(64)}@example.com`],
  ])("%s is read as %s", (text, address) => {
    expect(parseAddress(text).address).toBe(address);
  });

  test.each([
    ["", /no @/],
    ["@b", /local part is empty/],
    ["a@", /domain is empty/],
    ["a", /no @/],
    ["a@b@c", /more than one @/],
    ['"a@b"@c', /quoted/],
    ['"a b"@example.com', /quoted/],
    ["a;b", /no @/],
    ["a;b@c", /plain characters/],
    ["a,b@c", /plain characters/],
    ["a@b,c@d", /more than one @/],
    ["a@b;", /no host name/],
    ["g: a@b;", /plain characters/],
    ["<a@b>", /plain characters/],
    ["a@b>", /no host name/],
    ["a@b>\r\nRCPT TO:<evil@x", /control/],
    ["a\0@b", /control/],
    ["a@b\n", /control/],
    ["a@b\u0085", /control/],
    ["a@b\u2028", /control/],
    [" a@b", /plain characters/],
    ["a@b ", /no host name/],
    [".a@b", /plain characters/],
    ["a.@b", /plain characters/],
    ["a..b@c", /plain characters/],
    ["jörg@example.com", /SMTPUTF8/],
    ["a@[127.0.0.1]", /literals/],
    ["a@[IPv6:::1]", /literals/],
    ["a@127.0.0.1", /number/],
    ["a@１２７.0.0.1", /number/],
    ["a@-b.example", /hyphen/],
    ["a@b-.example", /hyphen/],
    ["a@b..example", /empty/],
    ["a@b.example.", /empty/],
    ["a@b_c.example", /no host name/],
    ["a@b%00.example", /no host name/],
    ["a(comment)@b", /plain characters/],
    ["a@b(comment)", /no host name/],
    ["a@b＠c", /internationalized/],
    ["a@xn--99999999999.example", /internationalized/],
    ["a@xn--a.example", /internationalized/],
    [`${"l".repeat(65)}@b`, /longer than 64/],
    [`a@${"b".repeat(64)}.example`, /label/],
    [`${"l".repeat(64)}@${"abcdefghi.".repeat(19)}example`, /longer than 254/],
    [`a@${"abcdefghi.".repeat(30)}example`, /longer than 255/],
  ])("%j is refused", (text, reason) => {
    expect(refusal(() => parseAddress(text))).toMatch(reason);
  });
});

describe("a mailbox", () => {
  test.each([
    ["a@b", null, "a@b"],
    ["<a@b>", null, "a@b"],
    ["John Q. Public <john@example.com>", "John Q. Public", "john@example.com"],
    ['"Quoted, Name" <a@b>', "Quoted, Name", "a@b"],
    ['"A \\"B\\" \\\\ C"<a@b>', 'A "B" \\ C', "a@b"],
    ["Ünïcode 名前 <a@b>", "Ünïcode 名前", "a@b"],
    ['"" <a@b>', null, "a@b"],
  ])("%s is read as name and address", (text, name, address) => {
    expect(parseMailbox(text)).toEqual({ name, address });
  });

  test.each([
    "a@b, c@d",
    "A <a@b>, B <c@d>",
    "A <a@b>; B <c@d>",
    "g: a@b;",
    "g: A <a@b>;",
    "A (comment) <a@b>",
    "A <a@b> (comment)",
    "<@route.example:a@b>",
    "A <<a@b>>",
    "A <a@b> <c@d>",
    "A <a@b>>",
    "A <a@b",
    "A a@b>",
    '"A <a@b>',
    'A "B" <a@b>',
    "c@d <a@b>",
    '"A\r\nBcc: c@d" <a@b>',
    "A\r\n <a@b>",
    "A <a@b>\r\nBcc: c@d",
    "A <a@b>\0",
    "A\u202e <a@b>",
    '"a@b"@c',
    'A <"a@b"@c>',
    "a@b>\r\nRCPT TO:<evil@x",
    "a;b",
    `${"n".repeat(300)} <a@b>`,
  ])("%j is refused", (text) => {
    expect(refusal(() => parseMailbox(text))).not.toBe("");
  });
});

describe("whatever is accepted", () => {
  const piece = fc.constantFrom(
    ..."ab1.-+_'@<>()[]:;,\"\\ \t\r\n\0%=?éß例＠。．".split(""),
    "xn--",
    "example.com",
    "@b.example",
    "[127.0.0.1]",
    "IPv6:",
    "\ud800",
    "\u202e",
  );
  const hostile = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const almost = fc.tuple(fc.emailAddress(), hostile, fc.nat()).map(([mail, extra, at]) => {
    const cut = at % (mail.length + 1);
    return extra.length % 3 === 0 ? mail : mail.slice(0, cut) + extra + mail.slice(cut);
  });

  test("as a bare address has one @, no special character, and reads as itself", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(hostile, almost), (text) => {
        let address: string;
        try {
          ({ address } = parseAddress(text));
        } catch (error) {
          expect(error).toBeInstanceOf(AddressError);
          return;
        }
        accepted += 1;
        expect(address.split("@")).toHaveLength(2);
        expect(address).toMatch(/^[!-~]+$/);
        expect(address).not.toMatch(/[()<>[\]:;\\,"]/);
        expect(address.length).toBeLessThanOrEqual(254);
        expect(parseAddress(address).address).toBe(address);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("as a mailbox has such an address and a name without controls", () => {
    fc.assert(
      fc.property(fc.tuple(hostile, almost, hostile), ([before, mail, after]) => {
        try {
          const { name, address } = parseMailbox(`${before}<${mail}>${after}`);
          expect(parseAddress(address).address).toBe(address);
          expect(name ?? "").not.toMatch(/[\u0000-\u001f\u007f]/);
        } catch (error) {
          if (!(error instanceof AddressError)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
