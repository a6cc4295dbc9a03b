/** Foreign text, times and sizes made fit for a person's eye: escaped, bounded, and with nothing hidden in them. */
import { html as markup } from "hono/html";

/**
 * What hono's `html` tag makes, which escapes every value that is not markup itself. The pages call the tag `markup`: the
 * formatter would move white space inside a template tagged `html`, and in a message's text white space is content.
 */
export type Html = ReturnType<typeof markup>;

/** What may stand between tags. */
export type Child = Html | string | number | false | null | undefined | readonly Child[];

// Characters that print nothing or turn the direction of what follows: controls, soft hyphen, zero width, bidirectional
// overrides and isolates, fillers, tag characters. They can make an approver see other words than the recipient's software.
const always = String.raw`\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E007F}`;
const controls = String.raw`\u0000-\u001F\u007F-\u009F`;
const hidden = {
  // Joiners and direction marks are at home in Persian, Hebrew and emoji, but in no address of ours.
  address: new RegExp(`([${always}${controls}\\u200C-\\u200F]+)`, "u"),
  line: new RegExp(`([${always}${controls}]+)`, "u"),
  body: new RegExp(`([${always}\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F]+)`, "u"),
} as const;

const hiddenInTag = new RegExp(hidden.body.source, "gu");
const hiddenInHtml = new RegExp(`(<[^>]*>)|${hidden.body.source}`, "gu");

/** More marks than this in one text say nothing more, and would cost memory. */
const marksLimit = 500;

/** Longest text shown in a page, in UTF-16 units. */
const bodyLimit = 1_000_000;

/** The text with each run of invisible characters replaced by a mark that names the first of them. */
export function visible(text: string, kind: keyof typeof hidden): Child[] {
  let marks = 0;
  return text
    .toWellFormed()
    .split(hidden[kind])
    .map((part, place): Child => {
      if (place % 2 === 0) return part;
      if (++marks > marksLimit) return "\uFFFD";
      const characters = [...part];
      const code = (characters[0]?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      const name = `U+${code}${characters.length > 1 ? ` ×${characters.length}` : ""}`;
      return markup`<mark class="hidden-character"${exact(characters)} title="Invisible character">${name}</mark>`;
    });
}

/** Longest run that its mark tells exactly. */
const exactLimit = 100;

/** What a mark stands for, in code points: by it a script reads back exactly what is shown. */
function exact(characters: readonly string[]): Html | false {
  const codes = characters.map((one) => (one.codePointAt(0) ?? 0).toString(16)).join(" ");
  return characters.length <= exactLimit && markup` data-hidden="${codes}"`;
}

/**
 * Cleaned HTML with each run of invisible characters in its text replaced by a mark in words, and those in tags left out.
 * In it every `<` begins a tag and every tag ends with the next `>`, as the sanitizer writes it.
 */
export function visibleHtml(html_safe: string): string {
  let marks = 0;
  return html_safe.replace(hiddenInHtml, (found, tag?: string) => {
    if (tag !== undefined) return tag.replace(hiddenInTag, "");
    if (++marks > marksLimit) return "\uFFFD";
    const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const length = [...found].length;
    return `<mark title="Invisible character">U+${code}${length > 1 ? ` ×${length}` : ""}</mark>`;
  });
}

/** One line of foreign text, isolated so that its direction turns nothing around it; cut after `max` characters. */
export function line(text: string, max = 10_000): Html {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return markup`<bdi>${visible(cut, "line")}</bdi>`;
}

/** A subject, or words that say there is none. */
export function subjectLine(subject: string | null | undefined, max?: number): Html {
  return subject?.trim() ? line(subject, max) : markup`<span class="quiet">(no subject)</span>`;
}

/** A mail address with its domain set off; look-alike letters are pointed out. */
export function address(text: string): Html {
  const at = text.lastIndexOf("@");
  const foreign = /\P{ASCII}/u.test(text) || /(^|[@.])xn--/i.test(text);
  return markup`<bdi class="address">${visible(text.slice(0, at + 1), "address")}<wbr><b>${visible(text.slice(at + 1), "address")}</b></bdi>${
    foreign && markup` <span class="badge warn">international characters</span>`
  }`;
}

/** A body of text, every line of it. Where it is longer than a page should be, the page says so. */
export function bodyText(text: string): Html {
  const whole = text.replace(/\r\n?/g, "\n");
  const cut = whole.length > bodyLimit;
  return markup`${
    cut &&
    markup`<p class="alert warn">This text is too long to be shown whole. Download the raw message to read the rest.</p>`
  }<pre class="body" dir="auto" tabindex="0">
${visible(cut ? whole.slice(0, bodyLimit) : whole, "body")}</pre>`;
}

const dateFormat = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

/** A time in UTC, exact, with how far it is from `now` (milliseconds) in brackets where that is given. */
export function time(iso: string, now?: number): Html {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return line(iso, 100);
  const distance = now === undefined ? "" : ` (${relative(at.getTime() - now)})`;
  return markup`<time datetime="${at.toISOString()}">${dateFormat.format(at)} UTC${distance}</time>`;
}

/** Only how far a time is from `now`; the exact one is its title. */
export function distance(iso: string, now: number): Html {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return line(iso, 100);
  return markup`<time datetime="${at.toISOString()}" title="${dateFormat.format(at)} UTC">${relative(at.getTime() - now)}</time>`;
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "always" });

function relative(milliseconds: number): string {
  for (const [unit, length] of units)
    if (Math.abs(milliseconds) >= length)
      return relativeFormat.format(Math.trunc(milliseconds / length), unit);
  return milliseconds > 0 ? "in less than a minute" : "just now";
}

/** Octets as people say them. */
export function size(octets: number): string {
  if (octets < 1000) return `${octets} bytes`;
  if (octets < 1_000_000) return `${(octets / 1000).toFixed(1)} kB`;
  return `${(octets / 1_000_000).toFixed(1)} MB`;
}
