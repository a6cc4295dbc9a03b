/** MTA-STS records and policies as text (RFC 8461). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { matchesMx, parsePolicy, readPolicyId } from "./mta-sts.ts";

describe("the TXT record", () => {
  test.each([
    [[["v=STSv1; id=20160831085700Z;"]], "20160831085700Z"],
    [[["v=STSv1;id=a"]], "a"],
    [[["v=STSv1; ext=x; ", "id=b1 ;"]], "b1"],
    [[["v=spf1 -all"], ["v=STSv1 ; id=c"]], "c"],
  ])("%j gives its id", (records, id) => {
    expect(readPolicyId(records)).toBe(id);
  });

  test.each([
    [[]],
    [[["v=STSv1"]]],
    [[["v=STSv1;"]]],
    [[["v=STSv1; id=;"]]],
    [[["v=STSv1; id=a-b;"]]],
    [[[`v=STSv1; id=${"a".repeat(33)};`]]],
    [[["v=STSv2; id=a;"]]],
    [[["x v=STSv1; id=a;"]]],
    [[["v=STSv1; id=a;"], ["v=STSv1; id=b;"]]],
  ])("%j announces nothing", (records) => {
    expect(readPolicyId(records)).toBeNull();
  });
});

const good =
  "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.Example.net\nmax_age: 604800\n";

describe("the policy", () => {
  test("is read with either line end, fields in any order, unknown fields passed over", () => {
    const policy = {
      mode: "enforce",
      mx: ["mail.example.com", "*.example.net"],
      max_age: 604_800,
    };
    expect(parsePolicy(good)).toEqual(policy);
    expect(parsePolicy(good.replaceAll("\n", "\r\n"))).toEqual(policy);
    expect(parsePolicy(`ext.1: x\n${good.split("\n").reverse().join("\n")}`)).toEqual({
      ...policy,
      mx: policy.mx.toReversed(),
    });
  });

  test("of a field that comes twice the first counts", () => {
    expect(parsePolicy(`${good}mode: none\nmax_age: 1\n`)).toMatchObject({
      mode: "enforce",
      max_age: 604_800,
    });
  });

  test("needs no host in mode none, and is cut to a year", () => {
    expect(parsePolicy("version: STSv1\nmode: none\nmax_age: 9999999999")).toEqual({
      mode: "none",
      mx: [],
      max_age: 31_557_600,
    });
  });

  test.each([
    ["no version", good.replace("version: STSv1\n", "")],
    ["another version", good.replace("STSv1", "STSv2")],
    ["no mode", good.replace("mode: enforce\n", "")],
    ["a mode unknown", good.replace("enforce", "Enforce")],
    ["no max_age", good.replace(/max_age.*\n/, "")],
    ["a max_age that is no number", good.replace("604800", "-1")],
    ["no mx", good.replace(/mx: .*\n/g, "")],
    ["a wildcard inside", good.replace("*.Example", "a.*.example")],
    ["a wildcard of part of a label", good.replace("*.Example", "m*.example")],
    ["a bare wildcard", good.replace("*.Example.net", "*")],
    ["a Unicode name", good.replace("mail.", "bücher.")],
    ["a line without a colon", `${good}enforce\n`],
    ["a name with a space", `${good}m x: a.b\n`],
    ["HTML", "<!doctype html><p>version: STSv1"],
    ["too many hosts", good + "mx: a.example\n".repeat(101)],
    ["too much", good + " ".repeat(70_000)],
  ])("with %s is none", (_, text) => {
    expect(parsePolicy(text)).toBeNull();
  });

  test("any text is read or refused, never thrown at", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const policy = parsePolicy(good + text);
        expect(policy === null || policy.mode === "enforce").toBe(true);
      }),
    );
  });
});

test.each([
  ["mail.example.com", true],
  ["MAIL.example.com", true],
  ["mx.example.net", true],
  ["example.net", false],
  ["a.mx.example.net", false],
  ["mxexample.net", false],
  ["mail.example.com.evil.test", false],
  ["x.mail.example.com", false],
])("host %s matches: %s", (host, matches) => {
  expect(matchesMx(parsePolicy(good)!, host)).toBe(matches);
});
