/** Tests of DKIM signing: the RFCs' vectors, the profile, and mailauth as an outside verifier of every attack. */
import { createHash, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import {
  dkimTxtRecord,
  OVERSIGNED_HEADERS,
  relaxedBodyHash,
  signDkim,
  signedHeaderLines,
  signingInput,
} from "./dkim.ts";
import { attacks, composeInput, dkimKeys, handOff, NOW, resolver } from "./fixture.ts";
import { MessageSyntaxError, readMessage } from "./headers.ts";

// RFC 8463 Appendix A: keys (A.1), records (A.2) and the message signed with both (A.3).
const ED25519_SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const ED25519_RECORD = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RSA_RECORD =
  "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" +
  "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC" +
  "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3" +
  "Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
const RSA_PRIVATE = `-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----`;
const SIGNED_MESSAGE = Buffer.from(
  [
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;",
    " d=football.example.com; i=@football.example.com;",
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :",
    " subject : date : message-id : from : subject : date;",
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus",
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==",
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
    " d=football.example.com; i=@football.example.com;",
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :",
    " date : message-id : from : subject : date;",
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3",
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz",
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=",
    "From: Joe SixPack <joe@football.example.com>",
    "To: Suzie Q <suzie@shopping.example.net>",
    "Subject: Is dinner ready?",
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>",
    "",
    "Hi.",
    "",
    "We lost the game.  Are you hungry yet?",
    "",
    "Joe.",
    "",
  ].join("\r\n"),
  "latin1",
);

const seed = Buffer.from(ED25519_SEED, "base64");
const ed25519Private = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]),
  format: "der",
  type: "pkcs8",
});
const rsaPrivate = createPrivateKey(RSA_PRIVATE);

/** Verdicts of mailauth in its lenient mode, the one most receivers resemble. */
async function mailauth(message: string | Buffer): Promise<string[]> {
  const { results } = await dkimVerify(message, { resolver, curTime: NOW });
  return results.map(({ status }) => status.result);
}

const example =
  "From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n";
const sealed = async (message: string): Promise<Buffer> => {
  const bytes = Buffer.from(message, "latin1");
  return Buffer.concat([await signDkim(bytes, dkimKeys, NOW), bytes]);
};

