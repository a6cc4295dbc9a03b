/** What the submission door promises without a socket: each refusal has a fitting reply, and loopback means this machine. */
import { expect, test } from "vitest";

import { Refusal, refusalCodes } from "../core/refusal.ts";
import { isLoopback, refusalAnswer } from "./submission.ts";

test("every refusal is one reply line with agreeing codes, temporary only where trying again can help", () => {
  const temporary: string[] = [];
  for (const code of refusalCodes) {
    const answer = refusalAnswer(
      new Refusal(code, "no\r\n250 yes", { field: "to\r\n", hint: "é" }),
    );
    expect(String(answer.responseCode)[0]).toBe(answer.message[0]);
    expect(answer.message).toMatch(/^[45]\.\d\.\d [\u0020-\u007e]+$/);
    expect(answer.message).toContain(`[${code}]`);
    if (answer.responseCode < 500) temporary.push(code);
  }
  expect(temporary.toSorted((a, b) => a.localeCompare(b))).toEqual([
    "internal",
    "rate_limited",
    "unavailable",
  ]);
});

test("a long refusal keeps its code at the end of a line of legal length", () => {
  const answer = refusalAnswer(new Refusal("validation_failed", "x".repeat(5000)));
  expect(answer.message.length).toBeLessThan(450);
  expect(answer.message.endsWith("[validation_failed]")).toBe(true);
});

test.each([
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["10.0.0.1", false],
  ["127.0.0.1.evil.example", false],
  ["::2", false],
  ["", false],
])("%s is the loopback: %s", (address, is) => {
  expect(isLoopback(address)).toBe(is);
});
