/** File names of a stranger made safe to offer, and unique within their message. */
import { CONTROL } from "./address.ts";

const MAX_BYTES = 200;
const MAX_EXTENSION = 20;

// Names that Windows gives to devices, whatever the extension.
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
const ALL_CONTROLS = new RegExp(CONTROL, "g");
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

const NAMES: Readonly<Record<string, string>> = {
  "message/rfc822": "message.eml",
  "message/delivery-status": "delivery-status.txt",
  "message/global-delivery-status": "delivery-status.txt",
  "message/feedback-report": "feedback-report.txt",
  "message/disposition-notification": "disposition-notification.txt",
  "text/rfc822-headers": "headers.txt",
  "text/calendar": "invite.ics",
  "text/plain": "attachment.txt",
  "text/html": "attachment.html",
  "text/csv": "attachment.csv",
  "image/png": "image.png",
  "image/jpeg": "image.jpg",
  "image/gif": "image.gif",
  "application/pdf": "attachment.pdf",
  "application/zip": "attachment.zip",
  "application/gzip": "attachment.gz",
  "application/json": "attachment.json",
  "application/pgp-signature": "signature.asc",
  "application/pkcs7-signature": "smime.p7s",
};

function cutToBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  return Buffer.from(text, "utf8")
    .subarray(0, most)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
}

/** The stem and the extension with its dot; the extension is '' where there is none of an ordinary length. */
function splitExtension(filename: string): [string, string] {
  const dot = filename.lastIndexOf(".");
  if (dot <= 0 || filename.length - dot > MAX_EXTENSION) return [filename, ""];
  return [filename.slice(0, dot), filename.slice(dot)];
}

/**
 * The last component of a name without control, bidirectional and invisible characters, without characters that a file
 * system refuses, never a device, never hidden, never an option; at most 200 bytes of UTF-8, its extension kept.
 * Where nothing is left it is named after `contentType`.
 */
export function safeFilename(raw: string | null, contentType: string): string {
  // A name of megabytes is cut before anything reads it; its end has the extension.
  const bounded = (raw ?? "").slice(-4_096).toWellFormed().normalize("NFC");
  const base =
    bounded.replaceAll(ALL_CONTROLS, "").replaceAll(INVISIBLE, "").split(/[/\\]/).at(-1) ?? "";
  let name = base.replaceAll(/[<>:"|?*\ufffd]/g, "_").replaceAll(/\s/g, " ");
  let start = 0;
  while (name[start] === "." || name[start] === " ") start += 1;
  let end = name.length;
  while (end > start && (name[end - 1] === "." || name[end - 1] === " ")) end -= 1;
  name = name.slice(start, end);
  if (name === "") return NAMES[contentType] ?? "attachment.bin";
  if (name.startsWith("-") || DEVICE.test(name)) name = `_${name}`;
  const [stem, extension] = splitExtension(name);
  return cutToBytes(stem, MAX_BYTES - Buffer.byteLength(extension)).trimEnd() + extension;
}

/** Gives names that were not given yet, whatever the case: `a.txt`, `A (2).txt`. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  take(filename: string): string {
    const key = (text: string): string => text.normalize("NFKC").toLowerCase().toUpperCase();
    const [stem, extension] = splitExtension(filename);
    let candidate = filename;
    let count = this.#counts.get(key(filename)) ?? 1;
    while (this.#taken.has(key(candidate))) {
      count += 1;
      candidate = `${stem} (${count})${extension}`;
    }
    this.#counts.set(key(filename), count);
    this.#taken.add(key(candidate));
    return candidate;
  }
}
