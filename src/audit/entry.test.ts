/** Entries have one spelling, hostile bytes are refused, and commitments open to what was committed only. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "./encoding.ts";
import { commit, decodeEntry, encodeEntry, verifyCommitment } from "./entry.ts";
import type { LogEntry } from "./entry.ts";

const entry: LogEntry = {
  v: 1,
  type: "message.handoff",
  at: "2026-03-01T12:00:00.250Z",
  actor: { kind: "system", id: "deliver" },
  resource: "01KJABCDEFGHJKMNPQRSTVWXYZ",
  mailbox: "01KJABCDEFGHJKMNPQRSTVWXY0",
  thread: null,
  approval: [
    {
      decision: "approve",
      class: "B",
      approver: { kind: "person", id: "p1" },
      statement: "ab".repeat(32),
    },
  ],
  data: { z: 1, a: [1.5, "ä€😀", null, true], "\r": "x" },
};

const canonical = encodeEntry(entry).toString();
const spelled = (change: (text: string) => string) => () =>
  decodeEntry(Buffer.from(change(canonical)));

describe("entry bytes", () => {
  it("are RFC 8785 JSON: sorted keys, no white space", () => {
    expect(canonical).toBe(
      '{"actor":{"id":"deliver","kind":"system"},"approval":[{"approver":{"id":"p1","kind":"person"},"class":"B",' +
        `"decision":"approve","statement":"${"ab".repeat(32)}"}],"at":"2026-03-01T12:00:00.250Z",` +
        '"data":{"\\r":"x","a":[1.5,"ä€😀",null,true],"z":1},"mailbox":"01KJABCDEFGHJKMNPQRSTVWXY0",' +
        '"resource":"01KJABCDEFGHJKMNPQRSTVWXYZ","thread":null,"type":"message.handoff","v":1}',
    );
    expect(decodeEntry(Buffer.from(canonical))).toEqual(entry);
  });

  it("do not depend on the order in which the entry was built", () => {
    const reversed = Object.fromEntries(Object.entries(entry).toReversed());
    expect(encodeEntry({ ...entry, ...reversed }).toString()).toBe(canonical);
  });

  it("any data comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ noUnicodeString: false })),
        (data) => {
          const text = JSON.stringify(data);
          fc.pre(text.isWellFormed() && !text.includes("-0") && !/\\u[dD][89a-fA-F]/.test(text));
          expect(JSON.stringify(sorted(decodeEntry(encodeEntry({ ...entry, data })).data))).toBe(
            JSON.stringify(sorted(data)),
          );
        },
      ),
    );
  });

  it.each([
    ["white space", (t: string) => `${t} `],
    ["another key order", (t: string) => t.replace(/^\{(.*),"v":1\}$/, '{"v":1,$1}')],
    ["a key twice", (t: string) => t.replace('"thread":null', '"thread":null,"thread":null')],
    ["a number spelled otherwise", (t: string) => t.replace('"z":1', '"z":1.0')],
    ["a number with exponent", (t: string) => t.replace('"z":1', '"z":1e0')],
    ["minus zero", (t: string) => t.replace('"z":1', '"z":-0')],
    ["an escape where none is needed", (t: string) => t.replace("deliver", "\\u0064eliver")],
    ["a lone surrogate", (t: string) => t.replace("deliver", "\\ud800")],
    ["a byte order mark", (t: string) => `\ufeff${t}`],
    ["an unknown field", (t: string) => t.replace('"v":1}', '"v":1,"w":2}')],
    ["a missing field", (t: string) => t.replace('"thread":null,', "")],
    ["another version", (t: string) => t.replace('"v":1', '"v":2')],
    ["a version as text", (t: string) => t.replace('"v":1', '"v":"1"')],
    ["a time with an offset", (t: string) => t.replace("250Z", "250+00:00")],
    ["a time that does not exist", (t: string) => t.replace("-03-01T", "-13-01T")],
    ["an actor without id", (t: string) => t.replace('"id":"deliver",', "")],
    ["an unknown class", (t: string) => t.replace('"class":"B"', '"class":"D"')],
    ["a statement hash in capitals", (t: string) => t.replace(/abab/, "ABAB")],
    ["a list for data", (t: string) => t.replace(/"data":\{[^}]*\}/, '"data":[]')],
    ["two values", (t: string) => t + t],
    ["nothing", () => ""],
    ["null", () => "null"],
    ["deep nesting", () => "[".repeat(65_000)],
    ["deep canonical nesting", () => "[".repeat(30_000) + "]".repeat(30_000)],
  ])("with %s are refused", (_, change) => {
    expect(change(canonical)).not.toBe(canonical);
    expect(spelled(change)).toThrow(FormatError);
  });

  it("that are not UTF-8 are refused", () => {
    const bytes = Buffer.from(canonical);
    bytes[bytes.indexOf("deliver")] = 0xff;
    expect(() => decodeEntry(bytes)).toThrow(FormatError);
  });

  it("may be 65,535 long and not one more", () => {
    const room = 65_535 - encodeEntry({ ...entry, data: { p: "" } }).length;
    const longest = encodeEntry({ ...entry, data: { p: "x".repeat(room) } });
    expect(longest).toHaveLength(65_535);
    expect(decodeEntry(longest).data["p"]).toHaveLength(room);
    expect(() => encodeEntry({ ...entry, data: { p: "x".repeat(room + 1) } })).toThrow(FormatError);
  });

  it("cannot be made of what JSON has no form for", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    for (const data of [{ x: Number.NaN }, { x: Infinity }, { x: 1n }, { x: "\ud800" }, circle]) {
      expect(() => encodeEntry({ ...entry, data })).toThrow(FormatError);
    }
  });

  it("from anywhere are read or refused, nothing else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(() => decodeEntry(bytes)).toThrow(FormatError);
        },
      ),
    );
    fc.assert(
      fc.property(fc.nat(canonical.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(canonical);
        bytes[at] = byte;
        expect(
          refuses(() => decodeEntry(bytes)) || encodeEntry(decodeEntry(bytes)).equals(bytes),
        ).toBe(true);
      }),
    );
  });
});

/** True when `read` refuses by FormatError; anything else that is thrown is a failure. */
function refuses(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof FormatError) return true;
    throw error;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}

