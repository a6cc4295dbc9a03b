/** Report files opened within limits: gzip, the first fitting file of a zip, or as they are. */
import { promisify } from "node:util";
import { gunzip, inflateRaw } from "node:zlib";

/** Compressed bytes that are looked at, and bytes that may come out of them. */
export const MAX_PACKED_BYTES = 10_485_760;
export const MAX_REPORT_BYTES = 8_388_608;

/** The bytes are no report that we are willing to read. */
export class UnreadableReport extends Error {
  override readonly name = "UnreadableReport";
}

const gunzipped = promisify(gunzip);
const inflated = promisify(inflateRaw);
const LIMIT = { maxOutputLength: MAX_REPORT_BYTES };

/**
 * The report inside, told by its first bytes and not by its name. Never allocates more than the limits, whatever sizes
 * the archive claims. @throws UnreadableReport on broken or oversized input.
 */
export async function unpackReport(bytes: Buffer): Promise<Buffer> {
  if (bytes.length > MAX_PACKED_BYTES) throw new UnreadableReport("the file is too large");
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return await gunzipped(bytes, LIMIT);
    if (bytes.length > 4 && bytes.readUInt32LE(0) === 0x04034b50) return await unzipped(bytes);
  } catch (error) {
    if (error instanceof UnreadableReport) throw error;
    throw new UnreadableReport("the file does not unpack, or not within the limits", {
      cause: error,
    });
  }
  if (bytes.length > MAX_REPORT_BYTES) throw new UnreadableReport("the report is too large");
  return bytes;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const MAX_ENTRIES = 20;

/** Reads by the central directory (APPNOTE 4.3.12), which is what unpackers trust; zip64 and encryption are refused. */
async function unzipped(bytes: Buffer): Promise<Buffer> {
  const end = endRecord(bytes);
  const count = Math.min(bytes.readUInt16LE(end + 10), MAX_ENTRIES);
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== ENTRY) break;
    const name_length = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("latin1", at + 46, at + 46 + name_length);
    if (/\.(?:xml|json)$/i.test(name)) return await entry(bytes, at);
    at += 46 + name_length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  throw new UnreadableReport("the archive holds no report");
}

function endRecord(bytes: Buffer): number {
  const from = Math.max(0, bytes.length - 65_557);
  for (let at = bytes.length - 22; at >= from; at -= 1)
    if (bytes.readUInt32LE(at) === END) return at;
  throw new UnreadableReport("the archive has no end");
}

async function entry(bytes: Buffer, at: number): Promise<Buffer> {
  const flags = bytes.readUInt16LE(at + 8);
  const method = bytes.readUInt16LE(at + 10);
  const size = bytes.readUInt32LE(at + 20);
  const local = bytes.readUInt32LE(at + 42);
  if ((flags & 1) !== 0 || local + 30 > bytes.length)
    throw new UnreadableReport("the archive is encrypted or broken");
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const data = bytes.subarray(start, start + size);
  if (method === 8) return await inflated(data, LIMIT);
  if (method !== 0 || data.length > MAX_REPORT_BYTES)
    throw new UnreadableReport("the archive uses a method that is not read");
  return data;
}
