/** Structured MIME fields of a stranger: a value and its parameters, with the continuations and charsets of RFC 2231. */
import { decodeWords } from "postal-mime";

import { decodeText } from "./parse-charset.ts";

/** Such as Content-Type: `value` in lower case, parameters by lower-case name. */
export interface StructuredField {
  value: string;
  params: Map<string, string>;
}

const MAX_FIELD = 16_384;
const MAX_PARAMS = 200;

/** Cuts at semicolons outside quotes, and drops comments that stand where white space may. [RFC 5322 §3.2.2] */
function segmentsOf(text: string): string[] {
  const segments: string[] = [];
  let segment = "";
  let quoted = false;
  let comment = 0;
  for (let i = 0; i < text.length && segments.length < MAX_PARAMS; i += 1) {
    const char = text.charAt(i);
    if (comment > 0) {
      if (char === "\\") i += 1;
      else if (char === "(") comment += 1;
      else if (char === ")") comment -= 1;
    } else if (quoted) {
      segment += char;
      if (char === "\\") {
        i += 1;
        segment += text.charAt(i);
      } else if (char === '"') quoted = false;
    } else if (char === ";") {
      segments.push(segment);
      segment = "";
    } else if (char === "(" && opensComment(text, i)) {
      comment = 1;
    } else {
      if (char === '"') quoted = true;
      segment += char;
    }
  }
  segments.push(segment);
  return segments;
}

/** `Invoice(1).pdf` is a file name and no comment; an unclosed parenthesis is none either. */
function opensComment(text: string, at: number): boolean {
  const before = text.charAt(at - 1);
  return (before === "" || before === " " || before === "\t") && text.includes(")", at);
}

function unquote(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('"')) return trimmed;
  let value = "";
  for (let i = 1; i < trimmed.length; i += 1) {
    const char = trimmed.charAt(i);
    if (char === '"') break;
    if (char === "\\" && i + 1 < trimmed.length) {
      const next = trimmed.charAt(i + 1);
      // Only what must be escaped is unescaped: `C:\new` of careless senders keeps its letters.
      if (next === '"' || next === "\\") {
        value += next;
        i += 1;
        continue;
      }
    }
    value += char;
  }
  return value;
}

function percentBytes(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const pair = bytes[i] === 0x25 ? bytes.toString("latin1", i + 1, i + 3) : "";
    if (/^[0-9A-Fa-f]{2}$/.test(pair)) {
      bytes[length] = Number.parseInt(pair, 16);
      i += 2;
    } else {
      bytes[length] = bytes[i] ?? 0;
    }
    length += 1;
  }
  return bytes.subarray(0, length);
}

interface Section {
  index: number;
  encoded: boolean;
  value: string;
}

/** Joins the sections of one parameter; neighbouring encoded ones are decoded together. [RFC 2231 §3, §4] */
function joinSections(sections: Section[]): string {
  sections.sort((a, b) => a.index - b.index);
  let charset: string | undefined;
  const first = sections[0];
  if (first?.encoded) {
    const language = first.value.indexOf("'");
    const text = language < 0 ? -1 : first.value.indexOf("'", language + 1);
    if (text >= 0) {
      charset = first.value.slice(0, language);
      first.value = first.value.slice(text + 1);
    }
  }
  let result = "";
  let pending: Buffer[] = [];
  const flush = (): void => {
    if (pending.length > 0) result += decodeText(Buffer.concat(pending), charset);
    pending = [];
  };
  for (const { encoded, value } of sections) {
    if (encoded) pending.push(percentBytes(value));
    else {
      flush();
      result += value;
    }
  }
  flush();
  return result;
}

/**
 * Reads a Content-Type, Content-Disposition or the like. Of a repeated parameter the first counts.
 * Encoded words in values are decoded too: RFC 2047 §5 forbids them there and everybody sends them.
 */
export function parseStructured(text: string): StructuredField {
  const [head = "", ...rest] = segmentsOf(text.slice(0, MAX_FIELD));
  const params = new Map<string, string>();
  const continued = new Map<string, Section[]>();
  for (const segment of rest) {
    const equals = segment.indexOf("=");
    if (equals < 0) continue;
    const name = segment.slice(0, equals).trim().toLowerCase();
    const value = unquote(segment.slice(equals + 1));
    const section = /^([^*]+)\*(?:(\d{1,4})(\*?))?$/.exec(name);
    if (section?.[1] === undefined) {
      if (!params.has(name)) params.set(name, decodeWords(value));
      continue;
    }
    const entry = {
      index: Number(section[2] ?? 0),
      encoded: section[2] === undefined || section[3] === "*",
      value,
    };
    const sections = continued.get(section[1]);
    if (!sections) continued.set(section[1], [entry]);
    else if (sections.every(({ index }) => index !== entry.index)) sections.push(entry);
  }
  // The extended form is the better one where both are sent. [RFC 6266 §4.3]
  for (const [name, sections] of continued) params.set(name, joinSections(sections));
  return { value: head.trim().toLowerCase().slice(0, 255), params };
}
