/** The queue: rows that come due, claimed with a lease and a fencing token, by any number of nodes. */
import { type Database, type Tx, everyOperator } from "./database.ts";
import type { DueKind } from "./tables.ts";

/** A claimed row. Whoever holds it writes its result with this token, or not at all. */
export type Claim = { operator_id: string; message_id: string; token: string };

/** How many of one operator's rows a claim takes at most: of those in `held`, and of any other. */
export type ClaimShares = { held: ReadonlyMap<string, number>; others: number };

/** What a claim takes. */
export type ClaimOptions = { now: Date; lease_until: Date; node: string; limit: number };

/** Claims up to `limit` rows that are due; each comes due again at `lease_until` unless it is settled before. */
export function claimDue(
  database: Database,
  kind: DueKind,
  options: ClaimOptions,
): Promise<Claim[]> {
  return database.as(everyOperator, (tx) =>
    tx.named<Claim>("claim_due", "SELECT * FROM claim_due($1, $2, $3, $4, $5)", [
      kind,
      options.now.toISOString(),
      options.lease_until.toISOString(),
      options.node,
      options.limit,
    ]),
  );
}

/** The same of deliveries, where no operator gets more than its share, however many of its rows are due. */
export function claimDeliveries(
  database: Database,
  options: ClaimOptions & { shares: ClaimShares },
): Promise<Claim[]> {
  const { held, others } = options.shares;
  // Where no share is smaller than the claim, whoever waits longest is served, which costs less.
  if (Math.min(others, ...held.values()) >= options.limit)
    return claimDue(database, "deliver", options);
  return database.as(everyOperator, (tx) =>
    tx.named<Claim>(
      "claim_deliveries",
      "SELECT * FROM claim_deliveries($1, $2, $3, $4, $5, $6, $7)",
      [
        options.now.toISOString(),
        options.lease_until.toISOString(),
        options.node,
        options.limit,
        [...held.keys()],
        [...held.values()],
        others,
      ],
    ),
  );
}

/** Holds claims for longer: those whose token stands come due at `lease_until` and not before. */
export async function renewDue(
  database: Database,
  kind: DueKind,
  claims: readonly Claim[],
  options: { lease_until: Date; node: string },
): Promise<void> {
  await database.as(everyOperator, (tx) =>
    tx.named(
      "renew_due",
      `UPDATE due d SET due_at = $6 FROM unnest($3::text[], $4::text[], $5::bigint[]) AS c(operator_id, message_id, token)
       WHERE d.operator_id = c.operator_id AND d.kind = $1 AND d.message_id = c.message_id AND d.token = c.token AND d.node = $2`,
      [
        kind,
        options.node,
        claims.map((claim) => claim.operator_id),
        claims.map((claim) => claim.message_id),
        claims.map((claim) => claim.token),
        options.lease_until.toISOString(),
      ],
    ),
  );
}

/** What this node had claimed and does not hold any more is due at once: after a crash everything. Returns how many. */
export async function reclaimDue(
  database: Database,
  node: string,
  now: Date,
  what: { kinds: DueKind[]; except: string[] } = {
    kinds: [
      "deliver",
      "release",
      "expire",
      "receive",
      "index",
      "verify_domain",
      "remind",
      "escalate",
      "notify",
      "service_mail",
      "webhook",
    ],
    except: [],
  },
): Promise<number> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named(
      "reclaim_due",
      `UPDATE due SET due_at = $2, node = NULL
       WHERE node = $1 AND kind = ANY($3) AND message_id <> ALL($4) RETURNING 1`,
      [node, now.toISOString(), what.kinds, what.except],
    ),
  );
  return rows.length;
}

/** The tokens that stand now, by message; a claim whose token is not there has been overtaken. Locks the rows. */
export async function standingTokens(
  tx: Tx,
  kind: DueKind,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx.named<{ message_id: string; token: string }>(
    "standing_tokens",
    "SELECT message_id, token FROM due WHERE operator_id = $1 AND kind = $2 AND message_id = ANY($3) ORDER BY message_id FOR UPDATE",
    [tx.operator_id, kind, ids],
  );
  return new Map(rows.map((row) => [row.message_id, row.token]));
}

/** Sets when rows of one kind are due; makes or moves them. */
export function putDue(
  tx: Tx,
  kind: DueKind,
  rows: readonly { message_id: string; at: Date }[],
): Promise<void> {
  return putDues(
    tx,
    rows.map((row) => ({ ...row, kind })),
  );
}

/** The same for rows of several kinds. */
export async function putDues(
  tx: Tx,
  rows: readonly { kind: DueKind; message_id: string; at: Date }[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.named(
    "put_due",
    `INSERT INTO due (operator_id, kind, message_id, due_at)
     SELECT $1, kind, message_id, at FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS r(kind, message_id, at)
     ON CONFLICT (operator_id, kind, message_id) DO UPDATE SET due_at = excluded.due_at, node = NULL, token = nextval('due_token')`,
    [
      tx.operator_id,
      rows.map((row) => row.kind),
      rows.map((row) => row.message_id),
      rows.map((row) => row.at.toISOString()),
    ],
  );
}

/** Puts a row that comes due at `at`, unless one is there that comes due earlier. */
export async function putDueEarlier(
  tx: Tx,
  kind: DueKind,
  messageId: string,
  at: Date,
): Promise<void> {
  await tx.named(
    "put_due_earlier",
    `INSERT INTO due (operator_id, kind, message_id, due_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (operator_id, kind, message_id) DO UPDATE SET due_at = least(due.due_at, excluded.due_at), node = NULL,
       token = nextval('due_token')`,
    [tx.operator_id, kind, messageId, at.toISOString()],
  );
}

/** Takes rows of one kind out of the queue. */
export function deleteDue(tx: Tx, kind: DueKind, ids: readonly string[]): Promise<void> {
  return deleteDues(tx, [kind], ids);
}

/** Takes rows of several kinds out of the queue. */
export async function deleteDues(
  tx: Tx,
  kinds: readonly DueKind[],
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await tx.named(
    "delete_due",
    "DELETE FROM due WHERE operator_id = $1 AND kind = ANY($2) AND message_id = ANY($3)",
    [tx.operator_id, kinds, ids],
  );
}
