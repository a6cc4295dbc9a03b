/** Tests of screening received mail: what passes, what waits, what is found as injection. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { screenInbound } from "./inbound.ts";
import { inputOf, type Sample } from "./sample-mail.ts";
import { bad, injections } from "./samples-bad.ts";
import { ham } from "./samples-ham.ts";
import { screenSafely } from "./screening.ts";

const told = (sample: Sample) => {
  const { verdict, score, injection, reasons } = screenInbound(inputOf(sample));
  const why = reasons.map((one) => `${one.rule} ${one.score} (${one.detail})`).join("; ");
  return { verdict, injection, score, line: `${sample.name}: ${verdict} ${score} ${why}` };
};

describe("screening received mail", () => {
  test("ordinary mail stays below review", () => {
    const wrong = ham.map(told).filter((one) => one.verdict !== "pass" || one.injection);
    expect(wrong.map((one) => one.line)).toEqual([]);
  });

  test("injection is found wherever and in whatever language it hides, and never passes", () => {
    const wrong = injections.map(told).filter((one) => !one.injection || one.verdict === "pass");
    expect(wrong.map((one) => one.line)).toEqual([]);
  });

  test("phishing, fraud, spam and malware wait for a person", () => {
    const wrong = bad.map(told).filter((one) => one.verdict === "pass");
    expect(wrong.map((one) => one.line)).toEqual([]);
  });

  test("the confusion table over all samples is clean", () => {
    const table: Record<string, Record<string, number>> = {};
    for (const [kind, samples] of Object.entries({ ham, injections, bad })) {
      const row = { pass: 0, review: 0, spam: 0 };
      for (const one of samples) row[told(one).verdict] += 1;
      table[kind] = row;
    }
    console.table(table);
    expect(ham.length).toBeGreaterThanOrEqual(40);
    expect(injections.length + bad.length).toBeGreaterThanOrEqual(60);
    expect(table["ham"]).toEqual({ pass: ham.length, review: 0, spam: 0 });
    expect((table["bad"]?.["pass"] ?? 1) + (table["injections"]?.["pass"] ?? 1)).toBe(0);
  });

  test("remote pictures and pixels are marked and cost nothing", () => {
    const html = '<p>Hi</p><img src="https://a.example/x.png"><img src="//a.example/o" width=1>';
    const rules = screenInbound(inputOf({ name: "", html })).reasons;
    expect(rules).toContainEqual(expect.objectContaining({ rule: "remote_images", score: 0 }));
    expect(rules).toContainEqual(expect.objectContaining({ rule: "tracking_pixel", score: 0 }));
  });

  test("what is too long to read whole goes to review and says so", () => {
    const screening = screenInbound(inputOf({ name: "", text: "word ".repeat(80_000) }));
    expect(screening.verdict).toBe("review");
    expect(screening.reasons.map((one) => one.rule)).toContain("capped");
  });

  test("a rule that throws means review", () => {
    const input = inputOf({ name: "", text: "Hello" });
    Object.defineProperty(input.mail, "attachments", {
      get: () => {
        throw new RangeError("boom");
      },
    });
    const screening = screenInbound(input);
    expect(screening.verdict).toBe("review");
    expect(screening.reasons.map((one) => one.rule)).toContain("screening_failed");
  });
});

describe("failing screening means review", () => {
  const failed = expect.objectContaining({ verdict: "review", injection: false });
  test.each([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["never answers", () => new Promise<never>(() => {})],
  ])("a screening that %s", async (_, work) => {
    const screening = await screenSafely(work, 20);
    expect(screening).toEqual(failed);
    expect(JSON.stringify(screening)).not.toContain("secret");
  });

  test("an answer in time stands", async () => {
    const pass = screenInbound(inputOf({ name: "", subject: "Hi", text: "Hello" }));
    expect(pass.verdict).toBe("pass");
    expect(await screenSafely(() => pass, 1000)).toBe(pass);
  });
});

describe("hostile input", () => {
  test("never throws and always gives reasons for what it holds", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom(
        "<",
        "<!--",
        "<a href=",
        '"',
        "<style>",
        "ignore ",
        "previous instructions",
        "xn--",
        "http://",
        "@",
        "&#x",
        "password",
        "bitcoin",
        "\u{e0041}",
        "{",
        "}",
        "=",
        "base64",
      ),
    );
    const text = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(""));
    const sample = fc.record({
      from: text,
      from_name: text,
      subject: text,
      text,
      html: text,
      reply_to: text,
    });
    fc.assert(
      fc.property(sample, text, fc.uint8Array({ maxLength: 200 }), (parts, filename, bytes) => {
        const content = Buffer.concat([Buffer.from("PK\u0003\u0004"), bytes]);
        const input = inputOf({ name: "", ...parts, attachments: [{ filename, content }] });
        expect(screenInbound(input).reasons.map((one) => one.rule)).not.toContain(
          "screening_failed",
        );
      }),
      { numRuns: 300 },
    );
  });

  const repeated: [string, string][] = [
    ["<", "<"],
    ["open tags", "<a "],
    ["quotes", '<a b="'],
    ["comments", "<!--"],
    ["nested", "<div style='display:none'>"],
    ["styles", "<style>.a{"],
    ["entities", "&#x41;"],
    ["ignore", "ignore "],
    ["words", "webcam next of kin "],
    ["forward", "forward all "],
    ["spaced letters", "a "],
    ["links", "http://a.b/ "],
    ["dots", "a."],
    ["base64", "aB"],
    ["blanks", " "],
    ["lines", "\n"],
    ["zero-width", "a\u200b"],
    ["brackets", "<|"],
    ["verify", "verify my "],
    ["parcel", "parcel "],
    ["ai", "if you are an ai "],
    ["mixed", "аa"],
    ["colons", "system : "],
    ["at", "a@"],
  ];
  test.each(repeated)("takes time in proportion to the length of %s", (_, unit) => {
    const time = (length: number) => {
      const long = unit.repeat(Math.ceil(length / unit.length));
      const input = inputOf({
        name: "",
        text: long,
        html: long,
        subject: long.slice(0, 1000),
        from_name: long,
      });
      const start = performance.now();
      screenInbound(input);
      return performance.now() - start;
    };
    time(2000);
    const [short, long] = [time(30_000), time(240_000)];
    // Eight times the length: a square would be 64 times the time.
    expect(long).toBeLessThan(Math.max(5000, short * 24));
  });
});

test("words that wait for others far behind them cost little more than any words", () => {
  const least = (text: string): number =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const begun = performance.now();
        screenInbound(inputOf({ name: "long", text }));
        return performance.now() - begun;
      }),
    );
  const prose = least("We met her there once ".repeat(4500));
  // Each of these opens a gap of 200 to 1500 characters.
  for (const word of ["trojan ", "gehackt ", "barrister ", "gift card ", "backlinks ", "parcel "])
    expect(least(word.repeat(Math.ceil(99_000 / word.length))) / prose, word).toBeLessThan(8);
});

test("two words of a lure count within their distance and not beyond", () => {
  const rules = (text: string): string[] =>
    screenInbound(inputOf({ name: "pair", text })).reasons.map(({ rule }) => rule);
  const lure = (gap: number): string =>
    `Your webcam was on. ${"and so on ".repeat(gap)}Pay in bitcoin.`;
  expect(rules(lure(100))).toContain("extortion");
  expect(rules(lure(200))).not.toContain("extortion");
  // The first of two is too far away, the second is not.
  expect(rules(`A webcam. ${lure(100)}`)).toContain("extortion");
  expect(rules(`${lure(200)} ${lure(10)}`)).toContain("extortion");
});
