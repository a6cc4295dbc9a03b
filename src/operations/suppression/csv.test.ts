/** CSV of any origin is read record by record, and what is written runs in no spreadsheet. */
import { describe, expect, test } from "vitest";
import { readCsv, writeCsv } from "./csv.ts";

const fields = (text: string): string[][] => readCsv(text).map((record) => record.fields);

describe("reading CSV", () => {
  test("takes quotes, quotes in quotes, line ends in quotes, and a byte order mark", () => {
    expect(fields('\ufeffa,"b ""c"", d"\r\n"e\nf",g\n')).toEqual([
      ["a", 'b "c", d'],
      ["e\nf", "g"],
    ]);
  });

  test("counts lines as an editor does, over empty lines and line ends in quotes", () => {
    expect(readCsv('a\n\n"b\nc",d\r\ne').map(({ line }) => line)).toEqual([1, 3, 5]);
  });

  test("ends with the text, whatever is open", () => {
    expect(fields('a,"b')).toEqual([["a", "b"]]);
    expect(fields('"')).toEqual([]);
    expect(fields("a,")).toEqual([["a", ""]]);
    expect(fields("")).toEqual([]);
    expect(fields("\r\r\n\r")).toEqual([]);
  });

  test("takes time that grows with the text and not with its square", () => {
    for (const text of ['"'.repeat(2_000_000), ",".repeat(2_000_000), '""x'.repeat(600_000)]) {
      const started = performance.now();
      readCsv(text);
      expect(performance.now() - started).toBeLessThan(5_000);
    }
  });

  test("reads what was written", () => {
    const rows = [
      ["a", 'b"c', "d,e", "f\r\ng", ""],
      ["1", "2", "3", "4", "5"],
    ];
    expect(fields(writeCsv(rows))).toEqual(rows);
  });
});

describe("writing CSV", () => {
  test("puts an apostrophe before what a spreadsheet would compute", () => {
    expect(writeCsv([["=1+1", "+1", "-1", "@SUM", "\tx", "a=1"]])).toBe(
      "'=1+1,'+1,'-1,'@SUM,'\tx,a=1\r\n",
    );
  });
});
