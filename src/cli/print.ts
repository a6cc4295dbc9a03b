/** Answers for people: a table for lists, names and values for one thing; hostile text can never drive the terminal. */

type Row = Readonly<Record<string, unknown>>;

/** Columns that identify a row, in the order people look for them. */
const preferred = [
  "id",
  "status",
  "address",
  "name",
  "domain",
  "from",
  "to",
  "subject",
  "oversight_mode",
  "scopes",
  "url",
  "type",
  "created_at",
];

const maxColumns = 6;

/** Fields that repeat another one under a second name, for programs that know only that. */
const aliases: Readonly<Record<string, string>> = {
  from_address: "from",
  to_addresses: "to",
  text_body: "markdown",
  received_at: "created_at",
  pending: "emails",
  webhooks: "subscriptions",
};

/**
 * Text with everything removed that a terminal acts on or that reorders what is read: C0 and C1 controls, escape
 * sequences' introducers, bidirectional overrides and isolates (Unicode TR 9, TR 36). Line ends and tabs stay where `lines` says so.
 */
export function plainText(text: string, lines = false): string {
  const kept = lines ? text.replace(/\r\n?/g, "\n") : text.replace(/[\r\n\t\u2028\u2029]+/g, " ");
  const control = lines
    ? /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
    : /[\u0000-\u001f\u007f-\u009f]/g;
  return kept
    .replace(control, "\ufffd")
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

/** JSON text with the few characters escaped that JSON lets through and terminals act on. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** An answer as lines for a person, at most `width` columns where a table is made. */
export function humanText(answer: unknown, width: number): string {
  if (Array.isArray(answer)) return table(answer, width);
  if (!isRow(answer)) return `${plainText(String(answer), true)}\n`;
  const row = withoutAliases(answer);
  const list = Object.entries(row).find(([, value]) => isList(value));
  const others = Object.entries(row).filter(
    ([name]) => name !== list?.[0] && name !== "next_cursor",
  );
  // A thing that has a list (a message and its recipients) is shown as a thing.
  if (list && (others.length === 0 || "next_cursor" in row)) {
    const cursor = row["next_cursor"];
    const more = typeof cursor === "string" ? `More: --cursor ${plainText(cursor)}\n` : "";
    return (
      (others.length > 0 ? keyValues(Object.fromEntries(others), width) : "") +
      table(list[1] as Row[], width) +
      more
    );
  }
  return keyValues(row, width);
}

/** A list is an array of objects, or an empty array. */
function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isRow);
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutAliases(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([name, value]) => {
      const other = aliases[name];
      return other === undefined || JSON.stringify(row[other]) !== JSON.stringify(value);
    }),
  );
}

function table(rows: readonly unknown[], width: number): string {
  if (rows.length === 0) return "(none)\n";
  const shown = rows.filter(isRow).map(withoutAliases);
  const columns = columnsOf(shown);
  const cells = shown.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  shrink(columns, widths, width);
  const heads = columns.map((column) => plainText(column).toUpperCase());
  const line = (texts: readonly string[]) =>
    `${texts
      .map((text, index) => fit(text, widths[index] ?? 0))
      .join("  ")
      .trimEnd()}\n`;
  return line(heads) + cells.map(line).join("");
}

function columnsOf(rows: readonly Row[]): string[] {
  const simple = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.every((row) => !isRow(row[name]) && !(Array.isArray(row[name]) && row[name].some(isRow))),
  );
  const known = preferred.filter((name) => simple.includes(name));
  const rest = simple.filter((name) => !preferred.includes(name));
  return (known.length >= 3 ? known : [...known, ...rest]).slice(0, maxColumns);
}

/** Takes from the widest column until the table fits; ids stay whole, because they are copied. */
function shrink(columns: readonly string[], widths: number[], width: number): void {
  for (;;) {
    const total = widths.reduce((sum, one) => sum + one + 2, -2);
    const free = widths.map((one, index) => (/(^|_)id$/.test(columns[index] ?? "") ? 0 : one));
    const widest = Math.max(...free);
    if (total <= width || widest <= 12) return;
    const index = free.indexOf(widest);
    widths[index] = Math.max(12, widest - (total - width));
  }
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}\u2026` : text.padEnd(width);
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value)) return value.map(cell).join(", ");
  return plainText(typeof value === "string" ? value : JSON.stringify(value));
}

/** Names and values; nested objects by dotted names, texts of several lines and lists of objects below. */
function keyValues(row: Row, width: number): string {
  const lines: [string, string][] = [];
  const blocks: string[] = [];
  const visit = (prefix: string, value: unknown): void => {
    if (isRow(value) && Object.keys(value).length > 0)
      for (const [name, inner] of Object.entries(withoutAliases(value)))
        visit(prefix === "" ? plainText(name) : `${prefix}.${plainText(name)}`, inner);
    else if (Array.isArray(value) && value.length > 0 && isList(value))
      blocks.push(`\n${prefix}:\n${table(value, width)}`);
    else if (typeof value === "string" && value.includes("\n"))
      blocks.push(`\n${prefix}:\n${plainText(value, true).replace(/\n*$/, "\n")}`);
    else lines.push([prefix, cell(value)]);
  };
  visit("", row);
  const longest = Math.max(0, ...lines.map(([name]) => name.length));
  return (
    lines.map(([name, value]) => `${name.padEnd(longest)}  ${value}`.trimEnd() + "\n").join("") +
    blocks.join("")
  );
}