describe("RFC 8463 Appendix A", () => {
  const message = readMessage(SIGNED_MESSAGE);
  const names = (value: string): string[] =>
    (/h=([^;]*)/.exec(value)?.[1] ?? "").split(":").map((name) => name.trim());
  const [ed25519Field, rsaField] = message.fields.map((field) => field.value.toString("latin1"));
  const cut = (value: string): [string, string] => {
    const at = value.lastIndexOf("b=") + 2;
    return [value.slice(0, at), value.slice(at).replace(/\s/g, "")];
  };

  test("the body hash is the RFC's", () => {
    expect(relaxedBodyHash(message.body)).toBe("2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  });

  test("the Ed25519 signature is the RFC's, byte for byte", () => {
    const [unsigned, expected] = cut(ed25519Field ?? "");
    const input = signingInput(signedHeaderLines(message.fields, names(unsigned)), unsigned);
    expect(
      sign(null, createHash("sha256").update(input).digest(), ed25519Private).toString("base64"),
    ).toBe(expected);
  });

  test("the RSA signature is the RFC's, byte for byte", () => {
    const [unsigned, expected] = cut(rsaField ?? "");
    const input = signingInput(signedHeaderLines(message.fields, names(unsigned)), unsigned);
    expect(sign("sha256", input, rsaPrivate).toString("base64")).toBe(expected);
  });

  test("the records are the RFC's", () => {
    expect(dkimTxtRecord({ algorithm: "ed25519-sha256", private_key: ed25519Private })).toBe(
      ED25519_RECORD,
    );
    expect(dkimTxtRecord({ algorithm: "rsa-sha256", private_key: rsaPrivate })).toBe(RSA_RECORD);
  });

  test("our signature by the RFC's keys verifies by the RFC's records", async () => {
    const bare = SIGNED_MESSAGE.subarray(SIGNED_MESSAGE.indexOf("From: "));
    const keys = [
      {
        domain: "football.example.com",
        selector: "brisbane",
        algorithm: "ed25519-sha256",
        private_key: ed25519Private,
      },
      {
        domain: "football.example.com",
        selector: "test",
        algorithm: "rsa-sha256",
        private_key: rsaPrivate,
      },
    ] as const;
    const signed = Buffer.concat([await signDkim(bare, keys, NOW), bare]);
    const txt = async (name: string): Promise<string[][]> =>
      await Promise.resolve([[name.startsWith("brisbane.") ? ED25519_RECORD : RSA_RECORD]]);
    const { results } = await dkimVerify(signed, { resolver: txt, curTime: NOW, strict: true });
    expect(results.map(({ status }) => status.result)).toEqual(["pass", "pass"]);
  });
});

describe("the profile", () => {
  test("names every protected header once more than present, and nothing else", async () => {
    const message = "From: a@b\r\nCc: c@d\r\nReceived: x\r\nX-Other: y\r\n\r\nbody\r\n";
    const [field] = readMessage(
      await signDkim(Buffer.from(message), dkimKeys.slice(0, 1), NOW),
    ).fields;
    const h =
      /\bh=([^;]*);/
        .exec(field?.value.toString("latin1") ?? "")?.[1]
        ?.replace(/\s/g, "")
        .split(":") ?? [];
    const expected = OVERSIGNED_HEADERS.flatMap((name) =>
      name === "from" || name === "cc" ? [name, name] : [name],
    );
    expect(h).toEqual(expected);
    expect(OVERSIGNED_HEADERS).toHaveLength(19);
  });

  test("is relaxed/relaxed with t= and x= 14 days on, without l=, one field a key, in lines of at most 78", async () => {
    const fields = await signDkim(Buffer.from(`${example}\r\nbody\r\n`), dkimKeys, NOW);
    const text = fields.toString("latin1");
    expect(text.match(/^DKIM-Signature: v=1; /gm)).toHaveLength(2);
    expect(text).toContain(`t=${NOW.getTime() / 1000}; x=${NOW.getTime() / 1000 + 14 * 86_400};`);
    expect(text.match(/c=relaxed\/relaxed;/g)).toHaveLength(2);
    expect(text).not.toMatch(/[ ;]l=/);
    for (const line of text.split("\r\n")) expect(line.length).toBeLessThanOrEqual(78);
  });

  test("signs by Ed25519 what RFC 8032 signs: the same input gives the same signature", async () => {
    const bytes = Buffer.from(`${example}\r\nbody\r\n`);
    const once = await signDkim(bytes, dkimKeys.slice(1), NOW);
    expect((await signDkim(bytes, dkimKeys.slice(1), NOW)).equals(once)).toBe(true);
    const given = await signDkim(bytes, dkimKeys.slice(1), NOW, {
      bodyHash: relaxedBodyHash(Buffer.from("body\r\n")),
    });
    expect(given.equals(once)).toBe(true);
  });

  test.each([
    ["a bare LF in the body", `${example}\r\nbody\n`],
    ["a bare CR in the body", `${example}\r\nbo\rdy\r\n`],
    ["a bare LF in the header", `${example.replace("\r\n", "\n")}\r\nbody\r\n`],
    ["no From", "To: a@b\r\n\r\nbody\r\n"],
  ])("refuses a message with %s", async (_what, message) => {
    await expect(signDkim(Buffer.from(message), dkimKeys, NOW)).rejects.toThrow(MessageSyntaxError);
  });

  test("refuses a key of another kind, and names that are no DNS names", async () => {
    const bytes = Buffer.from(`${example}\r\n`);
    const [rsa, ed25519] = dkimKeys;
    if (!rsa || !ed25519) throw new Error("no keys");
    for (const key of [
      { ...rsa, private_key: ed25519.private_key },
      { ...rsa, private_key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey },
      { ...rsa, domain: "example.com; x=1" },
      { ...rsa, selector: "s\r\nFrom: x" },
    ]) {
      await expect(signDkim(bytes, [key], NOW)).rejects.toThrow(TypeError);
    }
  });
});

describe("mailauth", () => {
  const shapes: [string, string][] = [
    ["a plain body", `${example}\r\nHello  there \r\n\r\n\r\n`],
    ["an empty body", `${example}\r\n`],
    ["a body of empty lines", `${example}\r\n\r\n\r\n`],
    ["a body without a last line end", `${example}\r\nHello`],
    ["a body of blanks", `${example}\r\n \t\r\n  \r\n`],
    [
      "8-bit text in header and body",
      `${example}X-A: Gr\xfc\xdfe\r\nReply-To: J\xf6rg <a@b>\r\n\r\nGr\xfc\xdfe\r\n`,
    ],
    [
      "a long folded header",
      `${example}References: ${"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com>\r\n\t ".repeat(60)}<z@z>\r\n\r\nx\r\n`,
    ],
    [
      "header names in odd capitals and spaces",
      "fRoM : a@example.com\r\nSUBJECT:x  y\t z \r\n\r\nx\r\n",
    ],
    ["two fields of one name", `${example}To: second@example.net\r\n\r\nx\r\n`],
  ];

  test.each(shapes)("passes both signatures over %s", async (_what, message) => {
    expect(await mailauth(await sealed(message))).toEqual(["pass", "pass"]);
  });

  test("passes any header and body that we sign", async () => {
    const word = fc.string({
      unit: fc.constantFrom("a", "B", " ", "\t", ":", ";", "=", "\xe9", "\r\n ", "\r\n\t"),
      maxLength: 20,
    });
    const line = fc.string({
      unit: fc.constantFrom("a", " ", "\t", ".", "=", "\xe9", "\r\n"),
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(word, word, line, async (subject, replyTo, body) => {
        const fields = `From: a@example.com\r\nSubject:${subject}x\r\nReply-To: x${replyTo}x\r\n`;
        expect(await mailauth(await sealed(`${fields}\r\n${body}`))).toEqual(["pass", "pass"]);
      }),
      { numRuns: 60 },
    );
  });

  test.each([...attacks])("passes no signature after %s", async (_name, attack) => {
    const sent = (await handOff(await compose(composeInput()))).toString("latin1");
    expect(await mailauth(sent)).toEqual(["pass", "pass"]);
    const attacked = attack(sent);
    expect(attacked).not.toBe(sent);
    expect(await mailauth(Buffer.from(attacked, "latin1"))).not.toContain("pass");
  });

  test.each(OVERSIGNED_HEADERS)(
    "passes no signature after a %s is added, above or below",
    async (name) => {
      const sent = (await handOff(await compose(composeInput()))).toString("latin1");
      for (const attacked of [
        `${name}: x\r\n${sent}`,
        sent.replace("\r\n\r\n", `\r\n${name}: x\r\n\r\n`),
      ]) {
        expect(await mailauth(Buffer.from(attacked, "latin1"))).not.toContain("pass");
      }
    },
  );
});
