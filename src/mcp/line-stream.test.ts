/** Promises of lines and server-sent events out of byte streams. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventData, lines } from "./line-stream.ts";

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const octets = Buffer.from(text);
  let at = 0;
  for (let i = 0; at < octets.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield octets.subarray(at, at + size);
    at += size;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

test("lines come whole however the stream is cut, within characters too", async () => {
  const word = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n]/g, ""));
  await fc.assert(
    fc.asyncProperty(fc.array(word), sizes, async (words, at) => {
      expect(await all(lines(cut(words.map((w) => `${w}\r\n`).join(""), at), 1000))).toEqual(words);
    }),
  );
});

test("a last line needs no line feed", async () => {
  expect(await all(lines(cut("a\n\nb", [2]), 10))).toEqual(["a", "", "b"]);
});

test("a line over the limit is dropped and the next one read", async () => {
  expect(await all(lines(cut(`ok\n${"x".repeat(11)}\n${"y".repeat(10)}\n`, [4]), 10))).toEqual([
    "ok",
    null,
    "y".repeat(10),
  ]);
});

test("events come with their data, without comments, names and ids", async () => {
  const stream = ': keepalive\n\nevent: message\nid: 7\ndata: {"a":1}\n\ndata:one\ndata: two\n\n';
  await fc.assert(
    fc.asyncProperty(sizes, async (at) => {
      expect(await all(eventData(cut(stream, at), 100))).toEqual(['{"a":1}', "one\ntwo"]);
    }),
  );
});

test("an event over the limit is dropped whole", async () => {
  const stream = `data: ${"x".repeat(60)}\ndata: ${"x".repeat(60)}\n\ndata: next\n\n`;
  expect(await all(eventData(cut(stream, [50]), 100))).toEqual(["next"]);
});
