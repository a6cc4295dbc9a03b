/** The policy of an answer: pages of public operations have forms that work, what came with mail is in a sandbox. */
import { expect, test } from "vitest";
import { bytes } from "../contract/operation.ts";
import { Refusal, refusalCodes } from "../core/refusal.ts";
import { dataPolicy, formPolicy } from "./headers.ts";
import { replies } from "./reply.ts";
import { refusalStatus } from "./status.ts";

const silent = () => {};
const { success, failure } = replies({
  public_url: "http://localhost",
  log: { info: silent, warn: silent, error: silent },
});
const policy = (response: Response): string | null =>
  response.headers.get("content-security-policy");
const page = bytes("text/html; charset=utf-8", Buffer.from("<form>"));

test("HTML of a public operation may send its form to us, and to nobody else", () => {
  expect(policy(success(page, "r", true))).toBe(formPolicy);
  expect(formPolicy).toBe(
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
});

test("everything else stays in the sandbox: other types, files, and HTML that is not public", () => {
  const file = bytes("text/html", Buffer.from(""), { filename: "a.html" });
  for (const response of [
    success(page, "r", false),
    success(file, "r", true),
    success(bytes("text/htmlx", Buffer.from("")), "r", true),
    success(bytes("image/svg+xml", Buffer.from("")), "r", true),
    success({ kind: "json", status: 200, body: {} }, "r", true),
    failure(new Error("x"), "r"),
  ])
    expect(policy(response)).toBe(dataPolicy);
  expect(dataPolicy).toMatch(/sandbox$/);
});

test("every 429 says when to ask again, also where only people can make room", () => {
  const after = (refusal: Refusal): string | null =>
    failure(refusal, "r").headers.get("retry-after");
  for (const code of refusalCodes.filter((one) => refusalStatus[one] === 429))
    expect(after(new Refusal(code, "No more.")), code).toBe("86400");
  expect(after(new Refusal("quota_exceeded", "No more.", { retry_after: 11.2 }))).toBe("12");
  expect(after(new Refusal("not_found", "Nothing."))).toBeNull();
});
