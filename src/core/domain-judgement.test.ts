/** Judgements on what DNS shows: exact in what is wrong, and never fooled into "ok" by what receivers would refuse. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeMx, judgeTxt } from "./domain-judgement.ts";
import type { DomainRecord } from "./domain-records.ts";

const record = (
  purpose: DomainRecord["purpose"],
  value: string,
  required = true,
): DomainRecord => ({
  type: "TXT",
  name: "x.example.com",
  value,
  purpose,
  required,
  ttl: 60,
  note: "",
});

const key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA";
const dkim = record("dkim", `v=DKIM1; k=rsa; p=${key}`);
const spf = record("spf", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all");
const dmarc = record("dmarc", "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com", false);

describe("a DKIM record", () => {
  test.each([
    [`v=DKIM1; k=rsa; p=${key}`],
    [`v=DKIM1;p=${key};k=rsa`],
    [`p=${key}`],
    [`v=DKIM1; k=rsa; t=s; h=sha1:sha256; p=${key.slice(0, 10)} ${key.slice(10)}`],
  ])("%s is as it should be", (found) => {
    expect(judgeTxt(dkim, [found]).status).toBe("ok");
    expect(judgeTxt(dkim, ["google-site-verification=x", found]).status).toBe("ok");
  });

  test.each([
    [`v=DKIM1; k=rsa; p=`, "revoked"],
    [`v=DKIM1; k=rsa`, "p= is absent"],
    [`v=DKIM1; k=ed25519; p=${key}`, "k=ed25519"],
    [`v=DKIM1; k=rsa; p=${key.slice(0, 20)}`, "cut off after 20 of 44"],
    [`v=DKIM1; k=rsa; p=X${key.slice(1)}`, "first 12 characters"],
    [`v=DKIM1; k=rsa; p=${key.slice(0, 20)}X${key.slice(21)}`, "from character 21 on"],
    [`v=DKIM1; k=rsa; p=${key}AAAA`, "behind its end"],
    [`v=DKIM1; k=rsa; h=sha1; p=${key}`, "h=sha1"],
    [`"v=DKIM1; k=rsa; p=${key}"`, "quotation marks"],
    [`v=DKIM1; k=rsa; p="${key}"`, "quotation marks"],
  ])("%s is wrong: %s", (found, words) => {
    const { status, message } = judgeTxt(dkim, [found]);
    expect([status, message]).toEqual(["wrong", expect.stringContaining(words)]);
  });

  test("beside another key is wrong, since receivers take either", () => {
    const both = judgeTxt(dkim, [`v=DKIM1; k=rsa; p=${key}`, "v=DKIM1; k=rsa; p=AAAA"]);
    expect(both).toEqual({ status: "wrong", message: "The name has two DKIM records; leave one." });
  });

  test("with any one character of its key changed is wrong, and the place is named", () => {
    fc.assert(
      fc.property(
        fc.nat(key.length - 1),
        fc.constantFrom("a", "b", "X", "Z", "0", "9", "+"),
        (at, letter) => {
          fc.pre(key[at] !== letter);
          const changed = key.slice(0, at) + letter + key.slice(at + 1);
          const { status, message } = judgeTxt(dkim, [`v=DKIM1; k=rsa; p=${changed}`]);
          expect(status).toBe("wrong");
          expect(message).toContain(at < 12 ? "first 12 characters" : `character ${at + 1} `);
        },
      ),
    );
  });
});

describe("an SPF record", () => {
  test.each([
    ["v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all"],
    ["v=spf1 include:other.example +ip4:192.0.2.1 ip6:2001:DB8::1 -all"],
  ])("%s names us", (found) => expect(judgeTxt(spf, [found]).status).toBe("ok"));

  test("that lacks an address names it, and one too many is one too many", () => {
    expect(judgeTxt(spf, ["v=spf1 ip4:192.0.2.1 -all"])).toEqual({
      status: "wrong",
      message: "The SPF record does not name ip6:2001:db8::1.",
    });
    const two = judgeTxt(spf, [spf.value, "v=spf1 -all"]);
    expect(two).toEqual({ status: "wrong", message: "The name has two SPF records; leave one." });
    expect(judgeTxt(spf, ["v=spf10 ip4:192.0.2.1 ip6:2001:db8::1"]).status).toBe("missing");
    expect(judgeTxt({ ...spf, required: false }, []).status).toBe("not_required");
  });
});

describe("other records", () => {
  test("a DMARC policy of one's own is right, and where its reports go is said", () => {
    expect(
      judgeTxt(dmarc, ["v=DMARC1; p=reject; rua=mailto:dmarc-reports@example.com!10m"]),
    ).toEqual({
      status: "ok",
      message: "As it should be.",
    });
    expect(judgeTxt(dmarc, ["v=DMARC1; p=reject"])).toEqual({
      status: "ok",
      message: "DMARC reports do not come here: rua= does not name dmarc-reports@example.com.",
    });
    expect(judgeTxt(dmarc, ["v=DMARC1; rua=mailto:x@example.com"]).status).toBe("wrong");
    expect(judgeTxt(dmarc, ["v=DMARC1; p=strict"]).status).toBe("wrong");
  });

  test("an MX record that leads elsewhere, also beside ours, is wrong where bounces come back", () => {
    const mx: DomainRecord = { ...record("return_path", "mx.host.example"), type: "MX" };
    const at = (exchange: string): { preference: number; exchange: string } => ({
      preference: 10,
      exchange,
    });
    expect(judgeMx(mx, [at("mx.host.example")]).status).toBe("ok");
    expect(judgeMx(mx, [at("mx.host.example"), at("mx.other.example")]).status).toBe("wrong");
    expect(judgeMx(mx, [at(".")]).message).toContain("null MX");
    expect(judgeMx({ ...mx, required: false }, [at("mx.other.example")]).status).toBe(
      "not_required",
    );
    expect(judgeMx(mx, []).status).toBe("missing");
  });

  test("no text from outside makes a judgement long, slow or many-lined", () => {
    const purposes = ["dkim", "spf", "dmarc", "identity", "mta_sts", "tls_reports"] as const;
    const values = [dkim, spf, dmarc].map(({ value }) => value);
    fc.assert(
      fc.property(
        fc.constantFrom(...purposes),
        fc.constantFrom(...values),
        fc.array(fc.string({ unit: "binary", maxLength: 300 })),
        fc.constantFrom("", "v=DKIM1; p=", "v=spf1 ", "v=DMARC1; p="),
        (purpose, value, texts, start) => {
          const { message } = judgeTxt(
            record(purpose, value),
            texts.map((text) => start + text),
          );
          expect(message.length).toBeLessThan(500);
          expect(message).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
    const begun = performance.now();
    for (const filler of [";", "=", " ", "a=", "p=a;", '"', "\\"])
      for (const purpose of purposes)
        judgeTxt(record(purpose, dkim.value), [`v=DKIM1; ${filler.repeat(60_000)}`]);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
