/** What the data scanner promises: one end only, the same however the octets are cut, and the content octet for octet. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { stuffContent } from "../mail/smtp-content.ts";
import { DataScanner } from "./data-scanner.ts";

/** Content, final state and octets taken, of octets fed in pieces of the given sizes. */
function scan(octets: Buffer, sizes: readonly number[], max_line = 1000): [string, string, number] {
  const scanner = new DataScanner(max_line);
  const content: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < octets.length; i++) {
    const found = scanner.scan(octets.subarray(at, at + (sizes[i % sizes.length] ?? 1)));
    content.push(...found.content);
    at += found.consumed;
    if (found.state !== "more") return [Buffer.concat(content).toString("latin1"), found.state, at];
  }
  return [Buffer.concat(content).toString("latin1"), "more", at];
}

const nasty = fc
  .array(fc.constantFrom("\r\n", "\r", "\n", ".", "..", "a", "\0", "\r\n.\r\n", "é", "bc"), {
    maxLength: 30,
  })
  .map((pieces) => Buffer.from(pieces.join(""), "latin1"));
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

test("the verdict does not depend on how the octets were cut into packets", () => {
  fc.assert(
    fc.property(nasty, sizes, (octets, cut) => {
      expect(scan(octets, cut)).toEqual(scan(octets, [octets.length || 1]));
    }),
    { numRuns: 2000 },
  );
});

test("what our own client stuffs comes out as it was, and ends there", () => {
  const lines = fc.array(fc.stringMatching(/^\.{0,2}[a-z]{0,4}\.?$/), { maxLength: 10 });
  fc.assert(
    fc.property(lines, sizes, (list, cut) => {
      const content = Buffer.from(list.map((line) => `${line}\r\n`).join(""));
      const dots = list.filter((line) => line.startsWith(".")).length;
      const wire = Buffer.concat([stuffContent(content, dots), Buffer.from("QUIT\r\n")]);
      expect(scan(wire, cut)).toEqual([content.toString(), "end", wire.length - 6]);
    }),
  );
});

test("it ends at CRLF.CRLF or, as the first line, .CRLF, and content without faults only", () => {
  fc.assert(
    fc.property(nasty, (octets) => {
      const [content, state, consumed] = scan(octets, [3]);
      if (state !== "end") return;
      const taken = `\r\n${octets.toString("latin1", 0, consumed)}`;
      expect(taken.indexOf("\r\n.\r\n")).toBe(taken.length - 5);
      expect(content).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
    }),
    { numRuns: 2000 },
  );
});

test("a line may be as long as the bound and no longer", () => {
  const line = (length: number): Buffer => Buffer.from(`${"x".repeat(length)}\r\n.\r\n`);
  expect(scan(line(50), [7], 50)[1]).toBe("end");
  expect(scan(line(51), [7], 50)[1]).toBe("long_line");
});
