/** Tests of what screening makes of DMARC: what is not known does not pass, and only a trusted forwarder softens a failure. */
import { expect, test } from "vitest";
import { screenInbound } from "./inbound.ts";
import type { AuthenticationView } from "./inbound-subject.ts";
import { inputOf } from "./sample-mail.ts";

const screened = (dmarc: AuthenticationView["dmarc"]) => {
  const input = inputOf({ name: "", subject: "Hi", text: "Hello", auth: "pass" });
  const authentication = { spf: { result: "pass" }, dkim: [], dmarc: dmarc ?? null };
  return screenInbound({ ...input, authentication });
};

test.each([
  ["cannot be looked up", { result: "temperror" }],
  ["has not one author to speak of", { result: "permerror" }],
  ["was not evaluated at all", null],
])("DMARC that %s waits for a person, and says so", (_, dmarc) => {
  const { verdict, reasons } = screened(dmarc);
  expect(verdict).toBe("review");
  expect(reasons[0]).toMatchObject({ rule: "dmarc" });
});

test("a domain without a record passes", () => {
  expect(screened({ result: "none" }).verdict).toBe("pass");
});

test("a failure counts by its policy, but where a trusted forwarder saw it pass", () => {
  const failure = { result: "fail", policy: "reject" };
  expect(screened({ ...failure, overridden_by_arc: false }).verdict).toBe("review");
  expect(screened({ ...failure, overridden_by_arc: true }).verdict).toBe("pass");
});
