/** The Merkle tree of RFC 6962 and RFC 9162: hashes, roots, and inclusion and consistency proofs. */
import { hash } from "node:crypto";

/** Bytes in every hash of the tree. */
export const hashBytes = 32;

/** Why something well-formed proves nothing. */
export type ProofReason =
  | "index_out_of_range"
  | "size_out_of_range"
  | "wrong_proof_length"
  | "bad_hash"
  | "root_mismatch"
  | "unknown_key"
  | "bad_signature"
  | "wrong_origin";

/** A proof that does not hold, with its reason. */
export class ProofError extends Error {
  readonly reason: ProofReason;

  constructor(reason: ProofReason, message: string) {
    super(message);
    this.name = "ProofError";
    this.reason = reason;
  }
}

/** Gives the hash of the perfect subtree that spans leaves [index * 2^level, (index + 1) * 2^level). */
export interface HashReader {
  read(level: number, index: number): Buffer;
}

/** A perfect subtree: `level` 0 is one leaf. */
export type TreeNode = { level: number; index: number };

/** Leaves [start, end) that form one subtree of RFC 6962, perfect or not. */
export type LeafRange = { start: number; end: number };

/**
 * One-shot hashing to a "binary" string and back costs a third of asking node:crypto for a Buffer, and this is
 * where all of the log's time goes. The two inputs are kept: hashing is synchronous, so nobody shares them.
 */
const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1);
const leafInput = Buffer.alloc(1 + 65_535, 0);

/** Root of the empty tree, SHA-256 of nothing (RFC 6962 section 2.1). */
export function emptyRoot(): Buffer {
  return hash("sha256", "", "buffer");
}

/** SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Buffer {
  return Buffer.from(leafDigest(entry), "binary");
}

/** Leaf hashes of `entries`, one after another in one buffer of 32 bytes each, as a tile holds them. */
export function leafHashes(entries: readonly Uint8Array[]): Buffer {
  const hashes = Buffer.allocUnsafe(entries.length * hashBytes);
  for (const [i, entry] of entries.entries())
    hashes.write(leafDigest(entry), i * hashBytes, "binary");
  return hashes;
}

function leafDigest(entry: Uint8Array): string {
  if (entry.length >= leafInput.length)
    return hash("sha256", Buffer.concat([Buffer.alloc(1), entry]), "binary");
  leafInput.set(entry, 1);
  return hash("sha256", leafInput.subarray(0, 1 + entry.length), "binary");
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  checkHash(left, "left");
  checkHash(right, "right");
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashBytes);
  return Buffer.from(hash("sha256", nodeInput, "binary"), "binary");
}

const reduction = Buffer.alloc(256 * hashBytes);

/** Root of the perfect subtree over `count` (1, 2, 4 … 256) hashes of `hashes`, from number `first` on. */
export function perfectRoot(hashes: Buffer, first: number, count: number): Buffer {
  if ((first + count) * hashBytes > hashes.length)
    throw new ProofError("bad_hash", "subtree reaches beyond its hashes");
  hashes.copy(reduction, 0, first * hashBytes, (first + count) * hashBytes);
  for (let width = count / 2; width >= 1; width /= 2) {
    for (let i = 0; i < width; i++) {
      reduction.copy(nodeInput, 1, 2 * i * hashBytes, (2 * i + 2) * hashBytes);
      reduction.write(hash("sha256", nodeInput, "binary"), i * hashBytes, "binary");
    }
  }
  return Buffer.from(reduction.subarray(0, hashBytes));
}

/** Root of the tree of `size` leaves (RFC 6962 section 2.1). */
export function treeRoot(size: number, reader: HashReader): Buffer {
  checkSize(size);
  return size === 0 ? emptyRoot() : rangeRoot({ start: 0, end: size }, reader);
}

/** Audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling up (RFC 6962 section 2.1.1). */
export function inclusionProof(index: number, size: number, reader: HashReader): Buffer[] {
  return inclusionRanges(index, size).map((range) => rangeRoot(range, reader));
}

/** Proof that the tree of `size2` leaves continues that of `size1` >= 1 (RFC 6962 section 2.1.2). */
export function consistencyProof(size1: number, size2: number, reader: HashReader): Buffer[] {
  return consistencyRanges(size1, size2).map((range) => rangeRoot(range, reader));
}

