/** What the Authentication-Results field promises: nobody writes it in our name, and nothing foreign gets out of its value. */
import fc from "fast-check";
import { expect, test } from "vitest";

import type { Authentication } from "./authenticate.ts";
import {
  authenticationResultsHeader,
  stripAuthenticationResults,
} from "./authentication-results.ts";

const REST =
  "Received: from a\r\n by b\r\nFrom: a@b.example\r\n\r\nAuthentication-Results: mx.ours.test; x\r\n";
const strip = (text: string): string =>
  stripAuthenticationResults(Buffer.from(text, "latin1"), "MX.ours.test").toString("latin1");

test.each([
  "Authentication-Results: mx.ours.test; dmarc=pass\r\n",
  "authentication-RESULTS : MX.Ours.Test 1; dmarc=pass\r\n",
  "Authentication-Results:mx.ours.test\r\n",
  "Authentication-Results:\r\n mx.ours.test;\r\n\tdmarc=pass\r\n",
  "Authentication-Results: (a (nested \\) one) comment) mx.ours.test; dmarc=pass\r\n",
  "Authentication-Results: (folded\r\n comment)\r\n\tmx.ours.test(x); dmarc=pass\r\n",
  'Authentication-Results: "mx.ours.test"; dmarc=pass\r\n',
  'Authentication-Results: "mx\\.ours.test"; dmarc=pass\r\n',
  "Authentication-Results: mx.ours.test/1; dmarc=pass\r\n",
  "Authentication-Results: (never closed mx.other.test; dmarc=pass\r\n",
  "Authentication-Results: ; dmarc=pass\r\n",
  "Authentication-Results:\r\n",
])("a claim in our name is removed: %j", (claim) => {
  expect(strip(claim + REST)).toBe(REST);
  expect(strip(`Subject: x\r\n${claim}${REST}`)).toBe(`Subject: x\r\n${REST}`);
  expect(strip(claim + claim + REST)).toBe(REST);
});

test.each([
  "Authentication-Results: mx.other.test; dmarc=pass\r\n",
  "Authentication-Results: mx.ours.test.evil.example; dmarc=pass\r\n",
  "Authentication-Results: (mx.ours.test) other.test; dmarc=pass\r\n",
  'Authentication-Results: "other.test"; x="mx.ours.test"\r\n',
  "ARC-Authentication-Results: i=1; mx.ours.test; dmarc=pass\r\n",
  "X-Authentication-Results: mx.ours.test; dmarc=pass\r\n",
  "Subject: Authentication-Results: mx.ours.test\r\n",
])("anything else stays: %j", (field) => {
  const mail = Buffer.from(field + REST);
  expect(stripAuthenticationResults(mail, "mx.ours.test")).toBe(mail);
});

test("stripping never throws, never adds, and leaves nothing of ours however it is cut", () => {
  const piece = fc.constantFrom(
    "Authentication-Results:",
    " ",
    "\r\n",
    "\n",
    "mx.ours.test",
    ";",
    "(",
    ")",
    '"',
    "\\",
    "\t",
    "a: b",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const mail = pieces.join("");
      const once = strip(mail);
      expect(once.length).toBeLessThanOrEqual(mail.length);
      expect(strip(once)).toBe(once);
    }),
  );
});

const NONE: Authentication = {
  spf: { result: "pass", domain: "example.com", identity: "mailfrom" },
  dkim: [],
  dmarc: null,
  arc: null,
  iprev: { result: "fail", name: null },
};

test("the field says what was found, in the words of RFC 8601", () => {
  const result: Authentication = {
    ...NONE,
    dkim: [
      {
        domain: "example.com",
        selector: "s1",
        algorithm: "rsa-sha256",
        result: "pass",
        reason: null,
        aligned: true,
        oversigned: true,
      },
    ],
    dmarc: {
      result: "fail",
      domain: "example.com",
      policy: "reject",
      disposition: "reject",
      overridden_by_arc: false,
      alignment: {
        spf: { aligned: false, mode: "relaxed" },
        dkim: { aligned: false, mode: "strict" },
      },
      reason: null,
    },
    arc: { cv: "pass", instance: 2, sealer: "lists.example", trusted: false, dmarc: null },
  };
  expect(authenticationResultsHeader(result, "mx.ours.test").split("\r\n\t")).toEqual([
    "Authentication-Results: mx.ours.test;",
    "spf=pass smtp.mailfrom=example.com;",
    "dkim=pass header.d=example.com header.s=s1 header.a=rsa-sha256;",
    "dmarc=fail header.from=example.com policy.dmarc=reject;",
    "arc=pass (i=2);",
    "iprev=fail\r\n",
  ]);
  const header = authenticationResultsHeader(NONE, "mx.ours.test");
  expect(strip(header + REST)).toBe(REST);
});

test("no domain from outside ends its value or the line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (domain) => {
      const header = authenticationResultsHeader(
        { ...NONE, spf: { ...NONE.spf, domain } },
        "mx.ours.test",
      );
      expect(header).toMatch(/^[\t\r\n\u0020-\u007e]*$/);
      const lines = header.split("\r\n");
      expect(lines).toHaveLength(5);
      expect(lines.every((line) => line.length < 998 && !/[\r\n]/.test(line))).toBe(true);
      expect(lines[1]).toMatch(/^\tspf=pass smtp\.mailfrom=(?:[^\s"();]+|"(?:[^"\\]|\\.)*");$/);
    }),
  );
});
