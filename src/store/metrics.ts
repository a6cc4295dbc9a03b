/** Depth of the queues, counted along their indexes and never further than is worth knowing. */
import { type Database, everyOperator } from "./database.ts";

/** What is due of one kind: how many rows up to a bound, and seconds since the oldest came due. */
export type QueueDepth = { kind: string; due: number; oldest_seconds: number };

/** Beyond so many rows a queue is long, whatever its length. */
const bound = 100_000;

/** Kinds of which something is due; those of which nothing is are left out. */
export function queueDepths(database: Database, now: Date): Promise<QueueDepth[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<QueueDepth>(
      "queue_depths",
      `WITH RECURSIVE kinds AS (
         (SELECT kind FROM due ORDER BY kind LIMIT 1)
         UNION ALL SELECT (SELECT d.kind FROM due d WHERE d.kind > k.kind ORDER BY d.kind LIMIT 1) FROM kinds k WHERE k.kind IS NOT NULL)
       SELECT k.kind, c.due::int AS due, coalesce(extract(epoch FROM $1::timestamptz - c.oldest), 0)::float8 AS oldest_seconds
       FROM kinds k, LATERAL (SELECT count(*) AS due, min(due_at) AS oldest FROM
         (SELECT due_at FROM due WHERE kind = k.kind AND due_at <= $1::timestamptz ORDER BY due_at LIMIT $2) first) c
       WHERE k.kind IS NOT NULL AND c.due > 0`,
      [now.toISOString(), bound],
    ),
  );
}

/** Logs that are not those that were signed last, up to the same bound. */
export async function brokenLogs(database: Database): Promise<number> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ count: number }>(
      "broken_logs",
      "SELECT count(*)::int AS count FROM (SELECT 1 FROM log_head WHERE broken_at IS NOT NULL LIMIT $1) first",
      [bound],
    ),
  );
  return row?.count ?? 0;
}

/** Log entries that the sequencer has not placed, up to the same bound. */
export async function unsequencedEntries(database: Database): Promise<number> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ count: number }>(
      "unsequenced_entries",
      "SELECT count(*)::int AS count FROM (SELECT 1 FROM log_pending LIMIT $1) first",
      [bound],
    ),
  );
  return row?.count ?? 0;
}
