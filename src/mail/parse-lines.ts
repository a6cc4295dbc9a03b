/** Well-formed HTML of a few tags as lines of markdown or of text, in one pass and linear time. */
import { visibleText } from "./parse-charset.ts";

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };
const PARAGRAPHS = new Set("p h1 h2 h3 h4 h5 h6 ul ol dl pre table blockquote".split(" "));
const LINES = new Set("div tr li dd dt thead tbody tfoot".split(" "));
const MARKS: Readonly<Record<string, string>> = {
  b: "**",
  strong: "**",
  em: "_",
  i: "_",
  s: "~~",
  strike: "~~",
  del: "~~",
  code: "`",
};
const MAX_DEPTH = 10;

function decodeEntities(text: string): string {
  // The sanitiser writes these four only.
  return text.replaceAll(/&(amp|lt|gt|quot);/g, (_all, entity: string) => ENTITIES[entity] ?? "");
}

/** The sanitiser leaves one attribute on a tag that has any. */
function attributeOf(attributes: string): string {
  const start = attributes.indexOf('="');
  return start < 0 ? "" : decodeEntities(attributes.slice(start + 2, attributes.lastIndexOf('"')));
}

function escapeMarkdown(text: string, lineStart: boolean): string {
  const escaped = text.replaceAll(
    /[\\`*[\]<]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    String.raw`\$&`,
  );
  if (!lineStart) return escaped;
  return escaped.replace(/^(\d{0,9})([-+=>#.)])/, (all, digits: string, sign: string) =>
    (digits === "") === (sign === "." || sign === ")") ? all : `${digits}\\${sign}`,
  );
}

interface Mark {
  open: string;
  close: string;
}

class HtmlLines {
  readonly #markdown: boolean;
  readonly #lines: string[] = [];
  readonly #lists: { next: number | null; width: number }[] = [];
  readonly #wanted: Mark[] = [];
  #pieces: string[] = [];
  /** How many of the wanted marks are open on this line. */
  #open = 0;
  #spaceDue = false;
  #cellDue = false;
  #lineMark = "";
  #bullet = "";
  #quotes = 0;
  #pre = 0;

  constructor(markdown: boolean) {
    this.#markdown = markdown;
  }

  text(text: string): void {
    if (this.#pre > 0) {
      for (const [index, line] of text.split("\n").entries()) {
        if (index > 0) this.#endLine("");
        if (line !== "")
          this.#pieces.push(this.#markdown && this.#pieces.length === 0 ? `    ${line}` : line);
      }
      return;
    }
    const words = text.replaceAll(/\s+/g, " ");
    const bare = words.trim();
    if (bare === "") {
      if (words !== "") this.#spaceDue = true;
      return;
    }
    const lineStart = this.#pieces.length === 0;
    if (!lineStart) {
      if (this.#cellDue) this.#pieces.push(" | ");
      else if (this.#spaceDue || words.startsWith(" ")) this.#pieces.push(" ");
    }
    this.#cellDue = false;
    for (; this.#open < this.#wanted.length; this.#open += 1)
      this.#pieces.push(this.#wanted[this.#open]?.open ?? "");
    this.#pieces.push(this.#written(bare, lineStart));
    this.#spaceDue = words.endsWith(" ");
  }

  #written(bare: string, lineStart: boolean): string {
    if (!this.#markdown) return bare;
    if (this.#wanted.some(({ open }) => open === "`")) return bare.replaceAll("`", "'");
    return escapeMarkdown(bare, lineStart);
  }

  /** Text that is ours and is not escaped. */
  #raw(text: string): void {
    if (this.#pieces.length > 0) this.#pieces.push(" ");
    this.#pieces.push(text);
    this.#spaceDue = true;
  }

  #endLine(hardBreak: string): void {
    for (; this.#open > 0; this.#open -= 1)
      this.#pieces.push(this.#wanted[this.#open - 1]?.close ?? "");
    const line = this.#pieces.join("");
    this.#pieces = [];
    this.#spaceDue = false;
    this.#cellDue = false;
    this.#lines.push(line === "" ? "" : this.#prefix() + line + hardBreak);
  }

  #prefix(): string {
    let indent = "";
    for (const { width } of this.#lists.slice(0, MAX_DEPTH)) indent += " ".repeat(width);
    if (this.#bullet !== "") indent = indent.slice(this.#bullet.length) + this.#bullet;
    const prefix = "> ".repeat(Math.min(this.#quotes, MAX_DEPTH)) + indent + this.#lineMark;
    this.#bullet = "";
    this.#lineMark = "";
    return prefix;
  }

  #breakLine(): void {
    if (this.#pieces.length > 0) this.#endLine("");
  }

  #paragraph(): void {
    this.#breakLine();
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }

  #wantMark(mark: Mark): void {
    const twice = mark.open !== "" && this.#wanted.some(({ open }) => open === mark.open);
    this.#wanted.push(twice ? { open: "", close: "" } : mark);
  }

  #dropMark(): void {
    const mark = this.#wanted.pop();
    if (this.#open <= this.#wanted.length) return;
    this.#open = this.#wanted.length;
    this.#pieces.push(mark?.close ?? "");
  }

  #list(ordered: boolean, closing: boolean): void {
    // A list in a list stands right under its item.
    if (this.#lists.length > (closing ? 1 : 0)) this.#breakLine();
    else this.#paragraph();
    if (closing) this.#lists.pop();
    else this.#lists.push({ next: ordered ? 1 : null, width: ordered ? 3 : 2 });
    this.#bullet = "";
  }

  #item(): void {
    this.#breakLine();
    const list = this.#lists.at(-1);
    if (list?.next == null) {
      this.#bullet = this.#markdown ? "- " : "* ";
      return;
    }
    this.#bullet = `${list.next}. `;
    list.next += 1;
  }

  tag(tag: string, closing: boolean, attributes: string): void {
    const mark = MARKS[tag];
    if (tag === "br") {
      if (!closing) this.#endLine(this.#markdown ? "  " : "");
    } else if (tag === "hr") {
      this.#paragraph();
      this.#raw(this.#markdown ? "---" : "----------");
      this.#paragraph();
    } else if (tag === "img") {
      const alt = visibleText(attributeOf(attributes))
        .replaceAll(/[[\]\s]+/g, " ")
        .trim();
      if (alt !== "") this.#raw(`[image: ${alt}]`);
    } else if (tag === "a") this.#link(closing, attributes);
    else if (tag === "ul" || tag === "ol") this.#list(tag === "ol", closing);
    else if (mark !== undefined) {
      if (!this.#markdown || this.#pre > 0) return;
      if (closing) this.#dropMark();
      else this.#wantMark({ open: mark, close: mark });
    } else this.#block(tag, closing);
  }

  #block(tag: string, closing: boolean): void {
    if (tag === "td" || tag === "th") this.#cellDue = this.#pieces.length > 0;
    else if (PARAGRAPHS.has(tag) && !(tag === "p" && this.#bullet !== "")) this.#paragraph();
    else if (LINES.has(tag)) this.#breakLine();
    const step = closing ? -1 : 1;
    if (tag === "blockquote") this.#quotes += step;
    if (tag === "pre") this.#pre += step;
    if (tag === "li" && !closing) this.#item();
    if (this.#markdown && /^h[1-6]$/.test(tag))
      this.#lineMark = closing ? "" : `${"#".repeat(Number(tag.charAt(1)))} `;
  }

  #link(closing: boolean, attributes: string): void {
    if (closing) {
      this.#dropMark();
      return;
    }
    const href = attributeOf(attributes).trim();
    if (href === "" || !this.#markdown) {
      const target = href.replace(/^mailto:/i, "");
      this.#wanted.push({ open: "", close: target === "" ? "" : ` (${target})` });
      return;
    }
    const target = href.replaceAll(
      /[\s()<>\\]/g,
      (char) => `%${Buffer.from(char).toString("hex").toUpperCase()}`,
    );
    this.#wantMark({ open: "[", close: `](${target})` });
  }

  join(): string {
    this.#breakLine();
    return this.#lines
      .join("\n")
      .replaceAll("  \n\n", "\n\n")
      .replaceAll(/\n{3,}/g, "\n\n")
      .trim();
  }
}

/**
 * What the sanitiser wrote as markdown, or as text with link targets behind their words. Quotations are marked with
 * `> ` in both, cells of a row are parted by ` | `.
 */
export function linesOfHtml(html: string, form: "markdown" | "text"): string {
  const lines = new HtmlLines(form === "markdown");
  // The sanitiser escapes "<" and ">" in text and attributes, so this reads its output whole.
  for (const [token, slash, tag, attributes = ""] of html.matchAll(
    /<(\/?)([a-z][a-z0-9]*)([^>]*)>|[^<]+/g,
  )) {
    if (tag === undefined) lines.text(decodeEntities(token));
    else lines.tag(tag, slash === "/", attributes);
  }
  return lines.join();
}
