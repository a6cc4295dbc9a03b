/** Idempotency keys: 24 hours in which the same key means the same message. */
import { type Database, type Tx, everyOperator } from "./database.ts";

/** What a key was first used for. */
export type KnownKey = { mailbox_id: string; key: string; fingerprint: string; message_id: string };

/** Keys are compared by mailbox and key. */
export type KeyClaim = KnownKey;

// Keys that begin with a space are the engine's own guards against the same thing twice. No caller can give one.
const lasts = (key: string): string =>
  `CASE WHEN ${key} LIKE ' %' THEN interval '60 seconds' ELSE interval '24 hours' END`;

const claimText = `
INSERT INTO idempotency AS i (operator_id, mailbox_id, key, fingerprint, message_id, created_at)
SELECT $1, mailbox_id, key, fingerprint, message_id, $6::timestamptz
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS r(mailbox_id, key, fingerprint, message_id)
ON CONFLICT (operator_id, mailbox_id, key) DO UPDATE
  SET fingerprint = excluded.fingerprint, message_id = excluded.message_id, created_at = excluded.created_at
  WHERE i.created_at < $6::timestamptz - ${lasts("i.key")}
RETURNING message_id`;

/**
 * Claims keys for messages about to be inserted; returns the ids of the messages whose key was free.
 * Claims must differ in (mailbox, key) and are made in one order, so that batches cannot deadlock.
 */
export async function claimKeys(
  tx: Tx,
  claims: readonly KeyClaim[],
  now: Date,
): Promise<Set<string>> {
  const ordered = claims.toSorted((a, b) => (a.mailbox_id + a.key < b.mailbox_id + b.key ? -1 : 1));
  const rows = await tx.named<{ message_id: string }>("claim_keys", claimText, [
    tx.operator_id,
    ordered.map((claim) => claim.mailbox_id),
    ordered.map((claim) => claim.key),
    ordered.map((claim) => claim.fingerprint),
    ordered.map((claim) => claim.message_id),
    now.toISOString(),
  ]);
  return new Set(rows.map((row) => row.message_id));
}

/** What a living key stands for, or null. */
export async function findKey(
  tx: Tx,
  mailboxId: string,
  key: string,
  now: Date,
): Promise<KnownKey | null> {
  const [row] = await tx.named<KnownKey>(
    "find_key",
    `SELECT mailbox_id, key, fingerprint, message_id FROM idempotency
     WHERE operator_id = $1 AND mailbox_id = $2 AND key = $3 AND created_at >= $4::timestamptz - ${lasts("key")}`,
    [tx.operator_id, mailboxId, key, now.toISOString()],
  );
  return row ?? null;
}

/** Deletes keys that were claimed before a moment, a bounded number; answers how many. */
export async function deleteOldKeys(database: Database, before: Date): Promise<number> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named(
      "delete_old_keys",
      `DELETE FROM idempotency WHERE (operator_id, mailbox_id, key) IN
         (SELECT operator_id, mailbox_id, key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT 5000)
         AND created_at < $1 RETURNING 1 AS one`,
      [before.toISOString()],
    ),
  );
  return rows.length;
}
