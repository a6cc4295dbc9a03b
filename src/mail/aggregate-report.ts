/** Aggregate reports as summaries: TLS (RFC 8460) and DMARC (RFC 7489 appendix C, RFC 9990). */
import { UnreadableReport, unpackReport } from "./aggregate-unpack.ts";

/** Sessions that one TLS policy saw. All strings come from outside, bounded, without control characters. */
export interface TlsPolicySummary {
  /** `sts`, `tlsa` or `no-policy-found`. */
  policy_type: string;
  policy_domain: string;
  successful_sessions: number;
  failed_sessions: number;
  /** By kind, such as `certificate-expired` (RFC 8460 §4.3); at most 100. */
  failures: {
    result_type: string;
    sessions: number;
    sending_ip: string | null;
    receiving_host: string | null;
    reason: string | null;
  }[];
}

export interface TlsReportSummary {
  kind: "tls";
  organisation: string;
  contact: string | null;
  report_id: string;
  /** ISO 8601 in UTC, or null where the report has none that reads. */
  begin: string | null;
  end: string | null;
  successful_sessions: number;
  failed_sessions: number;
  /** At most 100. */
  policies: TlsPolicySummary[];
  /** True where limits cut something. */
  truncated: boolean;
}

type Dispositions = Record<"none" | "pass" | "quarantine" | "reject", number>;

export interface DmarcSourceSummary {
  source_ip: string;
  header_from: string;
  messages: number;
  /** Aligned by DKIM or SPF, that is, DMARC passed. */
  passed: number;
  dkim_aligned: number;
  spf_aligned: number;
  dispositions: Dispositions;
}

export interface DmarcReportSummary {
  kind: "dmarc";
  organisation: string;
  contact: string | null;
  report_id: string;
  begin: string | null;
  end: string | null;
  policy_domain: string;
  /** The published `p`; null where absent. */
  policy: string | null;
  subdomain_policy: string | null;
  messages: number;
  passed: number;
  failed: number;
  dkim_aligned: number;
  spf_aligned: number;
  dispositions: Dispositions;
  /** By source address and From domain, most messages first; at most 500. */
  sources: DmarcSourceSummary[];
  truncated: boolean;
}

const MAX_POLICIES = 100;
const MAX_FAILURES = 100;
const MAX_RECORDS = 20_000;
const MAX_SOURCES = 500;
const MAX_COUNT = 1e11;

type Unknown = Readonly<Record<string, unknown>>;

const object = (value: unknown): Unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Unknown) : {};
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value)
    ? value
    : value === undefined || value === null || value === ""
      ? []
      : [value];

function text(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number") return "";
  return String(value)
    .slice(0, 1000)
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ")
    .trim()
    .slice(0, 255);
}

/** A count as a whole number from 0 to 10^11; sums of them stay exact. */
function count(value: unknown): number {
  const number = typeof value === "number" ? value : Number(text(value) || "0");
  return Number.isFinite(number) && number > 0 ? Math.min(Math.floor(number), MAX_COUNT) : 0;
}

function time(value: unknown): string | null {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/**
 * Reads a TLS report, gzipped or not: at most 10 MiB packed, 8 MiB unpacked. What limits cut sets `truncated`.
 * @throws UnreadableReport where the bytes hold no such report, or exceed the limits.
 */
export async function readTlsReport(bytes: Buffer): Promise<TlsReportSummary> {
  const json = (await unpackReport(bytes)).toString("utf8").replace(/^\uFEFF/, "");
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new UnreadableReport("the report is no JSON", { cause: error });
  }
  const report = object(parsed);
  const organisation = text(report["organization-name"]);
  const report_id = text(report["report-id"]);
  if (!Array.isArray(report["policies"]) || (organisation === "" && report_id === ""))
    throw new UnreadableReport("the JSON is no TLS report");
  const range = object(report["date-range"]);
  const policies = report["policies"].slice(0, MAX_POLICIES).map(tlsPolicy);
  return {
    kind: "tls",
    organisation,
    contact: text(report["contact-info"]) || null,
    report_id,
    begin: time(range["start-datetime"]),
    end: time(range["end-datetime"]),
    successful_sessions: policies.reduce((sum, one) => sum + one.policy.successful_sessions, 0),
    failed_sessions: policies.reduce((sum, one) => sum + one.policy.failed_sessions, 0),
    policies: policies.map((one) => one.policy),
    truncated: report["policies"].length > MAX_POLICIES || policies.some((one) => one.truncated),
  };
}

