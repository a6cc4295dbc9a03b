/** What authentication promises: each verdict by the records, strict where the record is strict, and never a throw. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { sealMessage } from "mailauth/lib/arc/index.js";
import { expect, test } from "vitest";

import { authenticationResultsHeader } from "./authentication-results.ts";
import { authenticateMessage } from "./authenticate.ts";
import type { AuthenticateOptions, Authentication } from "./authenticate.ts";
import { dkimTxtRecord, signDkim } from "./dkim.ts";
import type { DkimKey } from "./dkim.ts";
import { NOW } from "./fixture.ts";
import type { Resolver } from "./verify.ts";

const keyOf = (domain: string, selector = "s1"): DkimKey => ({
  domain,
  selector,
  algorithm: "ed25519-sha256",
  private_key: generateKeyPairSync("ed25519").privateKey,
});
const own = keyOf("example.com");
const below = keyOf("mail.example.com");
const other = keyOf("other.example");
const sealer: DkimKey = {
  domain: "lists.example",
  selector: "arc",
  algorithm: "rsa-sha256",
  private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
};

const ZONE: Readonly<Record<string, unknown[]>> = {
  ...Object.fromEntries(
    [own, below, other, sealer].map((key) => [
      `TXT ${key.selector}._domainkey.${key.domain}`,
      [[dkimTxtRecord(key)]],
    ]),
  ),
  "TXT example.com": [["v=spf1 ip4:192.0.2.0/28 mx -all"]],
  "MX example.com": [{ exchange: "mx.example.com", priority: 10 }],
  "A mx.example.com": ["192.0.2.77"],
  "A example.com": ["192.0.2.1"],
  "TXT bounce.example.com": [["v=spf1 ip4:192.0.2.1 -all"]],
  "TXT helo.example.com": [["v=spf1 ip4:192.0.2.1 -all"]],
  "TXT _dmarc.example.com": [["v=DMARC1; p=reject"]],
  "PTR 1.2.0.192.in-addr.arpa": ["mail.example.com"],
  "A mail.example.com": ["192.0.2.1"],
  "PTR 2.2.0.192.in-addr.arpa": ["forged.example.com"],
};

function zone(over: Readonly<Record<string, unknown[] | Error>> = {}): Resolver {
  const all = { ...ZONE, ...over };
  return async (name, type) => {
    await Promise.resolve();
    const found = all[`${type} ${name}`];
    if (found instanceof Error) throw found;
    if (found !== undefined) return found as string[];
    const exists = Object.keys(all).some((key) => key.endsWith(` ${name}`));
    throw Object.assign(new Error("absent"), { code: exists ? "ENODATA" : "ENOTFOUND" });
  };
}

const MESSAGE = Buffer.from(
  "From: Agent <agent@example.com>\r\nTo: bob@example.net\r\nSubject: hi\r\n" +
    "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello\r\n",
);
const SESSION = {
  remote_address: "192.0.2.1",
  helo: "helo.example.com",
  from: "agent@example.com",
  mta: "mx.ours.test",
};

async function check(
  raw: Buffer,
  session: Partial<typeof SESSION> = {},
  resolver: Resolver = zone(),
  options: Partial<AuthenticateOptions> = {},
): Promise<Authentication> {
  return await authenticateMessage(raw, { ...SESSION, ...session }, resolver, {
    now: NOW,
    ...options,
  });
}
const signedCopy = async (mail: Buffer, keys: readonly DkimKey[]): Promise<Buffer> =>
  Buffer.concat([await signDkim(mail, keys, NOW), mail]);
const signed = async (...keys: DkimKey[]): Promise<Buffer> => await signedCopy(MESSAGE, keys);

test("a message signed by us and sent from our address passes all", async () => {
  const result = await check(await signed(own));
  expect(result).toMatchObject({
    spf: { result: "pass", domain: "example.com", identity: "mailfrom" },
    dkim: [{ domain: "example.com", selector: "s1", result: "pass", aligned: true }],
    dmarc: {
      result: "pass",
      domain: "example.com",
      policy: "reject",
      disposition: "none",
      alignment: { spf: { aligned: true }, dkim: { aligned: true } },
    },
    arc: null,
    iprev: { result: "pass", name: "mail.example.com" },
  });
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
});

test("an unsigned message has no signatures, and the header says none", async () => {
  const result = await check(MESSAGE);
  expect(result.dkim).toEqual([]);
  expect(result.dmarc).toMatchObject({ result: "pass", alignment: { dkim: { aligned: false } } });
  expect(authenticationResultsHeader(result, "mx.ours.test")).toContain(";\r\n\tdkim=none;\r\n");
});

test("a signature that names no domain is one that fails, and the header claims no domain for it", async () => {
  const broken = Buffer.concat([Buffer.from("DKIM-Signature: v=1; nonsense\r\n"), MESSAGE]);
  const result = await check(broken);
  expect(result.dkim).toHaveLength(1);
  expect(result.dkim[0]?.result).not.toBe("pass");
  expect(authenticationResultsHeader(result, "mx.ours.test")).not.toContain('=""');
});

test("a changed body fails DKIM, and with SPF elsewhere the policy is asked for", async () => {
  const mail = Buffer.from((await signed(own)).toString("latin1").replace("Hello", "Hallo"));
  const result = await check(mail, { remote_address: "198.51.100.9" });
  expect(result.spf.result).toBe("fail");
  expect(result.dkim[0]).toMatchObject({ result: "fail", domain: "example.com" });
  expect(result.dmarc).toMatchObject({ result: "fail", disposition: "reject" });
});

test("the mx mechanism is followed", async () => {
  expect((await check(MESSAGE, { remote_address: "192.0.2.77" })).spf.result).toBe("pass");
});

test("the null sender is judged by the HELO name", async () => {
  const { spf } = await check(MESSAGE, { from: "" });
  expect(spf).toEqual({ result: "pass", domain: "helo.example.com", identity: "helo" });
});

test("relaxed alignment takes a subdomain, strict alignment does not", async () => {
  const mail = await signed(below);
  const session = { from: "x@bounce.example.com" };
  const relaxed = await check(mail, session);
  expect(relaxed.dmarc).toMatchObject({
    result: "pass",
    alignment: {
      spf: { aligned: true, mode: "relaxed" },
      dkim: { aligned: true, mode: "relaxed" },
    },
  });
  const strict = await check(
    mail,
    session,
    zone({ "TXT _dmarc.example.com": [["v=DMARC1; p=quarantine; adkim=s; aspf=s"]] }),
  );
  expect(strict.spf.result).toBe("pass");
  expect(strict.dkim[0]).toMatchObject({ result: "pass", aligned: false });
  expect(strict.dmarc).toMatchObject({
    result: "fail",
    disposition: "quarantine",
    alignment: {
      spf: { aligned: false, mode: "strict" },
      dkim: { aligned: false, mode: "strict" },
    },
  });
});

test("a foreign signature passes DKIM and proves nothing of the author", async () => {
  const result = await check(await signed(other), { from: "x@other.example" });
  expect(result.dkim[0]).toMatchObject({ result: "pass", aligned: false });
  expect(result.dmarc).toMatchObject({ result: "fail", disposition: "reject" });
});

test("each signature is reported, and one aligned pass is enough", async () => {
  const { dkim, dmarc } = await check(await signed(other, own), { from: "x@other.example" });
  expect(
    dkim
      .map(({ domain, aligned }) => [domain, aligned])
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  ).toEqual([
    ["example.com", true],
    ["other.example", false],
  ]);
  expect(dmarc?.result).toBe("pass");
});

test.each([
  ["two From fields", Buffer.concat([Buffer.from("From: boss@victim.example\r\n"), MESSAGE])],
  [
    "two author domains",
    Buffer.from(MESSAGE.toString().replace("From: ", "From: a@victim.example, ")),
  ],
  ["no From", Buffer.from("Subject: x\r\n\r\n")],
])("%s: DMARC does not pass, whatever is signed", async (_, mail) => {
  const { dmarc } = await check(await signedCopy(mail, [own]).catch(() => mail));
  expect(dmarc).toMatchObject({ result: "permerror", policy: null });
});

test("a domain without a record has no DMARC result but none", async () => {
  const mail = Buffer.from(MESSAGE.toString().replace("agent@example.com", "a@nowhere.example"));
  expect((await check(mail)).dmarc).toMatchObject({
    result: "none",
    domain: "nowhere.example",
    policy: null,
    disposition: "none",
  });
});

test("a header that ends before its From has no author", async () => {
  const result = await check(Buffer.concat([Buffer.from("no colon here\r\n"), MESSAGE]));
  expect(result).toMatchObject({ dkim: [], dmarc: { result: "permerror", domain: "" }, arc: null });
});

test.each([
  ["a first line of one space", (mail: string) => ` \r\n${mail}`],
  ["a line of a mailbox file in front", (mail: string) => `From x@y Sat Jan  3 2026\r\n${mail}`],
  ["no empty line before the body", (mail: string) => mail.replace("\r\n\r\n", "\r\n")],
  [
    "another From behind a name too long to be shown",
    (mail: string) =>
      mail.replace("\r\n\r\n", `\r\n${"x".repeat(300)}: 1\r\nFrom: a@other.example\r\n\r\n`),
  ],
])("%s: DMARC is evaluated for the From that is shown", async (_, malform) => {
  const mail = Buffer.from(malform(MESSAGE.toString()));
  const { dmarc } = await check(mail, { from: "x@other.example" });
  expect(dmarc).toMatchObject({ result: "fail", domain: "example.com", disposition: "reject" });
});

test("a sender whose own names are never answered does not silence what the author's domain says", async () => {
  // Loaded, so that the time below goes to questions alone.
  await check(MESSAGE);
  const silent: Resolver = async (name, type) =>
    await (name.endsWith("slow.example") ? new Promise<never>(() => {}) : zone()(name, type));
  const mail = await signed(keyOf("slow.example"));
  const { spf, dmarc } = await check(mail, { from: "x@slow.example" }, silent, { time_ms: 100 });
  expect(spf.result).toBe("temperror");
  expect(dmarc).toMatchObject({ result: "fail", disposition: "reject" });
});

test("what DNS does not answer is temperror, and nothing is thrown", async () => {
  const servfail = Object.assign(new Error("SERVFAIL"), { code: "ESERVFAIL" });
  const result = await check(await signed(own), {}, async () => {
    await Promise.resolve();
    throw servfail;
  });
  expect(result).toMatchObject({
    spf: { result: "temperror" },
    dkim: [{ result: "temperror" }],
    dmarc: { result: "temperror", disposition: "none" },
    iprev: { result: "temperror" },
  });
});

test("a resolver that throws at once, or throws nothing of use, is temperror as well", async () => {
  const result = await check(await signed(own), {}, () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what a foreign resolver might do
    throw null;
  });
  expect(result).toMatchObject({ spf: { result: "temperror" }, iprev: { result: "temperror" } });
  expect(result.dmarc?.result).toBe("temperror");
});

test("a resolver that never answers costs no more than the time allowed", async () => {
  const result = await check(await signed(own), {}, () => new Promise(() => {}), { time_ms: 50 });
  expect(result).toMatchObject({
    spf: { result: "temperror" },
    dkim: [{ result: "temperror" }],
    dmarc: { result: "temperror" },
    iprev: { result: "temperror" },
  });
});

test("a message makes us ask no more questions than allowed", async () => {
  let asked = 0;
  const counting: Resolver = async (name, type) => {
    asked++;
    return await zone()(name, type);
  };
  const many = Array.from({ length: 60 }, (_, i) => keyOf("example.com", `k${i}`));
  const mail = await signed(...many);
  const { dkim } = await check(mail, {}, counting, { max_lookups: 12 });
  expect(asked).toBeLessThanOrEqual(12);
  expect(dkim).toHaveLength(16);
});

test("a name that does not lead back to the address is no name", async () => {
  expect((await check(MESSAGE, { remote_address: "192.0.2.2" })).iprev).toEqual({
    result: "fail",
    name: null,
  });
  expect((await check(MESSAGE, { remote_address: "2001:db8::1" })).iprev.result).toBe("permerror");
});

/** `mail` with a footer, as a mailing list sends it on, sealed by the list. */
async function listed(mail: Buffer, cv: string, verdict = "pass"): Promise<Buffer> {
  const changed = Buffer.concat([mail, Buffer.from("-- \r\nthe list\r\n")]);
  const seal = await sealMessage(changed, {
    signingDomain: sealer.domain,
    selector: sealer.selector,
    privateKey: sealer.private_key.export({ type: "pkcs8", format: "pem" }),
    signTime: NOW,
    cv,
    authResults: `lists.example; dmarc=${verdict} header.from=example.com`,
  });
  return Buffer.concat([seal, changed]);
}

