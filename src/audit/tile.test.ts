/** Tiles: paths, bundles, appending in any batches, and proofs read out of tiles. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "./encoding.ts";
import {
  numberedLeaves,
  referencePath,
  referenceRoot,
  referenceSubproof,
} from "./rfc6962-reference.ts";
import {
  appendLeaves,
  decodeBundle,
  edgeFromTiles,
  edgeRoot,
  edgeTiles,
  emptyEdge,
  encodeBundle,
  formatTilePath,
  integrate,
  loadReader,
  parseTilePath,
  tileReader,
} from "./tile.ts";
import type { HashTile, TilePlace, TreeEdge } from "./tile.ts";
import {
  consistencyProof,
  consistencyRanges,
  emptyRoot,
  inclusionProof,
  inclusionRanges,
  treeRoot,
  verifyInclusion,
} from "./tree.ts";

/** Appends batch by batch and keeps the widest form of each tile, as storage does. */
function grow(batches: readonly (readonly Buffer[])[]): {
  tree: TreeEdge;
  root: Buffer;
  tiles: Map<string, HashTile>;
} {
  let tree: TreeEdge = emptyEdge;
  let root = emptyRoot();
  const tiles = new Map<string, HashTile>();
  for (const batch of batches) {
    const grown = appendLeaves(tree, batch);
    for (const tile of grown.tiles) {
      const known = tiles.get(`${tile.level}/${tile.index}`);
      // A tile may only get longer: what was published never changes.
      expect(
        known === undefined || tile.data.subarray(0, known.data.length).equals(known.data),
      ).toBe(true);
      tiles.set(`${tile.level}/${tile.index}`, tile);
    }
    tree = { size: grown.size, edge: grown.edge };
    root = grown.root;
  }
  return { tree, root, tiles };
}

function cut<T>(list: readonly T[], widths: readonly number[]): T[][] {
  const batches: T[][] = [];
  let start = 0;
  for (const width of widths) {
    batches.push(list.slice(start, start + width));
    start += width;
  }
  return [...batches, list.slice(start)];
}

/** True when `read` refuses by FormatError; anything else that is thrown is a failure. */
function refuses(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof FormatError) return true;
    throw error;
  }
}

const leaves = numberedLeaves(1500);
const sizes = fc.oneof(
  fc.integer({ min: 0, max: 1500 }),
  fc.constantFrom(0, 1, 255, 256, 257, 511, 512, 513),
);
const batchWidths = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 600 })),
  { maxLength: 12 },
);

describe("tile paths", () => {
  it.each([
    ["tile/0/000", { level: 0, index: 0, width: 256 }],
    ["tile/0/x001/x234/067", { level: 0, index: 1_234_067, width: 256 }],
    ["tile/63/999.p/1", { level: 63, index: 999, width: 1 }],
    ["tile/entries/x001/067.p/255", { level: "entries", index: 1067, width: 255 }],
  ] as const)("%s is read and written the same", (path, tile) => {
    expect(parseTilePath(path)).toEqual(tile);
    expect(formatTilePath(tile)).toBe(path);
  });

  const malformed = `tile/0/0 tile/0/0000 tile/00/000 tile/64/000 tile/-1/000 tile/0/x000/001 tile/0/001/002
    tile/0/x001 tile/0/000.p/0 tile/0/000.p/256 tile/0/000.p/01 tile/0/000.p/ tile/0/000.p/1/2 /tile/0/000
    tile/0/000/ tile/0/x001/../000 tile/entries/x999/x999/x999/x999/x999/999 tile/Entries/000 tile/0/٠٠٠`;
  it.each([...malformed.split(/\s+/), "", "tile/0/000\n", `tile/0/${"x001/".repeat(5000)}000`])(
    "%j is refused",
    (path) => {
      expect(() => parseTilePath(path)).toThrow(FormatError);
    },
  );

  it("every path that is read is written back the same, and nothing else is thrown than FormatError", () => {
    const near = fc.stringMatching(
      /^tile\/(\d{1,2}|entries)\/(x\d{3}\/){0,6}\d{3}(\.p\/\d{1,3})?$/,
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (path) => {
        expect(
          refuses(() => parseTilePath(path)) || formatTilePath(parseTilePath(path)) === path,
        ).toBe(true);
      }),
    );
  });
});

