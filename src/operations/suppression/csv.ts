/** Comma-separated values (RFC 4180): reading what other services export, and writing what spreadsheets may open. */

/** One record with the line it begins on, counted from 1. */
export type CsvRecord = { line: number; fields: string[] };

/** Reads records; CRLF and LF both end one, empty lines are left out. Linear in the text; an open quote ends with it. */
export function readCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const record: CsvRecord = { line, fields: [] };
    for (;;) {
      const field = readField(text, at);
      record.fields.push(field.value);
      line += field.lines;
      at = field.end;
      if (text[at] !== ",") break;
      at += 1;
    }
    // At the end of a line or of the text.
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
    line += 1;
    if (record.fields.length > 1 || record.fields[0] !== "") records.push(record);
  }
  return records;
}

function readField(text: string, from: number): { value: string; end: number; lines: number } {
  if (text[from] !== '"') {
    const end = endOfBare(text, from);
    return { value: text.slice(from, end).trim(), end, lines: 0 };
  }
  const parts: string[] = [];
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    parts.push(text.slice(at, end));
    at = end + 1;
    if (quote < 0 || text[at] !== '"') break;
    parts.push('"');
    at += 1;
  }
  const value = parts.join("");
  // What stands between the closing quote and the comma is not the field's.
  const end = endOfBare(text, Math.min(at, text.length));
  return { value, end, lines: value.split("\n").length - 1 };
}

function endOfBare(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

/** Writes records. A field that a spreadsheet would compute (`=`, `+`, `-`, `@` first) gets an apostrophe before it. */
export function writeCsv(records: readonly (readonly string[])[]): string {
  return records.map((fields) => `${fields.map(fieldOf).join(",")}\r\n`).join("");
}

function fieldOf(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
