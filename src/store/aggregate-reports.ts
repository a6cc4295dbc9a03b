/** Aggregate reports of others about an operator's domains: DMARC (RFC 7489) and TLS (RFC 8460). */
import type { Insertable, Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** A row of `aggregate_report`. */
export type AggregateReportRow = Selectable<Tables["aggregate_report"]>;

/** Keeps a report; false when it was kept before. */
export async function insertAggregateReport(
  tx: Tx,
  report: Omit<Insertable<Tables["aggregate_report"]>, "operator_id">,
): Promise<boolean> {
  const rows = await tx.run(
    db
      .insertInto("aggregate_report")
      .values({ ...report, operator_id: tx.operator_id })
      .onConflict((conflict) => conflict.doNothing())
      .returning("report_id"),
  );
  return rows.length > 0;
}

/** The reports about a domain that end after a moment, newest first. */
export function listAggregateReports(
  tx: Tx,
  domain: string,
  since: Date,
  limit: number,
): Promise<AggregateReportRow[]> {
  return tx.run(
    db
      .selectFrom("aggregate_report")
      .selectAll()
      .where("operator_id", "=", tx.operator_id)
      .where("domain", "=", domain)
      .where("ends_at", ">", since)
      .orderBy("ends_at", "desc")
      .limit(limit),
  );
}

/** How many reports about a domain end after a moment, and for how many of them nobody vouched. */
export async function countAggregateReports(
  tx: Tx,
  domain: string,
  since: Date,
): Promise<{ all: number; unauthenticated: number }> {
  const [row] = await tx.named<{ all: number; unauthenticated: number }>(
    "count_aggregate_reports",
    `SELECT count(*)::int AS "all",
       count(*) FILTER (WHERE summary->>'authenticated' IS DISTINCT FROM 'true')::int AS unauthenticated
     FROM aggregate_report WHERE operator_id = $1 AND domain = $2 AND ends_at > $3`,
    [tx.operator_id, domain, since.toISOString()],
  );
  return row ?? { all: 0, unauthenticated: 0 };
}
