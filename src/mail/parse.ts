/** Received mail opened within limits: text, markdown, what is new in it, and every part as an attachment. */
import { decodeText, oneLine, visibleText } from "./parse-charset.ts";
import { decodeBody } from "./parse-encoding.ts";
import { safeFilename, UniqueNames } from "./parse-filename.ts";
import { readFields } from "./parse-header.ts";
import type { FieldLimits } from "./parse-header.ts";
import { markdownOfSeen, seenHtml, textOfSeen } from "./parse-html.ts";
import type { SeenHtml } from "./parse-html.ts";
import { readHeader, readTree } from "./parse-mime.ts";
import type { Leaf, TreeLimits } from "./parse-mime.ts";
import type { ParsedAttachment, ParsedMail } from "./parsed-mail.ts";
import { UnreadableMessage } from "./read.ts";
import { splitReply } from "./reply-split.ts";

/** Bounds of what is opened. Only `messageBytes` refuses a message; over the others it is cut and says so. */
export interface ParseLimits extends TreeLimits, FieldLimits {
  messageBytes: number;
  /** Code units of the text, and of the HTML. */
  text: number;
  attachments: number;
}

export const PARSE_LIMITS: Readonly<ParseLimits> = {
  messageBytes: 64 * 1024 * 1024,
  depth: 20,
  parts: 1_000,
  headerBytes: 512 * 1024,
  headerFields: 1_000,
  headerValue: 16_384,
  addresses: 2_000,
  references: 100,
  text: 1_000_000,
  attachments: 500,
};

/** Texts that say the same thing: one leaf, or all of a multipart/alternative. */
interface Slot {
  plain: string[];
  html: string[];
}

function isText(leaf: Leaf, bodySeen: boolean): boolean {
  if (leaf.type.value !== "text/plain" && leaf.type.value !== "text/html") return false;
  if (leaf.disposition.value === "attachment") return false;
  // A text with a name that follows the body is a file that some clients show in place.
  return !bodySeen || !leaf.disposition.params.has("filename");
}

class Body {
  readonly calendars: string[] = [];
  readonly attachments: ParsedAttachment[] = [];
  truncated = false;
  readonly #slots = new Map<string, Slot>();
  readonly #names = new UniqueNames();
  readonly #limits: ParseLimits;
  #left: number;
  #lastSeen: { source: string; seen: SeenHtml } | undefined;

  constructor(limits: ParseLimits) {
    this.#limits = limits;
    this.#left = limits.text * 2;
  }

