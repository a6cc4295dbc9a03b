/** Reading the API key from headers. */
import { expect, test } from "vitest";
import type { Refusal } from "../core/refusal.ts";
import { challenge, readApiKey } from "./credential.ts";

const bad = Symbol("refused");
const read = (headers: Record<string, string>) => {
  try {
    return readApiKey(new Headers(headers));
  } catch (error) {
    expect((error as Refusal).code).toBe("unauthenticated");
    return bad;
  }
};

test.each([
  [{}, null],
  [{ authorization: "Bearer mm_live_a" }, "mm_live_a"],
  [{ authorization: "bearer  mm_live_a" }, "mm_live_a"],
  [{ "x-api-key": "mm_live_a" }, "mm_live_a"],
  [{ authorization: "Bearer mm_live_a", "x-api-key": "mm_live_a" }, "mm_live_a"],
  [{ authorization: "Bearer mm_live_a", "x-api-key": "mm_live_b" }, bad],
  [{ authorization: "Bearer mm_live_a", "x-api-key": "" }, bad],
  [{ authorization: "Basic bW1fbGl2ZTo=", "x-api-key": "mm_live_a" }, bad],
  [{ authorization: "Bearer" }, bad],
  [{ authorization: "Bearer a b" }, bad],
  [{ authorization: "Bearer a, Bearer b" }, bad],
  [{ authorization: "mm_live_a" }, bad],
  [{ "x-api-key": "a, b" }, bad],
  [{ "x-api-key": "a".repeat(5000) }, bad],
])("the headers %j", (headers, expected) => {
  expect(read(headers as Record<string, string>)).toBe(expected);
});

test("the challenge names the protected-resource metadata", () => {
  expect(challenge("https://mail.example.com/")).toBe(
    'Bearer resource_metadata="https://mail.example.com/.well-known/oauth-protected-resource"',
  );
});
