/** A foreign message made safe to show: decoded text, HTML that loads and runs nothing, and what is attached. */
import PostalMime from "postal-mime";
import type { Address, Attachment, Email } from "postal-mime";
import sanitizeHtml from "sanitize-html";

export interface ShownAddress {
  name: string;
  address: string;
}

export interface ShownAttachment {
  filename: string | null;
  content_type: string;
  /** Bytes after decoding. */
  size: number;
  /** Meant to stand inside the HTML, such as a logo. */
  inline: boolean;
}

/** All strings come from the sender and are to be shown as text, `html_safe` excepted. */
export interface ShownMessage {
  from: ShownAddress[];
  to: ShownAddress[];
  cc: ShownAddress[];
  reply_to: ShownAddress[];
  subject: string;
  date: string | null;
  message_id: string | null;
  text: string;
  /** Null where the message has no HTML part. Still to be shown in a sandboxed frame. */
  html_safe: string | null;
  /** True where `text` or `html_safe` is not the whole of what the message says: nobody may decide on it then. */
  truncated: boolean;
  attachments: ShownAttachment[];
}

/** The message is too large or too deep to be opened. */
export class UnreadableMessage extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "UnreadableMessage";
  }
}

const LIMITS = { maxNestingDepth: 32, maxHeadersSize: 512 * 1024, maxRfc822NestingDepth: 2 };
const MAX_MESSAGE = 64 * 1024 * 1024;
/** Code units of a part that are shown; the rest is in the raw message, and no message of ours has any. */
export const MAX_SHOWN = 1_000_000;
/** Elements of HTML that are shown. */
export const MAX_ELEMENTS = 20_000;
const MAX_ADDRESSES = 2_000;

const TAGS = (
  "a abbr b blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i ins li ol p pre " +
  "q s small span strike strong sub sup table tbody td tfoot th thead tr u ul"
).split(" ");

// No colour, size, position or display: with them text can be hidden from the person who decides.
const STYLES = {
  "text-align": [/^(?:left|right|center|justify)$/],
  "font-weight": [/^(?:normal|bold|[1-9]00)$/],
  "font-style": [/^(?:normal|italic)$/],
  "text-decoration": [/^(?:none|underline|line-through)$/],
};

/**
 * The HTML up to its 20,000th element. The parser's time grows with the square of how many are open at once, and no
 * count of closing tags can be trusted: they may stand in comments or attributes, or close nothing.
 */
function cutAtElements(html: string): string {
  let elements = 0;
  for (const tag of html.matchAll(/<[a-z]/gi)) {
    elements += 1;
    if (elements > MAX_ELEMENTS) return html.slice(0, tag.index);
  }
  return html;
}

/** What is shown of HTML, still as it came. */
function shownHtml(html: string): string {
  return cutAtElements(html.slice(0, MAX_SHOWN));
}

/**
 * HTML of a stranger with nothing left that runs, loads, submits or hides. Images become their alternative text,
 * links keep only http, https and mailto targets and are told not to leak where they were clicked.
 */
export function safeHtml(html: string): string {
  return sanitizeHtml(shownHtml(html), {
    allowedTags: TAGS,
    allowedAttributes: {
      "*": ["style", "align", "dir", "lang"],
      a: ["href", "title", "rel", "target"],
      td: ["colspan", "rowspan"],
      th: ["colspan", "rowspan"],
      ol: ["start"],
    },
    allowedStyles: { "*": STYLES },
    allowedSchemes: ["http", "https", "mailto"],
    allowProtocolRelative: false,
    disallowedTagsMode: "discard",
    nonTextTags: [
      "style",
      "script",
      "textarea",
      "option",
      "noscript",
      "title",
      "template",
      "svg",
      "math",
      "iframe",
      "object",
    ],
    nestingLimit: 100,
    transformTags: {
      a: (_tag, attribs) => ({
        tagName: "a",
        attribs: { ...attribs, rel: "noopener noreferrer nofollow", target: "_blank" },
      }),
      img: (_tag, attribs) => ({
        tagName: "span",
        attribs: {},
        text: attribs["alt"] ? `[image: ${attribs["alt"]}]` : "[image]",
      }),
    },
  });
}

function shownAddresses(addresses: readonly (Address | undefined)[] | undefined): ShownAddress[] {
  return (addresses ?? [])
    .flatMap((entry) => (entry?.group ? entry.group : entry ? [entry] : []))
    .slice(0, MAX_ADDRESSES)
    .map(({ name, address }) => ({ name, address: address ?? "" }));
}

function shownAttachment({
  filename,
  mimeType,
  content,
  disposition,
  related,
}: Attachment): ShownAttachment {
  return {
    filename,
    content_type: mimeType,
    size: typeof content === "string" ? Buffer.byteLength(content) : content.byteLength,
    inline: related === true || disposition === "inline",
  };
}

async function parse(eml: Buffer): Promise<Email> {
  if (eml.length > MAX_MESSAGE) throw new UnreadableMessage("the message is too large to be shown");
  try {
    return await PostalMime.parse(eml, { ...LIMITS, attachmentEncoding: "arraybuffer" });
  } catch (error) {
    throw new UnreadableMessage("the message is nested too deep or its headers are too large", {
      cause: error,
    });
  }
}

/**
 * Parses a message for showing. `text` is the text part, or empty where there is only HTML.
 * Throws {@link UnreadableMessage} over the limits (64 MiB, 32 levels, 512 KiB of headers); malformed MIME is read as it can be.
 */
export async function readForShow(eml: Buffer): Promise<ShownMessage> {
  const email = await parse(eml);
  const text = email.text ?? "";
  const html = email.html ?? "";
  return {
    from: shownAddresses([email.from]),
    to: shownAddresses(email.to),
    cc: shownAddresses(email.cc),
    reply_to: shownAddresses(email.replyTo),
    subject: email.subject ?? "",
    date: email.date ?? null,
    message_id: email.messageId ?? null,
    text: text.slice(0, MAX_SHOWN),
    html_safe: email.html === undefined ? null : safeHtml(html),
    truncated: text.length > MAX_SHOWN || shownHtml(html).length < html.length,
    attachments: email.attachments.map(shownAttachment),
  };
}
