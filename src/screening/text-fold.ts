/** Text as a reader sees it: invisible characters removed, look-alike letters folded to one form. */

/** Letters of other scripts that look like Latin ones (from Unicode TR 39's confusables, lower case). */
const twins = new Map<string, string>();
for (const [latin, others] of Object.entries({
  a: "аαɑ",
  b: "ьƅв",
  c: "сϲ",
  d: "ԁɗ",
  e: "еєҽɛ",
  f: "ƒ",
  g: "ɡց",
  h: "һհн",
  i: "іιı",
  j: "јϳ",
  k: "кκ",
  l: "ӏǀⅼ",
  m: "м",
  n: "пոη",
  o: "оοσօ",
  p: "рρ",
  q: "ԛգ",
  r: "гᴦ",
  s: "ѕꜱ",
  t: "тτ",
  u: "υսц",
  v: "ѵν",
  w: "ԝѡω",
  x: "хχ",
  y: "уγү",
  z: "ᴢ",
}))
  for (const other of others) twins.set(other, latin);

const foreign = /[\u0080-\uffff]/;
// Soft hyphens are left to the folding: hyphenated newsletters are full of them.
const invisible =
  /\u034f|[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]|\p{Variation_Selector}|[\u{e0000}-\u{e007f}]/gu;

/** The text without characters that are not seen; NFKC, so that full-width and styled letters are plain ones. */
export function visible(text: string): string {
  return foreign.test(text) ? text.normalize("NFKC").replace(invisible, "") : text;
}

/** Letters that look Latin made Latin, lower case. Text of another script becomes unreadable: only compare with it. */
export function latinised(text: string): string {
  const lower = text.toLowerCase();
  if (!foreign.test(lower)) return lower;
  let out = "";
  for (const char of lower.normalize("NFKD").replace(/\p{M}/gu, "")) out += twins.get(char) ?? char;
  return out;
}

const digitTwins: Record<string, string> = {
  "0": "o",
  "1": "l",
  "3": "e",
  "5": "s",
  i: "l",
  "|": "l",
};

/** One form for all spellings of a name that look alike, such as `paypa1`, `pаypal` and `paypal`. Only for comparing. */
export function skeleton(name: string): string {
  return latinised(name)
    .replace(/[0135i|]/g, (char) => digitTwins[char] ?? char)
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replaceAll("cl", "d");
}

/** True where a name mixes Latin with letters of a script that has Latin look-alikes. */
export function mixesScripts(name: string): boolean {
  return (
    /[a-z]/i.test(name) && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u.test(name)
  );
}

/** What invisible characters a text carries. `tag_text` is what tag characters (U+E0020…E007E) spell. */
export interface Invisibles {
  /** Zero-width characters between two Latin letters, where no script needs them. */
  zero_width: number;
  bidi_overrides: number;
  variation_selectors: number;
  tag_text: string;
}

/** Counts what is hidden between visible letters; flags of regions, which are tag characters after U+1F3F4, do not count. */
export function readInvisibles(text: string): Invisibles {
  const found = { zero_width: 0, bidi_overrides: 0, variation_selectors: 0, tag_text: "" };
  if (!foreign.test(text)) return found;
  for (const _ of text.matchAll(/(?<=[a-z])[\u200b-\u200d\u2060-\u2064\ufeff]{1,50}(?=[a-z])/gi))
    found.zero_width += 1;
  for (const _ of text.matchAll(/[\u202d\u202e]/g)) found.bidi_overrides += 1;
  for (const _ of text.matchAll(/[\u{e0100}-\u{e01ef}]/gu)) found.variation_selectors += 1;
  const tags: string[] = [];
  let flag = false;
  for (const [char] of text.matchAll(/\u{1f3f4}|[\u{e0001}-\u{e007f}]/gu)) {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0x1f3f4) flag = true;
    else if (code === 0xe007f) flag = false;
    else if (!flag && code >= 0xe0020) tags.push(String.fromCharCode(code - 0xe0000));
  }
  found.tag_text = tags.join("");
  return found;
}

/** True where `a` becomes `b` by at most `max` insertions, removals, replacements or swaps of neighbours. */
export function withinDistance(a: string, b: string, max: number): boolean {
  if (Math.abs(a.length - b.length) > max || a.length > 64 || b.length > 64) return false;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > max) return false;
    before = last;
    last = row;
  }
  return (last[b.length] ?? max + 1) <= max;
}

/** Foreign text cut and freed of control characters, fit to stand in a reason. */
export function quoted(text: string, max = 80): string {
  const clean = text
    .slice(0, max * 4)
    .replace(/[\p{C}\p{Z}]+/gu, " ")
    .trim();
  const chars = [...clean];
  return chars.length > max ? `${chars.slice(0, max).join("")}…` : clean;
}
