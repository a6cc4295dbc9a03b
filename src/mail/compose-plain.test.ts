/** Tests that plain text comes out of composing as it was written. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { composeBody } from "./compose-body.ts";
import { markdownOfPlainText } from "./compose-plain.ts";

const footer = {
  postal_address: "Street 1",
  ai_disclosure: null,
  unsubscribe_url: "https://u.example/x",
};

/** The text part without its footer, no-break spaces as blanks. */
function read(text: string): string {
  const body = composeBody(markdownOfPlainText(text), undefined, footer).text;
  return body.slice(0, body.lastIndexOf("----\n")).trimEnd().replaceAll("\u00a0", " ");
}

test.each([
  ["line ends", "Dear Ada,\nyour order:\n  3 apples\n    (red)\n\nYours\nAgent"],
  ["headings and rules", "# of items: 5\nTotal\n=====\nNext\n-----\n***\n---"],
  ["lists", "1. one\n2) two\n- three\n* four\n+ five\n10. ten"],
  ["quotations", "> you wrote\n>> and I wrote"],
  ["columns", "item     price\napple    1.00\npear        2"],
  [
    "marks",
    "a *b* _c_ **d** `e` ~~f~~ snake_case [g](https://thief.example/) ![h](i) <b> &amp; \\*",
  ],
  ["a table", "a | b\n--|--\n1 | 2"],
  ["a reference", "[x]: https://thief.example/\n\n[x]"],
])("%s stay as they were written", (_, text) => {
  expect(read(text)).toBe(text);
});

test("an address of the web becomes a link with all its letters", () => {
  const url = "https://shop.example/a_b/_c?x=1&copy=2";
  const { html } = composeBody(markdownOfPlainText(`See ${url} now`), undefined, footer);
  expect(html).toContain('href="https://shop.example/a_b/');
  expect(read(`See https://shop.example/a_b?x=1&y_z=2 now`)).toContain(
    "https://shop.example/a_b?x=1&y_z=2",
  );
});

test("whatever is written is read", () => {
  const piece = fc.constantFrom(
    "#",
    "*",
    "_",
    "-",
    ">",
    "`",
    "~",
    "|",
    "[",
    "]",
    "(",
    ")",
    "!",
    "<",
    "&",
    ";",
    "\\",
    ":",
    "=",
    "+",
    "1",
    ".",
    " ",
    "  ",
    "\n",
    "\n\n",
    "a",
    "ö",
    "http://x.example",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const words = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
      const text = pieces.join("");
      // A link's own address may be shown beside its text, percent-encoded.
      fc.pre(!text.includes("http"));
      expect(words(read(text))).toBe(words(text));
    }),
    { numRuns: 2000 },
  );
});
