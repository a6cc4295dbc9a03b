/** Lines and server-sent events out of byte streams, with a limit on what one of them may hold. */

const newline = 0x0a;

/**
 * Splits at LF, without it and without a CR before it; a last line needs no LF. A line of more than `most` bytes
 * comes as null, its bytes dropped.
 */
export async function* lines(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
): AsyncGenerator<string | null> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const add = (part: Uint8Array): void => {
    size += part.length;
    if (size > most) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const take = (): string | null => {
    const line = size > most ? null : Buffer.concat(parts).toString("utf8").replace(/\r$/, "");
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, start)) {
      add(chunk.subarray(start, at));
      yield take();
      start = at + 1;
    }
    add(chunk.subarray(start));
  }
  if (size > 0) yield take();
}

/**
 * The data of each server-sent event (HTML, section 9.2); comments and other fields are passed over, events of
 * more than `most` bytes dropped.
 */
export async function* eventData(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
): AsyncGenerator<string> {
  let data: string[] = [];
  let size = 0;
  let dropped = false;
  for await (const line of lines(chunks, most)) {
    if (line === "") {
      if (data.length > 0 && !dropped) yield data.join("\n");
      data = [];
      size = 0;
      dropped = false;
    } else if (line === null) dropped = true;
    else if (line.startsWith("data:")) {
      size += line.length;
      if (size > most) dropped = true;
      else data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    }
  }
}
