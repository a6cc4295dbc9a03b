/** Many byte strings as one parameter: cut apart again in SQL, which spares the driver's hex encoding of bytea[]. */

/** `blob` with the 1-based offset and the length of each part, for `substring(blob FROM offset FOR length)`. */
export type Packed = { blob: Buffer; offsets: number[]; lengths: number[] };

/** Concatenates the parts. */
export function pack(parts: readonly Buffer[]): Packed {
  const offsets: number[] = [];
  const lengths: number[] = [];
  let offset = 1;
  for (const part of parts) {
    offsets.push(offset);
    lengths.push(part.length);
    offset += part.length;
  }
  return { blob: Buffer.concat(parts), offsets, lengths };
}
