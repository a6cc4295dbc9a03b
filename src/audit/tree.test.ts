/** The tree against RFC 6962's definitions and known roots, the transparency-dev vectors, and forged proofs. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  numberedLeaves,
  referencePath,
  referenceReader,
  referenceRoot,
  referenceSubproof,
} from "./rfc6962-reference.ts";
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  leafHashes,
  nodeHash,
  ProofError,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "./tree.ts";

const vectors = fileURLToPath(new URL("../../../shared/vectors/merkle/testdata", import.meta.url));
const absent = !existsSync(vectors);
const skipped = absent ? " (skipped: shared/vectors/merkle is not beside the checkout)" : "";

function vectorFiles(kind: string): string[] {
  if (absent) return [];
  const files = readdirSync(`${vectors}/${kind}`, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".json")).map((file) => `${kind}/${file}`);
}

function readVector(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${vectors}/${file}`, "utf8"));
}

const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : "", "base64");
const proofOf = (value: unknown) => (Array.isArray(value) ? value.map(bytes) : []);

/** Runs a check as a vector means it: true when it refuses by ProofError, anything else thrown is a failure. */
function refuses(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (error instanceof ProofError) return true;
    throw error;
  }
}

describe(`transparency-dev vectors${skipped}`, () => {
  it.skipIf(absent)("are all there: 93 or more of each kind", () => {
    expect(vectorFiles("inclusion").length).toBeGreaterThan(92);
    expect(vectorFiles("consistency").length).toBeGreaterThan(92);
  });

  it.skipIf(absent).each(vectorFiles("inclusion"))("%s", (file) => {
    const { leafHash: leaf, leafIdx, treeSize, proof, root, wantErr } = readVector(file);
    const check = () =>
      verifyInclusion(bytes(leaf), Number(leafIdx), Number(treeSize), proofOf(proof), bytes(root));
    expect(refuses(check)).toBe(wantErr);
  });

  it.skipIf(absent).each(vectorFiles("consistency"))("%s", (file) => {
    const { size1, size2, proof, root1, root2, wantErr } = readVector(file);
    const check = () =>
      verifyConsistency(Number(size1), Number(size2), proofOf(proof), bytes(root1), bytes(root2));
    expect(refuses(check)).toBe(wantErr);
  });
});

/** The eight inputs and roots of the certificate-transparency reference tests. */
const knownInputs = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const knownRoots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

describe("hashes of the tree", () => {
  it.each(knownRoots.map((root, size) => ({ size, root })))(
    "the root of the first $size known leaves is $root",
    ({ size, root }) => {
      const leaves = knownInputs.slice(0, size).map((input) => leafHash(Buffer.from(input, "hex")));
      expect(treeRoot(size, referenceReader(leaves)).toString("hex")).toBe(root);
    },
  );

  it("an entry of any length has the leaf hash of its own bytes, whatever was hashed before", () => {
    const long = Buffer.alloc(70_000, 7);
    const all = [
      long,
      Buffer.from("b"),
      Buffer.alloc(65_535, 1),
      Buffer.alloc(65_534, 2),
      Buffer.alloc(0),
      Buffer.from("b"),
    ];
    const hashes = leafHashes(all);
    for (const [i, entry] of all.entries()) {
      const expected = referenceRoot([leafHash(entry)]);
      expect(hashes.subarray(i * 32, i * 32 + 32).equals(expected)).toBe(true);
    }
    expect(leafHash(Buffer.alloc(0)).toString("hex")).toBe(knownRoots[1]);
    expect(leafHash(Buffer.from("b"))).toEqual(hashes.subarray(32, 64));
    expect(hashes.subarray(32, 64)).toEqual(hashes.subarray(5 * 32, 6 * 32));
    expect(emptyRoot().toString("hex")).toBe(knownRoots[0]);
  });

  it("a node is never made of anything but two hashes", () => {
    expect(() => nodeHash(Buffer.alloc(31), Buffer.alloc(32))).toThrow(ProofError);
    expect(() => nodeHash(Buffer.alloc(32), Buffer.alloc(33))).toThrow(ProofError);
  });
});

const leaves = numberedLeaves(140);
const sizeAndIndex = fc
  .integer({ min: 1, max: leaves.length })
  .chain((size) =>
    fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }),
  );

