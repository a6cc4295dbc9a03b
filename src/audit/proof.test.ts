/** Receipts: what is written is read, what is proved holds, and any change fails. */
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatNote, formatVkey, parseCheckpoint, signCheckpoint, signNote } from "./checkpoint.ts";
import { FormatError } from "./encoding.ts";
import { formatProof, parseProof, verifyProof } from "./proof.ts";
import { numberedLeaves, referencePath, referenceRoot } from "./rfc6962-reference.ts";
import { ProofError } from "./tree.ts";

const origin = "mail.example.com/audit/acme";
const { privateKey } = generateKeyPairSync("ed25519");
const vkey = formatVkey(origin, privateKey);
const leaves = numberedLeaves(77);
const checkpoint = signCheckpoint(
  { origin, size: leaves.length, root: referenceRoot(leaves) },
  privateKey,
);
const receipt = (index: number, extra?: Buffer) =>
  formatProof({
    index,
    path: referencePath(index, leaves),
    checkpoint,
    ...(extra === undefined ? {} : { extra }),
  });

function refuses(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (error instanceof ProofError || error instanceof FormatError) return true;
    throw error;
  }
}

describe("receipts", () => {
  it("are laid out as tlog-proof@v1 says", () => {
    const path = referencePath(5, leaves).map((node) => node.toString("base64"));
    const text = `c2sp.org/tlog-proof@v1\nindex 5\n${path.join("\n")}\n\n${checkpoint}`;
    expect(receipt(5)).toBe(text);
    expect(receipt(5, Buffer.from("hi"))).toBe(text.replace("\nindex", "\nextra aGk=\nindex"));
  });

  it("prove every leaf, with or without extra data, and give the checkpoint", () => {
    for (const [index, leaf] of leaves.entries()) {
      expect(verifyProof(receipt(index), leaf, vkey).size).toBe(77);
      expect(verifyProof(receipt(index, Buffer.from([index])), leaf, vkey).origin).toBe(origin);
      expect(parseProof(receipt(index, Buffer.from([index]))).extra).toEqual(Buffer.from([index]));
    }
  });

  it("of a log of one entry have no path", () => {
    const [leaf] = leaves;
    const single = signCheckpoint({ origin, size: 1, root: leaf! }, privateKey);
    const text = formatProof({ index: 0, path: [], checkpoint: single });
    expect(text.startsWith("c2sp.org/tlog-proof@v1\nindex 0\n\nmail.example.com")).toBe(true);
    expect(verifyProof(text, leaf!, vkey).size).toBe(1);
    expect(refuses(() => verifyProof(text, leaves[1]!, vkey))).toBe(true);
  });

  it("prove no other leaf, and nothing under another key", () => {
    expect(refuses(() => verifyProof(receipt(5), leaves[6]!, vkey))).toBe(true);
    const other = formatVkey(origin, generateKeyPairSync("ed25519").privateKey);
    expect(refuses(() => verifyProof(receipt(5), leaves[5]!, other))).toBe(true);
  });

  it("keep the cosignatures", () => {
    const cosigned = parseCheckpoint(checkpoint);
    const witness = generateKeyPairSync("ed25519").privateKey;
    cosigned.signatures.push(...signNote(cosigned.text, "witness.example", witness).signatures);
    const text = formatProof({
      index: 3,
      path: referencePath(3, leaves),
      checkpoint: formatNote(cosigned),
    });
    expect(verifyProof(text, leaves[3]!, vkey).signatures).toHaveLength(2);
  });

  const text = receipt(5);
  it.each([
    ["another first line", text.replace("@v1", "@v2")],
    ["no index", text.replace("index 5\n", "")],
    ["an index with zero in front", text.replace("index 5", "index 05")],
    ["another index", text.replace("index 5", "index 4")],
    ["an index beyond the tree", text.replace("index 5", "index 77")],
    ["two extra lines", text.replace("\nindex", "\nextra aGk=\nextra aGk=\nindex")],
    ["extra data after the index", text.replace("index 5", "index 5\nextra aGk=")],
    ["extra data in broken base64", text.replace("\nindex", "\nextra aGk\nindex")],
    [
      "a path hash of 31 bytes",
      text.replace(/index 5\n[^\n]+/, `index 5\n${Buffer.alloc(31).toString("base64")}`),
    ],
    ["a path hash left out", text.replace(/index 5\n[^\n]+\n/, "index 5\n")],
    [
      "a long path",
      text.replace(
        "index 5\n",
        `index 5\n${`${Buffer.alloc(32).toString("base64")}\n`.repeat(60)}`,
      ),
    ],
    ["carriage returns", text.replaceAll("\n", "\r\n")],
    ["no checkpoint", text.slice(0, text.indexOf("\n\n") + 2)],
    ["no blank line", text.replace("\n\n", "\n")],
    ["megabytes", text + "x".repeat(1_000_000)],
    ["nothing", ""],
  ])("with %s prove nothing", (_, changed) => {
    expect(changed).not.toBe(text);
    expect(refuses(() => verifyProof(changed, leaves[5]!, vkey))).toBe(true);
  });

  it("with a path of wrong hashes, or longer than any tree is high, are not even read", () => {
    const hash = (length: number) => `${Buffer.alloc(length).toString("base64")}\n`;
    const withPath = (path: string) => text.replace("index 5\n", `index 5\n${path}`);
    expect(parseProof(withPath(hash(32))).path).toHaveLength(referencePath(5, leaves).length + 1);
    expect(() => parseProof(withPath(hash(31)))).toThrow(FormatError);
    expect(() => parseProof(withPath(hash(32).repeat(60)))).toThrow(FormatError);
  });

  it("with any byte changed outside the extra line prove nothing, and any text is read or refused", () => {
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
        (at, char) => {
          const changed = text.slice(0, at) + char + text.slice(at + 1);
          fc.pre(changed !== text);
          expect(refuses(() => verifyProof(changed, leaves[5]!, vkey))).toBe(true);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (any) => {
        expect(refuses(() => parseProof(`c2sp.org/tlog-proof@v1\n${any}`))).toBe(true);
      }),
    );
  });
});
