/** Keys of authenticators: those of the three algorithms are read, everything else is refused. */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { coseMap, coseOf } from "../../test/evidence/authenticator.ts";
import { coseAlgorithms, parseCoseKey } from "./cose.ts";
import { FormatError } from "./encoding.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pairs = { [-7]: ec, [-8]: ed, [-257]: rsa };

describe("a key is read as the key it is", () => {
  it.each(coseAlgorithms)("algorithm %d", (algorithm) => {
    const { publicKey, privateKey } = pairs[algorithm];
    const read = parseCoseKey(coseOf(publicKey, algorithm));
    expect(read.algorithm).toBe(algorithm);
    const kind = algorithm === -8 ? null : "sha256";
    const signature = sign(kind, Buffer.from("text"), privateKey);
    expect(verify(kind, Buffer.from("text"), read.key, signature)).toBe(true);
  });

  it("RFC 9052's example of an EC2 key, with the algorithm that WebAuthn asks for", () => {
    const x = "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d";
    const y = "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c";
    const bytes = Buffer.from(`a5010203262001215820${x}225820${y}`, "hex");
    expect(parseCoseKey(bytes).key.export({ format: "jwk" })).toMatchObject({
      crv: "P-256",
      x: Buffer.from(x, "hex").toString("base64url"),
    });
  });
});

describe("refused is", () => {
  const good = coseOf(ec.publicKey, -7);
  const jwk = ec.publicKey.export({ format: "jwk" });
  const x = Buffer.from(String(jwk.x), "base64url");
  const y = Buffer.from(String(jwk.y), "base64url");
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  const small = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;
  const off = Buffer.concat([y.subarray(0, 31), Buffer.from([(y[31] ?? 0) ^ 1])]);
  const key = (more: readonly (readonly [number, number | Buffer])[]) =>
    coseMap([[1, 2], [3, -7], [-1, 1], ...more]);
  const cases: [string, Buffer][] = [
    ["nothing", Buffer.alloc(0)],
    ["a key cut off", good.subarray(0, -1)],
    ["a key with something behind it", Buffer.concat([good, Buffer.from([0])])],
    [
      "a point that is not on the curve",
      key([
        [-2, x],
        [-3, off],
      ]),
    ],
    [
      "a coordinate that is too short",
      key([
        [-2, x.subarray(1)],
        [-3, y],
      ]),
    ],
    [
      "a field too many",
      key([
        [-2, x],
        [-3, y],
        [4, 1],
      ]),
    ],
    [
      "a field twice",
      key([
        [-2, x],
        [-2, x],
      ]),
    ],
    [
      "another curve under ES256",
      coseMap([
        [1, 2],
        [3, -7],
        [-1, 2],
        [-2, x],
        [-3, y],
      ]),
    ],
    [
      "another algorithm",
      coseMap([
        [1, 2],
        [3, -35],
        [-1, 1],
        [-2, x],
        [-3, y],
      ]),
    ],
    [
      "ES256 as an RSA key",
      coseMap([
        [1, 3],
        [3, -7],
        [-1, x],
        [-2, y],
      ]),
    ],
    ["RSA of 1024 bits", coseOf(weak, -257)],
    ["P-384", coseOf(small, -7)],
    [
      "a number not in its shortest form",
      Buffer.concat([Buffer.from("a518010203", "hex"), good.subarray(4)]),
    ],
    ["a map without an end", Buffer.from("bf0102ff", "hex")],
    ["a length beyond the end", Buffer.from("a20102215affff", "hex")],
    ["a key of a megabyte", Buffer.alloc(1024 * 1024, 0xa1)],
  ];
  it.each(cases)("%s", (_, bytes) => {
    expect(() => parseCoseKey(bytes)).toThrow(FormatError);
  });
});