function tlsPolicy(value: unknown): { policy: TlsPolicySummary; truncated: boolean } {
  const policy = object(object(value)["policy"]);
  const summary = object(object(value)["summary"]);
  const details = list(object(value)["failure-details"]);
  return {
    policy: {
      policy_type: text(policy["policy-type"]),
      policy_domain: text(policy["policy-domain"]).toLowerCase(),
      successful_sessions: count(summary["total-successful-session-count"]),
      failed_sessions: count(summary["total-failure-session-count"]),
      failures: details.slice(0, MAX_FAILURES).map((detail) => ({
        result_type: text(object(detail)["result-type"]),
        sessions: count(object(detail)["failed-session-count"]),
        sending_ip: text(object(detail)["sending-mta-ip"]) || null,
        receiving_host: text(object(detail)["receiving-mx-hostname"]) || null,
        reason: text(object(detail)["failure-reason-code"]) || null,
      })),
    },
    truncated: details.length > MAX_FAILURES,
  };
}

/**
 * Reads a DMARC report: XML, gzip or zip, told by its bytes; same limits. Document types and entities are refused, so
 * nothing expands. `content_type` only tells a broken archive from a broken document.
 * @throws UnreadableReport where the bytes hold no such report, or exceed the limits.
 */
export async function readDmarcReport(
  bytes: Buffer,
  content_type = "",
): Promise<DmarcReportSummary> {
  const xml = (await unpackReport(bytes)).toString("utf8");
  const feedback = object((await parsedXml(xml, content_type))["feedback"]);
  const metadata = object(feedback["report_metadata"]);
  const published = object(feedback["policy_published"]);
  const range = object(metadata["date_range"]);
  const policy_domain = text(published["domain"]).toLowerCase();
  if (policy_domain === "") throw new UnreadableReport("the XML is no DMARC report");
  const records = list(feedback["record"]);
  const total = emptySource("", "");
  const sources = new Map<string, DmarcSourceSummary>();
  for (const record of records.slice(0, MAX_RECORDS)) addRecord(object(record), total, sources);
  return {
    kind: "dmarc",
    organisation: plain(metadata["org_name"]),
    contact: plain(metadata["email"]) || null,
    report_id: plain(metadata["report_id"]),
    begin: epoch(range["begin"]),
    end: epoch(range["end"]),
    policy_domain,
    policy: text(published["p"]) || null,
    subdomain_policy: text(published["sp"]) || null,
    messages: total.messages,
    passed: total.passed,
    failed: total.messages - total.passed,
    dkim_aligned: total.dkim_aligned,
    spf_aligned: total.spf_aligned,
    dispositions: total.dispositions,
    sources: [...sources.values()].sort((a, b) => b.messages - a.messages).slice(0, MAX_SOURCES),
    truncated: records.length > MAX_RECORDS || sources.size > MAX_SOURCES,
  };
}

async function parsedXml(xml: string, content_type: string): Promise<Unknown> {
  if (!/<(?:[\w.-]{1,40}:)?feedback[\s>]/.test(xml.slice(0, 4000)))
    throw new UnreadableReport(
      /zip/i.test(content_type) ? "the file is no archive" : "the document is no DMARC report",
    );
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml))
    throw new UnreadableReport("document types and entities are not read");
  const { XMLParser } = await import("fast-xml-parser");
  try {
    const parser = new XMLParser({
      ignoreAttributes: true,
      parseTagValue: false,
      processEntities: false,
      removeNSPrefix: true,
      maxNestedTags: 20,
    });
    return object(parser.parse(xml));
  } catch (error) {
    throw new UnreadableReport("the XML does not parse", { cause: error });
  }
}

const emptySource = (source_ip: string, header_from: string): DmarcSourceSummary => ({
  source_ip,
  header_from,
  messages: 0,
  passed: 0,
  dkim_aligned: 0,
  spf_aligned: 0,
  dispositions: { none: 0, pass: 0, quarantine: 0, reject: 0 },
});

function addRecord(
  record: Unknown,
  total: DmarcSourceSummary,
  sources: Map<string, DmarcSourceSummary>,
): void {
  const row = object(record["row"]);
  const evaluated = object(row["policy_evaluated"]);
  const messages = count(row["count"]);
  const dkim = text(evaluated["dkim"]).toLowerCase() === "pass";
  const spf = text(evaluated["spf"]).toLowerCase() === "pass";
  const said = text(evaluated["disposition"]).toLowerCase();
  const disposition = said === "pass" || said === "quarantine" || said === "reject" ? said : "none";
  const ip = text(row["source_ip"]);
  const from = text(object(record["identifiers"])["header_from"]).toLowerCase();
  const key = `${ip} ${from}`;
  const source = sources.get(key) ?? emptySource(ip, from);
  sources.set(key, source);
  for (const one of [total, source]) {
    one.messages += messages;
    if (dkim || spf) one.passed += messages;
    if (dkim) one.dkim_aligned += messages;
    if (spf) one.spf_aligned += messages;
    one.dispositions[disposition] += messages;
  }
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** Text with the five named entities of XML; no other is read. */
const plain = (value: unknown): string =>
  text(value).replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => NAMED[name] ?? "");

function epoch(value: unknown): string | null {
  const seconds = Number(text(value) || "x");
  return Number.isFinite(seconds) && seconds > 0 && seconds < 4e9
    ? new Date(Math.floor(seconds) * 1000).toISOString()
    : null;
}
