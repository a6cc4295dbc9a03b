/** Printing for people: readable, and never a command to the terminal. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { humanText, plainText, safeJson } from "./print.ts";

test("a list becomes a table, its other names are left out, and the cursor is told", () => {
  const emails = [
    {
      id: "A1",
      from: "ann@example.com",
      from_address: "ann@example.com",
      subject: "Hello",
      status: "sent",
    },
    {
      id: "B2",
      from: "bob@example.com",
      from_address: "bob@example.com",
      subject: "A long subject ".repeat(10),
      status: "queued",
    },
  ];
  const text = humanText({ emails, pending: emails, next_cursor: "abc" }, 80);
  expect(text.split("\n")).toEqual([
    "ID  STATUS  FROM             SUBJECT",
    "A1  sent    ann@example.com  Hello",
    expect.stringMatching(/^B2 {2}queued {2}bob@example\.com {2}A long subject .*…$/),
    "More: --cursor abc",
    "",
  ]);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(humanText({ emails: [], next_cursor: null }, 80)).toBe("(none)\n");
});

test("one thing becomes names and values, long texts and lists stand below", () => {
  const text = humanText(
    {
      id: "A1",
      tags: { a: "b" },
      to: ["x", "y"],
      none: null,
      markdown: "one\ntwo",
      text_body: "one\ntwo",
      recipients: [{ address: "x", status: "sent" }],
    },
    80,
  );
  expect(text).toBe(
    "id      A1\ntags.a  b\nto      x, y\nnone    -\n\nmarkdown:\none\ntwo\n\nrecipients:\nSTATUS  ADDRESS\nsent    x\n",
  );
});

const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test("no answer of any server can put a control or reordering character on the terminal", () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      "a",
      "\u001b",
      "[",
      "\n",
      "\r",
      "\u009b",
      "\u202e",
      "\u0007",
      "\t",
      "\u2066",
    ),
  });
  const answer = fc.oneof(
    fc.dictionary(nasty, fc.oneof(nasty, fc.array(nasty), fc.dictionary(nasty, nasty))),
    fc.record({ emails: fc.array(fc.dictionary(nasty, nasty)), next_cursor: nasty }),
    nasty,
  );
  fc.assert(
    fc.property(answer, (value) => {
      expect(humanText(value, 60)).not.toMatch(dangerous);
      expect(JSON.parse(safeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(safeJson(value)).not.toMatch(dangerous);
    }),
    { numRuns: 300 },
  );
});

test("a value of one line cannot fake a second line", () => {
  expect(plainText("Hello\r\nstatus  approved")).toBe("Hello status  approved");
  expect(plainText("a\r\nb\tc", true)).toBe("a\nb\tc");
});
