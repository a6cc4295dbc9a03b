/** Foreign text in a page: whatever it is, it stays text, in bounds, with nothing hidden. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { address, bodyText, distance, line, size, time } from "./display.ts";

const now = Date.UTC(2026, 10, 21, 9);

describe("foreign text", () => {
  test("adds no tag, no quote and no hidden character to a page", async () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom(
          ...Array.from("<>\"'&`=/ \r\n\u202E\u2066\u200B\uFEFF\u0000\uD800\u{E0041}@"),
        ),
        fc.string({ unit: "binary", maxLength: 1 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        for (const markup of [await line(text), await address(text), await bodyText(text)]) {
          const bare = markup
            .toString()
            .replace(
              /<\/?(bdi|b|wbr|mark|pre|span|p)( (class|data-hidden|title|dir|tabindex)="[\w -]*")*>/g,
              "",
            );
          expect(bare).not.toMatch(/[<>"']/);
          expect(bare).not.toMatch(
            /[\u202A-\u202E\u2066-\u2069\u200B\uFEFF\u0000\r\u{E0000}-\u{E007F}]/u,
          );
          expect(bare.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test("of nothing but hidden characters stays small", async () => {
    const markup = (await bodyText("a\u200B".repeat(400_000))).toString();
    expect(markup.length).toBeLessThan(1_000_000);
  });

  test("that is too long is cut, and the page says so", async () => {
    const markup = (await bodyText("x".repeat(3_000_000))).toString();
    expect(markup.length).toBeLessThan(1_001_000);
    expect(markup).toContain("too long to be shown whole");
  });

  test("keeps the joiners of emoji and of Persian in prose, but in no address", async () => {
    expect((await line("👩‍💻 می‌خواهم")).toString()).toContain("👩‍💻 می‌خواهم");
    expect((await address("a\u200Cb@c.example")).toString()).toContain("U+200C");
  });

  test.each(["a@exаmple.org", "a@xn--exmple-cua.org", "a@mail.xn--p1ai"])(
    "points at international letters in %s",
    async (text) => {
      expect((await address(text)).toString()).toContain("international characters");
    },
  );

  test("says nothing of the kind about plain addresses", async () => {
    expect((await address("Kk.Ss@example.org")).toString()).not.toContain("international");
  });
});

describe("times and sizes", () => {
  test.each([
    [0, "just now"],
    [-59_000, "just now"],
    [59_000, "in less than a minute"],
    [-60_000, "1 minute ago"],
    [7_200_000, "in 2 hours"],
    [-3 * 86_400_000, "3 days ago"],
  ])("%i ms from now is %s", async (milliseconds, words) => {
    expect((await distance(new Date(now + milliseconds).toISOString(), now)).toString()).toContain(
      `>${words}<`,
    );
  });

  test("a time is in UTC, and what is none is shown as text", async () => {
    expect((await time("2026-11-21T10:30:00+01:00")).toString()).toContain(
      "21 Nov 2026, 09:30 UTC",
    );
    expect((await time("<b>")).toString()).toContain("&lt;b&gt;");
  });

  test.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1500, "1.5 kB"],
    [2_500_000, "2.5 MB"],
  ])("%i octets are %s", (octets, words) => {
    expect(size(octets)).toBe(words);
  });
});
