/** Receipts: offline proofs that an entry is in the log (C2SP tlog-proof@v1). */
import { maxNoteBytes, parseVkey, verifyCheckpoint } from "./checkpoint.ts";
import type { SignedCheckpoint, VerifierKey } from "./checkpoint.ts";
import { decodeBase64, decodeDecimal, FormatError } from "./encoding.ts";
import { hashBytes, verifyInclusion } from "./tree.ts";

/** First line of every receipt. */
export const proofHeader = "c2sp.org/tlog-proof@v1";

/** Longest audit path: sizes end at 2^53. */
const maxPath = 53;

/** Most bytes of opaque extra data. */
const maxExtraBytes = 64 * 1024;

/** A receipt: where the entry is, its audit path from the leaf's sibling up, and the signed checkpoint verbatim. */
export type LogProof = {
  index: number;
  path: readonly Buffer[];
  checkpoint: string;
  /** Opaque, covered by no signature. */
  extra?: Buffer;
};

/** The receipt as text (file extension `.tlog-proof`). */
export function formatProof(proof: LogProof): string {
  const extra = proof.extra === undefined ? "" : `extra ${proof.extra.toString("base64")}\n`;
  const path = proof.path.map((node) => `${node.toString("base64")}\n`).join("");
  return `${proofHeader}\n${extra}index ${proof.index}\n${path}\n${proof.checkpoint}`;
}

/** Reads a receipt; checks its form only, and not that of the checkpoint in it. Throws FormatError. */
export function parseProof(text: string): LogProof {
  if (text.length > maxNoteBytes + 2 * maxExtraBytes) throw new FormatError("proof: too long");
  const blank = text.indexOf("\n\n");
  if (blank < 0) throw new FormatError("proof: no blank line before the checkpoint");
  const lines = text.slice(0, blank).split("\n");
  if (lines.shift() !== proofHeader)
    throw new FormatError(`proof: first line is not ${proofHeader}`);
  const extra = lines[0]?.startsWith("extra ")
    ? decodeBase64(lines.shift()?.slice(6) ?? "", "proof extra data")
    : undefined;
  if (extra !== undefined && extra.length > maxExtraBytes)
    throw new FormatError("proof: extra data is too long");
  const indexLine = lines.shift() ?? "";
  if (!indexLine.startsWith("index ")) throw new FormatError("proof: no index line");
  const index = decodeDecimal(indexLine.slice(6), "proof index");
  if (lines.length > maxPath) throw new FormatError("proof: path is too long");
  const path = lines.map((line) => {
    const node = decodeBase64(line, "proof path");
    if (node.length !== hashBytes) throw new FormatError("proof path: not a hash");
    return node;
  });
  const checkpoint = text.slice(blank + 2);
  return { index, path, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/**
 * Checks that the receipt proves `leaf` (a leaf hash) to be in the log that `vkey` signs, and gives the checkpoint with its
 * cosignatures. Throws FormatError or ProofError. Witnesses are not counted here.
 */
export function verifyProof(
  proof: string | LogProof,
  leaf: Buffer,
  vkey: string | VerifierKey,
): SignedCheckpoint {
  const { index, path, checkpoint } = typeof proof === "string" ? parseProof(proof) : proof;
  const signed = verifyCheckpoint(checkpoint, typeof vkey === "string" ? parseVkey(vkey) : vkey);
  verifyInclusion(leaf, index, signed.size, path, signed.root);
  return signed;
}
