/** Bytes of a stranger as text: charset labels of mail on the decoders of the platform, and what no text may hold. */
import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";

// Labels of mail that the Encoding Standard does not list, by their form without prefix and separators.
const ALIASES: Readonly<Record<string, string>> = {
  shiftjis: "shift_jis",
  mskanji: "shift_jis",
  windows31j: "shift_jis",
  cp932: "shift_jis",
  windows932: "shift_jis",
  eucjp: "euc-jp",
  iso2022jp: "iso-2022-jp",
  iso2022jp1: "iso-2022-jp",
  iso2022jp2: "iso-2022-jp",
  cp50220: "iso-2022-jp",
  euckr: "euc-kr",
  uhc: "euc-kr",
  cp949: "euc-kr",
  ms949: "euc-kr",
  cp936: "gbk",
  ms936: "gbk",
  windows936: "gbk",
  euccn: "gbk",
  cp950: "big5",
  windows950: "big5",
  iso88598i: "iso-8859-8-i",
  iso88598e: "iso-8859-8",
  tis620: "windows-874",
  cp874: "windows-874",
};

const decoders = new Map<string, TextDecoder>();

/** The decoder of a label, or null where the platform knows none (UTF-7 and HZ are refused by the Encoding Standard). */
function decoderOf(label: string): TextDecoder | null {
  const known = decoders.get(label);
  if (known) return known;
  const plain = label.replace(/^(?:x-ms-|x-|cs)/, "").replaceAll(/[\s._-]/g, "");
  for (const candidate of [label, ALIASES[plain], plain]) {
    if (candidate === undefined || candidate === "") continue;
    try {
      const decoder = new TextDecoder(candidate);
      // Labels are a stranger's: the map holds one entry for each that exists and no more.
      if (decoders.size < 500) decoders.set(label, decoder);
      return decoder;
    } catch {
      // The next spelling is tried.
    }
  }
  return null;
}

const UTF8 = new TextDecoder("utf-8");
const WESTERN = new TextDecoder("windows-1252");

/** UTF-16 without a byte order mark is read the way round that puts its zero bytes in the high halves. [RFC 2781 §4.3] */
function decodeUtf16(bytes: Buffer): string {
  const bigMark = bytes[0] === 0xfe && bytes[1] === 0xff;
  const littleMark = bytes[0] === 0xff && bytes[1] === 0xfe;
  let big = bigMark;
  if (!bigMark && !littleMark) {
    let even = 0;
    let odd = 0;
    const end = Math.min(bytes.length, 1_024);
    for (let i = 0; i < end; i += 1) {
      if (bytes[i] !== 0) continue;
      if (i % 2 === 0) even += 1;
      else odd += 1;
    }
    big = even >= odd;
  }
  return new TextDecoder(big ? "utf-16be" : "utf-16le").decode(bytes);
}

/**
 * The text of bytes under a charset label of mail. Without a label, as US-ASCII or under an unknown label bytes are
 * UTF-8 where they are valid UTF-8, else Windows-1252. Never throws: what does not decode becomes U+FFFD.
 */
export function decodeText(bytes: Buffer, charset: string | undefined): string {
  // A label can carry a language behind a star. [RFC 2231 §5]
  const label = (charset ?? "").slice(0, 64).split("*")[0]?.trim().toLowerCase() ?? "";
  if (label === "utf-8" || label === "utf8") return UTF8.decode(bytes);
  if (label === "utf-16" || label === "utf16") return decodeUtf16(bytes);
  const unlabelled = label === "" || label === "us-ascii" || label === "ascii";
  const decoder = unlabelled ? null : decoderOf(label);
  return (decoder ?? (isUtf8(bytes) ? UTF8 : WESTERN)).decode(bytes);
}

/** Raw bytes of a header field as text: UTF-8 where valid [RFC 6532], else Windows-1252. */
export function decodeHeaderBytes(bytes: Buffer): string {
  return decodeText(bytes, undefined);
}

// Invisible: soft hyphen, grapheme joiner, Mongolian separator, marks and operators without width,
// the tag block, bidirectional controls. The joiners are weighed apart.
const INVISIBLE = new RegExp(
  String.raw`[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]`,
  "gu",
);
const PLAIN = /^[\t\n\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff]*$/;
const JOINER = /[\u200c\u200d]/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text without what nobody sees: invisible and bidirectional characters, and control characters but tab and line end. */
export function visibleText(text: string): string {
  // Most text is plain, and a stranger's HTML can come as a million pieces of it.
  if (PLAIN.test(text)) return text;
  return (
    text
      .replaceAll("\r\n", "\n")
      .replaceAll("\r", "\n")
      .replaceAll(CONTROLS, "")
      .replaceAll(INVISIBLE, "")
      // Persian, Indic scripts and emoji need joiners; beside ASCII or white space they only hide or pad.
      .replaceAll(JOINER, (joiner, at: number, whole: string) => {
        const before = whole.charCodeAt(at - 1);
        const after = whole.charCodeAt(at + 1);
        const joins = (code: number): boolean => code > 0x00bf && (code < 0x2000 || code > 0x200f);
        return joins(before) && joins(after) ? joiner : "";
      })
      .replaceAll(/[\u2028\u2029]/g, "\n")
      .toWellFormed()
  );
}

/** One line for a header value or a name: no control, no line end, no bidirectional override. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ")
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "")
    .toWellFormed()
    .trim();
}
