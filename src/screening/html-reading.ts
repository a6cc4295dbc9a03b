/** What an HTML body shows, hides and links to, read in one pass without building a tree. */
import { decodeEntities } from "./html-entities.ts";
import { hiddenByStyle, type Paint, paintOf, sheetClasses } from "./html-style.ts";

/** A link: where it goes as written, and what a reader sees. */
export interface HtmlLink {
  href: string;
  text: string;
}

/** The reading of an HTML body. Texts are cut at the limit of the reader; `capped` says so. */
export interface HtmlReading {
  links: HtmlLink[];
  /** `tiny` images are 1 or 2 pixels: they count openings. */
  images: { src: string; tiny: boolean }[];
  shown: string;
  hidden: string;
  comments: string;
  /** Values of alt, title and aria-label. */
  labels: string;
  forms: number;
  password_fields: number;
  scripts: number;
  capped: boolean;
}

const LIMITS = { chars: 1_000_000, links: 500, images: 500, depth: 200, link_text: 300 };
const voids = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);
const raw = new Set(["script", "style", "title", "textarea", "noscript", "template", "xmp"]);

interface Open {
  tag: string;
  hidden: boolean;
  paint: Paint;
}

/** Reads at most 1,000,000 characters, 500 links and 500 images, 200 levels deep; linear in the length. */
export function readHtml(html: string): HtmlReading {
  const reader = new Reader(html.slice(0, LIMITS.chars));
  reader.read();
  reader.out.capped ||= html.length > LIMITS.chars;
  return reader.finish();
}

class Reader {
  readonly out: HtmlReading = {
    links: [],
    images: [],
    shown: "",
    hidden: "",
    comments: "",
    labels: "",
    forms: 0,
    password_fields: 0,
    scripts: 0,
    capped: false,
  };
  readonly #html: string;
  readonly #lower: string;
  readonly #classes: ReturnType<typeof sheetClasses>;
  readonly #stack: Open[] = [];
  readonly #parts: Record<"shown" | "hidden" | "comments" | "labels", string[]> = {
    shown: [],
    hidden: [],
    comments: [],
    labels: [],
  };
  #link: { href: string; parts: string[]; length: number } | null = null;

  constructor(html: string) {
    this.#html = html;
    // Only ASCII letters change, so that both strings keep the same positions.
    this.#lower = html.replace(/[A-Z]+/g, (run) => run.toLowerCase());
    this.#classes = sheetClasses(this.#lower);
  }

  read(): void {
    const html = this.#html;
    let at = 0;
    while (at < html.length) {
      const open = html.indexOf("<", at);
      if (open < 0) return this.#text(html.slice(at));
      if (open > at) this.#text(html.slice(at, open));
      at = this.#markup(open);
    }
  }

  finish(): HtmlReading {
    this.#endLink();
    for (const key of ["shown", "hidden", "comments", "labels"] as const)
      this.out[key] = this.#parts[key].join(key === "shown" || key === "hidden" ? "" : "\n");
    return this.out;
  }

  #markup(open: number): number {
    const html = this.#html;
    if (html.startsWith("<!--", open)) {
      const end = html.indexOf("-->", open + 4);
      const stop = end < 0 ? html.length : end;
      // Conditional comments hold markup for old Outlook, which is part of what some readers see.
      this.#parts.comments.push(html.slice(open + 4, stop));
      return end < 0 ? html.length : end + 3;
    }
    const next = html.charCodeAt(open + 1) | 32;
    const closing = html[open + 1] === "/";
    if (!closing && !(next >= 97 && next <= 122)) {
      if (html[open + 1] !== "!" && html[open + 1] !== "?") {
        this.#text("<");
        return open + 1;
      }
      const end = html.indexOf(">", open);
      return end < 0 ? html.length : end + 1;
    }
    const name = /[a-z][a-z0-9:-]{0,40}/y;
    name.lastIndex = open + (closing ? 2 : 1);
    const tag = name.exec(this.#lower)?.[0] ?? "";
    const from = open + (closing ? 2 : 1) + tag.length;
    const [attributes, end] = readAttributes(html, from);
    if (closing) this.#close(tag);
    else return this.#open(tag, attributes, end);
    return end;
  }

  #open(tag: string, attributes: Map<string, string>, end: number): number {
    const parent = this.#stack.at(-1);
    const paint = paintOf(tag, attributes, this.#classes, parent?.paint ?? null);
    const hidden =
      (parent?.hidden ?? false) ||
      attributes.has("hidden") ||
      hiddenByStyle(paint) ||
      tag === "head";
    this.#note(tag, attributes, hidden);
    if (raw.has(tag)) return this.#rawText(tag, end);
    if (!voids.has(tag)) {
      if (this.#stack.length < LIMITS.depth) this.#stack.push({ tag, hidden, paint });
      else this.out.capped = true;
    }
    if (!inlineTags.has(tag)) this.#space(hidden);
    return end;
  }

  #rawText(tag: string, end: number): number {
    const close = this.#lower.indexOf(`</${tag}`, end);
    const stop = close < 0 ? this.#html.length : close;
    // A template or noscript is not seen, but whoever strips tags reads it.
    if (tag === "noscript" || tag === "template" || tag === "title")
      this.#parts.comments.push(this.#html.slice(end, stop));
    else if (tag === "textarea" || tag === "xmp") this.#text(this.#html.slice(end, stop));
    return stop;
  }

  #note(tag: string, attributes: Map<string, string>, hidden: boolean): void {
    for (const key of ["alt", "title", "aria-label"])
      if (attributes.has(key)) this.#parts.labels.push(decodeEntities(attributes.get(key) ?? ""));
    if (tag === "a" || tag === "area") {
      this.#endLink();
      const href = attributes.get("href");
      if (href !== undefined) this.#link = { href: decodeEntities(href), parts: [], length: 0 };
    } else if (tag === "img") {
      const src = decodeEntities(attributes.get("src") ?? "");
      const tiny = isTiny(attributes) || hidden;
      if (this.out.images.length < LIMITS.images) this.out.images.push({ src, tiny });
      else this.out.capped = true;
    } else if (tag === "form") this.out.forms += 1;
    else if (tag === "script" || tag === "iframe" || tag === "object") this.out.scripts += 1;
    else if (tag === "input" && /^password$/i.test(attributes.get("type") ?? ""))
      this.out.password_fields += 1;
  }

  #close(tag: string): void {
    if (tag === "a") this.#endLink();
    const found = this.#stack.findLastIndex((one) => one.tag === tag);
    const hidden = this.#stack.at(-1)?.hidden ?? false;
    if (!inlineTags.has(tag)) this.#space(hidden);
    if (found >= 0) this.#stack.length = found;
  }

  #text(written: string): void {
    const text = decodeEntities(written);
    this.#parts[this.#stack.at(-1)?.hidden === true ? "hidden" : "shown"].push(text);
    if (this.#link !== null && this.#link.length < LIMITS.link_text) {
      this.#link.parts.push(text.slice(0, LIMITS.link_text));
      this.#link.length += text.length;
    }
  }

  #space(hidden: boolean): void {
    this.#parts[hidden ? "hidden" : "shown"].push("\n");
  }

  #endLink(): void {
    if (this.#link === null) return;
    const { href, parts } = this.#link;
    this.#link = null;
    if (this.out.links.length >= LIMITS.links) this.out.capped = true;
    else this.out.links.push({ href: href.trim().slice(0, 4096), text: parts.join("").trim() });
  }
}