  add(leaf: Leaf, index: number): void {
    if (isText(leaf, this.#slots.size > 0)) {
      const key = leaf.alternative === null ? `leaf ${index}` : `alternative ${leaf.alternative}`;
      const slot = this.#slots.get(key) ?? { plain: [], html: [] };
      this.#slots.set(key, slot);
      slot[leaf.type.value === "text/html" ? "html" : "plain"].push(this.#decode(leaf));
      return;
    }
    if (leaf.type.value === "text/calendar" || leaf.type.value === "application/ics") {
      // Most senders send an invitation twice, in place and as a file.
      const calendar = this.#decode(leaf);
      if (!this.calendars.includes(calendar)) this.calendars.push(calendar);
    }
    this.#attach(leaf);
  }

  /** The text of a leaf. No more of it is decoded than can be shown. */
  #decode({ type, encoding, body }: Leaf): string {
    // At most four bytes a character, each written as three in quoted-printable, and line ends.
    const raw = body.subarray(0, this.#limits.text * 13);
    const bytes = decodeBody(raw, encoding).subarray(0, this.#limits.text * 4);
    const text = decodeText(bytes, type.params.get("charset"));
    const most = Math.max(0, Math.min(this.#limits.text, this.#left));
    if (text.length > most || raw.length < body.length) this.truncated = true;
    const kept = text.slice(0, most).replaceAll("\0", "").replaceAll("\r\n", "\n").toWellFormed();
    this.#left -= kept.length;
    if (type.params.get("format")?.toLowerCase() === "flowed")
      return unflow(kept, type.params.get("delsp")?.toLowerCase() === "yes");
    return kept;
  }

  #attach(leaf: Leaf): void {
    if (this.attachments.length >= this.#limits.attachments) {
      this.truncated = true;
      return;
    }
    const { type, disposition, encoding, body, related, fields } = leaf;
    const content = decodeBody(body, encoding);
    const id = oneLine(fields.find(({ name }) => name === "content-id")?.value ?? "").slice(0, 998);
    const name = disposition.params.get("filename") ?? type.params.get("name") ?? null;
    const contentType = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(type.value)
      ? type.value
      : "application/octet-stream";
    this.attachments.push({
      filename: this.#names.take(safeFilename(name, contentType)),
      content_type: contentType,
      size_bytes: content.length,
      inline:
        disposition.value === "inline" ||
        (related && id !== "" && disposition.value !== "attachment"),
      content_id: id === "" ? null : id.replace(/^</, "").replace(/>$/, "").toWellFormed(),
      content,
    });
  }

  /** The HTML of all slots; null where none has any. Plain slots between are escaped into it. */
  html(): string | null {
    const slots = [...this.#slots.values()];
    if (!slots.some(({ html }) => html.length > 0)) return null;
    return slots
      .map(({ plain, html }) => (html.length > 0 ? html.join("\n") : escapeText(plain.join("\n"))))
      .join("\n")
      .slice(0, this.#limits.text)
      .toWellFormed();
  }

  text(): string {
    const parts = [...this.#slots.values()].map(({ plain, html }) => {
      const text = visibleText(plain.join("\n"));
      return text.trim() === "" && html.length > 0 ? textOfSeen(this.#seen(html.join("\n"))) : text;
    });
    return parts.join("\n").slice(0, this.#limits.text).toWellFormed();
  }

  #seen(html: string): SeenHtml {
    // A message of HTML only asks twice for the same.
    if (this.#lastSeen?.source !== html) this.#lastSeen = { source: html, seen: seenHtml(html) };
    this.truncated ||= this.#lastSeen.seen.truncated;
    return this.#lastSeen.seen;
  }

  markdown(html: string | null, text: string): string {
    if (html === null) return text;
    const markdown = markdownOfSeen(this.#seen(html));
    return markdown === "" ? text : markdown.slice(0, this.#limits.text).toWellFormed();
  }
}

function escapeText(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<div>${escaped.replaceAll("\n", "<br>\n")}</div>`;
}

/** Joins soft-broken lines, never across the depth of a quotation nor behind the signature mark. [RFC 3676 §4] */
function unflow(text: string, deleteSpace: boolean): string {
  const paragraphs: string[] = [];
  let pieces: string[] = [];
  let depth = -1;
  const flush = (): void => {
    if (pieces.length > 0) paragraphs.push(pieces.join(""));
    pieces = [];
    depth = -1;
  };
  for (const line of text.split("\n")) {
    const marks = /^>*/.exec(line)?.[0].length ?? 0;
    const bare = line.charAt(marks) === " " ? line.slice(marks + 1) : line.slice(marks);
    if (pieces.length > 0 && marks !== depth) flush();
    if (pieces.length === 0) {
      pieces.push(marks > 0 ? `${">".repeat(marks)} ` : "");
      depth = marks;
    }
    const soft = bare.endsWith(" ") && bare !== "-- ";
    if (bare === "-- " && pieces.length > 1) {
      flush();
      pieces.push(marks > 0 ? `${">".repeat(marks)} ` : "");
    }
    pieces.push(soft && deleteSpace ? bare.slice(0, -1) : bare);
    if (!soft) flush();
  }
  flush();
  return paragraphs.join("\n");
}

/**
 * Opens a received message. Malformed MIME is read as far as it can be; what the limits cut sets `truncated`.
 * A message/rfc822 part is always an attachment and never part of the text, so that a report does not speak with the
 * words of what it reports. Throws {@link UnreadableMessage} only where the message has more than `messageBytes`.
 */
export async function parseMail(
  eml: Buffer,
  limits: Partial<ParseLimits> = {},
): Promise<ParsedMail> {
  const bounds: ParseLimits = { ...PARSE_LIMITS, ...limits };
  if (eml.length > bounds.messageBytes)
    throw new UnreadableMessage("the message is too large to be opened");
  const tree = readTree(eml, bounds);
  const { truncated: headerCut, ...header } = readFields(tree.header, bounds);
  const body = new Body(bounds);
  for (const [index, leaf] of tree.leaves.entries()) body.add(leaf, index);
  const html = body.html();
  const text = body.text();
  const markdown = body.markdown(html, text);
  return {
    ...header,
    text,
    html,
    markdown,
    ...splitReply(text),
    attachments: body.attachments,
    calendars: body.calendars,
    truncated: tree.truncated || headerCut || body.truncated,
  };
}

/**
 * The addresses of From as the reader of a {@link ParsedMail} is shown them, and in how many fields they stand. Whoever judges the
 * author judges these: a stricter reading could find another one, or none. Never throws.
 */
export function shownAuthors(eml: Buffer): { addresses: string[]; fields: number } {
  const fields = readHeader(eml, PARSE_LIMITS).fields.filter(({ name }) => name === "from");
  const { from } = readFields(fields, PARSE_LIMITS);
  return {
    addresses: from.flatMap(({ address }) => (address === "" ? [] : [address])),
    fields: fields.length,
  };
}

/** What can be said of a message that could not be opened: its header where that reads, no text, `truncated` true. Never throws. */
export function unreadableMail(eml: Buffer): ParsedMail {
  const nothing = {
    text: "",
    html: null,
    markdown: "",
    new_text: "",
    quoted_text: "",
    signature: "",
  };
  const read = (bytes: Buffer): ParsedMail => ({
    ...readFields(readHeader(bytes, PARSE_LIMITS).fields, { ...PARSE_LIMITS, addresses: 100 }),
    ...nothing,
    attachments: [],
    calendars: [],
    truncated: true,
  });
  try {
    return read(eml.subarray(0, 65_536));
  } catch {
    return read(Buffer.alloc(0));
  }
}
