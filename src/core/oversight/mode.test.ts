/** Tests of the order of modes and of what each asks for. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { autonomy, gates, maySubmit, raises, readMode, stricter } from "./mode.ts";
import { modes } from "./types.ts";

const mode = fc.constantFrom(...modes);

it("modes stand in ascending autonomy", () => {
  expect(modes.map(autonomy)).toEqual([0, 1, 2, 3, 4]);
  expect(modes.filter(maySubmit)).toEqual(modes.slice(1));
});

it.each([
  ["read_only", [true, true]],
  ["gated_all", [true, true]],
  ["gated_send", [true, false]],
  ["monitored", [false, false]],
  ["autonomous", [false, false]],
] as const)("%s gates strangers and allowlisted recipients: %j", (one, expected) => {
  expect([gates(one, false), gates(one, true)]).toEqual(expected);
});

it("whatever is not a known mode is read as read_only", () => {
  for (const one of modes) expect(readMode(one)).toBe(one);
  for (const odd of [null, undefined, 3, {}, [], "", "AUTONOMOUS", "autonomous ", ["autonomous"]])
    expect(readMode(odd)).toBe("read_only");
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(readMode(value)).toBe(modes.find((one) => one === value) ?? "read_only");
    }),
  );
});

it("the stricter of two is one of them, in either order, and never allows more than either", () => {
  fc.assert(
    fc.property(mode, mode, fc.boolean(), (a, b, allowlisted) => {
      const both = stricter(a, b);
      expect([a, b]).toContain(both);
      expect(stricter(b, a)).toBe(both);
      expect(gates(both, allowlisted)).toBe(gates(a, allowlisted) || gates(b, allowlisted));
      expect(maySubmit(both)).toBe(maySubmit(a) && maySubmit(b));
      expect(raises(a, b)).toBe(both === a && a !== b);
    }),
  );
});
