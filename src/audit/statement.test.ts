/** Decision statements: one spelling, the DSSE bytes, and signatures that only the right key and content pass. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pae, parseEnvelope, payloadType } from "./dsse.ts";
import type { StatementEnvelope } from "./dsse.ts";
import { encodeCanonical, FormatError } from "./encoding.ts";
import {
  buildStatement,
  challenge,
  parseStatement,
  signStatement,
  statementHash,
  verifyStatementSignature,
} from "./statement.ts";
import type { StatementInput } from "./statement.ts";
import { ProofError } from "./tree.ts";

const digest = (byte: string) => byte.repeat(32);

const input: StatementInput = {
  host: "mail.example.com",
  email_id: "01KJABCDEFGHJKMNPQRSTVWXYZ",
  content_digest: digest("0a"),
  decision: "approve",
  class: "B",
  mailbox: "01KJABCDEFGHJKMNPQRSTVWXY0",
  log: "mail.example.com/audit/acme",
  log_size: 41,
  log_root: Buffer.alloc(32, 0xfb),
  content: {
    to: [digest("01"), digest("02")],
    subject: digest("03"),
    body: digest("04"),
    attachments: [],
  },
  policy: null,
  requester: { kind: "api_key", id: "k1" },
  approver: { kind: "person", id: "p1" },
  nonce: Buffer.alloc(16, 0xff),
  iat: 1_772_366_400,
};
const bytes = buildStatement(input);
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const envelope = await signStatement(bytes, "thumbprint", privateKey);

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

async function reasonOf(check: Promise<unknown>): Promise<string> {
  try {
    await check;
  } catch (error) {
    if (error instanceof ProofError) return error.reason;
    if (error instanceof FormatError) return "format";
    throw error;
  }
  return "holds";
}

describe("a decision statement", () => {
  it("is an in-toto Statement v1 in RFC 8785 form that lives ten minutes", () => {
    expect(bytes.toString()).toBe(
      '{"_type":"https://in-toto.io/Statement/v1","predicate":{"approver":{"id":"p1","kind":"person"},"class":"B",' +
        `"content":{"attachments":[],"body":"${digest("04")}","subject":"${digest("03")}","to":["${digest("01")}","${digest("02")}"]},` +
        '"decision":"approve","exp":1772367000,"iat":1772366400,"log":"mail.example.com/audit/acme",' +
        '"log_root":"+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=","log_size":41,"mailbox":"01KJABCDEFGHJKMNPQRSTVWXY0",' +
        '"nonce":"_____________________w","policy":null,"requester":{"id":"k1","kind":"api_key"}},' +
        '"predicateType":"https://mail.example.com/decision/v1",' +
        `"subject":[{"digest":{"sha256":"${digest("0a")}"},"name":"01KJABCDEFGHJKMNPQRSTVWXYZ"}]}`,
    );
    expect(buildStatement({ ...input }).equals(bytes)).toBe(true);
    expect(parseStatement(bytes).predicate.exp - input.iat).toBe(600);
  });

  it.each([
    ["another _type", (t: string) => t.replace("Statement/v1", "Statement/v2")],
    [
      "two subjects",
      (t: string) => t.replace(/"subject":\[(\{"digest.*\})\]\}$/, '"subject":[$1,$1]}'),
    ],
    ["no subject", (t: string) => t.replace(/"subject":\[\{"digest.*\]\}$/, '"subject":[]}')],
    ["a second digest", (t: string) => t.replace('"digest":{', '"digest":{"md5":"x",')],
    ["a predicate type of another kind", (t: string) => t.replace("/decision/v1", "/decision/v2")],
    ["a predicate type over http", (t: string) => t.replace("https://mail", "http://mail")],
    ["an unknown decision", (t: string) => t.replace('"approve"', '"allow"')],
    ["an unknown class", (t: string) => t.replace('"class":"B"', '"class":"S"')],
    ["an unknown field", (t: string) => t.replace('"policy":null', '"policy":null,"q":1')],
    ["a missing field", (t: string) => t.replace('"policy":null,', "")],
    ["a longer life", (t: string) => t.replace("1772367000", "1772367001")],
    ["a fractional time", (t: string) => t.replace("1772366400", "1772366400.5")],
    ["a short nonce", (t: string) => t.replace("_____________________w", "____")],
    [
      "a nonce with bits to spare",
      (t: string) => t.replace("_____________________w", "_____________________x"),
    ],
    ["a short root", (t: string) => t.replace(/"log_root":"[^"]*"/, '"log_root":"AAAA"')],
    ["clear text for a commitment", (t: string) => t.replace(digest("03"), "Re: offer")],
    ["recipients that are no list", (t: string) => t.replace(/"to":\[[^\]]*\]/, '"to":"x"')],
    ["white space", (t: string) => t.replace(",", ", ")],
    ["nothing", () => ""],
    ["a megabyte of brackets", () => "[".repeat(2 ** 20)],
    ["more than a megabyte", (t: string) => t + " ".repeat(2 ** 20)],
  ])("with %s is refused", (_, change) => {
    const changed = change(bytes.toString());
    expect(changed).not.toBe(bytes.toString());
    expect(() => parseStatement(Buffer.from(changed))).toThrow(FormatError);
  });

  it.each([
    ["a digest that is none", { content_digest: "x" }],
    ["a nonce of 15 bytes", { nonce: Buffer.alloc(15) }],
    ["a root of 31 bytes", { log_root: Buffer.alloc(31) }],
    ["a host with a path", { host: "a.example/b" }],
    ["a time in fractions", { iat: 1.5 }],
    ["clear text for content", { content: { ...input.content, body: "hello" } }],
  ])("is not built with %s", (_, change) => {
    expect(() => buildStatement({ ...input, ...change })).toThrow(FormatError);
  });

  it("names ten thousand recipients", () => {
    const to = Array.from({ length: 10_000 }, () => digest("0c"));
    expect(
      parseStatement(buildStatement({ ...input, content: { ...input.content, to } })).predicate
        .content.to,
    ).toHaveLength(10_000);
  });

  it("is read or refused, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        const same = () => encodeCanonical(parseStatement(changed), "statement").equals(changed);
        expect(refuses(() => parseStatement(changed)) || same()).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(refuses(() => parseStatement(Buffer.from(json)))).toBe(true);
      }),
    );
  });
});

describe("what is signed and named", () => {
  it("give the challenge and the hash by SHA-256", () => {
    const expected = createHash("sha256")
      .update(`DSSEv1 28 application/vnd.in-toto+json ${bytes.length} `)
      .update(bytes)
      .digest();
    expect(challenge(bytes).equals(expected)).toBe(true);
    expect(statementHash(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("the service's signature", () => {
  it("verifies with its key and gives the statement and its exact bytes", async () => {
    const read = await verifyStatementSignature(
      parseEnvelope(JSON.parse(JSON.stringify(envelope))),
      publicKey,
    );
    expect(read.bytes.equals(bytes)).toBe(true);
    expect(read.statement).toEqual(parseStatement(bytes));
    expect(envelope.signatures[0]?.keyid).toBe("thumbprint");
    expect(Buffer.from(envelope.signatures[0]!.sig, "base64")).toHaveLength(64);
  });

  it("verifies by Web Crypto too", async () => {
    const spki = publicKey.export({ format: "der", type: "spki" });
    const key = await crypto.subtle.importKey(
      "spki",
      spki,
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["verify"],
    );
    const signature = Buffer.from(envelope.signatures[0]!.sig, "base64");
    expect(
      await crypto.subtle.verify(
        { name: "ECDSA", hash: "SHA-256" },
        key,
        signature,
        pae(payloadType, bytes),
      ),
    ).toBe(true);
  });

  it("does not pass another key", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    expect(await reasonOf(verifyStatementSignature(envelope, other))).toBe("bad_signature");
  });

  it("does not pass another statement", async () => {
    const payload = buildStatement({ ...input, decision: "reject" }).toString("base64");
    expect(await reasonOf(verifyStatementSignature({ ...envelope, payload }, publicKey))).toBe(
      "bad_signature",
    );
  });

  it("does not pass with any bit changed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(511), async (bit) => {
        const sig = Buffer.from(envelope.signatures[0]!.sig, "base64");
        sig[bit >> 3] = sig[bit >> 3]! ^ (1 << (bit & 7));
        const forged = {
          ...envelope,
          signatures: [{ keyid: "thumbprint", sig: sig.toString("base64") }],
        };
        expect(await reasonOf(verifyStatementSignature(forged, publicKey))).toBe("bad_signature");
      }),
      { numRuns: 30 },
    );
  });

  it("over the bare statement, without its type, does not pass", async () => {
    const bare = sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" });
    const forged = {
      ...envelope,
      signatures: [{ keyid: "thumbprint", sig: bare.toString("base64") }],
    };
    expect(await reasonOf(verifyStatementSignature(forged, publicKey))).toBe("bad_signature");
  });

  it("is found among others, but a passkey's is never taken for it", async () => {
    const [good] = envelope.signatures;
    const noise = { keyid: "x", sig: Buffer.alloc(64).toString("base64") };
    expect(
      await reasonOf(
        verifyStatementSignature({ ...envelope, signatures: [noise, good!] }, publicKey),
      ),
    ).toBe("holds");
    const webauthn = { clientDataJSON: "e30", authenticatorData: "AAAA" };
    const dressed = { ...envelope, signatures: [{ ...good!, webauthn }] };
    expect(parseEnvelope(dressed)).toEqual(dressed);
    expect(await reasonOf(verifyStatementSignature(dressed, publicKey))).toBe("bad_signature");
  });

  it("is never put under a class A statement, nor taken for one", async () => {
    const classA = buildStatement({ ...input, class: "A" });
    expect(parseStatement(classA).predicate.class).toBe("A");
    expect(await reasonOf(signStatement(classA, "thumbprint", privateKey))).toBe("bad_signature");
    const sig = sign("sha256", pae(payloadType, classA), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    });
    const forged: StatementEnvelope = {
      payloadType,
      payload: classA.toString("base64"),
      signatures: [{ keyid: "thumbprint", sig: sig.toString("base64") }],
    };
    expect(await reasonOf(verifyStatementSignature(forged, publicKey))).toBe("bad_signature");
  });

  it("is made with a P-256 key and over a statement only", async () => {
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
    expect(await reasonOf(signStatement(bytes, "k", p384.privateKey))).toBe("format");
    expect(await reasonOf(verifyStatementSignature(envelope, p384.publicKey))).toBe("format");
    expect(await reasonOf(signStatement(Buffer.from("{}"), "k", privateKey))).toBe("format");
  });
});
