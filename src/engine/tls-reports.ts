/** TLS reports to others (RFC 8460): sessions counted by day and domain, and what a report is made of. */
import { createHash } from "node:crypto";
import { signDkim } from "../mail/dkim.ts";
import type { TlsSession } from "../mail/destination-policy.ts";
import { type ReportedDay, type TlsKind, buildTlsReport, kindOf } from "../mail/tls-report.ts";
import { findDomainOwner } from "../store/inbound.ts";
import {
  type DueReport,
  type TlsCount,
  addTlsCounts,
  claimTlsReports,
  listTlsCounts,
  planTlsReports,
  settleTlsReport,
} from "../store/tls-results.ts";
import type { EngineContext } from "./context.ts";
import { serviceAddress } from "./service-mail.ts";

const minute = 60_000;
const day = 86_400_000;

/** Reports of a day leave over four hours, so that not all senders come to a domain at midnight (RFC 8460 section 4.1). */
const spread = 240 * minute;

/** Kinds of sessions that are counted before they are written; more than that are lost, and nothing else is. */
const maxCounted = 10_000;

/** A book of sessions. */
export type TlsBook = { add(session: TlsSession): void; flush(): Promise<void> };

/** Counts sessions in memory until `flush` writes them. What a crash takes away is missing in a report, and nowhere else. */
export function createTlsBook(context: Pick<EngineContext, "database">): TlsBook {
  let counted = new Map<string, TlsCount>();
  return {
    add(session) {
      if (session.domain.startsWith("[")) return;
      const detail = kindOf(session);
      const today = session.at.slice(0, 10);
      const fingerprint = createHash("sha256").update(JSON.stringify(detail)).digest();
      const key = `${today} ${session.domain} ${fingerprint.toString("hex")}`;
      const known = counted.get(key);
      if (known) known.sessions++;
      else if (counted.size < maxCounted)
        counted.set(key, { day: today, domain: session.domain, fingerprint, detail, sessions: 1 });
    },
    async flush() {
      const counts = [...counted.values()];
      counted = new Map();
      await addTlsCounts(context.database, counts);
    },
  };
}

/** Everything that the worker of reports does with them. */
export function tlsReportCalls(context: EngineContext) {
  const { database } = context;
  const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return {
    planTlsReports(): Promise<void> {
      const now = context.now();
      const today = dateOf(now.getTime());
      const oldest = dateOf(now.getTime() - 14 * day);
      return planTlsReports(database, { today, oldest, now, spread });
    },
    claimTlsReports(limit: number): Promise<DueReport[]> {
      const now = context.now();
      return claimTlsReports(database, now, new Date(now.getTime() + 60 * minute), limit);
    },
    settleTlsReport: (report: DueReport, outcome: string) =>
      settleTlsReport(database, report, outcome.slice(0, 500), context.now()),
    /** The report of a day, and its JSON. */
    async tlsReportOf({ day: of, domain }: DueReport): Promise<ReportedDay & { json: string }> {
      const rows = await listTlsCounts(database, of, domain);
      const id = createHash("sha256").update(`${of}\n${domain}`).digest("hex").slice(0, 32);
      const report: ReportedDay = {
        domain,
        day: of,
        organisation: context.instance_domain,
        contact: serviceAddress(context),
        report_id: `${id}@${context.instance_domain}`,
        kinds: rows.map(({ detail, sessions }) => ({ kind: detail as TlsKind, sessions })),
      };
      return { ...report, json: JSON.stringify(buildTlsReport(report)) };
    },
    /** With the signatures of the instance's domain; null where it has none: nobody may believe such a report. */
    async signTlsReport(mime: Buffer): Promise<Buffer | null> {
      const owner = await findDomainOwner(database, context.instance_domain);
      const keys = owner
        ? await context.keyring.dkimOf(owner.operator_id, context.instance_domain)
        : [];
      if (keys.length === 0) return null;
      return Buffer.concat([await signDkim(mime, keys, context.now()), mime]);
    },
    /** Where reports come from. */
    tlsReporter: () => ({
      address: serviceAddress(context),
      domain: context.instance_domain,
    }),
  };
}
