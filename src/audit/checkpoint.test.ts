/** Checkpoints and notes against signatures others made, and against every kind of malformed note. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  auditOrigin,
  formatNote,
  formatVkey,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signCheckpoint,
  signNote,
  verifyCheckpoint,
  verifyNote,
} from "./checkpoint.ts";
import { FormatError } from "./encoding.ts";
import { ProofError } from "./tree.ts";

/** An Ed25519 private key from its 32-byte seed, by the fixed PKCS #8 prefix of RFC 8410. */
function fromSeed(seed: Buffer) {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function reasonOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    if (error instanceof ProofError) return error.reason;
    if (error instanceof FormatError) return "format";
    throw error;
  }
  return "holds";
}

/** The published example of golang.org/x/mod/sumdb/note. */
const noteVkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const noteText =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const noteSeed = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
const note = `${noteText}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

/** Checkpoints of the Go checksum database, whose key name is not its origin line. */
const goVkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const goOrigin = "go.sum database tree";
const goCheckpoints = [
  `${goOrigin}\n15368405\n/g9am3I6YWNKaZX/jkne1fqd9zEyjss+JXyPXG0WfkY=\n\n— sum.golang.org Az3grqJGUaSGukG9p8nI2vKgiFn7qGHxn0W+mrwyI6Gz3F0t1J3LzmWk/p96Ybf295EjwdSwlzgijq5WA9d1Ded7owM=\n`,
  `${goOrigin}\n3784599\n7uvxIZ67TZygcq/AehTD8iHYt81Ih+Zl2Y7vXZbfszQ=\n\n— sum.golang.org Az3grn972wXskjQrsZhVGc93fTU2uOsmSTiId1Wn1lxDCup5z4ggl1/4gaUqOkMa6cMbYvjB7hn7yemNr7Zqanol/go=\n`,
];

describe("notes that others signed", () => {
  it("the published example verifies, and its key signs the same bytes here", () => {
    expect(verifyNote(note, parseVkey(noteVkey)).text).toBe(noteText);
    const key = fromSeed(Buffer.from(noteSeed, "base64"));
    expect(formatVkey("PeterNeumann", key)).toBe(noteVkey);
    expect(formatVkey("PeterNeumann", createPublicKey(key))).toBe(noteVkey);
    expect(formatNote(signNote(noteText, "PeterNeumann", key))).toBe(note);
  });

  it.each(goCheckpoints)("a checkpoint of the Go checksum database verifies", (text) => {
    const checkpoint = verifyCheckpoint(text, goVkey, goOrigin);
    expect(checkpoint.size).toBe(Number(text.split("\n")[1]));
    expect(checkpoint.root.toString("base64")).toBe(text.split("\n")[2]);
    expect(formatNote(checkpoint)).toBe(text);
    expect(reasonOf(() => verifyCheckpoint(text, goVkey))).toBe("wrong_origin");
    expect(
      reasonOf(() =>
        verifyCheckpoint(text.replace("\n1", "\n2").replace("\n3", "\n4"), goVkey, goOrigin),
      ),
    ).toBe("bad_signature");
  });
});

const origin = auditOrigin("mail.example.com", "acme");
const { privateKey } = generateKeyPairSync("ed25519");
const vkey = formatVkey(origin, privateKey);
const root = hash("sha256", "root", "buffer");
const signed = signCheckpoint({ origin, size: 20_852_163, root }, privateKey);
const body = `${origin}\n20852163\n${root.toString("base64")}\n`;

/** A validly signed note over any body at all. */
const signedBody = (text: string) => formatNote(signNote(text, origin, privateKey));

describe("our checkpoints", () => {
  it("are origin, size and root, signed under the origin's name", () => {
    expect(origin).toBe("mail.example.com/audit/acme");
    expect(signed.startsWith(`${body}\n— ${origin} `)).toBe(true);
    const read = verifyCheckpoint(signed, vkey);
    expect(read).toMatchObject({ origin, size: 20_852_163, extensions: [], text: body });
    expect(read.root.equals(root)).toBe(true);
    expect(verifyCheckpoint(Buffer.from(signed), vkey).size).toBe(20_852_163);
  });

  it("keep cosignatures of unknown keys, byte for byte", () => {
    const witness = generateKeyPairSync("ed25519").privateKey;
    const cosigned = parseCheckpoint(signed);
    cosigned.signatures.push(...signNote(body, "witness.example", witness).signatures);
    cosigned.signatures.push({
      name: "pq.example",
      keyId: Buffer.of(1, 2, 3, 4),
      signature: Buffer.alloc(2420, 9),
    });
    const text = formatNote(cosigned);
    const read = verifyCheckpoint(text, vkey);
    expect(read.signatures.map(({ name }) => name)).toEqual([
      origin,
      "witness.example",
      "pq.example",
    ]);
    expect(formatNote(read)).toBe(text);
    expect(verifyNote(text, parseVkey(formatVkey("witness.example", witness))).text).toBe(body);
  });

  it("do not verify with another key, another name, or a key of the same id", () => {
    const other = generateKeyPairSync("ed25519").privateKey;
    expect(reasonOf(() => verifyCheckpoint(signed, formatVkey(origin, other)))).toBe("unknown_key");
    expect(reasonOf(() => verifyCheckpoint(signed, formatVkey("other.example", privateKey)))).toBe(
      "unknown_key",
    );
    const sameId = { ...parseVkey(formatVkey(origin, other)), keyId: parseVkey(vkey).keyId };
    expect(reasonOf(() => verifyCheckpoint(signed, sameId))).toBe("bad_signature");
  });

  it("fall with one bad signature of the log's own key, even beside a good one", () => {
    const doubled = parseCheckpoint(signed);
    doubled.signatures.push({ ...doubled.signatures[0]!, signature: Buffer.alloc(64) });
    expect(reasonOf(() => verifyCheckpoint(formatNote(doubled), vkey))).toBe("bad_signature");
  });

  it("of another log signed with the same key are refused", () => {
    expect(reasonOf(() => verifyCheckpoint(signedBody(body.replace("acme", "evil")), vkey))).toBe(
      "wrong_origin",
    );
  });

  it.each([
    ["two lines", `${origin}\n1\n`],
    ["an empty line in the body", `${body}\nextension\n`],
    ["a size with leading zero", body.replace("20852163", "020852163")],
    ["a negative size", body.replace("20852163", "-1")],
    ["a size with plus", body.replace("20852163", "+1")],
    ["a size beyond 2^53", body.replace("20852163", "9007199254740993")],
    ["a size of many digits", body.replace("20852163", "9".repeat(1000))],
    [
      "a root of 31 bytes",
      body.replace(/\n[^\n]*\n$/, `\n${Buffer.alloc(31).toString("base64")}\n`),
    ],
    [
      "a root in base64url",
      body.replace(/\n[^\n]*\n$/, `\n${Buffer.alloc(32, 0xff).toString("base64url")}\n`),
    ],
    ["a root with bits to spare", body.replace(/.=\n$/, "B=\n").replace(/.B=\n$/, "AB=\n")],
  ])("with %s are refused though well signed", (_, text) => {
    expect(reasonOf(() => verifyCheckpoint(signedBody(text), vkey))).toBe("format");
  });

  it("extension lines are read and kept", () => {
    const extended = signCheckpoint(
      { origin, size: 1, root, extensions: ["one", "two"] },
      privateKey,
    );
    expect(verifyCheckpoint(extended, vkey).extensions).toEqual(["one", "two"]);
  });

  it("are not signed when anybody would read something else", () => {
    expect(() => signCheckpoint({ origin, size: 1.5, root }, privateKey)).toThrow(FormatError);
    expect(() => signCheckpoint({ origin, size: -1, root }, privateKey)).toThrow(FormatError);
    expect(() => signCheckpoint({ origin, size: 1, root: Buffer.alloc(20) }, privateKey)).toThrow(
      FormatError,
    );
    expect(() => signCheckpoint({ origin: "a\n1", size: 1, root }, privateKey)).toThrow(
      FormatError,
    );
    expect(() =>
      signCheckpoint({ origin, size: 1, root, extensions: ["a\nb"] }, privateKey),
    ).toThrow(FormatError);
    expect(() => signCheckpoint({ origin, size: 1, root, extensions: [""] }, privateKey)).toThrow(
      FormatError,
    );
    const wrong = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    expect(() => signCheckpoint({ origin, size: 1, root }, wrong)).toThrow(FormatError);
  });
});

describe("malformed notes", () => {
  const line = signed.slice(signed.indexOf("—"));
  it.each([
    ["nothing", ""],
    ["no signature", `${body}\n`],
    ["no blank line", body + line],
    ["no line end at the end", signed.slice(0, -1)],
    ["a line after the signatures", `${signed}more\n`],
    ["a carriage return", signed.replace("\n", "\r\n")],
    ["a tab", signed.replace("/audit", "\t/audit")],
    ["a lone surrogate", signed.replace("/audit", "\ud800")],
    ["a hyphen for the dash", signed.replace("—", "-")],
    ["two spaces", signed.replace("— ", "—  ")],
    ["a space at the end of the line", signed.replace(/\n$/, " \n")],
    ["a name with no-break space", signed.replace("— mail", "— m\u00a0ail")],
    ["a name with plus", signed.replace("— mail", "— m+ail")],
    ["a signature of four bytes", signed.replace(/ [^ ]*\n$/, " AAAAAA==\n")],
    ["a signature in broken base64", signed.replace(/=\n$/, "\n")],
    ["101 signatures", `${body}\n${line.repeat(101)}`],
    ["300 KB", `${"x".repeat(300_000)}\n\n${line}`],
  ])("with %s are refused", (_, text) => {
    expect(reasonOf(() => verifyCheckpoint(text, vkey))).toBe("format");
  });

  it("that are not UTF-8 are refused", () => {
    const bytes = Buffer.from(signed);
    bytes[2] = 0xff;
    expect(reasonOf(() => verifyCheckpoint(bytes, vkey))).toBe("format");
  });

  it("with a byte order mark in front are not the signed text", () => {
    const marked = Buffer.concat([Buffer.from("efbbbf", "hex"), Buffer.from(signed)]);
    expect(reasonOf(() => verifyCheckpoint(marked, vkey))).toBe("bad_signature");
  });

  it("sixteen cosignatures of post-quantum size are still read", () => {
    const big = `— pq.example ${Buffer.alloc(4900, 3).toString("base64")}\n`;
    expect(verifyCheckpoint(signed + big.repeat(16), vkey).signatures).toHaveLength(17);
  });

  it("any bytes are read or refused, and a read note is written back the same", () => {
    const near = fc
      .tuple(fc.nat(signed.length), fc.string({ unit: "binary", maxLength: 4 }))
      .map(([at, s]) => signed.slice(0, at) + s + signed.slice(at + s.length));
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: "binary" })), (text) => {
        const refused = reasonOf(() => parseNote(text)) === "format";
        expect(refused || formatNote(parseNote(text)) === text).toBe(true);
        expect(text === signed || reasonOf(() => verifyCheckpoint(text, vkey)) !== "holds").toBe(
          true,
        );
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(reasonOf(() => parseCheckpoint(bytes))).toBe("format");
      }),
    );
  });
});

describe("vkey strings", () => {
  it.each([
    ["another id", noteVkey.replace("c74f20a3", "c74f20a4")],
    ["the id in capitals", noteVkey.replace("c74f20a3", "C74F20A3")],
    ["another name", `x${vkey}`],
    ["no name", vkey.slice(vkey.indexOf("+"))],
    ["another type", "PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
    ["a short key", noteVkey.slice(0, -4)],
    ["nothing", ""],
    ["two parts", "a+b"],
    ["too much of it", vkey.repeat(100)],
  ])("with %s are refused", (_, text) => {
    expect(reasonOf(() => parseVkey(text))).toBe("format");
  });

  it("a log's host and operator cannot break its name", () => {
    for (const operator of ["a b", "a+b", "a\nb", "a\u2003b"])
      expect(() => auditOrigin("h.example", operator)).toThrow(FormatError);
  });
});
