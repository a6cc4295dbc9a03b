/** Aggregate reports that others send about our domains: kept as summaries. */
import { isUniqueViolation } from "../store/database.ts";
import type { Tx } from "../store/database.ts";
import { insertAggregateReport } from "../store/aggregate-reports.ts";
import { listDomains } from "../store/operators.ts";
import type { Records } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import type { Opened } from "./open-mail.ts";
void isUniqueViolation;
/** placeholder */
export async function keepAggregateReport(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  kind: { kind: "tls_report" | "dmarc_report"; attachment: number },
  records: Records,
): Promise<boolean> {
  void [context, opened, kind, records, insertAggregateReport];
  await listDomains(tx);
  return false;
}
