/** HTML of a stranger as text and as markdown, with what nobody sees left out and nothing that loads or runs. */
import type TurndownService from "turndown";
import sanitizeHtml from "sanitize-html";

import { visibleText } from "./parse-charset.ts";
import { isUnseen, ORDINARY, sightInside } from "./parse-styles.ts";
import type { Sight } from "./parse-styles.ts";
import { MAX_ELEMENTS, MAX_SHOWN } from "./read.ts";

const TAGS = (
  "a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s strike strong table tbody td " +
  "tfoot th thead tr ul"
).split(" ");
const NO_TEXT =
  "script style textarea option select noscript title template svg math iframe object xmp head meta link".split(
    " ",
  );
const NESTING = 40;

// Turndown asks each element for all text below it and each text for its neighbours: over these bounds its time grows
// with the square of what a stranger sends, and the text stands in for the markdown.
const MAX_MARKDOWN_LENGTH = 200_000;
const MAX_MARKDOWN_ELEMENTS = 4_000;

function cutAtElements(html: string): string {
  let elements = 0;
  for (const tag of html.matchAll(/<[a-z]/gi)) {
    elements += 1;
    if (elements > MAX_ELEMENTS) return html.slice(0, tag.index);
  }
  return html;
}

/** Well-formed HTML of a few tags, holding what a person sees. */
export interface SeenHtml {
  html: string;
  /** True where it was too long, or of too many elements, to be taken whole. */
  truncated: boolean;
}

function isPixel({ width, height }: Record<string, string>): boolean {
  return [width, height].some((size) => size !== undefined && /^\s*[01](?:px)?\s*$/i.test(size));
}

/**
 * What a person sees of HTML: hidden elements, text in the colour of its ground or of no size, scripts, styles and
 * invisible characters are left out, pictures are their alternative text, links lead to http, https or mailto only.
 * Only inline styles are followed.
 */
