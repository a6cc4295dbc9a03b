/** Header values made of foreign text are always valid and mean what they say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { attachment, safeMediaType } from "./headers.ts";

test.each([
  ["report.pdf", `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`],
  [
    "r\u00e9sum\u00e9 \u4e2d.pdf",
    `attachment; filename="r_sum_ _.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9%20%E4%B8%AD.pdf`,
  ],
  [
    'a".exe\r\nSet-Cookie: x=1',
    `attachment; filename="a_.exe__Set-Cookie: x=1"; filename*=UTF-8''a%22.exe__Set-Cookie%3A%20x%3D1`,
  ],
  [
    "../../etc/passwd",
    `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`,
  ],
  ["..", `attachment; filename="download"; filename*=UTF-8''download`],
  ["", `attachment; filename="download"; filename*=UTF-8''download`],
  ["exe.\u202etxt", `attachment; filename="exe._txt"; filename*=UTF-8''exe._txt`],
])("the filename %j is sent as %s", (name, expected) => {
  expect(attachment(name)).toBe(expected);
});

test("any filename gives a header that can be sent and names no folder", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      const value = attachment(name);
      expect(new Headers({ "content-disposition": value }).get("content-disposition")).toBe(value);
      const exact = decodeURIComponent(/filename\*=UTF-8''(.*)$/.exec(value)?.[1] ?? "");
      expect(exact).not.toMatch(/[/\\\p{Cc}]/u);
      expect(value).toMatch(
        /^attachment; filename="[\x20\x21\x23-\x7e]+"; filename\*=UTF-8''[A-Za-z0-9!~._%-]+$/,
      );
    }),
  );
});

test("a media type from mail is passed on only when it is one", () => {
  expect(safeMediaType("text/plain; charset=utf-8")).toBe("text/plain; charset=utf-8");
  expect(safeMediaType('text/plain; name="a b"')).toBe('text/plain; name="a b"');
  for (const wrong of [
    "text",
    "text/html\r\nX: 1",
    "text/plain; a",
    "a/b; c=\u00e9",
    "",
    "a/".padEnd(300, "b"),
  ])
    expect(safeMediaType(wrong)).toBe("application/octet-stream");
});
