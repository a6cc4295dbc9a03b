/** Character references of HTML: the numeric ones all, the named ones that mail uses. */

const named: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  zwnj: "\u200c",
  zwj: "\u200d",
  shy: "\u00ad",
  lrm: "\u200e",
  rlm: "\u200f",
  colon: ":",
  sol: "/",
  period: ".",
  comma: ",",
  num: "#",
  commat: "@",
  lowbar: "_",
  lpar: "(",
  rpar: ")",
  lbrace: "{",
  rbrace: "}",
  lsqb: "[",
  rsqb: "]",
  vert: "|",
  Tab: "\t",
  NewLine: "\n",
  auml: "ä",
  ouml: "ö",
  uuml: "ü",
  szlig: "ß",
  eacute: "é",
  egrave: "è",
  agrave: "à",
  ccedil: "ç",
  ntilde: "ñ",
};

/** Text with its character references resolved; unknown ones stay as written. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#x([0-9a-f]{1,8})|#([0-9]{1,10})|([a-z]{2,10}));?/gi,
    (whole, hex: string | undefined, decimal: string | undefined, word: string | undefined) => {
      if (word !== undefined) return named[word] ?? named[word.toLowerCase()] ?? whole;
      const code =
        hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
      if (!(code > 0 && code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) return "\ufffd";
      return String.fromCodePoint(code);
    },
  );
}
