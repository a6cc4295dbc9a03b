/** What screening says, in words a person reads: no name of a rule, and nothing of another reason is taken away. */
import { expect, test } from "vitest";
import { inboundReason } from "./screening-words.ts";

test.each([
  ["screening: injection_override: HTML: “Ignore”", "Screening: HTML: “Ignore”"],
  ["screening", "screening"],
  ["It asks: for a password", "It asks: for a password"],
])("%s reads as %s", (reason, words) => {
  expect(inboundReason(reason)).toBe(words);
});
