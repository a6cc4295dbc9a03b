/** Text as search sees it: how words are made alike, how a query is read, and what of a text is shown as found. */

/** Scripts that are written without spaces between words: each character counts as a word. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const unspacedRun = new RegExp(`${unspaced.source}+`, "gu");
const unspacedEach = new RegExp(unspaced.source, "gu");

/**
 * Folds text for comparing: compatibility forms, case and the accents of Latin, Greek and Cyrillic are levelled, so that
 * `Café` is `cafe`. Words are not stemmed: mail is in every language, and names and numbers are what is looked for.
 */
export function fold(text: string): string {
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
 * Parts of a text in which words of the query stand, at most three, as plain text with ⟦ ⟧ around each word. Empty where no
 * word is met: it was found by subject, address or attachment.
 */
export function highlights(text: string, typed: string): string[] {
  const wanted = wantedWords(typed);
  if (wanted.words.size === 0 && wanted.runs.length === 0) return [];
  const shown = text
    .slice(0, highlightLength)
    .toWellFormed()
    .replaceAll(foundMarks.begin, "[")
    .replaceAll(foundMarks.end, "]");
  const hits = hitsIn(shown, wanted);
  const parts: string[] = [];
  for (let i = 0; i < hits.length && parts.length < maxParts;) {
    const first = hits[i];
    if (!first) break;
    const from = Math.max(0, first.from - around);
    const to = Math.min(shown.length, first.to + around);
    const inside = hits.slice(i).filter((hit) => hit.to <= to);
    parts.push(markedPart(shown, from, to, inside));
    i += inside.length;
  }
  return parts;
}

type Hit = { from: number; to: number };

function markedPart(text: string, from: number, to: number, hits: readonly Hit[]): string {
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
function hitsIn(text: string, { words, prefix, runs }: Wanted): Hit[] {
  const hits: Hit[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const [word] = match;
    const folded = fold(word);
    if (words.has(folded) || (prefix !== null && folded.startsWith(prefix)))
      hits.push({ from: match.index, to: match.index + word.length });
    else if (folded.length === word.length) {
      const run = runs.find((one) => folded.includes(one));
      const at = match.index + (run === undefined ? 0 : folded.indexOf(run));
      if (run !== undefined) hits.push({ from: at, to: at + run.length });
    }
    if (hits.length >= maxHits) break;
  }
  return hits;
}
