/** Tests of the identity header: plain JOSE verifies it, and each of the seven verdicts is given where it should be. */
import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { compactVerify, createLocalJWKSet } from "jose";
import type { JSONWebKeySet, JWK } from "jose";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import { relaxedBodyHash } from "./dkim.ts";
import {
  composeInput,
  handOff,
  identityJwk,
  identityKey,
  jwks,
  NOW,
  RECIPIENT,
  statement,
} from "./fixture.ts";
import { MessageSyntaxError, readMessage } from "./headers.ts";
import { signIdentity, thumbprint, verifyIdentity } from "./identity.ts";
import type { IdentityClaims, IdentityResult } from "./identity.ts";

const day = 86_400_000;
const sent = await handOff(await compose(composeInput()));
const text = sent.toString("latin1");

const verify = (
  message: string | Buffer,
  keys: JSONWebKeySet = jwks,
  recipient: string | null = RECIPIENT,
  now = NOW,
): Promise<IdentityResult> =>
  verifyIdentity(
    Buffer.from(message as string, "latin1"),
    keys,
    recipient === null ? { now } : { recipient, now },
  );

function token(message: Buffer): string {
  const field = readMessage(message).fields.find(({ key }) => key === "x-multimail-identity");
  return (field?.value.toString("latin1") ?? "").replace(/\s/g, "");
}

/** The same message with another token in its identity header. */
function withToken(other: string): string {
  return text.replace(/X-MultiMail-Identity:(?:\r\n [^\r]*)+/, `X-MultiMail-Identity: ${other}`);
}

