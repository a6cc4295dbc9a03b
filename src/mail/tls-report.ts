/** TLS reports of ours (RFC 8460): where a domain wants them, what stands in them, and the mail that carries one. */
import { AddressError, parseAddress } from "./address.ts";
import type { TlsResultType, TlsSession } from "./destination-policy.ts";

/** What sessions of one kind have in common. */
export interface TlsKind {
  readonly policy_type: TlsSession["policy_type"];
  /** The policy as it was published, line by line (RFC 8460 §4.4). */
  readonly policy_strings: readonly string[];
  /** MX patterns of an MTA-STS policy. */
  readonly mx_patterns: readonly string[];
  readonly result: TlsResultType;
  readonly mx_host: string | null;
  readonly receiving_ip: string | null;
  readonly reason: string | null;
}

/** A place for reports. */
export type ReportTarget =
  | { readonly kind: "mail"; readonly address: string }
  | { readonly kind: "https"; readonly url: string };

/** Places of one record that are served. */
const MAX_TARGETS = 4;

/** What a session counts as. Of those that went well the host does not matter. */
export function kindOf(session: TlsSession): TlsKind {
  const { policy_type, policy_strings, mx_patterns, result } = session;
  const well = result === "success";
  return {
    policy_type,
    policy_strings,
    mx_patterns,
    result,
    mx_host: well ? null : session.mx_host,
    receiving_ip: well ? null : session.receiving_ip,
    reason: well ? null : (session.failure_reason?.slice(0, 200).toWellFormed() ?? null),
  };
}

/** Where `_smtp._tls` of a domain wants reports; empty where it wants none, or says so more than once (RFC 8460 §3). */
export function readReportTargets(records: readonly (readonly string[])[]): ReportTarget[] {
  const texts = records
    .map((parts) => parts.join(""))
    .filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text));
  const [text] = texts;
  if (text === undefined || texts.length > 1 || text.length > 4096) return [];
  const rua = text
    .split(";")
    .map((part) => part.trim())
    .find((part) => /^rua[ \t]*=/.test(part));
  return (rua?.slice(rua.indexOf("=") + 1) ?? "")
    .split(",")
    .flatMap((uri) => targetOf(uri.trim()))
    .slice(0, MAX_TARGETS);
}

function targetOf(uri: string): ReportTarget[] {
  if (/^https:\/\//i.test(uri)) {
    const url = URL.parse(uri);
    return url && url.username === "" && url.password === ""
      ? [{ kind: "https", url: url.href }]
      : [];
  }
  if (!/^mailto:/i.test(uri)) return [];
  try {
    const text = decodeURIComponent(uri.slice("mailto:".length).split("?")[0] ?? "");
    return [{ kind: "mail", address: parseAddress(text).address }];
  } catch (error) {
    if (error instanceof AddressError || error instanceof URIError) return [];
    throw error;
  }
}

/** One day of one domain. */
export interface ReportedDay {
  readonly domain: string;
  /** UTC, `2026-01-31`. */
  readonly day: string;
  readonly organisation: string;
  /** An address for questions. */
  readonly contact: string;
  /** Of the form of a Message-ID without brackets. */
  readonly report_id: string;
  readonly kinds: readonly { readonly kind: TlsKind; readonly sessions: number }[];
}

/** The report as RFC 8460 §4.4 has it, ready for JSON. */
export function buildTlsReport(report: ReportedDay): object {
  const policies = Map.groupBy(report.kinds, ({ kind }) =>
    JSON.stringify([kind.policy_type, kind.policy_strings, kind.mx_patterns]),
  );
  const sum = (some: ReportedDay["kinds"]): number =>
    some.reduce((total, { sessions }) => total + sessions, 0);
  return {
    "organization-name": report.organisation,
    "date-range": {
      "start-datetime": `${report.day}T00:00:00Z`,
      "end-datetime": `${report.day}T23:59:59Z`,
    },
    "contact-info": report.contact,
    "report-id": report.report_id,
    policies: [...policies.values()].map((some) => {
      const { policy_type, policy_strings, mx_patterns } = some[0]!.kind;
      const failed = some.filter(({ kind }) => kind.result !== "success");
      return {
        policy: {
          "policy-type": policy_type,
          ...(policy_strings.length > 0 && { "policy-string": policy_strings }),
          "policy-domain": report.domain,
          ...(mx_patterns.length > 0 && { "mx-host": mx_patterns }),
        },
        summary: {
          "total-successful-session-count": sum(some) - sum(failed),
          "total-failure-session-count": sum(failed),
        },
        ...(failed.length > 0 && { "failure-details": failed.map(failureOf) }),
      };
    }),
  };
}

function failureOf({ kind, sessions }: ReportedDay["kinds"][number]): object {
  return {
    "result-type": kind.result,
    ...(kind.mx_host !== null && { "receiving-mx-hostname": kind.mx_host }),
    ...(kind.receiving_ip !== null && { "receiving-ip": kind.receiving_ip }),
    "failed-session-count": sessions,
    ...(kind.reason !== null && { "failure-reason-code": kind.reason }),
  };
}

/** The mail that carries a report, but for its signatures (RFC 8460 §5.3). `packed`: its JSON, gzipped. */
export function composeTlsReport(
  report: Pick<ReportedDay, "domain" | "day" | "report_id">,
  mail: { from: string; to: string; submitter: string; date: Date; packed: Buffer },
): Buffer {
  const { domain, day, report_id } = report;
  const start = Date.parse(`${day}T00:00:00Z`) / 1000;
  const filename = `${mail.submitter}!${domain}!${start}!${start + 86_399}.json.gz`;
  const boundary = `tls-report-${report_id.slice(0, report_id.indexOf("@"))}`;
  const body = mail.packed.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  return Buffer.from(
    [
      `From: <${mail.from}>`,
      `To: <${mail.to}>`,
      `Date: ${mail.date.toUTCString().replace("GMT", "+0000")}`,
      `Subject: Report Domain: ${domain}`,
      ` Submitter: ${mail.submitter}`,
      ` Report-ID: <${report_id}>`,
      `Message-ID: <${report_id}>`,
      `TLS-Report-Domain: ${domain}`,
      `TLS-Report-Submitter: ${mail.submitter}`,
      "TLS-Required: No",
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      `Content-Type: multipart/report; report-type="tlsrpt";`,
      ` boundary="${boundary}"`,
      "",
      `--${boundary}`,
      "Content-Type: text/plain; charset=us-ascii",
      "",
      `This is an aggregate TLS report of ${mail.submitter} about ${domain} for ${day}.`,
      "",
      `--${boundary}`,
      "Content-Type: application/tlsrpt+gzip",
      "Content-Transfer-Encoding: base64",
      `Content-Disposition: attachment;`,
      ` filename="${filename}"`,
      "",
      body,
      `--${boundary}--`,
      "",
    ].join("\r\n"),
    "latin1",
  );
}
