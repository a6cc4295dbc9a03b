/** MTA-STS policies of other domains (RFC 8461), kept over restarts. The instance's, and nobody's data. */
import { type Database, everyOperator } from "./database.ts";

/** The kept policy of a domain, unless its time is over; null where there is none. */
export async function getStsPolicy(
  database: Database,
  domain: string,
  now: Date,
): Promise<unknown> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ policy: unknown }>(
      "get_sts_policy",
      "SELECT policy FROM sts_policy WHERE domain = $1 AND expires_at > $2",
      [domain, now.toISOString()],
    ),
  );
  return row?.policy ?? null;
}

/** Keeps the policy of a domain, in place of the one before. */
export async function putStsPolicy(
  database: Database,
  domain: string,
  policy: object,
  times: { fetched_at: Date; expires_at: Date },
): Promise<void> {
  await database.as(everyOperator, (tx) =>
    tx.named(
      "put_sts_policy",
      `INSERT INTO sts_policy (domain, policy, fetched_at, expires_at) VALUES ($1, $2::jsonb, $3, $4)
       ON CONFLICT (domain) DO UPDATE SET policy = excluded.policy, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at`,
      [
        domain,
        JSON.stringify(policy),
        times.fetched_at.toISOString(),
        times.expires_at.toISOString(),
      ],
    ),
  );
}
