/** Aggregate reports are summed up rightly, and bombs, lies and rubbish are refused within bounds. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readDmarcReport, readTlsReport } from "./aggregate-report.ts";
import { MAX_REPORT_BYTES, UnreadableReport, unpackReport } from "./aggregate-unpack.ts";
import { parseMail } from "./parse.ts";
import { classifyMail } from "./report.ts";

/** The report inside a message of the corpus. */
async function attached(file: string): Promise<{ content: Buffer; content_type: string }> {
  const mail = await parseMail(
    readFileSync(new URL(`../../test/mail/reports/${file}.eml`, import.meta.url)),
  );
  const kind = classifyMail(mail, { from: "x@isp.example", to: "d@example.com" });
  const part = "attachment" in kind ? mail.attachments[kind.attachment] : undefined;
  if (!part) throw new Error(`${file} has no report`);
  return part;
}

const xml = (records: string, head = "") =>
  `<?xml version="1.0"?>${head}<feedback><report_metadata><org_name>A &amp; B</org_name><report_id>1</report_id><date_range><begin>1772323200</begin><end>1772409599</end></date_range></report_metadata><policy_published><domain>Example.com</domain><p>none</p></policy_published>${records}</feedback>`;
const record = (ip: string, n: string, disposition = "none", dkim = "pass", spf = "fail") =>
  `<record><row><source_ip>${ip}</source_ip><count>${n}</count><policy_evaluated><disposition>${disposition}</disposition><dkim>${dkim}</dkim><spf>${spf}</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers></record>`;

describe("TLS reports", () => {
  test.each(["tls-report-gzip", "tls-report-json"])("%s is summed up", async (file) => {
    expect(await readTlsReport((await attached(file)).content)).toEqual({
      kind: "tls",
      organisation: "Example ISP",
      contact: "tls@isp.example",
      report_id: "r-1",
      begin: "2026-03-01T00:00:00.000Z",
      end: "2026-03-01T23:59:59.000Z",
      successful_sessions: 120,
      failed_sessions: 3,
      policies: [
        {
          policy_type: "sts",
          policy_domain: "example.com",
          successful_sessions: 120,
          failed_sessions: 3,
          failures: [
            {
              result_type: "certificate-expired",
              sessions: 3,
              sending_ip: "192.0.2.50",
              receiving_host: "mx.example.com",
              reason: null,
            },
          ],
        },
      ],
      truncated: false,
    });
  });

  test.each([
    "",
    "[]",
    "{}",
    "null",
    "nonsense",
    '{"policies":[]}',
    '{"report-id":"1"}',
    "[".repeat(200_000),
  ])("%.20j is refused", async (json) => {
    await expect(readTlsReport(Buffer.from(json))).rejects.toThrow(UnreadableReport);
  });

  test("wrong types and numbers count as nothing", async () => {
    const report = {
      "report-id": 7,
      policies: [
        null,
        1,
        {
          summary: { "total-successful-session-count": -5, "total-failure-session-count": "many" },
        },
      ],
    };
    expect(await readTlsReport(Buffer.from(JSON.stringify(report)))).toMatchObject({
      successful_sessions: 0,
      failed_sessions: 0,
      report_id: "7",
    });
  });
});

