/** The queue by destination: what waits for each domain, which domains are paused, and mail held back for them. */
import type { Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import type { Receipt, Tables } from "./tables.ts";

/** A row of `destination_pause`. */
export type PauseRow = Selectable<Tables["destination_pause"]>;

/** What waits for one domain. */
export type QueuedDestination = {
  domain: string;
  /** Copies: one a recipient. */
  waiting: number;
  oldest_at: Date | null;
  next_attempt_at: Date | null;
  last_receipt: Receipt | null;
};

// No node has this name: it marks what waits for its destination to be let go on.
const heldForDestination = "(destination)";

/** The domain of a recipient, as SQL. */
const domainOf = "lower(substring(r.address from '[^@]*$'))";

/** All paused domains of all operators, for the workers. */
export async function listAllPauses(
  database: Database,
): Promise<{ operator_id: string; domain: string }[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string; domain: string }>(
      "list_all_pauses",
      "SELECT operator_id, domain FROM destination_pause",
      [],
    ),
  );
}

/** The paused domains of the operator. */
export function listPauses(tx: Tx): Promise<PauseRow[]> {
  return tx.run(
    db.selectFrom("destination_pause").selectAll().where("operator_id", "=", tx.operator_id),
  );
}

/** The pause of a domain, locked until the transaction ends. */
export async function lockPause(tx: Tx, domain: string): Promise<PauseRow | null> {
  const [row] = await tx.named<PauseRow>(
    "lock_pause",
    "SELECT * FROM destination_pause WHERE operator_id = $1 AND domain = $2 FOR UPDATE",
    [tx.operator_id, domain],
  );
  return row ?? null;
}

/** Pauses a domain. False where it is paused already. */
export async function insertPause(
  tx: Tx,
  pause: Pick<PauseRow, "domain" | "reason" | "paused_by" | "paused_at">,
): Promise<boolean> {
  const rows = await tx.run(
    db
      .insertInto("destination_pause")
      .values({ ...pause, operator_id: tx.operator_id })
      .onConflict((conflict) => conflict.doNothing())
      .returning("domain"),
  );
  return rows.length > 0;
}

/** Ends a pause. What was held is due by then: at once, or held again for another destination of its own. */
export async function deletePause(tx: Tx, domain: string, now: Date): Promise<void> {
  await tx.run(
    db
      .deleteFrom("destination_pause")
      .where("operator_id", "=", tx.operator_id)
      .where("domain", "=", domain),
  );
  await tx.named(
    "release_held",
    "UPDATE due SET due_at = $2, node = NULL WHERE operator_id = $1 AND kind = 'deliver' AND node = $3",
    [tx.operator_id, now.toISOString(), heldForDestination],
  );
}

/**
 * Puts those claimed messages back until `at` whose open recipients are all in paused domains. Answers their ids. The pauses are
 * share-locked, so that whoever ends one finds what was held.
 */
export async function holdForDestinations(
  tx: Tx,
  claims: readonly { message_id: string; token: string }[],
  at: Date,
): Promise<string[]> {
  const paused = await tx.named<{ domain: string }>(
    "share_pauses",
    "SELECT domain FROM destination_pause WHERE operator_id = $1 ORDER BY domain FOR SHARE",
    [tx.operator_id],
  );
  if (paused.length === 0) return [];
  const rows = await tx.named<{ message_id: string }>(
    "hold_for_destinations",
    `UPDATE due SET due_at = $5, node = $6, token = nextval('due_token')
     FROM unnest($2::text[], $3::bigint[]) AS c(message_id, token)
     WHERE due.operator_id = $1 AND due.kind = 'deliver' AND due.message_id = c.message_id AND due.token = c.token
       AND (SELECT bool_and(${domainOf} = ANY($4)) FROM recipient r
            WHERE r.operator_id = $1 AND r.message_id = c.message_id AND r.status IN ('pending', 'deferred'))
     RETURNING due.message_id`,
    [
      tx.operator_id,
      claims.map((claim) => claim.message_id),
      claims.map((claim) => claim.token),
      paused.map((row) => row.domain),
      at.toISOString(),
      heldForDestination,
    ],
  );
  return rows.map((row) => row.message_id);
}

