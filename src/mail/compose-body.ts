/** The text and HTML parts of a message: markdown or given HTML, then the footer that no sender can hide. */
import { compile } from "html-to-text";
import type { FormatCallback } from "html-to-text";
import sanitizeHtml from "sanitize-html";
import { pictureAddress, pictureId, renderMarkdown } from "./compose-markdown.ts";

/** What stands under every message. `ai_disclosure` is null where the operator turned the line off. */
export interface Footer {
  postal_address: string;
  ai_disclosure: string | null;
  unsubscribe_url: string;
}

/** A table row as one line. The library's own table format pads columns, so one long cell would fill memory with blanks. */
const row: FormatCallback = (element, walk, builder) => {
  builder.openBlock({ leadingLineBreaks: 1 });
  const cells = element.children.filter(
    (child: { name?: string | undefined }) => child.name === "td" || child.name === "th",
  );
  for (const [i, cell] of cells.entries()) {
    if (i > 0) builder.addLiteral(" | ");
    walk(cell.children, builder);
  }
  builder.closeBlock({ trailingLineBreaks: 1 });
};

const toText = compile({
  wordwrap: false,
  formatters: { row },
  selectors: [
    { selector: "a", options: { hideLinkHrefIfSameAsText: true, linkBrackets: ["(", ")"] } },
    { selector: "img", format: "skip" },
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({
      selector,
      options: { uppercase: false },
    })),
    {
      selector: "table",
      format: "block",
      options: { leadingLineBreaks: 2, trailingLineBreaks: 2 },
    },
    { selector: "tr", format: "row" },
  ],
});

// Values that cannot load, cannot run, and cannot lay one element over another or out of sight.
const PLAIN_STYLE =
  /^(?!.*(?:url|expression|attr|var|calc|image|@|\\|<))[^-;{}]*(?:-[a-z][^-;{}]*)*$/i;
const STYLES = (
  "background-color border border-bottom border-collapse border-color border-left border-radius border-right border-spacing " +
  "border-style border-top border-width color font-family font-size font-style font-weight height line-height list-style-type " +
  "margin margin-bottom margin-left margin-right margin-top max-width min-width padding padding-bottom padding-left " +
  "padding-right padding-top text-align text-decoration vertical-align white-space width"
).split(" ");
const TAGS = (
  "a abbr b blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre " +
  "q s small span strike strong sub sup table tbody td tfoot th thead tr u ul"
).split(" ");

/**
 * Given HTML reduced to what mail readers show: no script, style sheet, form or frame, balanced tags.
 * Balance and the list of styles matter here: an open comment or a layer would hide the footer below it.
 */
function outgoingHtml(html: string, pictures: ReadonlySet<string>): string {
  return sanitizeHtml(html, {
    transformTags: {
      // A picture that does not travel along is nothing but a broken one.
      img: (tagName, attribs) => {
        const { src = "", ...others } = attribs;
        const id = pictureId(src.trim());
        if (id === null) return { tagName, attribs };
        const known = pictures.has(id) ? { src: pictureAddress(id) } : {};
        return { tagName, attribs: { ...others, ...known } };
      },
    },
    allowedTags: TAGS,
    allowedAttributes: {
      "*": ["style", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "title"],
      a: ["href"],
      font: ["color", "face", "size"],
      img: ["src", "alt"],
      table: ["border", "cellpadding", "cellspacing", "role"],
      td: ["colspan", "rowspan"],
      th: ["colspan", "rowspan", "scope"],
      ol: ["start", "type"],
    },
    allowedStyles: { "*": Object.fromEntries(STYLES.map((name) => [name, [PLAIN_STYLE]])) },
    allowedSchemes: ["http", "https", "mailto", "tel"],
    allowedSchemesByTag: { img: ["http", "https", "cid"] },
    allowProtocolRelative: false,
    // Below what is shown of a message, together with what we put around it.
    nestingLimit: 90,
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function footerHtml(footer: Footer): string {
  const lines = [
    ...(footer.ai_disclosure === null ? [] : [escapeHtml(footer.ai_disclosure)]),
    escapeHtml(footer.postal_address).replace(/\n/g, "<br>\n"),
    `<a href="${escapeHtml(footer.unsubscribe_url)}">Unsubscribe</a>`,
  ];
  return `<hr>\n${lines.map((line) => `<p style="font-size:12px;color:#555">${line}</p>`).join("\n")}`;
}

function footerText(footer: Footer): string {
  const lines = [
    ...(footer.ai_disclosure === null ? [] : [footer.ai_disclosure]),
    footer.postal_address,
    `Unsubscribe: ${footer.unsubscribe_url}`,
  ];
  // Not the "-- " of RFC 3676 §4.3: readers fold signatures away, and this must be seen.
  return `----\n${lines.join("\n\n")}`;
}

const STYLE =
  "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:15px;line-height:1.5;color:#111;max-width:40em";

const BEFORE_CONTENT = `<body>\n<div style="${STYLE}">\n`;
/** Where the footer begins. No given HTML comes out of the sanitizer so, and no footer holds it a second time. */
const FOOTER_START = '\n<hr>\n<p style="font-size:12px;color:#555">';

/**
 * The HTML that an HTML part of {@link composeBody} was given, as it stands there: without our frame and footer. Null where
 * the part is the rendered markdown, or not of this make. `pictures`: content ids of what travels with the message.
 */
export function givenHtml(
  part: string,
  markdown: string,
  pictures: ReadonlySet<string> = new Set(),
): string | null {
  const frame = part.indexOf(BEFORE_CONTENT);
  const from = frame + BEFORE_CONTENT.length;
  const to = part.lastIndexOf(FOOTER_START);
  if (frame === -1 || to < from) return null;
  const content = part.slice(from, to);
  const rendered = renderMarkdown(markdown.replace(/\r\n?/g, "\n"), pictures).trim();
  return content === rendered ? null : content;
}

/**
 * Both parts with LF line ends. `html`, when given, replaces the rendering of the markdown in the HTML part only. `pictures`:
 * content ids of what travels with the message.
 */
export function composeBody(
  markdown: string,
  html: string | undefined,
  footer: Footer,
  pictures: ReadonlySet<string> = new Set(),
): { text: string; html: string } {
  const rendered = renderMarkdown(markdown, pictures);
  const text = toText(rendered).trim();
  const content = html === undefined ? rendered.trim() : outgoingHtml(html, pictures).trim();
  return {
    text: `${text}${text === "" ? "" : "\n\n"}${footerText(footer)}\n`,
    html:
      '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n</head>\n' +
      `${BEFORE_CONTENT}${content}\n${footerHtml(footer)}\n</div>\n</body>\n</html>\n`,
  };
}