describe("DMARC reports", () => {
  test.each(["dmarc-report-zip", "dmarc-report-gzip-bare"])("%s is summed up", async (file) => {
    const part = await attached(file);
    expect(await readDmarcReport(part.content, part.content_type)).toMatchObject({
      kind: "dmarc",
      organisation: "Example ISP",
      report_id: "4711",
      begin: "2026-03-01T00:00:00.000Z",
      policy_domain: "example.com",
      policy: "reject",
      messages: 42,
      passed: 40,
      failed: 2,
      dkim_aligned: 40,
      spf_aligned: 40,
      dispositions: { none: 40, pass: 0, quarantine: 0, reject: 2 },
      sources: [
        { source_ip: "192.0.2.10", messages: 40, passed: 40 },
        { source_ip: "198.51.100.7", messages: 2, passed: 0, dispositions: { reject: 2 } },
      ],
    });
  });

  test("one alignment is enough, sources are joined, a namespace does not hide the report", async () => {
    const text = xml(record("192.0.2.1", "2") + record("192.0.2.1", "3", "quarantine", "fail"))
      .replace("<feedback>", '<d:feedback xmlns:d="urn:ietf:params:xml:ns:dmarc-2.0">')
      .replace("</feedback>", "</d:feedback>");
    expect(await readDmarcReport(Buffer.from(text))).toMatchObject({
      organisation: "A & B",
      messages: 5,
      passed: 2,
      failed: 3,
      sources: [{ messages: 5, dispositions: { none: 2, quarantine: 3 } }],
    });
  });

  test.each([
    "",
    "<a/>",
    "<feedback/>",
    "<feedback>",
    xml("").slice(0, 200),
    xml("", '<!DOCTYPE x [<!ENTITY a "b">]>'),
    xml("<a>".repeat(5000)),
  ])("%.30j is refused", async (text) => {
    await expect(readDmarcReport(Buffer.from(text), "text/xml")).rejects.toThrow(UnreadableReport);
  });

  test("more records than the limit are cut and said to be", async () => {
    const summary = await readDmarcReport(
      Buffer.from(xml(record("192.0.2.1", "1").repeat(20_100))),
    );
    expect(summary).toMatchObject({ messages: 20_000, truncated: true });
  });
});

describe("bombs are refused before they unfold", () => {
  const zeros = Buffer.alloc(MAX_REPORT_BYTES + 1);
  const zipped = Buffer.from(zipSync({ "a!b!1!2.xml": zeros }));
  const lying = Buffer.from(zipped);
  // The claimed size in both headers says one byte.
  lying.writeUInt32LE(1, 22);
  lying.writeUInt32LE(1, lying.indexOf(Buffer.from("PK\x01\x02")) + 24);
  test.each([
    ["gzip", gzipSync(zeros)],
    [
      "two gzip members",
      Buffer.concat([
        gzipSync(zeros.subarray(0, MAX_REPORT_BYTES)),
        gzipSync(zeros.subarray(0, 1000)),
      ]),
    ],
    ["zip", zipped],
    ["zip that lies about its size", lying],
    ["zip without a report", Buffer.from(zipSync({ "a.exe": zeros.subarray(0, 10) }))],
    ["zip cut in the middle", zipped.subarray(0, 400)],
    ["plain", zeros],
    ["plain larger than any archive", Buffer.alloc(10_485_761)],
  ])("%s", async (_name, bytes) => {
    await expect(unpackReport(bytes)).rejects.toThrow(UnreadableReport);
    await expect(readDmarcReport(bytes)).rejects.toThrow(UnreadableReport);
    await expect(readTlsReport(bytes)).rejects.toThrow(UnreadableReport);
  });
});

test("reports changed at random are read or refused, never anything else", async () => {
  const files = await Promise.all(
    ["tls-report-gzip", "tls-report-json", "dmarc-report-zip", "dmarc-report-gzip-bare"].map(
      attached,
    ),
  );
  const seeds = [...files.map((one) => one.content), Buffer.from(xml(record("192.0.2.1", "1")))];
  const change = fc.record({
    at: fc.nat(1500),
    cut: fc.nat(20),
    put: fc.uint8Array({ maxLength: 10 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(seeds.length - 1),
      fc.array(change, { maxLength: 5 }),
      async (index, changes) => {
        let bytes = seeds[index] ?? Buffer.alloc(0);
        for (const { at, cut, put } of changes)
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        for (const read of [readTlsReport, readDmarcReport]) {
          const result = await read(bytes).catch((error: unknown) => error);
          expect(result instanceof Error && !(result instanceof UnreadableReport)).toBe(false);
        }
      },
    ),
    { numRuns: 300 },
  );
});
