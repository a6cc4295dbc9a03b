/** Tests of scanning mail to be sent: what is found, what is not, what it costs. */
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { cardIssuer, isIban } from "./numbers.ts";
import { type OutboundInput, scanOutbound, usualPolicy } from "./outbound.ts";

// Made up here, and put together so that no scanner takes this file for a leak.
const glue = (...parts: string[]) => parts.join("");
const random = "Zk3v9QpL7xW2mN8bT4yR6cD1fH5jG0sA";
const jwt = glue(
  "eyJ",
  "hbGciOiJIUzI1NiJ9",
  ".eyJ",
  "zdWIiOiIxMjM0NTY3ODkwIn0",
  ".dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1",
);
const pem = glue("-----BEGIN ", "PRIVATE KEY-----\nMIIEvQ\n-----END ", "PRIVATE KEY-----");
const own = glue("mm_", "live_", random);

const message = (over: Partial<OutboundInput> | string): OutboundInput => {
  const markdown = typeof over === "string" ? over : (over.markdown ?? "Hello");
  return {
    subject: "Hello",
    markdown,
    html: null,
    text: markdown,
    recipients: ["mara@lindqvist-partner.se"],
    attachments: [],
    ...(typeof over === "string" ? {} : over),
  };
};
const scan = (over: Partial<OutboundInput> | string) => scanOutbound(message(over), usualPolicy);
const rules = (over: Partial<OutboundInput> | string) => scan(over).findings.map((one) => one.rule);
const file = (
  filename: string,
  content: Buffer | string = "%PDF-1.7\u0000",
  content_type = "application/octet-stream",
) => ({
  attachments: [
    { filename, content_type, content: Buffer.isBuffer(content) ? content : Buffer.from(content) },
  ],
});

