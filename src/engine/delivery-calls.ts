/** The engine's calls about delivery as such, bound to one context: destinations, TLS reports, and what is kept for a time only. */
import { deleteOldKeys } from "../store/idempotency.ts";
import { deleteIdleBuckets } from "../store/rate-limits.ts";
import { deleteTranscripts } from "../store/transcripts.ts";
import type { EngineContext } from "./context.ts";
import { destinationCalls } from "./destinations.ts";
import { tlsReportCalls } from "./tls-reports.ts";

/** Everything that operations and workers do with them. */
export function deliveryCalls(context: EngineContext) {
  return {
    ...destinationCalls(context),
    ...tlsReportCalls(context),
    /** Deletes transcripts from before a moment, some thousands at once; answers how many. */
    sweepTranscripts: (before: Date): Promise<number> =>
      deleteTranscripts(context.database, before),
    /** Deletes buckets of rate limits that nobody drew from since a moment; answers how many. */
    sweepBuckets: (before: Date): Promise<number> => deleteIdleBuckets(context.database, before),
    /** Deletes idempotency keys that were first used before a moment, some thousands at once; answers how many. */
    sweepKeys: (before: Date): Promise<number> => deleteOldKeys(context.database, before),
  };
}
