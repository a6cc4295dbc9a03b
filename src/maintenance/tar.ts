/** Tar archives as streams (POSIX.1-1988 ustar): members of known length, written and read one after another. */

/** A member: its name and where its bytes are. */
export type Member = { name: string; bytes: Buffer };

/** The archive is not one, or ends too early. */
export class TarError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TarError";
  }
}

const block = 512;

/** Largest member that is read: parts are a few MB, and whole rows beyond that. */
const maxMemberBytes = 1024 * 1024 * 1024;

/** The header and the padded bytes of a member, readable by its owner alone. Throws RangeError for a name over 100 bytes. */
export function tarMember(name: string, bytes: Buffer, at: Date): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`the member name ${name} is too long`);
  const header = Buffer.alloc(block);
  const put = (text: string, offset: number): void => void header.write(text, offset, "ascii");
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(name, 0);
  put(`${octal(0o600, 7)}\0`, 100);
  put(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108);
  put(`${octal(bytes.length, 11)}\0`, 124);
  put(`${octal(Math.floor(at.getTime() / 1000), 11)}\0`, 136);
  put("        ", 148);
  put("0", 156);
  put("ustar\u000000", 257);
  put(`${octal(sum(header), 6)}\0 `, 148);
  const rest = (block - (bytes.length % block)) % block;
  return Buffer.concat([header, bytes, Buffer.alloc(rest)]);
}

/** What ends an archive: two blocks of zeros. */
export const tarEnd: Buffer = Buffer.alloc(2 * block);

/** The members of an archive, one at a time. Throws {@link TarError}. */
export async function* tarMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  const reader = new ByteReader(source);
  for (;;) {
    const header = await reader.take(block);
    if (header.every((byte) => byte === 0)) return;
    const stated = Number.parseInt(header.toString("ascii", 148, 156), 8);
    const blank = Buffer.from(header).fill(" ", 148, 156);
    if (header.toString("ascii", 257, 262) !== "ustar" || sum(blank) !== stated)
      throw new TarError("it is no tar archive, or is damaged");
    const name = textUpToZero(header, 0, 100);
    const length = Number.parseInt(header.toString("ascii", 124, 136), 8);
    const isFile = header[156] === 0x30 || header[156] === 0;
    if (!isFile || !Number.isSafeInteger(length) || length > maxMemberBytes)
      throw new TarError(`the member ${JSON.stringify(name)} is not one of a backup`);
    const bytes = await reader.take(length);
    await reader.take((block - (length % block)) % block);
    yield { name, bytes };
  }
}

/** Bytes of a stream in the lengths that one asks for. */
class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    while (this.#length < length) {
      const { done, value } = await this.#iterator.next();
      if (done === true) throw new TarError("it ends too early");
      this.#chunks.push(Buffer.from(value));
      this.#length += value.length;
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }
}

function sum(header: Buffer): number {
  return header.reduce((total, byte) => total + byte, 0);
}

function textUpToZero(buffer: Buffer, start: number, end: number): string {
  const zero = buffer.indexOf(0, start);
  return buffer.toString("utf8", start, zero === -1 || zero > end ? end : zero);
}
