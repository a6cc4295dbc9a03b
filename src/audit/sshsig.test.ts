/** Signatures of the directory by the operator's own key: OpenSSH's and raw ones hold, everything else does not. */
import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatHead, parseHead } from "./directory.ts";
import { FormatError } from "./encoding.ts";
import { readDirectoryKey, verifyDirectorySignature } from "./sshsig.ts";

const text = formatHead("mail.example.org/audit/x", [
  { index: 9, leaf: "ab".repeat(32) },
  { index: 2, leaf: "cd".repeat(32) },
]);
const pair = generateKeyPairSync("ed25519");
const line = readDirectoryKey(pair.publicKey.export({ format: "pem", type: "spki" }).toString());
const hasOpenSsh = spawnSync("ssh-keygen", ["-?"]).error === undefined;

it("a head has one spelling, in the order of the log", () => {
  expect(parseHead(text).entries.map(({ index }) => index)).toEqual([2, 9]);
  expect(formatHead("mail.example.org/audit/x", parseHead(text).entries)).toBe(text);
  for (const other of [` ${text}`, text.replace("multimail-directory/v1", "x/v1"), "{}", "["])
    expect(() => parseHead(other)).toThrow(FormatError);
  const falling = text.replace('"index":2', '"index":10');
  expect(() => parseHead(falling)).toThrow("do not rise");
});

describe.skipIf(!hasOpenSsh)("with OpenSSH", () => {
  it("ssh-keygen signs what is verified here, and nothing else is", () => {
    const folder = mkdtempSync(join(tmpdir(), "directory-"));
    try {
      const key = join(folder, "key");
      const head = join(folder, "head");
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "someone", "-f", key]);
      const publicLine = readDirectoryKey(readFileSync(`${key}.pub`, "utf8"));
      const signed = (content: string, namespace: string): string => {
        writeFileSync(head, content);
        rmSync(`${head}.sig`, { force: true });
        execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", namespace, "-f", key, head], {
          stdio: "pipe",
        });
        return readFileSync(`${head}.sig`, "utf8");
      };
      expect(verifyDirectorySignature(text, signed(text, "multimail-directory"), publicLine)).toBe(
        true,
      );
      const withEnd = signed(`${text}\n`, "multimail-directory");
      expect(verifyDirectorySignature(text, withEnd, publicLine)).toBe(true);
      expect(verifyDirectorySignature(text.replace("9", "8"), withEnd, publicLine)).toBe(false);
      expect(verifyDirectorySignature(text, withEnd, line)).toBe(false);
      expect(() => verifyDirectorySignature(text, signed(text, "file"), publicLine)).toThrow(
        "another namespace",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it("a raw Ed25519 signature holds over its own text and key", () => {
  const signature = sign(null, Buffer.from(text), pair.privateKey).toString("base64");
  expect(verifyDirectorySignature(text, signature, line)).toBe(true);
  expect(verifyDirectorySignature(`${text} `, signature, line)).toBe(false);
  const other = generateKeyPairSync("ed25519").publicKey;
  const raw = Buffer.from(String(other.export({ format: "jwk" }).x), "base64url");
  expect(verifyDirectorySignature(text, signature, readDirectoryKey(raw.toString("base64")))).toBe(
    false,
  );
});

it("what is no key and no signature is refused", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const keys = ["", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "ssh-ed25519", "x".repeat(3000)];
  for (const key of [...keys, ec.export({ format: "pem", type: "spki" }).toString()])
    expect(() => readDirectoryKey(key), key).toThrow(FormatError);
  const armoured = (body: string): string =>
    `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----`;
  const bodies = ["", "AAAA", randomBytes(200).toString("base64"), " ".repeat(1900)];
  for (const signature of ["", "AAAA", ...bodies.map(armoured), "y".repeat(3000)])
    expect(() => verifyDirectorySignature(text, signature, line), signature).toThrow(FormatError);
});
