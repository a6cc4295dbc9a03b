/** Promises of the origin check. */
import { expect, test } from "vitest";
import { fromElsewhere, originAllowed } from "./origin.ts";

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

test.each([
  ["a program, however it names us", {}, false],
  ["a program that names a container", { host: "multimail:8025" }, false],
  ["our own page", { origin: "https://mail.example.com", host: "mail.example.com" }, false],
  ["a local page", { origin: "http://localhost:8025", host: "127.0.0.1:8025" }, false],
  ["a rebound page", { origin: "http://evil.example", host: "evil.example" }, true],
  [
    "a rebound page that hides its origin",
    { host: "evil.example", "sec-fetch-site": "none" },
    true,
  ],
  [
    "a page that claims our origin under another name",
    { origin: "http://localhost:8025", host: "evil.example:8025" },
    true,
  ],
  ["a page with a crooked host", { "sec-fetch-site": "same-origin", host: "a b" }, true],
  ["a page with a foreign origin", { origin: "null", host: "localhost:8025" }, true],
])("%s", (_, headers: Record<string, string>, refused) => {
  const request = new Request("http://localhost:8025/mcp", { method: "POST" });
  // The fetch API forbids some of these names to pages, not to the servers that build requests.
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  expect(fromElsewhere(request, "https://mail.example.com")).toBe(refused);
});