/**
 * Puts those claimed messages back until `at` of which everybody who is due is in domains whose queues are full. Answers their
 * ids. Nothing else of them changes: they were not handed off.
 */
export async function holdForRoom(
  tx: Tx,
  claims: readonly { message_id: string; token: string }[],
  full: { domains: readonly string[]; now: Date; at: Date },
): Promise<string[]> {
  const rows = await tx.named<{ message_id: string }>(
    "hold_for_room",
    `UPDATE due SET due_at = $5, node = NULL, token = nextval('due_token')
     FROM unnest($2::text[], $3::bigint[]) AS c(message_id, token)
     WHERE due.operator_id = $1 AND due.kind = 'deliver' AND due.message_id = c.message_id AND due.token = c.token
       AND (SELECT bool_and(${domainOf} = ANY($4)) FROM recipient r
            WHERE r.operator_id = $1 AND r.message_id = c.message_id AND r.status IN ('pending', 'deferred')
              AND (r.next_attempt_at IS NULL OR r.next_attempt_at <= $6))
     RETURNING due.message_id`,
    [
      tx.operator_id,
      claims.map((claim) => claim.message_id),
      claims.map((claim) => claim.token),
      full.domains,
      full.at.toISOString(),
      full.now.toISOString(),
    ],
  );
  return rows.map((row) => row.message_id);
}

/** The domains for which most mail waits, paused ones too; at most `limit`. `domain` for one of them. */
export function listDestinations(
  tx: Tx,
  filter: { domain: string | null; limit: number },
): Promise<QueuedDestination[]> {
  return tx.named<QueuedDestination>(
    "list_destinations",
    `SELECT domain, count(waits)::int AS waiting, min(created_at) AS oldest_at, min(due_at) AS next_attempt_at,
       (array_agg(receipt ORDER BY receipt ->> 'at' DESC) FILTER (WHERE receipt IS NOT NULL))[1] AS last_receipt
     FROM (
       SELECT ${domainOf} AS domain, true AS waits, coalesce(m.first_attempt_at, m.send_at, m.created_at) AS created_at,
         CASE WHEN d.node IS NULL THEN d.due_at END AS due_at, r.receipt
       FROM due d
       JOIN message m ON m.operator_id = d.operator_id AND m.message_id = d.message_id
       JOIN recipient r ON r.operator_id = d.operator_id AND r.message_id = d.message_id
       WHERE d.operator_id = $1 AND d.kind = 'deliver' AND r.status IN ('pending', 'deferred')
       UNION ALL
       SELECT domain, NULL, NULL, NULL, NULL FROM destination_pause WHERE operator_id = $1
     ) AS q
     WHERE $2::text IS NULL OR domain = $2
     GROUP BY domain ORDER BY waiting DESC, domain LIMIT $3`,
    [tx.operator_id, filter.domain, filter.limit],
  );
}

/** Makes what waits for a domain, and nobody works on, due now. Answers how many messages. */
export async function flushQueue(tx: Tx, domain: string, now: Date): Promise<number> {
  const rows = await tx.named(
    "flush_queue",
    `WITH flushed AS (
       UPDATE due d SET due_at = $3 WHERE d.operator_id = $1 AND d.kind = 'deliver' AND d.node IS NULL AND d.due_at > $3
         AND EXISTS (SELECT 1 FROM recipient r WHERE r.operator_id = $1 AND r.message_id = d.message_id
                     AND r.status IN ('pending', 'deferred') AND ${domainOf} = $2)
       RETURNING d.message_id
     ), now_due AS (
       -- Of a message to several destinations the others keep their time.
       UPDATE recipient r SET next_attempt_at = NULL FROM flushed f
       WHERE r.operator_id = $1 AND r.message_id = f.message_id AND r.status IN ('pending', 'deferred') AND ${domainOf} = $2
     )
     SELECT message_id FROM flushed`,
    [tx.operator_id, domain, now.toISOString()],
  );
  return rows.length;
}
