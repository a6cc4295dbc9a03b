/** Markdown to HTML in bounded time and memory: no remote images, no endless expansion, no depth that breaks a reader. */
import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";
import { ComposeError } from "./compose-fields.ts";
import { MAX_ELEMENTS, MAX_SHOWN } from "./read.ts";

/** Levels of quotes, lists and emphasis; a list is two. A reader's parser takes more, and no letter needs more. */
const MAX_DEPTH = 30;
/** What the parser's time grows with, and how much of it a message may have; far beyond any letter. */
const BOUNDS: readonly { sign: RegExp; most: number; name: string }[] = [
  { sign: /\n/g, most: 40_000, name: "lines" },
  { sign: /\[/g, most: 20_000, name: "opening brackets" },
  { sign: /@|:\/\//g, most: 20_000, name: "addresses" },
  { sign: /[*_`~]/g, most: 60_000, name: "marks of emphasis or code" },
];
/** Shorter markdown has too little of everything. */
const UNCOUNTED_LENGTH = 20_000;
/** Characters that links may take in any message; more only as a multiple of the markdown. */
const MIN_LINK_BUDGET = 65_536;
const LINK_FACTOR = 4;

/** What the renderer carries along: the characters of HTML that links may still take. */
type Environment = { left: number; pictures: ReadonlySet<string>; [key: string]: unknown };

/** What our rules say of a link: a stand-in for an image, or a picture that travels along, by its address. */
type Meta = { image?: boolean; picture?: string } | null;

// The parser drops blocks at its own limit without a word, so ours must strike first.
const markdownIt = new MarkdownIt({ html: false, linkify: true, maxNesting: MAX_DEPTH + 20 });
const inlineRules = markdownIt.inline.ruler.getRules("");
const linkRule = inlineRules.find((rule) => rule.name === "link");
if (!linkRule) throw new Error("markdown-it has no rule for links");

/**
 * An image is a link to it: shown as one, a server could exchange what was approved, and would learn who reads it.
 * Inside a link, where no other link may stand, only its alternative text is left. A picture that travels with the message is
 * shown: it is part of what was approved.
 */
markdownIt.inline.ruler.at("image", (state, silent) => {
  if (!state.src.startsWith("![", state.pos)) return false;
  if (!silent && state.pending !== "") state.pushPending();
  const first = state.tokens.length;
  state.pos += 1;
  if (!linkRule(state, silent)) {
    state.pos -= 1;
    return false;
  }
  const open = state.tokens[first];
  const close = state.tokens.at(-1);
  if (silent || !open || !close) return true;
  const id = pictureId(String(open.attrGet("href")));
  if (id !== null && (state.env as Environment).pictures.has(id)) {
    open.meta = { picture: pictureAddress(id) };
    return true;
  }
  open.meta = close.meta = { image: true };
  if (state.linkLevel > 0) {
    open.tag = close.tag = "span";
    open.attrs = null;
  }
  return true;
});

/** The place of each closing token by that of its opening one. */
function endsOf(tokens: readonly Token[]): Map<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [i, { nesting }] of tokens.entries()) {
    if (nesting > 0) open.push(i);
    const begun = nesting < 0 ? open.pop() : undefined;
    if (begun !== undefined) ends.set(begun, i);
  }
  return ends;
}

// Only once emphasis has been told from asterisks, which is done by the places of tokens.
markdownIt.core.ruler.push("pictures", ({ tokens, Token: NewToken }) => {
  for (const block of tokens) {
    const { children } = block;
    if (!children?.some(({ meta }) => (meta as Meta)?.picture !== undefined)) continue;
    const ends = endsOf(children);
    const shown: Token[] = [];
    for (let i = 0; i < children.length; i++) {
      const token = children[i]!;
      const src = (token.meta as Meta)?.picture;
      const end = ends.get(i);
      if (src === undefined || end === undefined) {
        shown.push(token);
        continue;
      }
      const picture = new NewToken("image", "img", 0);
      picture.level = token.level;
      picture.attrs = [
        ["src", src],
        ["alt", ""],
      ];
      picture.children = children.slice(i + 1, end);
      shown.push(picture);
      i = end;
    }
    block.children = shown;
  }
});

/** The text of one reference can be asked for by every link, so what links write is counted as they write it. */
markdownIt.renderer.rules["link_open"] = (tokens, index, options, env, renderer) => {
  const image = (tokens[index]?.meta as { image?: boolean } | null)?.image === true;
  const tag = renderer.renderToken(tokens, index, options);
  const budget = env as Environment;
  budget.left -= tag.length;
  if (budget.left < 0)
    throw new ComposeError("markdown", "its links would be many times longer than it is itself");
  return image ? `${tag}[image: ` : tag;
};
markdownIt.renderer.rules["link_close"] = (tokens, index, options, _env, renderer) => {
  const image = (tokens[index]?.meta as { image?: boolean } | null)?.image === true;
  const tag = renderer.renderToken(tokens, index, options);
  return image ? `]${tag}` : tag;
};

/** The id that a `cid:` address names (RFC 2392), or null for any other address. */
export function pictureId(address: string): string | null {
  if (!/^cid:/i.test(address)) return null;
  try {
    return decodeURIComponent(address.slice(4));
  } catch {
    return null;
  }
}

/** The address of a picture by its id. The @ stays as it is: readers of mail compare more than they decode. */
export function pictureAddress(id: string): string {
  return `cid:${encodeURI(id)}`;
}

const noPictures: ReadonlySet<string> = new Set();

/** Refuses what the parser would need long for. */
function checkBounds(markdown: string): void {
  if (markdown.length <= UNCOUNTED_LENGTH) return;
  for (const { sign, most, name } of BOUNDS)
    if ((markdown.match(sign)?.length ?? 0) > most)
      throw new ComposeError("markdown", `it has more than ${most} ${name}`);
}

/** Refuses before anything is rendered what no reader would take, or show in whole. */
function checkTokens(tokens: readonly Token[]): void {
  let elements = 0;
  const check = (token: Token): void => {
    if (token.level > MAX_DEPTH)
      throw new ComposeError("markdown", `it is nested deeper than ${MAX_DEPTH} levels`);
    if (token.tag !== "" && token.nesting >= 0) elements += 1;
  };
  for (const block of tokens) {
    check(block);
    block.children?.forEach(check);
  }
  if (elements > MAX_ELEMENTS)
    throw new ComposeError("markdown", `it has more than ${MAX_ELEMENTS} elements`);
}

/**
 * Markdown (checked, LF line ends) as HTML. Throws {@link ComposeError} for the field `markdown` where it is nested deeper
 * than {@link MAX_DEPTH} levels, has more in it than can be read in bounded time, or is longer than what is shown of a part.
 * `pictures`: content ids of what travels with the message, to be shown where an image names it as `cid:`.
 */
export function renderMarkdown(markdown: string, pictures = noPictures): string {
  checkBounds(markdown);
  const left = Math.max(MIN_LINK_BUDGET, LINK_FACTOR * markdown.length);
  const env: Environment = { left, pictures };
  const tokens = markdownIt.parse(markdown, env);
  checkTokens(tokens);
  const html = markdownIt.renderer.render(tokens, markdownIt.options, env);
  if (html.length > MAX_SHOWN)
    throw new ComposeError("markdown", `it is longer than ${MAX_SHOWN} characters as HTML`);
  return html;
}
