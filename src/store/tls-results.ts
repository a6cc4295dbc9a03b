/** Results of TLS by day and domain, and the reports that are due on them. The instance's, and nobody's data. */
import { type Database, everyOperator } from "./database.ts";

/** Sessions of one kind with one domain on one day (UTC, `2026-01-31`). */
export type TlsCount = {
  day: string;
  domain: string;
  /** Of the detail. */
  fingerprint: Buffer;
  detail: object;
  sessions: number;
};

/** A report that is to be sent. */
export type DueReport = { day: string; domain: string; attempts: number };

/** Adds counts to what is there. */
export async function addTlsCounts(database: Database, counts: readonly TlsCount[]): Promise<void> {
  if (counts.length === 0) return;
  await database.as(everyOperator, (tx) =>
    tx.named(
      "add_tls_counts",
      `INSERT INTO tls_result (day, domain, fingerprint, detail, sessions)
       SELECT day::date, domain, decode(fingerprint, 'hex'), detail::jsonb, sessions
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS r(day, domain, fingerprint, detail, sessions)
       ORDER BY 1, 2, 3
       ON CONFLICT (day, domain, fingerprint) DO UPDATE SET sessions = tls_result.sessions + excluded.sessions`,
      [
        counts.map((count) => count.day),
        counts.map((count) => count.domain),
        counts.map((count) => count.fingerprint.toString("hex")),
        counts.map((count) => JSON.stringify(count.detail)),
        counts.map((count) => count.sessions),
      ],
    ),
  );
}

/** Most kinds of sessions in one report. */
const maxKinds = 500;

/** What there is to report of a day, most sessions first. */
export function listTlsCounts(
  database: Database,
  day: string,
  domain: string,
): Promise<{ detail: unknown; sessions: number }[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<{ detail: unknown; sessions: number }>(
      "list_tls_counts",
      `SELECT detail, sessions::float8 AS sessions FROM tls_result WHERE day = $1 AND domain = $2
       ORDER BY tls_result.sessions DESC LIMIT ${maxKinds}`,
      [day, domain],
    ),
  );
}

/**
 * Plans a report for each domain of the days before `today` that has none, spread over `spread` milliseconds, and deletes what is
 * older than `oldest`. Any number of nodes may do so.
 */
export async function planTlsReports(
  database: Database,
  times: { today: string; oldest: string; now: Date; spread: number },
): Promise<void> {
  await database.as(everyOperator, async (tx) => {
    await tx.named("drop_tls_results", "DELETE FROM tls_result WHERE day < $1", [times.oldest]);
    await tx.named("drop_tls_reports", "DELETE FROM tls_report WHERE day < $1", [times.oldest]);
    await tx.named(
      "plan_tls_reports",
      `INSERT INTO tls_report (day, domain, due_at)
       SELECT DISTINCT ON (day, domain) day, domain, $2::timestamptz + random() * $3 * interval '1 millisecond'
       FROM tls_result WHERE day < $1
       ON CONFLICT DO NOTHING`,
      [times.today, times.now.toISOString(), times.spread],
    );
  });
}

/** Takes reports that are due; each comes due again at `again` unless it is settled before. */
export function claimTlsReports(
  database: Database,
  now: Date,
  again: Date,
  limit: number,
): Promise<DueReport[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<DueReport>(
      "claim_tls_reports",
      `UPDATE tls_report SET due_at = $2, attempts = attempts + 1 WHERE (day, domain) IN (
         SELECT day, domain FROM tls_report WHERE done_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING day::text AS day, domain, attempts`,
      [now.toISOString(), again.toISOString(), limit],
    ),
  );
}

/** Writes what came of a report; it is not sent again. */
export async function settleTlsReport(
  database: Database,
  report: Pick<DueReport, "day" | "domain">,
  outcome: string,
  now: Date,
): Promise<void> {
  await database.as(everyOperator, (tx) =>
    tx.named(
      "settle_tls_report",
      "UPDATE tls_report SET done_at = $4, outcome = $3 WHERE day = $1 AND domain = $2",
      [report.day, report.domain, outcome, now.toISOString()],
    ),
  );
}
