/** Tar archives, written part by part: the ustar form (POSIX.1-2017, pax, section "ustar Interchange Format"). */

const block = 512;

/** The header of a regular file, 512 bytes. `name` is at most 100 bytes of ASCII, `size` at most 8 GiB; `at` is its time. */
export function tarHeader(name: string, size: number, at: Date): Buffer {
  if (!/^[\x20-\x7e]{1,100}$/.test(name)) throw new RangeError(`tar: no name: ${name}`);
  if (!Number.isSafeInteger(size) || size < 0 || size >= 8 ** 11)
    throw new RangeError(`tar: no size: ${size}`);
  const header = Buffer.alloc(block);
  const put = (text: string, offset: number): void => void header.write(text, offset, "latin1");
  const octal = (value: number, digits: number): string =>
    `${value.toString(8).padStart(digits, "0")}\0`;
  put(name, 0);
  put(octal(0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(Math.max(0, Math.floor(at.getTime() / 1000)), 11), 136);
  put("        0", 148);
  put("ustar\x0000", 257);
  // The sum is taken with blanks in its own place.
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** A file with its header, filled up to whole blocks. */
export function tarFile(name: string, content: Uint8Array, at: Date): Buffer {
  const rest = (block - (content.length % block)) % block;
  return Buffer.concat([tarHeader(name, content.length, at), content, Buffer.alloc(rest)]);
}

/** What an archive ends with. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * block);
}
