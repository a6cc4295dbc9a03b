/** Whole logs: a true one passes, and every kind of forgery is found at its place. */
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatVkey, signCheckpoint } from "./checkpoint.ts";
import { FormatError } from "./encoding.ts";
import { verifyLog } from "./log-verify.ts";
import type { LogSource } from "./log-verify.ts";
import { referenceRoot } from "./rfc6962-reference.ts";
import { appendLeaves, decodeBundle, emptyEdge, encodeBundle, formatTilePath } from "./tile.ts";
import type { Tile } from "./tile.ts";
import { emptyRoot, leafHash } from "./tree.ts";

const origin = "mail.example.com/audit/acme";
const { privateKey } = generateKeyPairSync("ed25519");
const vkey = formatVkey(origin, privateKey);

type Files = Map<string, Buffer>;

function sourceOf(files: Files, checkpoint: string): LogSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    checkpoint: () => Promise.resolve(checkpoint),
    tile: (path) => {
      asked.push(path);
      return Promise.resolve(files.get(path) ?? null);
    },
  };
}

/** A log as a folder of the given entries: every resource at its C2SP path, with the checkpoint of its size. */
function publish(entries: readonly Buffer[]): { files: Files; checkpoint: string } {
  const grown = appendLeaves(emptyEdge, entries.map(leafHash));
  const files: Files = new Map(grown.tiles.map((tile) => [formatTilePath(tile), tile.data]));
  for (let index = 0; index * 256 < entries.length; index++) {
    const part = entries.slice(index * 256, (index + 1) * 256);
    const tile: Tile = { level: "entries", index, width: part.length };
    files.set(formatTilePath(tile), encodeBundle(part));
  }
  return {
    files,
    checkpoint: signCheckpoint({ origin, size: entries.length, root: grown.root }, privateKey),
  };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => Buffer.from(`entry ${i}`));
const entries = numbered(1500);
const log = publish(entries);

/** The log with some files replaced or (null) removed. */
function forged(changes: Record<string, Buffer | null>, checkpoint = log.checkpoint): LogSource {
  const files = new Map(log.files);
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === null) files.delete(path);
    else files.set(path, bytes);
  }
  return sourceOf(files, checkpoint);
}

function flipped(path: string, at: number, files = log.files): Buffer {
  const bytes = Buffer.from(files.get(path)!);
  bytes[at] = bytes[at]! ^ 1;
  return bytes;
}

describe("a true log", () => {
  it.each([0, 1, 2, 255, 256, 257, 512, 1500])(
    "of %i entries passes, and each entry is handed on once and in order",
    async (size) => {
      const part = entries.slice(0, size);
      const { files, checkpoint } = publish(part);
      const seen: string[] = [];
      const report = await verifyLog(sourceOf(files, checkpoint), {
        vkey,
        onEntry: (index, entry) => void seen.push(`${index}:${entry.toString()}`),
      });
      expect(report).toMatchObject({ fault: null, verified: size, size });
      expect(report.root?.equals(referenceRoot(part.map(leafHash)))).toBe(true);
      expect(seen).toEqual(part.map((entry, i) => `${i}:${entry.toString()}`));
    },
  );

  it("of 66,000 entries passes, with a second full level", async () => {
    const { files, checkpoint } = publish(numbered(66_000));
    const source = sourceOf(files, checkpoint);
    expect(await verifyLog(source, { vkey })).toMatchObject({ fault: null, verified: 66_000 });
    expect(source.asked.toSorted()).toEqual([...files.keys()].toSorted());
    const bad = sourceOf(
      new Map([...files, ["tile/1/000", flipped("tile/1/000", 40, files)]]),
      checkpoint,
    );
    expect((await verifyLog(bad, { vkey })).fault).toMatchObject({ place: "tile/1/000" });
  });

  it("reads every tile and bundle once, and no more than a few ahead", async () => {
    const source = sourceOf(log.files, log.checkpoint);
    let ahead = 0;
    await verifyLog(source, {
      vkey,
      ahead: 2,
      onEntry: (index) => {
        const bundlesAsked = source.asked.filter((path) => path.startsWith("tile/entries/")).length;
        ahead = Math.max(ahead, bundlesAsked - (Math.floor(index / 256) + 1));
      },
    });
    expect(ahead).toBe(2);
    expect(source.asked.toSorted()).toEqual([...log.files.keys()].toSorted());
  });

  it("whose partial resources gave way to full ones passes at the old checkpoint", async () => {
    const { files, checkpoint } = publish(entries.slice(0, 300));
    const grown = publish(entries.slice(0, 600)).files;
    const merged = new Map([...files, ...grown]);
    for (const path of ["tile/0/001.p/44", "tile/entries/001.p/44"])
      expect(merged.delete(path)).toBe(true);
    expect(await verifyLog(sourceOf(merged, checkpoint), { vkey })).toMatchObject({
      fault: null,
      verified: 300,
    });
  });

  it("continues each of its older checkpoints", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1500 }), async (size) => {
        const older = publish(entries.slice(0, size)).checkpoint;
        expect(
          (await verifyLog(sourceOf(log.files, log.checkpoint), { vkey, older })).fault,
        ).toBeNull();
      }),
      { numRuns: 10 },
    );
  });
});