describe("what must not leave unseen is found", () => {
  test.each([
    ["own_keys", `our key ${own}.`],
    ["own_keys", `encoded ${Buffer.from(`key: ${own}`).toString("base64")}`],
    ["private_keys", pem],
    ["private_keys", Buffer.from(pem).toString("base64")],
    ["secrets", glue("AKIA", "IOSFODNN7EXAMPLE")],
    ["secrets", glue("token ghp_", random, "1234")],
    ["secrets", glue("sk-", "proj-", random, random)],
    ["secrets", glue("sk-", "ant-", "api03-", random)],
    ["secrets", glue("sk_", "live_", random)],
    ["secrets", glue("xox", "b-123456789012-", random)],
    ["secrets", glue("AI", "za", random, "Q1w")],
    ["secrets", glue("SG", ".", random.slice(0, 22), ".", random, "0123456789a")],
    ["secrets", glue("12345678", "9:AA", random, "x")],
    ["secrets", `Authorization: Bearer ${jwt}`],
    ["secrets", "Your password: hunter2x"],
    ["url_passwords", "postgres://admin:s3cr3tpw@db.internal/prod"],
    ["high_entropy", `API_KEY=${random}`],
    ["high_entropy", `the secret is "${random}"`],
    ["cards", "card 4111 1111 1111 1111, thanks"],
    ["cards", "5555-5555-5555-4444"],
    ["cards", "378282246310005"],
    ["cards", "4\u200b111111111111111"],
    ["cards", "4111111111111111"],
    ["bank_accounts", "pay to DE89 3704 0044 0532 0130 00"],
    ["bank_accounts", "GB29NWBK60161331926819"],
    ["national_ids", "SSN 078-05-1120"],
    ["national_ids", "his social security number is 078051120"],
    ["national_ids", "Steuer-ID 86095742719"],
    ["national_ids", "PESEL 44051401359"],
    ["national_ids", "CPF 529.982.247-25"],
    ["national_ids", "BSN 111222333"],
    [
      "hidden_text",
      `Hi${Array.from("leak", (one) => String.fromCodePoint(0xe0000 + one.charCodeAt(0))).join("")}`,
    ],
    ["link_mismatch", "[www.mybank.com](https://evil.example.org/login)"],
    ["link_userinfo", "https://www.paypal.com@evil.example.org/"],
    ["link_scheme", "[open](javascript:alert(1))"],
    ["link_look_alike", "https://lindqvlst-partner.se/pay"],
    ["link_look_alike", "https://xn--pypal-4ve.com/"],
    ["link_ip", "http://203.0.113.9/x"],
  ])("%s in %s", (rule, text) => {
    const { findings, verdict } = scan(text);
    expect(findings.map((one) => one.rule)).toContain(rule);
    const actions = findings.map((one) => one.action);
    expect(verdict).toBe(
      actions.includes("block") ? "block" : actions.includes("hold") ? "review" : "pass",
    );
  });

  test("in the subject, the text and every corner of the HTML", () => {
    const key = glue("ghp_", random, "1234");
    expect(scan({ subject: key }).findings[0]?.field).toBe("subject");
    expect(scan({ text: key }).findings[0]?.field).toBe("text");
    for (const html of [
      `<p>${key}</p>`,
      `<!-- ${key} -->`,
      `<i title="${key}">`,
      `gh<b></b>p_<i>${random}</i>1234`,
      `&#103;hp_${random}1234`,
    ])
      expect(scan({ html }).findings[0]).toMatchObject({ field: "html", rule: "secrets" });
  });

  test("in text attachments, whatever they are called and however encoded", () => {
    const key = glue("AKIA", "IOSFODNN7EXAMPLE");
    for (const one of [
      file("a.csv", `id,key\n1,${key}`, "text/csv"),
      file("a.bin2", key),
      file("a.txt", Buffer.from(`\ufeff${key}`, "utf16le"), "text/plain"),
      file(".env", `A=${key}`),
    ])
      expect(scan(one).findings).toContainEqual(
        expect.objectContaining({ rule: "secrets", field: "attachments[0]" }),
      );
  });

  test.each([
    ["attachment_disguised", file("invoice.pdf.exe")],
    ["attachment_executable", file("setup.msi")],
    ["attachment_macro", file("a.xlsm")],
    ["attachment_active_markup", file("a.svg")],
    ["attachment_archive_other", file("a.7z")],
    ["attachment_archive_unreadable", file("a.zip", "PK\u0003\u0004junk")],
    [
      "attachment_executable",
      file("a.zip", Buffer.from(zipSync({ "x/run.js": new Uint8Array(3) }))),
    ],
    [
      "attachment_disguised",
      file("a.zip", Buffer.from(zipSync({ "cv.pdf.scr": new Uint8Array(3) }))),
    ],
    ["key_file", file("id_ed25519")],
    ["key_file", file("team.kdbx")],
  ])("%s", (rule, over) => {
    expect(rules(over)).toContain(rule);
  });

  test("secrets are never repeated in findings", () => {
    const all = [own, random, jwt, "s3cr3tpw", "4111111111111111", "hunter2x"];
    const said = JSON.stringify(
      scan(
        `${own} API_KEY=${random} ${jwt} ftp://u:s3cr3tpw@h.example 4111111111111111 password: hunter2x`,
      ),
    );
    for (const one of all) expect(said).not.toContain(one);
  });
});

describe("ordinary mail passes without a finding", () => {
  test.each([
    "Your order 1234567890123456 ships on 2026-03-02, call +49 171 1234567 or 030/12345678.",
    "Invoice 2026-000118, 1.250,00 EUR, tracking 00340434161094042557, ISBN 978-3-16-148410-0.",
    "See https://docs.example.org/guide/getting-started?utm_source=mail&id=3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "Confirm here: https://app.example.org/confirm?token=Zk3v9QpL7xW2mN8bT4yR6cD1fH5jG0sA",
    "[our site](https://www.example.org) and [docs.example.org](https://docs.example.org/a)",
    "Commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fixes it; the key idea is to read README.md first.",
    "Please reset your password: click the link. Passwords must have 12 characters.",
    "Use postgres://user:password@localhost/db as a template, or https://user:<password>@host.",
    "Grüße aus Köln! 東京でお会いしましょう。 До встречи! 👨‍👩‍👧",
    "The token bucket refills every 10 s; the secret of good bread is time.",
  ])("%s", (text) => {
    expect(scan({ markdown: text, text, html: `<p>${text.replaceAll("<", "&lt;")}</p>` })).toEqual({
      verdict: "pass",
      findings: [],
    });
  });

  test("ordinary files", () => {
    const office = Buffer.from(
      zipSync({ "[Content_Types].xml": new Uint8Array(1), "xl/a.bin": new Uint8Array(1) }),
    );
    for (const one of [
      file("a.pdf"),
      file("b.xlsx", office),
      file("c.csv", "a,b\n1,2\n", "text/csv"),
    ])
      expect(scan(one)).toEqual({ verdict: "pass", findings: [] });
  });
});