describe("entry bundles", () => {
  it("entries come out of a bundle as they went in", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
        const bundle = encodeBundle(entries);
        expect(decodeBundle(bundle, entries.length).map((entry) => [...entry])).toEqual(
          entries.map((entry) => [...entry]),
        );
        expect(() => decodeBundle(bundle, entries.length + 1)).toThrow(FormatError);
        expect(
          entries.length === 0 || refuses(() => decodeBundle(bundle, entries.length - 1)),
        ).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("lengths are two bytes, big-endian", () => {
    expect(
      encodeBundle([Buffer.alloc(258, 1)])
        .subarray(0, 3)
        .toString("hex"),
    ).toBe("010201");
    expect(decodeBundle(encodeBundle([Buffer.alloc(65_535)]), 1)[0]).toHaveLength(65_535);
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(FormatError);
    expect(() => encodeBundle(Array.from({ length: 257 }, () => Buffer.alloc(0)))).toThrow(
      FormatError,
    );
  });

  it("any bytes either split exactly or are a FormatError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(6), (bytes, width) => {
        const bundle = Buffer.from(bytes);
        const refused = refuses(() => decodeBundle(bundle, width));
        expect(refused || encodeBundle(decodeBundle(bundle, width)).equals(bundle)).toBe(true);
      }),
    );
  });
});