describe("a forged log", () => {
  it("with one bit of one entry changed is found at that entry", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1499 }), async (index) => {
        const width = index < 1280 ? 256 : 220;
        const path = formatTilePath({ level: "entries", index: Math.floor(index / 256), width });
        const parts = decodeBundle(log.files.get(path)!, width).map((entry) => Buffer.from(entry));
        parts[index % 256]![3]! ^= 1;
        const { fault, verified } = await verifyLog(forged({ [path]: encodeBundle(parts) }), {
          vkey,
        });
        expect(fault).toMatchObject({ place: path, index });
        expect(verified).toBe(Math.floor(index / 256) * 256);
      }),
      { numRuns: 20 },
    );
  });

  it.each([...log.files.keys()])(
    "with one bit of %s changed, or the file gone, cut or longer, is found there",
    async (path) => {
      const bytes = log.files.get(path)!;
      const entriesPath = path.replace("tile/0/", "tile/entries/");
      const at = Math.floor(bytes.length / 2);
      for (const change of [
        flipped(path, at),
        null,
        bytes.subarray(0, -1),
        Buffer.concat([bytes, Buffer.alloc(1)]),
      ]) {
        const { fault } = await verifyLog(forged({ [path]: change }), { vkey });
        expect([path, entriesPath]).toContain(fault?.place);
      }
    },
  );

  it("rewritten from end to end, tiles and all, does not have the signed root", async () => {
    const other = publish([...entries.slice(0, 700), Buffer.from("forged"), ...entries.slice(701)]);
    const { fault, verified } = await verifyLog(sourceOf(other.files, log.checkpoint), { vkey });
    expect(fault).toMatchObject({ place: "checkpoint" });
    expect(verified).toBe(1500);
  });

  it("rewritten and signed again does not continue an older checkpoint", async () => {
    const older = publish(entries.slice(0, 701)).checkpoint;
    const other = publish([...entries.slice(0, 700), Buffer.from("forged"), ...entries.slice(701)]);
    const { fault } = await verifyLog(sourceOf(other.files, other.checkpoint), { vkey, older });
    expect(fault).toMatchObject({ place: "older checkpoint" });
    const before = publish(entries.slice(0, 700)).checkpoint;
    expect(
      (await verifyLog(sourceOf(other.files, other.checkpoint), { vkey, older: before })).fault,
    ).toBeNull();
  });

  it("shorter than an older checkpoint is found", async () => {
    const shorter = publish(entries.slice(0, 1499));
    const { fault } = await verifyLog(sourceOf(shorter.files, shorter.checkpoint), {
      vkey,
      older: log.checkpoint,
    });
    expect(fault).toMatchObject({ place: "checkpoint" });
  });

  it("an older checkpoint of size 0 proves nothing and is refused", async () => {
    const older = signCheckpoint({ origin, size: 0, root: emptyRoot() }, privateKey);
    const { fault } = await verifyLog(sourceOf(log.files, log.checkpoint), { vkey, older });
    expect(fault).toMatchObject({ place: "older checkpoint" });
  });

  it("signed by another key, or of another origin, is refused before any tile is read", async () => {
    const other = formatVkey(origin, generateKeyPairSync("ed25519").privateKey);
    const source = sourceOf(log.files, log.checkpoint);
    expect(await verifyLog(source, { vkey: other })).toMatchObject({
      size: null,
      fault: { place: "checkpoint" },
    });
    expect(await verifyLog(source, { vkey, origin: "other.example" })).toMatchObject({
      fault: { place: "checkpoint" },
    });
    expect(await verifyLog(sourceOf(log.files, "garbage"), { vkey })).toMatchObject({
      fault: { place: "checkpoint" },
    });
    expect(await verifyLog(source, { vkey, older: "garbage" })).toMatchObject({
      fault: { place: "older checkpoint" },
    });
    expect(source.asked).toEqual([]);
  });

  it("that says it is empty with another root is refused", async () => {
    const checkpoint = signCheckpoint({ origin, size: 0, root: Buffer.alloc(32) }, privateKey);
    expect(await verifyLog(sourceOf(new Map(), checkpoint), { vkey })).toMatchObject({
      fault: { place: "checkpoint" },
    });
  });
});

describe("a source that fails", () => {
  it("is not taken for a fault of the log: its error comes through", async () => {
    const source = {
      ...sourceOf(log.files, log.checkpoint),
      tile: () => Promise.reject(new Error("connection reset")),
    };
    await expect(verifyLog(source, { vkey })).rejects.toThrow("connection reset");
    await expect(verifyLog(source, { vkey: "nonsense" })).rejects.toThrow(FormatError);
  });
});