describe("proofs", () => {
  it("every inclusion proof is the RFC's and verifies", () => {
    fc.assert(
      fc.property(sizeAndIndex, ({ size, index }) => {
        const tree = leaves.slice(0, size);
        const proof = inclusionProof(index, size, referenceReader(tree));
        expect(proof).toEqual(referencePath(index, tree));
        verifyInclusion(leaves[index]!, index, size, proof, referenceRoot(tree));
      }),
    );
  });

  it("every consistency proof is the RFC's and verifies", () => {
    fc.assert(
      fc.property(sizeAndIndex, ({ size, index }) => {
        const tree = leaves.slice(0, size);
        const old = tree.slice(0, index + 1);
        const proof = consistencyProof(old.length, size, referenceReader(tree));
        expect(proof).toEqual(referenceSubproof(old.length, tree));
        verifyConsistency(old.length, size, proof, referenceRoot(old), referenceRoot(tree));
      }),
    );
  });

  it("an inclusion proof with one bit flipped, one hash more or less, or another place fails", () => {
    fc.assert(
      fc.property(sizeAndIndex, fc.nat(), fc.nat(255), ({ size, index }, at, bit) => {
        const tree = leaves.slice(0, size);
        const root = referenceRoot(tree);
        const proof = referencePath(index, tree);
        const leaf = leaves[index]!;
        const where = at % (proof.length + 2);
        const [path, foreignLeaf, foreignRoot] = flipOne(proof, [leaf, root], where, bit);
        expect(refuses(() => verifyInclusion(foreignLeaf!, index, size, path, foreignRoot!))).toBe(
          true,
        );
        expect(refuses(() => verifyInclusion(leaf, index, size, [...proof, root], root))).toBe(
          true,
        );
        expect(refuses(() => verifyInclusion(leaf, index, size, [leaf, ...proof], root))).toBe(
          true,
        );
        // A tree of one leaf has nothing to leave out and nowhere else to be.
        fc.pre(size > 1);
        expect(refuses(() => verifyInclusion(leaf, index, size, proof.slice(1), root))).toBe(true);
        expect(refuses(() => verifyInclusion(leaf, index, size, proof.slice(0, -1), root))).toBe(
          true,
        );
        const elsewhere = (index + 1 + (at % (size - 1))) % size;
        expect(refuses(() => verifyInclusion(leaf, elsewhere, size, proof, root))).toBe(true);
      }),
    );
  });

  it("a consistency proof with one bit flipped, or one hash more or less, fails", () => {
    fc.assert(
      fc.property(sizeAndIndex, fc.nat(), fc.nat(255), ({ size, index }, at, bit) => {
        const tree = leaves.slice(0, size);
        const old = tree.slice(0, index + 1);
        const [root1, root2] = [referenceRoot(old), referenceRoot(tree)];
        const proof = referenceSubproof(old.length, tree);
        const check = (path: Buffer[], a = root1, b = root2) =>
          refuses(() => verifyConsistency(old.length, size, path, a, b));
        const where = at % (proof.length + 2);
        const [path, foreign1, foreign2] = flipOne(proof, [root1, root2], where, bit);
        expect(check(path, foreign1, foreign2)).toBe(true);
        expect(check([...proof, root1])).toBe(true);
        expect(check([root1, ...proof])).toBe(true);
        fc.pre(proof.length > 0);
        expect(check(proof.slice(1))).toBe(true);
        expect(check(proof.slice(0, -1))).toBe(true);
      }),
    );
  });

  it("a hash too many is named as such, before any root is compared", () => {
    const tree = leaves.slice(0, 6);
    const [root1, root2] = [referenceRoot(tree.slice(0, 3)), referenceRoot(tree)];
    const long = [...referenceSubproof(3, tree), root1];
    expect(() => verifyConsistency(3, 6, long, root1, root2)).toThrow("proof is too long");
    const path = [...referencePath(2, tree), root1];
    expect(() => verifyInclusion(leaves[2]!, 2, 6, path, root2)).toThrow("proof is too long");
  });

  it("an empty inclusion path proves only index 0 of size 1", () => {
    const leaf = leaves[0]!;
    verifyInclusion(leaf, 0, 1, [], leaf);
    expect(refuses(() => verifyInclusion(leaf, 0, 2, [], leaf))).toBe(true);
    expect(refuses(() => verifyInclusion(leaf, 1, 1, [], leaf))).toBe(true);
    expect(refuses(() => verifyInclusion(leaf, 0, 0, [], leaf))).toBe(true);
  });

  it("consistency with the empty tree is refused, made or checked", () => {
    const root = referenceRoot(leaves);
    expect(refuses(() => verifyConsistency(0, leaves.length, [], emptyRoot(), root))).toBe(true);
    expect(refuses(() => verifyConsistency(0, 0, [], emptyRoot(), emptyRoot()))).toBe(true);
    expect(refuses(() => void consistencyProof(0, leaves.length, referenceReader(leaves)))).toBe(
      true,
    );
  });

  it("sizes beyond 2^32 are counted right: the path of the last leaf of 2^40 + 1 has one hash", () => {
    const [left, last] = [leaves[0]!, leaves[1]!];
    const size = 2 ** 40 + 1;
    verifyInclusion(last, 2 ** 40, size, [left], nodeHash(left, last));
    verifyConsistency(2 ** 40, size, [last], left, nodeHash(left, last));
    expect(inclusionProof(2 ** 40, size, { read: () => left })).toHaveLength(1);
    expect(inclusionProof(5, size, { read: () => left })).toHaveLength(41);
  });

  it("numbers that are no sizes are refused by reason", () => {
    fc.assert(
      fc.property(fc.constantFrom(-1, 0.5, NaN, Infinity, 2 ** 53), (bad) => {
        const leaf = leaves[0]!;
        expect(refuses(() => verifyInclusion(leaf, bad, 1, [], leaf))).toBe(true);
        expect(refuses(() => verifyInclusion(leaf, 0, bad, [], leaf))).toBe(true);
        expect(refuses(() => verifyConsistency(bad, 1, [], leaf, leaf))).toBe(true);
        expect(refuses(() => verifyConsistency(1, bad, [], leaf, leaf))).toBe(true);
      }),
    );
  });
});

/** Flips bit `bit` of hash number `where` of `proof` followed by the two `others`. */
function flipOne(
  proof: Buffer[],
  others: [Buffer, Buffer],
  where: number,
  bit: number,
): [Buffer[], Buffer | undefined, Buffer | undefined] {
  const all = [...proof, ...others].map((hash) => Buffer.from(hash));
  const target = all[where]!;
  target[bit >> 3] = target[bit >> 3]! ^ (1 << (bit & 7));
  return [all.slice(0, -2), all.at(-2), all.at(-1)];
}