describe("appending", () => {
  it("random batches give the root, the edge and the tiles of one append of all", () => {
    fc.assert(
      fc.property(sizes, batchWidths, (size, widths) => {
        const all = leaves.slice(0, size);
        const whole = grow([all]);
        const pieces = grow(cut(all, widths));
        expect(pieces.root.equals(referenceRoot(all))).toBe(true);
        expect(whole.root.equals(pieces.root)).toBe(true);
        expect(pieces.tree.size).toBe(size);
        expect(edgeRoot(pieces.tree).equals(pieces.root)).toBe(true);
        expect(pieces.tiles).toEqual(whole.tiles);
      }),
      { numRuns: 40 },
    );
  });

  it("the tiles of 70,000 leaves are those of the specification's example, and proofs out of them hold", () => {
    const many = numberedLeaves(70_000);
    const { root, tiles } = grow(cut(many, [5000, 1, 65_000 - 464, 300]));
    const widths = (level: number) =>
      [...tiles.values()].filter((tile) => tile.level === level).map((tile) => tile.width);
    expect(widths(0)).toEqual([...Array<number>(273).fill(256), 112]);
    expect(widths(1)).toEqual([256, 17]);
    expect(widths(2)).toEqual([1]);
    expect(edgeTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    const reader = tileReader(70_000, [...tiles.values()]);
    expect(treeRoot(70_000, reader).equals(root)).toBe(true);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      verifyInclusion(many[index]!, index, 70_000, inclusionProof(index, 70_000, reader), root);
    }
  });

  it("a batch gives only tiles that changed, each once", () => {
    const before = grow([leaves.slice(0, 600)]).tree;
    const names = (tiles: readonly TilePlace[]) =>
      tiles.map(({ level, index, width }) => formatTilePath({ level, index, width }));
    expect(names(appendLeaves(before, leaves.slice(600, 601)).tiles)).toEqual(["tile/0/002.p/89"]);
    expect(names(appendLeaves(before, leaves.slice(600, 1100)).tiles)).toEqual([
      "tile/0/002",
      "tile/0/003",
      "tile/0/004.p/76",
      "tile/1/000.p/4",
    ]);
    expect(appendLeaves(before, []).tiles).toEqual([]);
  });

  it("appending leaves the old edge as it was, so that a failed write can be tried again", () => {
    const before = grow([leaves.slice(0, 300)]).tree;
    const root = edgeRoot(before);
    const first = appendLeaves(before, leaves.slice(300, 700));
    expect(edgeRoot(before).equals(root)).toBe(true);
    expect(appendLeaves(before, leaves.slice(300, 700)).root.equals(first.root)).toBe(true);
  });

  it("an edge that does not fit its size, and a leaf that is no hash, stop the append", () => {
    const { size, edge } = grow([leaves.slice(0, 300)]).tree;
    expect(() => appendLeaves({ size: size + 1, edge }, [])).toThrow(FormatError);
    expect(() => appendLeaves({ size, edge: edge.slice(0, 1) }, leaves.slice(0, 1))).toThrow(
      FormatError,
    );
    expect(() => edgeRoot({ size: 0, edge })).toThrow(FormatError);
    expect(() => integrate({ size: size + 1, edge }, leaves[0]!)).toThrow(FormatError);
    expect(() => integrate({ size, edge }, Buffer.alloc(33))).toThrow(FormatError);
    expect(() => appendLeaves({ size, edge }, [Buffer.alloc(31)])).toThrow(FormatError);
    expect(() => appendLeaves({ size, edge }, [Buffer.alloc(16), Buffer.alloc(16)])).toThrow(
      FormatError,
    );
  });

  it("the edge loaded from stored tiles is the edge that was left", () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const { tree, tiles } = grow([leaves.slice(0, size)]);
        const later = grow([leaves]);
        const loaded = edgeFromTiles(size, [...tiles.values()]);
        expect(edgeRoot(loaded).equals(edgeRoot(tree))).toBe(true);
        // The same tiles grown wider in the meantime serve too.
        expect(
          edgeRoot(edgeFromTiles(size, [...later.tiles.values()])).equals(edgeRoot(tree)),
        ).toBe(true);
        const [missing] = edgeTiles(size);
        const others = [...tiles.values()].filter((tile) => tile.level !== missing?.level);
        expect(missing === undefined || refuses(() => edgeFromTiles(size, others))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe("reading proofs out of tiles", () => {
  const stored = grow([leaves]).tiles;
  const load = (asked: TilePlace[]) =>
    Promise.resolve(
      asked.map(({ level, index, width }) => {
        const tile = stored.get(`${level}/${index}`);
        // Only what was asked for, to the width of that tree size.
        return { level, index, data: tile!.data.subarray(0, width * 32) };
      }),
    );

  it("the tiles asked for suffice for every inclusion and consistency proof, at every tree size", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1500 }), fc.nat(), async (size, n) => {
        const index = n % size;
        const tree = leaves.slice(0, size);
        const forInclusion = await loadReader(size, inclusionRanges(index, size), load);
        expect(inclusionProof(index, size, forInclusion)).toEqual(referencePath(index, tree));
        const forConsistency = await loadReader(size, consistencyRanges(index + 1, size), load);
        expect(consistencyProof(index + 1, size, forConsistency)).toEqual(
          referenceSubproof(index + 1, tree),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("a missing tile, a short one, and a hash beyond the tree are refused", () => {
    const tiles = [...stored.values()];
    expect(() => tileReader(1500, []).read(0, 0)).toThrow(FormatError);
    expect(() =>
      tileReader(1500, [{ level: 0, index: 0, data: Buffer.alloc(32 * 255) }]).read(0, 0),
    ).toThrow(FormatError);
    expect(() => tileReader(1000, tiles).read(0, 1000)).toThrow(FormatError);
    expect(() => tileReader(1000, tiles).read(3, 125)).toThrow(FormatError);
    expect(tileReader(1000, tiles).read(3, 124)).toEqual(referenceRoot(leaves.slice(992, 1000)));
  });
});
