/** Words are found whatever their case and accents, and nothing that is typed is more than words. */
import { describe, expect, test } from "vitest";
import { highlights, indexAddress, indexText, readQuery } from "./search-text.ts";

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
    expect(highlights("Pay the ⟦fake⟧ Rechnüng now", "rechnung")).toEqual([
      "Pay the [fake] ⟦Rechnüng⟧ now",
    ]);
  });

  test("is markup neither read nor written: plain text", () => {
    expect(highlights("<script>invoice</script>", "invoice")).toEqual([
      "<script>⟦invoice⟧</script>",
    ]);
  });

  test("marks beginnings for an open query, and leaves out what was excluded", () => {
    expect(highlights("invoices and notes", "-notes invoi")).toEqual(["⟦invoices⟧ and notes"]);
    expect(highlights("invoices", '"invoi"')).toEqual([]);
  });

  test("is at most three short parts, and quick on long hostile text", () => {
    const started = performance.now();
    const parts = highlights(`${"a".repeat(30_000)} ${"x word ".repeat(20_000)}`, "word");
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part.length).toBeLessThan(600);
  });

  test("marks a run of a script without spaces inside its sentence", () => {
    expect(highlights("昨日の発票です", "発票")).toEqual(["昨日の⟦発票⟧です"]);
  });
});
