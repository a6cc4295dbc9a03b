/** Reading of JSON request bodies from anyone, for REST and MCP alike: bounded depth and size of structure, no member twice, no `__proto__`. */
import { Refusal } from "../core/refusal.ts";

/** How deep arrays and objects may nest. */
export const maxDepth = 64;

/** How many values a body may hold: an array of a million empty arrays is small as text and large in memory. */
export const maxValues = 200_000;

/**
 * Parses JSON text (RFC 8259). Throws `invalid_json` for what is not JSON, for nesting beyond {@link maxDepth}, for more
 * than {@link maxValues} values, and for a member that appears twice or is called `__proto__`: two readers must never
 * see two different messages in the same bytes (RFC 8259 section 4, RFC 7493 section 2.3).
 */
export function parseJson(text: string): unknown {
  checkStructure(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    throw invalid(
      place === undefined
        ? "The body is not valid JSON."
        : `The body is not valid JSON at position ${place}.`,
    );
  }
}

/** Walks the tokens once, without building anything; for text that is not JSON its verdict may be any, `JSON.parse` decides. */
function checkStructure(text: string): void {
  // For each open container the names seen so far, or null in an array.
  const open: (Set<string> | null)[] = [];
  let names: Set<string> | null = null;
  let expectName = false;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: {
        const end = closingQuote(text, i + 1);
        if (expectName && names) rememberName(names, text.slice(i + 1, end));
        expectName = false;
        i = end;
        break;
      }
      case 0x7b: // {
      case 0x5b: // [
        open.push(names);
        if (open.length > maxDepth) throw invalid(`The body nests deeper than ${maxDepth} levels.`);
        names = text.charCodeAt(i) === 0x7b ? new Set() : null;
        expectName = names !== null;
        values = count(values);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        names = open.pop() ?? null;
        expectName = false;
        break;
      case 0x2c: // ,
        expectName = names !== null;
        values = count(values);
        break;
    }
  }
}

/** Index of the quote that ends the string, or the end of the text. `indexOf` keeps megabytes of base64 cheap. */
function closingQuote(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end !== -1) {
    let backslashes = 0;
    while (end - 1 - backslashes >= from && text.charCodeAt(end - 1 - backslashes) === 0x5c)
      backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function rememberName(names: Set<string>, raw: string): void {
  const name = raw.includes("\\") ? unescape(raw) : raw;
  if (name === "__proto__") throw invalid("The body has a member named __proto__.");
  if (names.has(name))
    throw invalid(`The body has the member ${JSON.stringify(name.slice(0, 80))} twice.`);
  names.add(name);
}

function unescape(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}

function count(values: number): number {
  if (values >= maxValues) throw invalid(`The body holds more than ${maxValues} values.`);
  return values + 1;
}

function invalid(message: string): Refusal {
  return new Refusal("invalid_json", message, { hint: "Send one JSON object in UTF-8." });
}