test("an ARC chain is verified, and overrides DMARC only where its sealer is trusted and saw a pass", async () => {
  const mail = await listed(await signed(own), "none");
  const from_list = { remote_address: "198.51.100.9", from: "list@lists.example" };
  const untrusted = await check(mail, from_list);
  expect(untrusted.arc).toEqual({
    cv: "pass",
    instance: 1,
    sealer: "lists.example",
    trusted: false,
    dmarc: "pass",
  });
  expect(untrusted.dmarc).toMatchObject({
    result: "fail",
    disposition: "reject",
    overridden_by_arc: false,
  });
  const trust = { trusted_sealers: ["Lists.Example"] };
  const trusted = await check(mail, from_list, zone(), trust);
  expect(trusted.arc?.trusted).toBe(true);
  expect(trusted.dmarc).toMatchObject({
    result: "fail",
    policy: "reject",
    disposition: "none",
    overridden_by_arc: true,
  });
  const saw_fail = await check(await listed(MESSAGE, "none", "fail"), from_list, zone(), trust);
  expect(saw_fail.dmarc).toMatchObject({ disposition: "reject", overridden_by_arc: false });
});

test("an ARC chain over a changed message fails and is trusted by nobody", async () => {
  const sealed = await listed(await signed(own), "none");
  const mail = Buffer.from(sealed.toString("latin1").replace("the list", "thy list"), "latin1");
  const { arc, dmarc } = await check(
    mail,
    { remote_address: "198.51.100.9", from: "list@lists.example" },
    zone(),
    { trusted_sealers: ["lists.example"] },
  );
  expect(arc).toMatchObject({ cv: "fail", trusted: false });
  expect(dmarc?.disposition).toBe("reject");
});

test("no message and no session makes it throw", async () => {
  const line = fc.stringMatching(/^(From|DKIM-Signature|ARC-Seal|X): [ -~]{0,60}$/);
  const text = fc.oneof(
    fc.array(line, { maxLength: 8 }).map((lines) => `${lines.join("\r\n")}\r\n\r\nx\r\n`),
    fc.string({ unit: "binary", maxLength: 200 }),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.string(), fc.string(), fc.string(), async (mail, a, b, c) => {
      const result = await check(Buffer.from(mail), { from: a, helo: b, remote_address: c });
      expect(result.spf.result).toBeTypeOf("string");
    }),
    { numRuns: 150 },
  );
  expect((await check(randomBytes(5000))).dmarc?.result).not.toBe("pass");
});
