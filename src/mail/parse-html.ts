/** HTML of a stranger as text and as markdown, with what nobody sees left out and nothing that loads or runs. */
import sanitizeHtml from "sanitize-html";

import { visibleText } from "./parse-charset.ts";
import { linesOfHtml } from "./parse-lines.ts";
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

/** {@link seenHtml}'s HTML as text. */
export function textOfSeen({ html }: SeenHtml): string {
  return linesOfHtml(html, "text");
}

/** {@link seenHtml}'s HTML as markdown. */
export function markdownOfSeen({ html }: SeenHtml): string {
  return linesOfHtml(html, "markdown");
}