describe("commitments", () => {
  const r = Buffer.alloc(32, 7);

  it("are SHA-256 of the tag, the field, r and the data", () => {
    const expected = createHash("sha256")
      .update("mm-commit/v1\nsubject\n")
      .update(r)
      .update("Hällo")
      .digest("hex");
    expect(commit("subject", "Hällo", r)).toEqual({ c: expected, r });
    expect(commit("subject", Buffer.from("Hällo"), r).c).toBe(expected);
  });

  it("open to the same field, data and r, and to nothing else", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z_.]{1,20}$/),
        fc.string(),
        fc.nat(255),
        (field, data, bit) => {
          const made = commit(field, data);
          expect(verifyCommitment(made.c, field, data, made.r)).toBe(true);
          const flipped = Buffer.from(made.r);
          flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
          expect(verifyCommitment(made.c, field, data, flipped)).toBe(false);
          expect(verifyCommitment(made.c, `${field}x`, data, made.r)).toBe(false);
          expect(verifyCommitment(made.c, field, `${data}x`, made.r)).toBe(false);
          expect(verifyCommitment(made.c.toUpperCase() + " ", field, data, made.r)).toBe(false);
        },
      ),
    );
  });

  it("of the same data differ each time", () => {
    expect(commit("to", "a@b.example").c).not.toBe(commit("to", "a@b.example").c);
  });

  it("need 32 bytes of r and a field name without line end", () => {
    expect(() => commit("to", "x", Buffer.alloc(31))).toThrow(FormatError);
    expect(() => commit("to\n", "x", r)).toThrow(FormatError);
    expect(() => commit("", "x", r)).toThrow(FormatError);
    expect(verifyCommitment(commit("to", "x", r).c, "to\n", "x", r)).toBe(false);
    expect(verifyCommitment(commit("to", "x", r).c, "to", "x", Buffer.alloc(0))).toBe(false);
  });
});
