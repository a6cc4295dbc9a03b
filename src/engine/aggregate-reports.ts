/** Aggregate reports that others send about our domains: kept as summaries, and summed up. */
import type { Actor } from "../core/actor.ts";
import type {
  DmarcReportSummary,
  DmarcSourceSummary,
  TlsReportSummary,
} from "../mail/aggregate-report.ts";
import {
  type AggregateReportRow,
  countAggregateReports,
  insertAggregateReport,
  listAggregateReports,
} from "../store/aggregate-reports.ts";
import type { Tx } from "../store/database.ts";
import { listDomains } from "../store/operators.ts";
import type { Records } from "../store/records.ts";
import { domainOf } from "./addresses.ts";
import type { EngineContext } from "./context.ts";
import { findDomain } from "./domains.ts";
import type { Opened } from "./open-mail.ts";
import { type EntryAuthor, makeEntry } from "./record.ts";

const reporter: EntryAuthor = { kind: "system", credential_id: "remote", person_id: null };

const day = 86_400_000;

/** Days that are summed up. */
const days = 30;

/** Reports about one domain that are kept of so many days: anybody can make some up, so there is an end, for those soonest. */
const mostReports = { all: 2000, unauthenticated: 500 };

/** Of one report, the sources, or the kinds of failure, with the most in them. */
const mostSources = 50;

/** Rows of a table that the answer has at most. */
const mostRows = 100;

/**
 * Keeps a report about a proven domain of the operator that came to an address of that same domain; once, however often it is
 * sent. False for what cannot be read or is about something else: it is to be read by somebody.
 */
export async function keepAggregateReport(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  kind: { kind: "tls_report" | "dmarc_report"; attachment: number },
  records: Records,
): Promise<boolean> {
  const report = await read(opened, kind);
  if (!report) return false;
  const about = new Set(
    report.kind === "dmarc"
      ? [report.policy_domain]
      : report.policies.map(({ policy_domain }) => policy_domain),
  );
  const addressed = opened.row.envelope_to.map(domainOf);
  const domain = (await listDomains(tx)).find((one) => about.has(one) && addressed.includes(one));
  if (domain === undefined) return false;
  const receivedAt = opened.row.received_at;
  const ends = period(report.end, receivedAt);
  // What nobody vouches for may have been made up.
  const authenticated = opened.authentication?.dmarc?.result === "pass";
  const known = await countAggregateReports(tx, domain, daysBefore(receivedAt));
  if (known.all >= mostReports.all) return true;
  if (!authenticated && known.unauthenticated >= mostReports.unauthenticated) return true;
  const reportId = context.new_id();
  const isNew = await insertAggregateReport(tx, {
    report_id: reportId,
    kind: report.kind,
    domain,
    organisation: report.organisation || report.contact || "unknown",
    external_id: report.report_id || opened.digest,
    begins_at: period(report.begin, ends),
    ends_at: ends,
    summary: JSON.stringify({ ...only(report, domain), authenticated }),
    received_at: receivedAt,
  });
  if (isNew)
    records.entries.push(
      makeEntry(
        context,
        "report.received",
        reporter,
        { resource: reportId },
        { kind: report.kind, domain, report: opened.digest },
      ).row,
    );
  return true;
}

async function read(
  opened: Opened,
  { kind, attachment }: { kind: "tls_report" | "dmarc_report"; attachment: number },
): Promise<TlsReportSummary | DmarcReportSummary | null> {
  const part = opened.parsed.attachments[attachment];
  if (!part) return null;
  const { readDmarcReport, readTlsReport } = await import("../mail/aggregate-report.ts");
  try {
    return kind === "tls_report"
      ? await readTlsReport(part.content)
      : await readDmarcReport(part.content, part.content_type);
  } catch {
    return null;
  }
}

/** As much of a report as is kept; of a TLS report the policies of one domain. */
function only(
  report: TlsReportSummary | DmarcReportSummary,
  domain: string,
): TlsReportSummary | DmarcReportSummary {
  if (report.kind === "dmarc") return { ...report, sources: report.sources.slice(0, mostSources) };
  const policies = report.policies
    .filter(({ policy_domain }) => policy_domain === domain)
    .slice(0, 10)
    .map((policy) => ({
      ...policy,
      failures: policy.failures.toSorted((a, b) => b.sessions - a.sessions).slice(0, mostSources),
    }));
  const sum = (count: (one: (typeof policies)[number]) => number): number =>
    policies.reduce((total, one) => total + count(one), 0);
  return {
    ...report,
    policies,
    successful_sessions: sum((one) => one.successful_sessions),
    failed_sessions: sum((one) => one.failed_sessions),
  };
}

