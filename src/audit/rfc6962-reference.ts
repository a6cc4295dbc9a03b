/** RFC 6962 section 2.1 word for word, slow and recursive: what the tests compare the fast code with. */
import { createHash } from "node:crypto";
import type { HashReader } from "./tree.ts";

function sha256(...parts: Uint8Array[]): Buffer {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** MTH of a list of leaf hashes. */
export function referenceRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  const k = referenceSplit(leaves.length);
  return sha256(Buffer.of(1), referenceRoot(leaves.slice(0, k)), referenceRoot(leaves.slice(k)));
}

/** PATH(m, D[n]) over leaf hashes. */
export function referencePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = referenceSplit(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k
    ? [...referencePath(m, left), referenceRoot(right)]
    : [...referencePath(m - k, right), referenceRoot(left)];
}

/** SUBPROOF(m, D[n], b) over leaf hashes; PROOF is the one with b true. */
export function referenceSubproof(m: number, leaves: readonly Buffer[], b = true): Buffer[] {
  if (m === leaves.length) return b ? [] : [referenceRoot(leaves)];
  const k = referenceSplit(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m <= k
    ? [...referenceSubproof(m, left, b), referenceRoot(right)]
    : [...referenceSubproof(m - k, right, false), referenceRoot(left)];
}

/** A leaf hash out of data, by the definition. */
export function referenceLeaf(data: Uint8Array): Buffer {
  return sha256(Buffer.of(0), data);
}

/** Reads subtree hashes by computing them. */
export function referenceReader(leaves: readonly Buffer[]): HashReader {
  return {
    read: (level, index) => {
      const width = 2 ** level;
      if ((index + 1) * width > leaves.length) throw new RangeError("no perfect subtree there");
      return referenceRoot(leaves.slice(index * width, (index + 1) * width));
    },
  };
}

function referenceSplit(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** `count` leaf hashes, each the hash of its number and `seed`. */
export function numberedLeaves(count: number, seed = ""): Buffer[] {
  return Array.from({ length: count }, (_, i) => referenceLeaf(Buffer.from(`${seed}${i}`)));
}
