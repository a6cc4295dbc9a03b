/** Words are found whatever their case and accents, and nothing that is typed is more than words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { highlighter, indexAddress, indexText, readQuery } from "./search-text.ts";

describe("text for search", () => {
  test("is the same with and without accents, case and width", () => {
    expect(indexText("Café NAÏVE Ωμέγα ﬁn")).toBe(indexText("cafe naive ωμεγα fin"));
    // Marks that make other letters stay.
    expect(indexText("が")).not.toBe(indexText("か"));
    expect(indexText("की")).not.toBe(indexText("का"));
  });

  test("has each character of a script without spaces as a word", () => {
    expect(indexText("発票です").trim().split(/ +/)).toEqual(["発", "票", "で", "す"]);
  });

  test("has the parts of an address beside the whole", () => {
    expect(indexAddress("Ada@Example.com")).toBe("ada@example.com ada example.com");
  });
});

describe("a query", () => {
  test("ends in a beginning only where its last word is plainly a word", () => {
    for (const [typed, open] of [
      ["invoi", true],
      ["may invoi", true],
      ["a", false],
      ["-invoi", false],
      ['"the invoi', false],
      ['"the invoice"', false],
      ["invoice!", false],
      ["one or", false],
      ["", false],
    ] as const)
      expect(readQuery(typed).open, typed).toBe(open);
  });

  test("reads a run without spaces as a phrase", () => {
    expect(readQuery("発票").text.trim()).toBe('"発 票"');
    expect(readQuery('"発票 x"').text.replaceAll(/ +/g, " ")).toBe('" 発 票 x"');
  });
});

describe("what is shown as found", () => {
  test("stands between marks that the text cannot forge", () => {
    expect(highlighter("rechnung")("Pay the ⟦fake⟧ Rechnüng now")).toEqual([
      "Pay the [fake] ⟦Rechnüng⟧ now",
    ]);
  });

  test("is markup neither read nor written: plain text", () => {
    expect(highlighter("invoice")("<script>invoice</script>")).toEqual([
      "<script>⟦invoice⟧</script>",
    ]);
  });

  test("marks beginnings for an open query, and leaves out what was excluded", () => {
    expect(highlighter("-notes invoi")("invoices and notes")).toEqual(["⟦invoices⟧ and notes"]);
    expect(highlighter('"invoi"')("invoices")).toEqual([]);
  });

  test("is at most three short parts, and quick on long hostile text", () => {
    const started = performance.now();
    const parts = highlighter("word")(`${"a".repeat(30_000)} ${"x word ".repeat(20_000)}`);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part.length).toBeLessThan(600);
  });

  test("is the same in text of ASCII alone, which is looked through another way", () => {
    const typed = fc.string({
      unit: fc.constantFrom(...Array.from('ab1A_ "-.or')),
      minLength: 1,
      maxLength: 12,
    });
    const text = fc.string({ unit: fc.constantFrom(...Array.from("ab1A_ .-\n")), maxLength: 600 });
    const away = " ".repeat(200);
    fc.assert(
      fc.property(typed, text, (q, body) => {
        const show = highlighter(q);
        expect(show(`${body}${away}.`)).toEqual(show(`${body}${away}\u00e9`));
      }),
      { numRuns: 2000 },
    );
    expect(highlighter("a1 bb")("x_a1 A1b bb2")).toEqual(["x_⟦a1⟧ A1b ⟦bb2⟧"]);
  });

  test("marks a run of a script without spaces inside its sentence", () => {
    expect(highlighter("発票")("昨日の発票です")).toEqual(["昨日の⟦発票⟧です"]);
  });
});
