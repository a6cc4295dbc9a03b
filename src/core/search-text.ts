/** Text as search sees it: how words are made alike, how a query is read, and what of a text is shown as found. */

/** Scripts that are written without spaces between words: each character counts as a word. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const unspacedRun = new RegExp(`${unspaced.source}+`, "gu");
const unspacedEach = new RegExp(unspaced.source, "gu");

const ascii = /^[\0-\x7f]*$/;

/**
 * Folds text for comparing: compatibility forms, case and the accents of Latin, Greek and Cyrillic are levelled, so that
 * `Café` is `cafe`. Words are not stemmed: mail is in every language, and names and numbers are what is looked for.
 */
export function fold(text: string): string {
  // Most words of most mail; nothing but their case is levelled.
  if (ascii.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]+/g, "")
    .normalize("NFC")
    .toLowerCase();
}

/** Text as it is indexed: folded, and scripts without spaces parted into characters. */
export function indexText(text: string): string {
  return fold(text.replaceAll("\0", " ")).replaceAll(unspacedEach, " $& ");
}

/** Addresses as they are indexed: whole, and parted, so that a domain or a name in front of the @ is found by itself. */
export function indexAddress(address: string): string {
  return indexText(`${address} ${address.replaceAll("@", " ")}`);
}

/** Names of files as they are indexed: whole, and their words. */
export function indexFilename(filename: string): string {
  return indexText(`${filename} ${filename.replaceAll(/[._-]+/g, " ")}`);
}

/** A query as the database reads it (websearch_to_tsquery): words, "phrases", -not, or. */
export type SearchQuery = {
  text: string;
  /** True where the last word is a beginning too. */
  open: boolean;
};

/** Reads what somebody typed. */
export function readQuery(typed: string): SearchQuery {
  const folded = fold(typed.replaceAll("\0", " ")).trim();
  const inQuotes = (folded.split('"').length - 1) % 2 === 1;
  const last = folded.split(/\s+/).at(-1) ?? "";
  const plain = last.length >= 2 && last !== "or" && !last.startsWith("-") && !last.includes('"');
  const open = plain && !inQuotes && /[\p{L}\p{N}]$/u.test(last) && !unspaced.test(last);
  return { text: parted(folded), open };
}

/** Each run of a script without spaces as a phrase of its characters. */
function parted(folded: string): string {
  return folded
    .split('"')
    .map((part, i) =>
      part.replaceAll(unspacedRun, (run) =>
        i % 2 === 1 ? ` ${[...run].join(" ")} ` : ` "${[...run].join(" ")}" `,
      ),
    )
    .join('"');
}

/** The marks around what was found. Where the text has such signs itself they become plain brackets. */
const foundMarks = { begin: "⟦", end: "⟧" } as const;

/** Code units of a text that are looked through for showing. */
export const highlightLength = 65_536;

const around = 90;
const maxParts = 3;
const maxHits = 60;

/**
 * For a query: gives the parts of a text in which words of it stand, at most three, as plain text with ⟦ ⟧ around each word.
 * Empty where no word is met: it was found by subject, address or attachment.
 */
export function highlighter(typed: string): (text: string) => string[] {
  const wanted = wantedWords(typed);
  if (wanted.words.size === 0 && wanted.runs.length === 0) return () => [];
  const inAscii = asciiPattern(wanted);
  return (text) => {
    const begun = text.slice(0, highlightLength);
    if (Buffer.byteLength(begun) === begun.length)
      return partsOf(begun, asciiHits(begun, inAscii)).map((part) => markedPart(begun, part));
    const shown = begun
      .toWellFormed()
      .replaceAll(foundMarks.begin, "[")
      .replaceAll(foundMarks.end, "]");
    return partsOf(shown, hitsIn(shown, wanted)).map((part) => markedPart(shown, part));
  };
}

type Hit = { from: number; to: number };
type Part = { from: number; to: number; hits: Hit[] };

/** The first parts; the text behind them is not looked through. */
function partsOf(text: string, hits: Iterable<Hit>): Part[] {
  const parts: Part[] = [];
  for (const hit of hits) {
    const last = parts.at(-1);
    if (last && hit.to <= last.to) last.hits.push(hit);
    else if (parts.length === maxParts) break;
    else {
      const from = Math.max(0, hit.from - around);
      parts.push({ from, to: Math.min(text.length, hit.to + around), hits: [hit] });
    }
  }
  return parts;
}

function markedPart(text: string, { from, to, hits }: Part): string {
  let part = from > 0 ? "…" : "";
  let at = from;
  for (const hit of hits) {
    part += `${text.slice(at, hit.from)}${foundMarks.begin}${text.slice(hit.from, hit.to)}${foundMarks.end}`;
    at = hit.to;
  }
  part += text.slice(at, to) + (to < text.length ? "…" : "");
  return part.replaceAll(/\s+/g, " ").toWellFormed().trim();
}

/** Words to look for; the last may be a beginning. Runs are of scripts without spaces. */
type Wanted = { words: Set<string>; prefix: string | null; runs: string[] };

function wantedWords(typed: string): Wanted {
  const { open } = readQuery(typed);
  const wanted: Wanted = { words: new Set(), prefix: null, runs: [] };
  const tokens = fold(typed)
    .split(/[\s"]+/)
    .filter((token) => token !== "" && token !== "or" && !token.startsWith("-"));
  const words = tokens.flatMap((token) => token.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).slice(0, 50);
  for (const word of words)
    if (unspaced.test(word)) wanted.runs.push(word);
    else wanted.words.add(word);
  if (open) wanted.prefix = words.at(-1) ?? null;
  return wanted;
}

/** The first hits in order, without overlaps. */
function* hitsIn(text: string, wanted: Wanted): Generator<Hit> {
  let hits = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const hit = hitOf(match[0], match.index, wanted);
    if (!hit) continue;
    yield hit;
    if (++hits >= maxHits) return;
  }
}

/** Finds the words in lower case ASCII text, or is null where none of them can stand there. Words are letters and digits only. */
function asciiPattern({ words, prefix }: Wanted): RegExp | null {
  const whole = [...words].filter((word) => ascii.test(word)).map((word) => `${word}(?![a-z0-9])`);
  const begun = prefix !== null && ascii.test(prefix) ? [`${prefix}[a-z0-9]*`] : [];
  const any = [...whole, ...begun];
  return any.length === 0 ? null : new RegExp(`(?<![a-z0-9])(?:${any.join("|")})`, "g");
}

/** The same as {@link hitsIn} for ASCII text, where folding is lower case and most words need not be looked at one by one. */
function* asciiHits(text: string, pattern: RegExp | null): Generator<Hit> {
  if (pattern === null) return;
  let hits = 0;
  for (const match of text.toLowerCase().matchAll(pattern)) {
    yield { from: match.index, to: match.index + match[0].length };
    if (++hits >= maxHits) return;
  }
}

/** What of one word of the text was looked for. */
function hitOf(word: string, at: number, { words, prefix, runs }: Wanted): Hit | null {
  const folded = fold(word);
  if (words.has(folded) || (prefix !== null && folded.startsWith(prefix)))
    return { from: at, to: at + word.length };
  if (runs.length === 0 || folded.length !== word.length) return null;
  const run = runs.find((one) => folded.includes(one));
  if (run === undefined) return null;
  const from = at + folded.indexOf(run);
  return { from, to: from + run.length };
}
