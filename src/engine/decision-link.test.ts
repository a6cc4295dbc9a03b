/** Links for decisions: who cannot make one, and when one ends. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type DecisionLink, decisionLink, readDecisionLink } from "./decision-link.ts";

const link: DecisionLink = {
  operator_id: "01JD0000000000000000000001",
  message_id: "01JD0000000000000000000002",
  person_id: "01JD0000000000000000000003",
  digest: "ab".repeat(32),
  via: "link",
  expires_at: new Date("2026-11-28T10:00:00Z"),
};
const context = {
  link_key: randomBytes(32),
  public_url: "https://mail.example.com",
  now: () => new Date("2026-11-21T10:00:00Z"),
};
const tokenOf = (url: string): string => url.slice("https://mail.example.com/approve/".length);

test("a decision link tells whom it lets decide on what", () => {
  const url = decisionLink(context, link);
  expect(url.startsWith("https://mail.example.com/approve/")).toBe(true);
  expect(readDecisionLink(context, tokenOf(url))).toEqual(link);
});

test("a decision link that was changed, or signed with another key, is nobody's", () => {
  const token = tokenOf(decisionLink(context, link));
  const other = Buffer.from(
    Buffer.from(token.split(".")[0] ?? "", "base64url")
      .toString()
      .replace("0003", "0004"),
  ).toString("base64url");
  expect(readDecisionLink(context, `${other}.${token.split(".")[1]}`)).toBeNull();
  expect(readDecisionLink({ ...context, link_key: randomBytes(32) }, token)).toBeNull();
  for (const junk of [
    "",
    ".",
    token.split(".")[0] ?? "",
    `${token}A`,
    `${token}.x`,
    "a".repeat(9e5),
  ])
    expect(readDecisionLink(context, junk), junk.slice(0, 40)).toBeNull();
});

test("a decision link ends when its message expires", () => {
  const token = tokenOf(decisionLink(context, link));
  const at = (now: Date): unknown => readDecisionLink({ ...context, now: () => now }, token);
  expect(at(new Date(link.expires_at.getTime() - 1000))).not.toBeNull();
  expect(at(link.expires_at)).toBeNull();
});
