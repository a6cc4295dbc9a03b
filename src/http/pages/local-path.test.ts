/** Where one goes on to stays here. */
import { expect, test } from "vitest";
import { localPath } from "./local-path.ts";

test.each([
  ["/people", "/people"],
  ["/mailboxes/01ABC?saved", "/mailboxes/01ABC?saved"],
  ["/a/../b", "/b"],
  ["/x?next=//evil.example", "/x?next=//evil.example"],
])("the path %s is kept as %s", (text, path) => {
  expect(localPath(text)).toBe(path);
});

test.each([
  null,
  "",
  "people",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "/\\/evil.example",
  "\\\\evil.example",
  "/.//evil.example",
  "/x/..//evil.example",
  "/%2e%2e//evil.example",
  "/././/evil.example",
  "https://evil.example/",
  "javascript:alert(1)",
  "/\t/evil.example",
  "/\n/evil.example",
  "/ /evil.example",
  "/\u2028",
  `/${"x".repeat(3000)}`,
])("%j leads to the first page", (text) => {
  expect(localPath(text)).toBe("/");
});