function forge(header: object, claims: object, key = identityKey.privateKey): string {
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const goodHeader = { alg: "ES256", typ: "mm-identity+jwt", kid: identityKey.kid };
const goodClaims = JSON.parse(
  Buffer.from(token(sent).split(".")[1] ?? "", "base64url").toString(),
) as IdentityClaims;
const withKey = (over: object): JSONWebKeySet => ({ keys: [{ ...jwks.keys[0], ...over }] });

describe("a signed identity", () => {
  test("is verified by plain jose from the key set", async () => {
    const { payload, protectedHeader } = await compactVerify(token(sent), createLocalJWKSet(jwks));
    expect(protectedHeader).toEqual(goodHeader);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(goodClaims);
  });

  test("states what it was given, for 400 days, bound to body, headers and this recipient only", () => {
    const { iat, exp, msg, ...rest } = goodClaims;
    expect(rest).toEqual(statement);
    expect(exp - iat).toBe(400 * 86_400);
    expect(msg.h).toBe("from:to:cc:subject:date:message-id");
    expect(msg.bh).toBe(relaxedBodyHash(readMessage(sent).body));
    expect(text).toContain(`bh=${msg.bh};`);
    expect(msg.rh).toHaveLength(1);
    expect(msg.rh[0]).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  test("is folded in lines of about 70", () => {
    const field = readMessage(sent).fields.find(({ key }) => key === "x-multimail-identity");
    for (const line of (field?.line.toString("latin1") ?? "").split("\r\n"))
      expect(line.length).toBeLessThanOrEqual(71);
  });

  test("has the thumbprint of RFC 7638 as its key id", async () => {
    // RFC 7638 §3.1, the example.
    const n =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs" +
      "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5haj" +
      "rn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    expect(await thumbprint({ kty: "RSA", n, e: "AQAB" })).toBe(
      "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    );
    expect(identityKey.kid).toBe(await thumbprint(identityJwk));
  });

  test("has 64 raw bytes of signature, also where r or s is short", async () => {
    const message = Buffer.from("From: a@b\r\n\r\n");
    for (let i = 0; i < 300; i += 1) {
      const now = new Date(NOW.getTime() + i * 1000);
      const field = await signIdentity(statement, message, identityKey, {
        recipients: [RECIPIENT],
        now,
      });
      expect((await verifyIdentity(Buffer.concat([field, message]), jwks, { now })).verdict).toBe(
        "valid",
      );
    }
  });

  test("is refused over a message that has one, or a signed header twice, or by a key on another curve", async () => {
    const options = { recipients: [RECIPIENT], now: NOW };
    await expect(signIdentity(statement, sent, identityKey, options)).rejects.toThrow(
      MessageSyntaxError,
    );
    const twice = Buffer.from("From: a@b\r\nFrom: c@d\r\n\r\n");
    await expect(signIdentity(statement, twice, identityKey, options)).rejects.toThrow(
      MessageSyntaxError,
    );
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const once = Buffer.from("From: a@b\r\n\r\n");
    await expect(
      signIdentity(statement, once, { ...identityKey, privateKey }, options),
    ).rejects.toThrow(TypeError);
    await expect(
      signIdentity({ ...statement, jti: "short" }, once, identityKey, options),
    ).rejects.toThrow(TypeError);
  });
});

describe("the verdict", () => {
  test("is valid for the message as sent, with transport headers, bare LF, and with or without a recipient", async () => {
    const received = `Received: from x\r\n by y\r\n${text}`;
    for (const message of [text, received, received.replaceAll("\r\n", "\n")]) {
      expect(await verify(message)).toMatchObject({
        verdict: "valid",
        claims: { sub: "agent@example.com" },
      });
      expect((await verify(message, jwks, null)).verdict).toBe("valid");
      expect((await verify(message, jwks, RECIPIENT.toUpperCase())).verdict).toBe("valid");
    }
  });

  test.each([
    ["a changed body", (m: string) => m.replace("order is", "order was")],
    ["an appended body", (m: string) => `${m}more\r\n`],
    ["a changed subject", (m: string) => m.replace("Subject: ", "Subject: [list] ")],
    ["a second From on top", (m: string) => `From: boss@example.com\r\n${m}`],
    [
      "a second From below",
      (m: string) => m.replace("\r\n\r\n", "\r\nFrom: boss@example.com\r\n\r\n"),
    ],
    ["an added Cc", (m: string) => `Cc: x@example.com\r\n${m}`],
  ])("is valid-modified after %s", async (_what, change) => {
    expect(change(text)).not.toBe(text);
    expect((await verify(change(text))).verdict).toBe("valid-modified");
  });

  test("is valid-not-for-you at another address", async () => {
    expect((await verify(text, jwks, "eve@example.org")).verdict).toBe("valid-not-for-you");
  });

  test("is expired after 400 days, and not a second before", async () => {
    expect((await verify(text, jwks, RECIPIENT, new Date(NOW.getTime() + 400 * day))).verdict).toBe(
      "valid",
    );
    expect(
      (await verify(text, jwks, RECIPIENT, new Date(NOW.getTime() + 400 * day + 1000))).verdict,
    ).toBe("expired");
  });

  test("is revoked by a revoked key, whatever else is wrong with the message", async () => {
    expect((await verify(`${text}more\r\n`, withKey({ status: "revoked" }))).verdict).toBe(
      "revoked",
    );
  });

  test("is valid by a retired key that was in use at the time, and invalid by one that was not", async () => {
    const iat = NOW.getTime() / 1000;
    expect(
      (await verify(text, withKey({ status: "retired", nbf: iat - 10, exp: iat + 10 }))).verdict,
    ).toBe("valid");
    expect((await verify(text, withKey({ nbf: iat + 1 }))).verdict).toBe("invalid");
    expect((await verify(text, withKey({ exp: iat - 1 }))).verdict).toBe("invalid");
  });

  test("is unknown-key where the key set has no such key", async () => {
    const result = await verify(text, { keys: [] });
    expect(result.verdict).toBe("unknown-key");
    expect(result.claims).toBeUndefined();
  });

  test("is invalid without a header, with two, and with a second one that is another's", async () => {
    expect((await verify("From: a@b\r\n\r\n")).verdict).toBe("invalid");
    const second = `X-MultiMail-Identity: ${token(sent)}\r\n`;
    expect((await verify(second + text)).verdict).toBe("invalid");
    expect(
      (await verify(text.replace("\r\n\r\n", `\r\nx-multimail-identity: x\r\n\r\n`))).verdict,
    ).toBe("invalid");
  });

  test("is invalid by a key of another kind, a private key in the set, or a key under another's id", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
      format: "jwk",
    }) as JWK;
    for (const key of [
      { kty: "RSA", n: "AQAB", e: "AQAB" },
      { crv: "P-384" },
      { d: "AAAA" },
      { x: other.x, y: other.y },
      { x: "AA" },
    ]) {
      expect((await verify(text, withKey(key))).verdict).toBe("invalid");
    }
  });
});