export function seenHtml(html: string): SeenHtml {
  const bounded = cutAtElements(html.slice(0, MAX_SHOWN));
  const sights: (Sight | null)[] = [];
  const inside = (): Sight | null => (sights.length === 0 ? ORDINARY : (sights.at(-1) ?? null));
  const seen = sanitizeHtml(bounded, {
    allowedTags: TAGS,
    allowedAttributes: { a: ["href"], img: ["alt"], ol: ["start"] },
    allowedSchemes: ["http", "https", "mailto"],
    allowProtocolRelative: false,
    disallowedTagsMode: "discard",
    nonTextTags: NO_TEXT,
    nestingLimit: NESTING,
    parseStyleAttributes: false,
    onOpenTag: (_tag, attribs) => {
      const around = inside();
      sights.push(around && sightInside(attribs, around));
    },
    onCloseTag: () => {
      sights.pop();
    },
    transformTags: {
      // A template is dropped with all that stands in it.
      "*": (tagName, attribs) =>
        inside() === null || (tagName === "img" && isPixel(attribs))
          ? { tagName: "template", attribs: {} }
          : { tagName, attribs },
    },
    textFilter: (text) => {
      const sight = inside();
      return sight === null || isUnseen(sight) ? "" : visibleText(text).replaceAll("\u00a0", " ");
    },
  });
  return { html: seen, truncated: bounded.length < html.length };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function decodeEntities(text: string): string {
  // The sanitiser writes these four only.
  return text.replaceAll(/&(amp|lt|gt|quot);/g, (_all, name: string) => ENTITIES[name] ?? "");
}

const PARAGRAPHS = new Set([
  "p",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "ul",
  "ol",
  "dl",
  "pre",
  "table",
  "blockquote",
]);
const LINES = new Set(["div", "tr", "li", "dd", "dt", "br", "thead", "tbody", "tfoot"]);
const MAX_QUOTE_DEPTH = 10;

/** Builds lines; white space is as HTML has it. */
class TextLines {
  readonly #lines: string[] = [];
  #pieces: string[] = [];
  #spaceDue = false;
  quoteDepth = 0;
  preDepth = 0;

  text(text: string): void {
    if (this.preDepth > 0) {
      for (const [index, line] of text.split("\n").entries()) {
        if (index > 0) this.endLine();
        if (line !== "") this.#pieces.push(line);
      }
      return;
    }
    const words = text.replaceAll(/\s+/g, " ");
    const bare = words.trim();
    if (bare !== "") {
      if (this.#pieces.length > 0 && (this.#spaceDue || words.startsWith(" ")))
        this.#pieces.push(" ");
      this.#pieces.push(bare);
      this.#spaceDue = words.endsWith(" ");
    } else if (words !== "") this.#spaceDue = true;
  }

  endLine(): void {
    const line = this.#pieces.join("");
    this.#pieces = [];
    this.#spaceDue = false;
    this.#lines.push(line === "" ? "" : this.#prefix() + line);
  }

  /** Ends a line that has something. */
  breakLine(): void {
    if (this.#pieces.length > 0) this.endLine();
  }

  paragraph(): void {
    this.breakLine();
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }

  #prefix(): string {
    return "> ".repeat(Math.min(this.quoteDepth, MAX_QUOTE_DEPTH));
  }

  join(): string {
    this.breakLine();
    return this.#lines
      .join("\n")
      .replaceAll(/\n{3,}/g, "\n\n")
      .trim();
  }
}

function attributeOf(attributes: string, name: string): string {
  const value = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return decodeEntities(value);
}

function applyTag(lines: TextLines, tag: string, closing: boolean, attributes: string): void {
  if (tag === "br") {
    if (!closing) lines.endLine();
  } else if (tag === "hr") {
    lines.paragraph();
    lines.text("----------");
    lines.paragraph();
  } else if (tag === "img") {
    const alt = visibleText(attributeOf(attributes, "alt")).trim();
    if (alt !== "") lines.text(` [image: ${alt}] `);
  } else if (tag === "td" || tag === "th") lines.text(" ");
  else if (PARAGRAPHS.has(tag)) lines.paragraph();
  else if (LINES.has(tag)) lines.breakLine();
  const step = closing ? -1 : 1;
  if (tag === "blockquote") lines.quoteDepth += step;
  if (tag === "pre") lines.preDepth += step;
  if (tag === "li" && !closing) lines.text("* ");
}

/** The text of {@link seenHtml}'s HTML, quotations marked with `> `, link targets behind their words. */
export function textOfSeen({ html }: SeenHtml): string {
  const lines = new TextLines();
  const links: { href: string; from: number; words: string }[] = [];
  // The sanitiser escapes "<" and ">" in text and attributes, so this reads its output whole.
  for (const [token, slash, tag, attributes = ""] of html.matchAll(
    /<(\/?)([a-z][a-z0-9]*)([^>]*)>|[^<]+/g,
  )) {
    if (tag === undefined) {
      const text = decodeEntities(token);
      const link = links.at(-1);
      if (link && link.words.length < 2_000) link.words += text;
      lines.text(text);
      continue;
    }
    if (tag === "a") {
      if (slash === "") links.push({ href: attributeOf(attributes, "href"), from: 0, words: "" });
      else {
        const { href = "", words = "" } = links.pop() ?? {};
        const target = href.replace(/^mailto:/, "");
        if (href !== "" && target !== words.trim()) lines.text(` (${target})`);
      }
      continue;
    }
    applyTag(lines, tag, slash === "/", attributes);
  }
  return lines.join();
}

let service: TurndownService | undefined;

async function turndown(): Promise<TurndownService> {
  if (service) return service;
  const { default: Turndown } = await import("turndown");
  service = new Turndown({
    headingStyle: "atx",
    hr: "---",
    bulletListMarker: "-",
    codeBlockStyle: "fenced",
    emDelimiter: "_",
  });
  service.addRule("image", {
    filter: "img",
    replacement: (_content, node) => {
      const alt = visibleText(
        (node as { getAttribute(name: string): string | null }).getAttribute("alt") ?? "",
      ).trim();
      return alt === "" ? "" : `[image: ${alt.replaceAll(/[[\]\n]/g, " ")}]`;
    },
  });
  return service;
}

function countElements(html: string): number {
  let count = 0;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at + 1)) count += 1;
  return count;
}

/** {@link seenHtml}'s HTML as markdown, or as text where it is too large for that: nothing is left out then. */
export async function markdownOfSeen(seen: SeenHtml): Promise<string> {
  const { html } = seen;
  if (html.length > MAX_MARKDOWN_LENGTH || countElements(html) > MAX_MARKDOWN_ELEMENTS * 2)
    return textOfSeen(seen);
  const markdown = (await turndown()).turndown(html);
  return markdown.replaceAll(/[ \t]+\n/g, (run) => (run.startsWith("  \n") ? "  \n" : "\n")).trim();
}
