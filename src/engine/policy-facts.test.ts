/** What rules are told of a text: whether a reader could follow a link in it. */
import { describe, expect, test } from "vitest";
import { hasLink } from "./policy-facts.ts";

describe("a text has a link", () => {
  test.each([
    "https://x",
    "www.x",
    "see evil.com",
    "see evil.com.",
    "evil.com?pay=1",
    "EVIL.COM:8080",
    "_evil.co.uk_",
    "see...evil.com",
    "\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/pay",
    "xn--e1afmkfd.xn--p1ai",
    "evil\u3002com",
    `${"-.".repeat(500)}evil.com`,
    "[a](b)",
    "[a][1]\n\n[1]: //x",
    '<a href="x">',
    '<a/href="http:intranet">',
    "<AREA/href=x>",
    "evil&#46;com",
    "https&#x3a;//intranet",
    "https&colon;&sol;&sol;intranet",
  ])("%j", (text) => {
    expect(hasLink([text])).toBe(true);
  });

  test.each([
    "Dear Ada, it is 3.14 p.m., e.g. as in file.txt and v1.2.3.",
    "Write to bob.smith@example.com.",
    "<p>Hello &amp; &#39;bye&#39; &#1114112;</p>",
    "a. b.",
    "...",
  ])("but not %j", (text) => {
    expect(hasLink([text])).toBe(false);
  });

  test("which is found in time that grows with the text", () => {
    const begun = performance.now();
    for (const part of ["-", "a.", "a@", "&#", "a-.", "\u3002", "<a"])
      hasLink([part.repeat(400_000)]);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
