/** Promises of the origin check. */
import { expect, test } from "vitest";
import { originAllowed } from "./origin.ts";

const mcp = "https://mail.example.com/mcp";
const allowed = (origin: string | null, request = mcp): boolean =>
  originAllowed(origin, "https://mail.example.com", request);

test("programs without Origin and pages of our own origin may talk to the door", () => {
  expect(allowed(null)).toBe(true);
  expect(allowed("https://mail.example.com")).toBe(true);
});

test("loopback pages may on the port of the server only", () => {
  const local = "http://localhost:8025/mcp";
  expect(allowed("http://localhost:8025", local)).toBe(true);
  expect(allowed("http://127.0.0.1:8025", local)).toBe(true);
  expect(allowed("http://[::1]:8025", local)).toBe(true);
  expect(allowed("http://localhost:3000", local)).toBe(false);
});

test.each([
  "https://evil.example",
  "http://mail.example.com",
  "https://mail.example.com.evil.example",
  "https://mail.example.com:8443",
  "http://localhost.evil.example:8025",
  "null",
  "",
  "file://",
  "chrome-extension://localhost:8025",
])("a page of %j may not, even when its name was rebound to us", (origin) => {
  expect(allowed(origin, "http://evil.example:8025/mcp")).toBe(false);
  expect(allowed(origin, "http://localhost:8025/mcp")).toBe(false);
});