describe("numbers are proven by their checksums", () => {
  test("cards and IBANs with one digit changed are none", () => {
    expect(cardIssuer("4111111111111111")).toBe("Visa");
    expect(cardIssuer("4111111111111112")).toBeNull();
    expect(cardIssuer("0000000000000000")).toBeNull();
    expect(isIban("DE89370400440532013000")).toBe(true);
    expect(isIban("DE89370400440532013001")).toBe(false);
  });
});

describe("policy decides, and failing to read is never a pass", () => {
  test("each action gives its verdict", () => {
    const text = "4111 1111 1111 1111";
    const verdict = (action: "mark" | "hold" | "block") =>
      scanOutbound(message(text), { ...usualPolicy, cards: action }).verdict;
    expect([verdict("mark"), verdict("hold"), verdict("block")]).toEqual([
      "pass",
      "review",
      "block",
    ]);
    expect(scan(own).verdict).toBe("block");
  });

  test("what throws or is too long waits for a person", () => {
    const broken = {
      ...message("Hi"),
      get attachments(): never {
        throw new Error("boom");
      },
    };
    expect(scanOutbound(broken, usualPolicy)).toMatchObject({ verdict: "review" });
    expect(rules(file("a.txt", Buffer.alloc(9 * 1024 * 1024, "a "), "text/plain"))).toContain(
      "unscanned",
    );
    expect(rules("[a](http://b.example/) ".repeat(600))).toContain("unscanned");
  });
});

describe("cost", () => {
  const words = "We have looked at your order 4711 and will ship it on Friday, 6 March 2026. ";
  const plain = `Dear Mara,\n\n${words.repeat(26)}\n\nhttps://www.nordwind.io/orders/4711\n`.slice(
    0,
    2048,
  );
  const median = (input: OutboundInput, runs: number) => {
    const times: number[] = [];
    for (let i = 0; i < runs; i += 1) {
      const start = performance.now();
      scanOutbound(input, usualPolicy);
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[runs >> 1] ?? Number.POSITIVE_INFINITY;
  };

  test("2 KB of plain text cost no more than what is far below one signature", () => {
    const input = message(plain);
    median(input, 3000);
    // The least of some medians, and a bound of many times the usual 30 µs: a busy machine is no cost of the scan.
    const took = Math.min(...Array.from({ length: 5 }, () => median(input, 1000)));
    expect(took).toBeLessThan(0.5);
  });

  test("25 MB of attachments are bounded", () => {
    const binary = median(message(file("a.pdf", Buffer.alloc(25_000_000, 0))), 3);
    const text = median(
      message(file("a.csv", Buffer.alloc(25_000_000, "4711,some words,2026-03-02\n"), "text/csv")),
      3,
    );
    // Usually 1 ms and some hundreds: what is named as binary is not read, what is text is read once.
    expect(binary).toBeLessThan(500);
    expect(text).toBeLessThan(10_000);
  });

  test.each([
    "a",
    "1",
    "1 ",
    "1-",
    "eyJ",
    "aA1+",
    "://a:",
    "a:b@",
    "password: ",
    "[",
    "](",
    "[a](b)",
    "DE89 ",
    "sk-",
    "=",
    "<",
    "http://a.b/",
    "key=",
    "\u200b",
    "A1",
    "x_1.",
    "-----BEGIN ",
  ])("time grows with the length of %j only", (unit) => {
    const time = (length: number) => {
      const long = unit.repeat(Math.ceil(length / unit.length));
      return median(message({ markdown: long, text: long, html: long }), 1);
    };
    time(2000);
    const [short, long] = [time(30_000), time(240_000)];
    // Eight times the length: a square would be 64 times the time.
    expect(long).toBeLessThan(Math.max(5000, short * 24));
  });

  test("never throws", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom(
        "[a](",
        ")",
        "http://",
        "xn--",
        "4111 1111",
        "DE89",
        "eyJ",
        "password: ",
        own.slice(0, 9),
        "<a href=",
        "\u{e0041}",
      ),
    );
    const text = fc.array(piece, { maxLength: 20 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        text,
        text,
        text,
        text,
        fc.uint8Array({ maxLength: 300 }),
        (markdown, html, subject, filename, bytes) => {
          const content = Buffer.from(bytes);
          const found = scan({
            markdown,
            html,
            subject,
            recipients: [subject],
            ...file(filename, content),
          });
          expect(found.findings.filter((one) => one.field === "message")).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
