/** The MIME tree of a stranger's message over its own bytes: header fields and parts, in linear time. */
import { decodeHeaderBytes } from "./parse-charset.ts";
import { parseStructured } from "./parse-field.ts";
import type { StructuredField } from "./parse-field.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const HYPHEN = 0x2d;

/** A header field: `name` in lower case, `value` unfolded and not yet decoded. */
export interface RawField {
  name: string;
  value: string;
}

export interface HeaderBlock {
  fields: RawField[];
  /** Where the body starts. */
  bodyStart: number;
  truncated: boolean;
}

export interface HeaderLimits {
  headerBytes: number;
  headerFields: number;
}

/** Where a line's text ends: before its line end, with any CRs. */
function lineTextEnd(bytes: Buffer, start: number, newline: number): number {
  let end = newline;
  while (end > start && bytes[end - 1] === CR) end -= 1;
  return end;
}

function isFieldName(bytes: Buffer, start: number, colon: number): boolean {
  let end = colon;
  while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end -= 1;
  if (end === start || end - start > 200) return false;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte <= SPACE || byte >= 0x7f) return false;
  }
  return true;
}

/**
 * Reads a header block. It ends at the empty line, or before the first line that is no field: a body that nothing
 * parts from the header is not lost. Over the limits fields are left out, but the body is still found. [RFC 5322 §2.2]
 */
export function readHeader(bytes: Buffer, limits: HeaderLimits): HeaderBlock {
  const fields: RawField[] = [];
  let truncated = false;
  let at = 0;
  let pending: { name: string; chunks: Buffer[] } | null = null;
  const close = (): void => {
    if (!pending) return;
    const value = decodeHeaderBytes(
      pending.chunks.length === 1
        ? (pending.chunks[0] ?? Buffer.alloc(0))
        : Buffer.concat(pending.chunks),
    );
    fields.push({ name: pending.name, value: value.trim() });
    pending = null;
  };
  while (at < bytes.length) {
    const found = bytes.indexOf(LF, at);
    const newline = found < 0 ? bytes.length : found;
    const next = Math.min(newline + 1, bytes.length);
    const end = lineTextEnd(bytes, at, newline);
    if (end === at) {
      at = next;
      break;
    }
    const tooLong = end > limits.headerBytes;
    if (tooLong) truncated = true;
    if (bytes[at] === SPACE || bytes[at] === TAB) {
      // A fold before the first field belongs to nothing.
      if (!tooLong && pending)
        (pending as { chunks: Buffer[] }).chunks.push(bytes.subarray(at, end));
    } else {
      const colon = bytes.subarray(at, Math.min(end, at + 256)).indexOf(0x3a);
      const mbox = at === 0 && /^>?From /.test(bytes.toString("latin1", 0, 6));
      if (!mbox && (colon < 0 || !isFieldName(bytes, at, at + colon))) break;
      close();
      const tooMany = fields.length >= limits.headerFields;
      if (tooMany) truncated = true;
      if (!tooLong && !tooMany && !mbox)
        pending = {
          name: bytes
            .toString("latin1", at, at + colon)
            .trim()
            .toLowerCase(),
          chunks: [bytes.subarray(at + colon + 1, end)],
        };
    }
    at = next;
  }
  close();
  return { fields, bodyStart: at, truncated };
}

/** A part that holds no parts. `body` is a view, still in its transfer encoding. */
export interface Leaf {
  fields: RawField[];
  type: StructuredField;
  disposition: StructuredField;
  encoding: string;
  body: Buffer;
  /** The nearest multipart/alternative around it: its texts say the same thing twice. */
  alternative: number | null;
  related: boolean;
}

export interface TreeLimits extends HeaderLimits {
  depth: number;
  parts: number;
}

export interface MimeTree {
  header: RawField[];
  leaves: Leaf[];
  truncated: boolean;
}

function firstValue(fields: readonly RawField[], name: string): string {
  return fields.find((field) => field.name === name)?.value ?? "";
}

/** A delimiter line at `at`: where it ends and whether it closes; null where it only looks like one. [RFC 2046 §5.1.1] */
function delimiterAt(
  bytes: Buffer,
  at: number,
  length: number,
): { next: number; closing: boolean } | null {
  if (at > 0 && bytes[at - 1] !== LF) return null;
  let end = at + length;
  const closing = bytes[end] === HYPHEN && bytes[end + 1] === HYPHEN;
  if (closing) end += 2;
  while (bytes[end] === SPACE || bytes[end] === TAB || bytes[end] === CR) end += 1;
  if (end < bytes.length && bytes[end] !== LF) return null;
  return { next: Math.min(end + 1, bytes.length), closing };
}

