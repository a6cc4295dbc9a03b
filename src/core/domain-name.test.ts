/** Names of domains: one spelling comes out, and it reads to itself. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { readDomainName, unicodeName } from "./domain-name.ts";

test.each([
  ["Example.COM", "example.com"],
  [" example.com. ", "example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["例え。テスト", "xn--r8jz45g.xn--zckzah"],
])("%s is %s", (text, name) => expect(readDomainName(text)).toEqual({ name }));

test.each([
  "",
  ".",
  "com",
  "a..b",
  "-a.example",
  "a-.example",
  "a_b.example",
  "*.example.com",
  "example.com:25",
  "a b.example",
  "a%2eb.example",
  "a\u0000.example",
  "1.2.3.4",
  "1.2.3",
  "0x7f.1",
  "２.２.２.２",
  "[::1]",
  "::1",
  "xn--a.example",
  "mta-sts.example.com",
  "\u202eexample.com",
])("%j is refused with a clause", (text) => {
  expect(readDomainName(text)).toEqual({
    problem: expect.stringMatching(/^(?:is|must|begins|has) /),
  });
});

test("whatever is read reads to itself, fits DNS with what we put before it, and survives being shown", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.domain(), fc.string({ unit: "grapheme" }), fc.webAuthority()),
      (text) => {
        const read = readDomainName(text);
        if ("problem" in read) return;
        expect(readDomainName(read.name)).toEqual(read);
        expect(read.name).toMatch(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
        expect(`mmr-xxxxxxxx._domainkey.${read.name}`.length).toBeLessThanOrEqual(253);
        expect(readDomainName(unicodeName(read.name))).toEqual(read);
      },
    ),
  );
});
