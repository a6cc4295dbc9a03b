/** Tests of the allowlist: exact addresses and whole domains, and nothing that only looks like one. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { allAllowlisted, matchesPattern, readPattern } from "./allowlist.ts";

it.each([
  ["ada@example.com", "ada@example.com"],
  ["Ada@Example.com", "ada@example.COM"],
  ["ada@example.com", "*@example.com"],
  ["ada@example.com", "*@EXAMPLE.com"],
  ['"a@b"@example.com', "*@example.com"],
])("%s is let through by %s", (address, pattern) => {
  expect(matchesPattern(address, pattern)).toBe(true);
});

it.each([
  ["ada@example.com", "bo@example.com"],
  ["ada@mail.example.com", "*@example.com"],
  ["ada@example.com", "*@mail.example.com"],
  ["ada@notexample.com", "*@example.com"],
  ["ada@example.com.evil.net", "*@example.com"],
  ["ada@example.com@evil.net", "*@example.com"],
  ["*@example.com", "ada@example.com"],
  ["@example.com", "*@example.com"],
  ["example.com", "*@example.com"],
  ["ada@example.com", "*"],
  ["ada@example.com", "*@*"],
  ["ada@example.com", "*@"],
  ["ada@example.com", "*@*.com"],
  ["ada@example.com", "a*@example.com"],
  ["ada@example.com", ".*"],
  ["ada@example.com", ""],
])("%s is not let through by %s", (address, pattern) => {
  expect(matchesPattern(address, pattern)).toBe(false);
});

it("a message is let through when there is a recipient and each is", () => {
  const patterns = ["*@example.com", "bo@x.net"];
  expect(allAllowlisted(["ada@example.com", "bo@x.net"], patterns)).toBe(true);
  expect(allAllowlisted(["ada@example.com", "eve@x.net"], patterns)).toBe(false);
  expect(allAllowlisted([], patterns)).toBe(false);
  expect(allAllowlisted(["ada@example.com"], [])).toBe(false);
});

it("one stranger anywhere among the recipients closes it", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 20 }), fc.nat(20), (names, place) => {
      const friends = names.map((n) => `friend${n}@example.com`);
      const all = friends.toSpliced(place, 0, "stranger@example.org");
      expect(allAllowlisted(all, ["*@example.com"])).toBe(false);
    }),
  );
});

it.each([
  ["Ada@Example.COM", "ada@example.com"],
  [" *@example.com. ", "*@example.com"],
  ["*@bücher.example", "*@xn--bcher-kva.example"],
  ["a.b+c_d@mail.example.org", "a.b+c_d@mail.example.org"],
])("%j is the entry %s", (text, pattern) => {
  expect(readPattern(text)).toMatchObject({ pattern });
});

it.each([
  "",
  "*",
  "@",
  "example.com",
  "*@",
  "@example.com",
  "*@*",
  "*@*.com",
  "*@com",
  "a*@example.com",
  "**@example.com",
  "*@example.com,*@example.org",
  "ada@example.com ada@example.org",
  "ada@x@example.com",
  '"ada x"@example.com',
  "ada..b@example.com",
  ".ada@example.com",
  "ada@exa mple.com",
  "ada@example.com\n*@evil.example",
  "ада@example.com",
  "ada@[127.0.0.1]",
  "*@10.0.0.1",
  `${"a".repeat(65)}@example.com`,
  `*@${"a.".repeat(400)}com`,
])("%j is no entry", (text) => {
  expect(readPattern(text)).toHaveProperty("problem");
});

it("an entry that was read matches what it says and reads again as itself", () => {
  fc.assert(
    fc.property(fc.emailAddress(), (address) => {
      const read = readPattern(address);
      if ("problem" in read) return;
      expect(matchesPattern(address, read.pattern)).toBe(true);
      expect(readPattern(read.pattern)).toEqual(read);
      const all = readPattern(`*@${read.domain}`);
      expect("pattern" in all && matchesPattern(address, all.pattern)).toBe(true);
    }),
  );
});