const inlineTags = new Set(
  "a abbr b bdi bdo big cite code em font i ins label mark s small span strike strong sub sup tt u wbr".split(
    " ",
  ),
);

function isTiny(attributes: Map<string, string>): boolean {
  const small = (value: string | undefined) =>
    value !== undefined && /^\s*[0-2](px)?\s*$/.test(value);
  return small(attributes.get("width")) || small(attributes.get("height"));
}

/** Attributes from `at` to the end of the tag, the first of each name counting, and the position behind the tag. */
function readAttributes(html: string, at: number): [Map<string, string>, number] {
  const found = new Map<string, string>();
  let i = at;
  const name = /[^\s=>/"'][^\s=>/]*/y;
  while (i < html.length) {
    const char = html[i];
    if (char === ">") return [found, i + 1];
    name.lastIndex = i;
    const key = name.exec(html)?.[0];
    if (key === undefined) {
      i += 1;
      continue;
    }
    i = skipSpace(html, i + key.length);
    let value = "";
    if (html[i] === "=") [value, i] = readValue(html, skipSpace(html, i + 1));
    const lower = key.toLowerCase();
    if (found.size < 100 && !found.has(lower)) found.set(lower, value);
  }
  return [found, html.length];
}

function readValue(html: string, at: number): [string, number] {
  const quote = html[at];
  if (quote === '"' || quote === "'") {
    const end = html.indexOf(quote, at + 1);
    const stop = end < 0 ? html.length : end;
    return [html.slice(at + 1, stop), stop + 1];
  }
  const bare = /[^\s>]*/y;
  bare.lastIndex = at;
  const value = bare.exec(html)?.[0] ?? "";
  return [value, at + value.length];
}

function skipSpace(html: string, at: number): number {
  let i = at;
  while (i < html.length && html.charCodeAt(i) <= 32) i += 1;
  return i;
}