/** A moment that a report names; what it leaves out, or puts into the future, is when it came. */
function period(named: string | null, latest: Date): Date {
  const at = named === null ? latest : new Date(named);
  return at > latest || at.getTime() < 0 ? latest : at;
}

const daysBefore = (at: Date): Date => new Date(at.getTime() - days * day);

/** What the reports of the last 30 days say about a domain. */
export type ReportsView = {
  domain: string;
  since: Date;
  dmarc: {
    reports: number;
    /** Reports whose own sender failed DMARC: anybody may have made them up. */
    unauthenticated_reports: number;
    organisations: string[];
    messages: number;
    passed: number;
    failed: number;
    dkim_aligned: number;
    spf_aligned: number;
    /** Most messages first. */
    sources: (Pick<
      DmarcSourceSummary,
      "source_ip" | "header_from" | "messages" | "passed" | "dkim_aligned" | "spf_aligned"
    > & { failed: number })[];
  };
  tls: {
    reports: number;
    unauthenticated_reports: number;
    organisations: string[];
    successful_sessions: number;
    failed_sessions: number;
    /** Most sessions first. */
    failures: { result_type: string; sessions: number }[];
  };
};

type Kept<T> = T & { authenticated: boolean };

/** Sums the reports about a domain up. Throws `not_found`, `scope_required`. */
export async function reportsOf(
  context: EngineContext,
  actor: Actor,
  domainId: string,
): Promise<ReportsView> {
  const { row } = await findDomain(context, actor, domainId);
  const since = daysBefore(context.now());
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listAggregateReports(tx, row.name, since, mostReports.all),
  );
  return {
    domain: row.name,
    since,
    dmarc: sumDmarc(rows.filter(({ kind }) => kind === "dmarc")),
    tls: sumTls(rows.filter(({ kind }) => kind === "tls")),
  };
}

function headOf(rows: readonly AggregateReportRow[]): {
  reports: number;
  unauthenticated_reports: number;
  organisations: string[];
} {
  return {
    reports: rows.length,
    unauthenticated_reports: rows.filter(({ summary }) => summary["authenticated"] !== true).length,
    organisations: [...new Set(rows.map(({ organisation }) => organisation))].slice(0, mostRows),
  };
}

function sumDmarc(rows: readonly AggregateReportRow[]): ReportsView["dmarc"] {
  const total = { messages: 0, passed: 0, failed: 0, dkim_aligned: 0, spf_aligned: 0 };
  const sources = new Map<string, ReportsView["dmarc"]["sources"][number]>();
  for (const { summary } of rows) {
    const report = summary as unknown as Kept<DmarcReportSummary>;
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += report[name];
    for (const { source_ip, header_from, ...counts } of report.sources) {
      const key = `${source_ip} ${header_from}`;
      const source = sources.get(key) ?? { source_ip, header_from, ...noMessages };
      sources.set(key, {
        ...source,
        messages: source.messages + counts.messages,
        passed: source.passed + counts.passed,
        failed: source.failed + counts.messages - counts.passed,
        dkim_aligned: source.dkim_aligned + counts.dkim_aligned,
        spf_aligned: source.spf_aligned + counts.spf_aligned,
      });
    }
  }
  const most = [...sources.values()].toSorted((a, b) => b.messages - a.messages);
  return { ...headOf(rows), ...total, sources: most.slice(0, mostRows) };
}

const noMessages = { messages: 0, passed: 0, failed: 0, dkim_aligned: 0, spf_aligned: 0 };

function sumTls(rows: readonly AggregateReportRow[]): ReportsView["tls"] {
  let successful = 0;
  let failed = 0;
  const failures = new Map<string, number>();
  for (const { summary } of rows) {
    const report = summary as unknown as Kept<TlsReportSummary>;
    successful += report.successful_sessions;
    failed += report.failed_sessions;
    for (const { result_type, sessions } of report.policies.flatMap((one) => one.failures))
      failures.set(result_type, (failures.get(result_type) ?? 0) + sessions);
  }
  const most = [...failures].toSorted(([, a], [, b]) => b - a).slice(0, mostRows);
  return {
    ...headOf(rows),
    successful_sessions: successful,
    failed_sessions: failed,
    failures: most.map(([result_type, sessions]) => ({ result_type, sessions })),
  };
}