describe("a forged token", () => {
  test("by our own key over good claims is the control: it is valid", async () => {
    expect((await verify(withToken(forge(goodHeader, goodClaims)))).verdict).toBe("valid");
  });

  test.each([
    ["alg none", { ...goodHeader, alg: "none" }],
    ["alg HS256", { ...goodHeader, alg: "HS256" }],
    ["no typ", { alg: "ES256", kid: identityKey.kid }],
    ["another typ", { ...goodHeader, typ: "JWT" }],
    ["jku", { ...goodHeader, jku: "https://evil.example/jwks" }],
    ["x5u", { ...goodHeader, x5u: "https://evil.example/x5u" }],
    ["jwk", { ...goodHeader, jwk: identityJwk }],
    ["crit", { ...goodHeader, crit: ["exp"] }],
    ["b64 false", { ...goodHeader, b64: false }],
    ["any other member", { ...goodHeader, zip: "DEF" }],
    ["no kid", { alg: "ES256", typ: "mm-identity+jwt" }],
    ["an odd kid", { ...goodHeader, kid: "../x" }],
  ])("with %s in its header is invalid", async (_what, header) => {
    expect(await verify(withToken(forge(header, goodClaims)))).toMatchObject({
      verdict: "invalid",
    });
  });

  test.each([
    ["other signed headers", { ...goodClaims, msg: { ...goodClaims.msg, h: "from" } }],
    ["no message binding", { ...goodClaims, msg: undefined }],
    ["recipients that are no list", { ...goodClaims, msg: { ...goodClaims.msg, rh: "x" } }],
    ["an issue time in the future", { ...goodClaims, iat: goodClaims.iat + 3_600 }],
    ["an issue time that is text", { ...goodClaims, iat: "1" }],
    ["an expiry before its issue", { ...goodClaims, exp: goodClaims.iat }],
    ["an operator that is text", { ...goodClaims, operator: "x" }],
    ["an approval without class", { ...goodClaims, approval: { log: "x", stmt: "y", leaf: 1 } }],
    ["no claims but a list", []],
  ])("with %s is invalid", async (_what, claims) => {
    expect((await verify(withToken(forge(goodHeader, claims)))).verdict).toBe("invalid");
  });

  test("by another's key under our id is invalid, and carries no claims", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const result = await verify(withToken(forge(goodHeader, goodClaims, privateKey)));
    expect(result.verdict).toBe("invalid");
    expect(result.claims).toBeUndefined();
  });

  test("by a key that the set lists under our id is invalid", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = other.publicKey.export({ format: "jwk" }) as JWK;
    expect(
      (await verify(withToken(forge(goodHeader, goodClaims, other.privateKey)), withKey({ x, y })))
        .verdict,
    ).toBe("invalid");
  });

  test("of another algorithm is refused before its key is looked for", async () => {
    const result = await verify(withToken(forge({ ...goodHeader, alg: "none" }, goodClaims)), {
      keys: [],
    });
    expect(result).toMatchObject({ verdict: "invalid", reason: "the algorithm is not ES256" });
  });

  test("with any character changed is never valid", async () => {
    const good = token(sent);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.constantFrom(..."AZaz09-_.=\0é".split("")),
        async (at, char) => {
          fc.pre(good[at] !== char);
          const result = await verify(withToken(good.slice(0, at) + char + good.slice(at + 1)));
          expect(["invalid", "unknown-key"]).toContain(result.verdict);
        },
      ),
      { numRuns: 200 },
    );
    for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      if (last !== good.at(-1))
        expect((await verify(withToken(good.slice(0, -1) + last))).verdict).toBe("invalid");
    }
  });

  test("of any text is a verdict, never a crash", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), async (junk) => {
        expect(["invalid", "unknown-key"]).toContain((await verify(withToken(junk))).verdict);
      }),
      { numRuns: 200 },
    );
    expect((await verify(withToken("A".repeat(200_000)))).verdict).toBe("invalid");
  });
});