/** The bodies between the delimiters; empty where none stands. At most `most` of them. */
function splitParts(
  bytes: Buffer,
  boundary: string,
  most: number,
): { parts: Buffer[]; cut: boolean } {
  const delimiter = Buffer.from(`--${boundary}`, "utf8");
  const parts: Buffer[] = [];
  let start = -1;
  let from = 0;
  for (;;) {
    const at = bytes.indexOf(delimiter, from);
    if (at < 0) break;
    const found = delimiterAt(bytes, at, delimiter.length);
    if (!found) {
      from = at + 1;
      continue;
    }
    // The line end before a delimiter is the delimiter's own.
    if (start >= 0) {
      let end = at;
      if (end > start && bytes[end - 1] === LF) end -= 1;
      if (end > start && bytes[end - 1] === CR) end -= 1;
      parts.push(bytes.subarray(start, end));
    }
    if (found.closing) return { parts, cut: false };
    if (parts.length >= most) return { parts, cut: true };
    start = found.next;
    from = found.next;
  }
  if (start >= 0) parts.push(bytes.subarray(start));
  return { parts, cut: false };
}

class TreeReader {
  readonly leaves: Leaf[] = [];
  truncated = false;
  readonly #limits: TreeLimits;
  #parts = 0;
  #alternatives = 0;
  #headerBytes = 0;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
  }

  /** Reads one entity and all below it. */
  read(
    bytes: Buffer,
    depth: number,
    parent: { defaultType: string; alternative: number | null; related: boolean },
  ): RawField[] {
    const header = readHeader(bytes, {
      headerBytes: Math.max(0, this.#limits.headerBytes - this.#headerBytes),
      headerFields: this.#limits.headerFields,
    });
    // The budget is the whole message's: else each part could carry the limit again.
    this.#headerBytes += header.bodyStart;
    this.truncated ||= header.truncated;
    const type = parseStructured(firstValue(header.fields, "content-type") || parent.defaultType);
    const body = bytes.subarray(header.bodyStart);
    const leaf: Leaf = {
      fields: header.fields,
      type,
      disposition: parseStructured(firstValue(header.fields, "content-disposition")),
      encoding: parseStructured(firstValue(header.fields, "content-transfer-encoding")).value,
      body,
      alternative: parent.alternative,
      related: parent.related,
    };
    if (!type.value.startsWith("multipart/")) {
      this.leaves.push(leaf);
      return header.fields;
    }
    if (!this.#readParts(leaf, depth)) {
      // No boundary, none found, or too deep: the bytes are shown or kept as they are.
      leaf.type = {
        value: depth >= this.#limits.depth ? "application/octet-stream" : "text/plain",
        params: type.params,
      };
      this.leaves.push(leaf);
    }
    return header.fields;
  }

  #readParts({ type, body, alternative, related }: Leaf, depth: number): boolean {
    const boundary = type.params.get("boundary") ?? "";
    if (depth >= this.#limits.depth) {
      this.truncated = true;
      return false;
    }
    if (boundary === "" || boundary.length > 250) return false;
    const { parts, cut } = splitParts(body, boundary, this.#limits.parts - this.#parts);
    if (cut) this.truncated = true;
    if (parts.length === 0) return cut;
    this.#parts += parts.length;
    const kind = type.value.slice("multipart/".length);
    if (kind === "alternative") this.#alternatives += 1;
    const below = {
      defaultType: kind === "digest" ? "message/rfc822" : "text/plain",
      alternative: kind === "alternative" ? this.#alternatives : alternative,
      related: related || kind === "related",
    };
    for (const part of parts) this.read(part, depth + 1, below);
    return true;
  }
}

/** Reads the whole tree. Parts over the limits of number and depth are not opened, and `truncated` says so. */
export function readTree(eml: Buffer, limits: TreeLimits): MimeTree {
  const reader = new TreeReader(limits);
  const header = reader.read(eml, 0, {
    defaultType: "text/plain",
    alternative: null,
    related: false,
  });
  return { header, leaves: reader.leaves, truncated: reader.truncated };
}
