/** Names of operators in the DNS, and mailboxes that nobody gets by asking. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isReservedMailbox, operatorSlug } from "./operator-slug.ts";

test.each([
  ["Acme GmbH & Co. KG", "acme-gmbh-co-kg"],
  ["  Café Zürich ", "cafe-zurich"],
  ["a".repeat(100), "a".repeat(40)],
])("an operator called %j has the label %s", (name, label) => {
  expect(operatorSlug(name, null)).toBe(label);
});

test.each(["www", "MTA-STS", "Mail!", "xn--80ak6aa92e", "ab", "東京"])(
  "%j gets no label without a suffix",
  (name) => {
    expect(operatorSlug(name, null)).toBeNull();
    expect(operatorSlug(name, "k7xq")).toMatch(/^[a-z0-9][a-z0-9-]*-k7xq$/);
  },
);

test("whatever the name, what comes out is a host-name label that is not punycode", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(null, "k7xq"), (name, suffix) => {
      const label = operatorSlug(name, suffix);
      if (label === null) return;
      expect(label).toMatch(/^(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
    }),
  );
});

test("what the service itself goes by is no agent's mailbox", () => {
  expect(["oversight", "Postmaster", "no-reply"].every(isReservedMailbox)).toBe(true);
  expect(isReservedMailbox("agent")).toBe(false);
});
