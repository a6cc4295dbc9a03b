/** The entry names of a zip archive (APPNOTE 4.3.12), read from its central directory without opening any entry. */

/** What a zip says of its content. */
export interface ZipListing {
  names: string[];
  /** At least one entry needs a password (general purpose bit 0). */
  encrypted: boolean;
  /** An Office or OpenDocument file. */
  office: boolean;
  /** More entries stand in it than were read. */
  capped: boolean;
}

const ENTRIES = 500;
const NAME_BYTES = 512;

/** Lists at most 500 entries with names of at most 512 bytes; null where there is no readable central directory. */
export function listZip(content: Buffer): ZipListing | null {
  // The end record is at most 22 + 65,535 bytes long.
  const tail = Math.max(0, content.length - 65_557);
  const found = content.subarray(tail).lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const end = tail + found;
  if (found < 0 || end + 22 > content.length) return null;
  const count = content.readUInt16LE(end + 10);
  let at = content.readUInt32LE(end + 16);
  const names: string[] = [];
  let encrypted = false;
  while (names.length < Math.min(count, ENTRIES)) {
    if (at + 46 > content.length || content.readUInt32LE(at) !== 0x02014b50) return null;
    if ((content.readUInt16LE(at + 8) & 1) === 1) encrypted = true;
    const length = content.readUInt16LE(at + 28);
    names.push(content.toString("utf8", at + 46, at + 46 + Math.min(length, NAME_BYTES)));
    at += 46 + length + content.readUInt16LE(at + 30) + content.readUInt16LE(at + 32);
  }
  return {
    names,
    encrypted,
    office: names.some((one) => one === "[Content_Types].xml" || one === "mimetype"),
    capped: count > ENTRIES,
  };
}
