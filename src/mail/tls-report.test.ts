/** Tests of TLS reports: where they go, and what stands in them, read back by our own reader of others' reports. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readTlsReport } from "./aggregate-report.ts";
import type { TlsSession } from "./destination-policy.ts";
import { parseMail } from "./parse.ts";
import { buildTlsReport, composeTlsReport, kindOf, readReportTargets } from "./tls-report.ts";

describe("where a domain wants reports", () => {
  it.each<[string, string[][], unknown[]]>([
    [
      "mail",
      [["v=TLSRPTv1; rua=mailto:tls@reports.example"]],
      [{ kind: "mail", address: "tls@reports.example" }],
    ],
    [
      "both, over two strings, among other records",
      [["v=spf1 -all"], ["v=TLSRPTv1;rua=https://r.example/tls,", "mailto:a%2Bb@r.example?x=y;"]],
      [
        { kind: "https", url: "https://r.example/tls" },
        { kind: "mail", address: "a+b@r.example" },
      ],
    ],
    [
      "nothing else than https and mail",
      [["v=TLSRPTv1; rua=http://r.example,ftp://x,file:///a"]],
      [],
    ],
    ["no address that could end a header", [["v=TLSRPTv1; rua=mailto:a@b.c%0d%0aBcc:x@y.z"]], []],
    [
      "no credentials, no broken encoding",
      [["v=TLSRPTv1; rua=https://u:p@r.example/,mailto:%zz"]],
      [],
    ],
    [
      "two records say nothing",
      [["v=TLSRPTv1; rua=mailto:a@b.cd"], ["v=TLSRPTv1; rua=mailto:e@f.gh"]],
      [],
    ],
    ["no version, no report", [["rua=mailto:a@b.cd"], ["v=TLSRPTv10; rua=mailto:a@b.cd"]], []],
    [
      "at most four",
      [[`v=TLSRPTv1; rua=${Array.from({ length: 9 }, (_, i) => `mailto:r${i}@b.cd`).join(",")}`]],
      [0, 1, 2, 3].map((i) => ({ kind: "mail", address: `r${i}@b.cd` })),
    ],
  ])("%s", (_name, records, targets) => {
    expect(readReportTargets(records)).toEqual(targets);
  });
});

const session = (more: Partial<TlsSession>): TlsSession => ({
  at: "2026-05-31T10:00:00.000Z",
  domain: "b.test",
  policy_type: "sts",
  policy_strings: ["version: STSv1", "mode: enforce", "mx: mx.b.test", "max_age: 86400"],
  mx_patterns: ["mx.b.test"],
  sts_mode: "enforce",
  mx_host: "mx.b.test",
  receiving_ip: "192.0.2.1",
  result: "success",
  failure_reason: null,
  encrypted: true,
  ...more,
});

const day = {
  domain: "b.test",
  day: "2026-05-31",
  organisation: "sender.example",
  contact: "oversight@sender.example",
  report_id: "0123@sender.example",
  kinds: [
    { kind: kindOf(session({})), sessions: 7 },
    {
      kind: kindOf(
        session({
          result: "certificate-expired",
          failure_reason: "CERT_HAS_EXPIRED",
          encrypted: false,
        }),
      ),
      sessions: 2,
    },
    {
      kind: kindOf(
        session({ policy_type: "no-policy-found", policy_strings: [], mx_patterns: [] }),
      ),
      sessions: 1,
    },
  ],
};

it("says by policy how many sessions went well, and of the others which and why", async () => {
  const report = buildTlsReport(day);
  expect(report).toMatchObject({
    "date-range": {
      "start-datetime": "2026-05-31T00:00:00Z",
      "end-datetime": "2026-05-31T23:59:59Z",
    },
    policies: [
      {
        policy: {
          "policy-type": "sts",
          "policy-string": ["version: STSv1", "mode: enforce", "mx: mx.b.test", "max_age: 86400"],
          "policy-domain": "b.test",
          "mx-host": ["mx.b.test"],
        },
        summary: { "total-successful-session-count": 7, "total-failure-session-count": 2 },
        "failure-details": [
          {
            "result-type": "certificate-expired",
            "receiving-mx-hostname": "mx.b.test",
            "receiving-ip": "192.0.2.1",
            "failed-session-count": 2,
            "failure-reason-code": "CERT_HAS_EXPIRED",
          },
        ],
      },
      {
        policy: { "policy-type": "no-policy-found", "policy-domain": "b.test" },
        summary: { "total-successful-session-count": 1, "total-failure-session-count": 0 },
      },
    ],
  });
  expect(await readTlsReport(gzipSync(JSON.stringify(report)))).toMatchObject({
    organisation: "sender.example",
    successful_sessions: 8,
    failed_sessions: 2,
    truncated: false,
  });
});

it("travels in a mail of the form of RFC 8460, which our own parser opens", async () => {
  const packed = gzipSync(JSON.stringify(buildTlsReport(day)));
  const mime = composeTlsReport(day, {
    from: "oversight@sender.example",
    to: "tls@b.test",
    submitter: "sender.example",
    date: new Date("2026-06-01T01:00:00Z"),
    packed,
  });
  const mail = await parseMail(mime);
  expect(mail.subject).toBe(
    "Report Domain: b.test Submitter: sender.example Report-ID: <0123@sender.example>",
  );
  expect(mail.headers).toContainEqual({ name: "tls-report-domain", value: "b.test" });
  expect(mail.headers).toContainEqual({ name: "tls-report-submitter", value: "sender.example" });
  const [attachment] = mail.attachments;
  expect(attachment).toMatchObject({
    content_type: "application/tlsrpt+gzip",
    filename: "sender.example!b.test!1780185600!1780271999.json.gz",
    content: packed,
  });
  expect(
    mime
      .toString("latin1")
      .split("\r\n")
      .every((line) => line.length <= 998),
  ).toBe(true);
});