/** The subtrees whose roots are the inclusion proof, in its order: what must be loaded before {@link inclusionProof}. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  checkSize(size);
  checkIndex(index, size);
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.toReversed();
}

/** The subtrees whose roots are the consistency proof, in its order. */
export function consistencyRanges(size1: number, size2: number): LeafRange[] {
  checkSizes(size1, size2);
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size2];
  while (size1 < end) {
    const middle = start + splitPoint(end - start);
    if (size1 <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The verifier knows the whole old tree's root already; any smaller common subtree has to be told.
  if (start > 0) ranges.push({ start, end });
  return ranges.toReversed();
}

/** The perfect subtrees that make up `range`, from the left; their levels fall. */
export function rangeNodes(range: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  let { start } = range;
  while (start < range.end) {
    let [level, width] = [0, 1];
    while (width * 2 <= range.end - start) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: start / width });
    start += width;
  }
  return nodes;
}

function rangeRoot(range: LeafRange, reader: HashReader): Buffer {
  return rangeNodes(range)
    .map((node) => reader.read(node.level, node.index))
    .reduceRight((right, left) => nodeHash(left, right));
}

/**
 * Checks that `leaf` is number `index` of the tree of `size` leaves with `root`; throws ProofError otherwise.
 * RFC 9162 section 2.1.3.2. An empty path is good only for index 0 of size 1.
 */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): void {
  checkSize(size);
  checkIndex(index, size);
  checkHash(leaf, "leaf");
  let [fn, sn] = [index, size - 1];
  let computed = leaf;
  for (const sibling of proof) {
    if (sn === 0) throw new ProofError("wrong_proof_length", "inclusion proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      computed = nodeHash(sibling, computed);
      [fn, sn] = dropRightEdge(fn, sn);
    } else {
      computed = nodeHash(computed, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw new ProofError("wrong_proof_length", "inclusion proof is too short");
  if (!computed.equals(root))
    throw new ProofError("root_mismatch", "inclusion proof leads to another root");
}

/**
 * Checks that the tree (`size2`, `root2`) continues (`size1`, `root1`); throws ProofError otherwise.
 * RFC 9162 section 2.1.4.2. Size 0 is refused: every tree continues the empty one, which proves nothing.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  proof: readonly Buffer[],
  root1: Buffer,
  root2: Buffer,
): void {
  checkSizes(size1, size2);
  if (size1 === size2) {
    if (proof.length > 0)
      throw new ProofError("wrong_proof_length", "consistency proof of equal sizes is not empty");
    if (!root1.equals(root2)) throw new ProofError("root_mismatch", "two roots for one size");
    return;
  }
  let [fn, sn] = [size1 - 1, size2 - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  // fn is 0 exactly when size1 is a power of two; its root is then itself the first subtree.
  const hashes = fn === 0 ? [root1, ...proof] : proof;
  const [first, ...rest] = hashes;
  if (first === undefined || proof.length === 0)
    throw new ProofError("wrong_proof_length", "consistency proof is empty");
  checkHash(first, "consistency proof");
  let [old, young] = [first, first];
  for (const sibling of rest) {
    if (sn === 0) throw new ProofError("wrong_proof_length", "consistency proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      old = nodeHash(sibling, old);
      young = nodeHash(sibling, young);
      [fn, sn] = dropRightEdge(fn, sn);
    } else {
      young = nodeHash(young, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw new ProofError("wrong_proof_length", "consistency proof is too short");
  if (!old.equals(root1))
    throw new ProofError("root_mismatch", "consistency proof leads to another old root");
  if (!young.equals(root2))
    throw new ProofError("root_mismatch", "consistency proof leads to another new root");
}

/** On the right edge a node without sibling rises unhashed: skips those levels (RFC 9162, step "until LSB(fn) is set"). */
function dropRightEdge(fn: number, sn: number): [number, number] {
  while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
  return [fn, sn];
}

/** Sizes may pass 2^31, so no shifts. */
function half(n: number): number {
  return Math.floor(n / 2);
}

/** The largest power of two below `n` >= 2 (RFC 6962's k). */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function checkHash(bytes: Buffer, what: string): void {
  if (bytes.length !== hashBytes)
    throw new ProofError("bad_hash", `${what} is not a hash of ${hashBytes} bytes`);
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new ProofError("size_out_of_range", "tree size is out of range");
}

function checkIndex(index: number, size: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new ProofError("index_out_of_range", "leaf index is not in the tree");
  }
}

function checkSizes(size1: number, size2: number): void {
  checkSize(size1);
  checkSize(size2);
  if (size1 === 0)
    throw new ProofError("size_out_of_range", "consistency with the empty tree proves nothing");
  if (size1 > size2)
    throw new ProofError("size_out_of_range", "the old tree is larger than the new one");
}
