/** Tests of comparing domains as people confuse them. */
import { expect, test } from "vitest";
import { domainParts, lookAlike, protect } from "./domains.ts";

const against = protect(
  ["nordwind.io"],
  ["orders@contoso-supplies.com", "jo@gmail.com", "a@bmw.de"],
);
const found = (domain: string) => {
  const parts = domainParts(domain);
  return parts === null ? null : (lookAlike(parts, against)?.kind ?? null);
};

test.each([
  ["nordw1nd.io", "own"],
  ["nоrdwind.io", "own"],
  ["xn--nrdwind-9ig.io", "own"],
  ["nordvvind.io", "own"],
  ["nordwlnd.com", "own"],
  ["nordwind-billing.com", "own"],
  ["nordwind.io.login.example.org", "own"],
  ["nordwid.io", "own"],
  ["nrodwind.io", "own"],
  ["c0nt0s0-5upplle5.com", "contact"],
  ["contoso-supplie.com", "contact"],
  ["bmvv.de", "contact"],
  ["paypa1.com", "brand"],
  ["rnicrosoft.com", "brand"],
  ["g00gle.com", "brand"],
  ["аррӏе.com", "brand"],
])("%s imitates (%s)", (domain, kind) => {
  expect(found(domain)).toBe(kind);
});

test.each([
  "nordwind.io",
  "mail.nordwind.io",
  "gmail.com",
  "ymail.com",
  "bmo.de",
  "paypal.com",
  "paypal.de",
  "müller.de",
  "почта.рф",
  "example.org",
  "192.0.2.1",
])("%s imitates nothing", (domain) => {
  expect(found(domain)).toBeNull();
});

test("nonsense is no domain", () => {
  for (const one of ["", "a b", "x".repeat(300), "a/b"]) expect(domainParts(one)).toBeNull();
});
