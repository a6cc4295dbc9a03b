/** Token buckets of requests, from which nodes draw blocks. */
import { type Database, type Tx, everyOperator } from "./database.ts";

/** A bucket: its name within the operator, and how many tokens it holds at most and gains in a minute. */
export type Bucket = { subject: string; quota: number };

/** What a draw brought, and what is left in the bucket. */
export type Drawn = { granted: number; tokens: number };

/**
 * Draws up to `want` whole tokens. `now` is the caller's clock: where clocks of nodes differ, time only ever goes forward
 * in the bucket, so that it gains no more than a minute's quota in a minute of the clock that is ahead.
 */
export async function drawTokens(tx: Tx, bucket: Bucket, want: number, now: Date): Promise<Drawn> {
  const [row] = await tx.named<Drawn>(
    "draw_tokens",
    `INSERT INTO rate_bucket AS b (operator_id, subject, tokens, granted, updated_at)
     VALUES ($1, $2, $3::float8 - least($4::int, $3::float8), least($4::int, $3::float8)::int, $5::timestamptz)
     ON CONFLICT (operator_id, subject) DO UPDATE SET
       (tokens, granted, updated_at) = (
         SELECT f.filled - g.n, g.n, greatest(b.updated_at, excluded.updated_at)
           FROM (SELECT least($3::float8, b.tokens + $3::float8 / 60 *
                   greatest(0, extract(epoch FROM excluded.updated_at - b.updated_at)::float8)) AS filled) f,
             LATERAL (SELECT greatest(0, least($4::int, floor(f.filled + 1e-9)))::int AS n) g)
     RETURNING granted, tokens`,
    [tx.operator_id, bucket.subject, bucket.quota, want, now.toISOString()],
  );
  if (!row) throw new Error("a token bucket answered nothing");
  return row;
}

/** Deletes buckets that nobody drew from since a moment; answers how many. A full one begins in their place. */
export async function deleteIdleBuckets(database: Database, before: Date): Promise<number> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named(
      "delete_idle_buckets",
      `DELETE FROM rate_bucket WHERE (operator_id, subject) IN
         (SELECT operator_id, subject FROM rate_bucket WHERE updated_at < $1 LIMIT 5000) RETURNING 1 AS one`,
      [before.toISOString()],
    ),
  );
  return rows.length;
}
