/** Tests of the content digest and of filling and restoring the placeholder. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import * as quotedPrintable from "nodemailer/lib/qp";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import {
  contentDigest,
  countPlaceholders,
  digestAsReceived,
  DigestMismatch,
  fillPlaceholder,
  frozenPart,
  restorePlaceholder,
  UNSUBSCRIBE_PLACEHOLDER,
} from "./digest.ts";
import { composeInput, handOff, RECIPIENT, TOKEN } from "./fixture.ts";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const token = fc
  .array(fc.constantFrom(...alphabet.split("")), { minLength: 80, maxLength: 80 })
  .map((chars) => chars.join(""));

describe("the content digest", () => {
  const mime = Buffer.from("Subject: x\r\n\r\nbody\r\n");

  test("is SHA-256 of the message and its sorted envelope, by hand", () => {
    const by_hand = createHash("sha256")
      .update("Subject: x\r\n\r\nbody\r\nA@b.example\na@b.example\nz@y\n")
      .digest("hex");
    expect(contentDigest(mime, ["z@Y", "a@B.Example", "A@b.example", "a@b.example"])).toBe(by_hand);
  });

  test("changes with any byte, any recipient, and the case of a local part; not with order or case of the domain", () => {
    const digest = contentDigest(mime, ["a@b", "c@d"]);
    expect(contentDigest(mime, ["c@D", "a@b"])).toBe(digest);
    expect(contentDigest(mime, ["a@b"])).not.toBe(digest);
    expect(contentDigest(mime, ["a@b", "c@d", "e@f"])).not.toBe(digest);
    expect(contentDigest(mime, ["A@b", "c@d"])).not.toBe(digest);
    for (let i = 0; i < mime.length - 2; i += 1) {
      const other = Buffer.from(mime);
      other[i] = (other[i] as number) ^ 1;
      expect(contentDigest(other, ["a@b", "c@d"])).not.toBe(digest);
    }
  });

  test("cannot be met by moving a recipient into the message", () => {
    expect(() => contentDigest(Buffer.concat([mime, Buffer.from("a@b\n")]), ["c@d"])).toThrow(
      TypeError,
    );
    expect(() => contentDigest(mime, ["a@b\nc@d"])).toThrow(TypeError);
  });
});

describe("the placeholder", () => {
  test("is filled in header, text and HTML of a composed message and restored, byte for byte", async () => {
    const mime = await compose(composeInput());
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        const filled = fillPlaceholder(mime, text);
        expect(filled.length).toBe(mime.length);
        expect(countPlaceholders(filled)).toBe(0);
        expect(restorePlaceholder(filled, text).equals(mime)).toBe(true);
        await Promise.resolve();
      }),
      { numRuns: 50 },
    );
  });

  test("is found wherever quoted-printable breaks it, and the breaks stay", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.string({ maxLength: 100 }),
        token,
        (before, after, text) => {
          const plain = `${before}${UNSUBSCRIBE_PLACEHOLDER}${after}`.toWellFormed();
          const encoded = Buffer.from(quotedPrintable.wrap(quotedPrintable.encode(plain), 76));
          const filled = fillPlaceholder(encoded, text);
          expect(filled.toString().replaceAll("=\r\n", "")).toContain(text);
          expect(
            filled
              .toString()
              .split("=\r\n")
              .map((line) => line.length),
          ).toEqual(
            encoded
              .toString()
              .split("=\r\n")
              .map((line) => line.length),
          );
          expect(restorePlaceholder(filled, text).equals(encoded)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("is found when every character is followed by a soft break", () => {
    const mime = Buffer.from(`x${UNSUBSCRIBE_PLACEHOLDER.split("").join("=\r\n")}=\r\ny\r\n`);
    const filled = fillPlaceholder(mime, TOKEN);
    expect(filled.toString()).toBe(`x${TOKEN.split("").join("=\r\n")}=\r\ny\r\n`);
  });

  test("cut by anything else is left alone, and none at all is an error", () => {
    const half = UNSUBSCRIBE_PLACEHOLDER.slice(0, 40);
    const rest = UNSUBSCRIBE_PLACEHOLDER.slice(40);
    for (const between of ["\r\n", "=\n", "=\r\n=\r\n", " ", "=20"]) {
      expect(() => fillPlaceholder(Buffer.from(half + between + rest), TOKEN)).toThrow(
        DigestMismatch,
      );
    }
    expect(() => fillPlaceholder(Buffer.from(UNSUBSCRIBE_PLACEHOLDER.slice(0, -1)), TOKEN)).toThrow(
      DigestMismatch,
    );
  });

  test.each([
    "",
    "short",
    TOKEN.toLowerCase(),
    `${TOKEN}A`,
    `I${TOKEN.slice(1)}`,
    `\r\n${TOKEN.slice(2)}`,
    UNSUBSCRIBE_PLACEHOLDER,
  ])("is not filled with %j", (bad) => {
    expect(() => fillPlaceholder(Buffer.from(UNSUBSCRIBE_PLACEHOLDER), bad)).toThrow(TypeError);
  });

  test("search takes linear time on hostile bytes", () => {
    const started = performance.now();
    fillPlaceholder(Buffer.from(`${"Q=\r\n".repeat(2_000_000)}${UNSUBSCRIBE_PLACEHOLDER}`), TOKEN);
    restorePlaceholder(Buffer.from("A".repeat(1_000_000)), `${"A".repeat(79)}B`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("a message as received", () => {
  test("leads back to the digest, with transport headers on top and either line end", async () => {
    const mime = await compose(composeInput());
    const recipients = [RECIPIENT, "blind@example.org"];
    const sent = await handOff(mime, recipients);
    const received = Buffer.concat([
      Buffer.from("Return-Path: <a@b>\r\nReceived: from x\r\n by y\r\n"),
      sent,
    ]);
    const digest = contentDigest(mime, recipients);
    expect(digestAsReceived(received, TOKEN, recipients)).toBe(digest);
    expect(
      digestAsReceived(
        Buffer.from(received.toString("latin1").replaceAll("\r\n", "\n"), "latin1"),
        TOKEN,
        recipients,
      ),
    ).toBe(digest);
    expect(digestAsReceived(received, TOKEN, [RECIPIENT])).not.toBe(digest);
    expect(digestAsReceived(received, TOKEN.replace("7", "8"), recipients)).not.toBe(digest);
  });

  test("has exactly one Date, or no frozen part", () => {
    expect(frozenPart(Buffer.from("A: b\r\nDate: x\r\nC: d\r\n\r\n")).toString()).toBe(
      "C: d\r\n\r\n",
    );
    expect(() => frozenPart(Buffer.from("A: b\r\n\r\n"))).toThrow(/Date/);
    expect(() => frozenPart(Buffer.from("Date: x\r\nDate: y\r\n\r\n"))).toThrow(/Date/);
  });
});
