/** Threads: the projection of messages, its locks, and the lists that are read from the messages themselves. */
import type { Selectable } from "kysely";
import type { Referred } from "../core/threading.ts";
import { type Tx, sqlBuilder as db } from "./database.ts";
import { visibleMessages } from "./message-list.ts";
import type { Tables } from "./tables.ts";

/** A row of `thread`. */
export type ThreadRow = Selectable<Tables["thread"]>;

/** One message as it touches its thread. */
export type ThreadTouch = {
  mailbox_id: string;
  thread_id: string;
  subject: string;
  message_id: string;
  direction: "inbound" | "outbound";
  created_at: Date;
};

const touchText = `
INSERT INTO thread AS t (operator_id, mailbox_id, thread_id, subject, last_message_id, last_inbound_id, created_at)
SELECT $1, mailbox_id, thread_id, (array_agg(subject ORDER BY at, subject))[1], max(message_id),
  max(message_id) FILTER (WHERE direction = 'inbound'), min(at)
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
  AS r(mailbox_id, thread_id, subject, message_id, direction, at)
GROUP BY mailbox_id, thread_id ORDER BY mailbox_id, thread_id
ON CONFLICT (operator_id, mailbox_id, thread_id) DO UPDATE SET
  last_message_id = greatest(t.last_message_id, excluded.last_message_id),
  last_inbound_id = greatest(t.last_inbound_id, excluded.last_inbound_id),
  subject = CASE WHEN excluded.created_at < t.created_at THEN excluded.subject
                 WHEN excluded.created_at > t.created_at THEN t.subject
                 ELSE least(t.subject, excluded.subject) END,
  created_at = least(t.created_at, excluded.created_at)`;

/** Brings threads up to date with messages. The same whatever the order in which messages come, and however often. */
export async function touchThreads(tx: Tx, rows: readonly ThreadTouch[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.named("touch_threads", touchText, [
    tx.operator_id,
    rows.map((row) => row.mailbox_id),
    rows.map((row) => row.thread_id),
    rows.map((row) => row.subject),
    rows.map((row) => row.message_id),
    rows.map((row) => row.direction),
    rows.map((row) => row.created_at.toISOString()),
  ]);
}

/** Of one mailbox, the messages of ours with these ids, and the received ones with these Message-IDs. */
export function findReferred(
  tx: Tx,
  mailboxId: string,
  keys: { own: readonly string[]; rfc: readonly string[] },
): Promise<Referred[]> {
  return tx.named<Referred>(
    "find_referred",
    `SELECT message_id, thread_id, rfc_message_id, direction FROM message
      WHERE operator_id = $1 AND mailbox_id = $2 AND message_id = ANY($3) AND direction = 'outbound'
     UNION ALL
     (SELECT message_id, thread_id, rfc_message_id, direction FROM message
      WHERE operator_id = $1 AND mailbox_id = $2 AND rfc_message_id = ANY($4) AND direction = 'inbound'
      ORDER BY message_id LIMIT 1000)`,
    [tx.operator_id, mailboxId, keys.own, keys.rfc],
  );
}

/** True where a thread was written to this address, or was begun by it. Addresses are compared without case. */
export async function isCorrespondent(
  tx: Tx,
  thread: { mailbox_id: string; thread_id: string },
  address: string,
): Promise<boolean> {
  const rows = await tx.named(
    "is_correspondent",
    `SELECT 1 FROM message m JOIN recipient r USING (operator_id, message_id)
      WHERE m.operator_id = $1 AND m.mailbox_id = $2 AND m.thread_id = $3 AND m.direction = 'outbound'
        AND r.kind <> 'copy' AND lower(r.address) = $4
     UNION ALL
     SELECT 1 FROM (SELECT direction, from_address FROM message
       WHERE operator_id = $1 AND mailbox_id = $2 AND thread_id = $3 ORDER BY message_id LIMIT 1) f
      WHERE f.direction = 'inbound' AND lower(f.from_address) = $4
     LIMIT 1`,
    [tx.operator_id, thread.mailbox_id, thread.thread_id, address.toLowerCase()],
  );
  return rows.length > 0;
}

/** A thread's row, or null while nothing has made one. */
export async function getThread(
  tx: Tx,
  mailboxId: string,
  threadId: string,
  lock = false,
): Promise<ThreadRow | null> {
  let query = db
    .selectFrom("thread")
    .selectAll()
    .where("operator_id", "=", tx.operator_id)
    .where("mailbox_id", "=", mailboxId)
    .where("thread_id", "=", threadId);
  if (lock) query = query.forNoKeyUpdate();
  const [row] = await tx.run(query);
  return row ?? null;
}

/** Says who has a thread to themselves. */
export async function setThreadOwner(
  tx: Tx,
  thread: { mailbox_id: string; thread_id: string },
  owner: Pick<ThreadRow, "owner" | "owner_by" | "owner_at">,
): Promise<void> {
  await tx.run(
    db
      .updateTable("thread")
      .set(owner)
      .where("operator_id", "=", tx.operator_id)
      .where("mailbox_id", "=", thread.mailbox_id)
      .where("thread_id", "=", thread.thread_id),
  );
}

/** Of the given threads, those that somebody has to themselves. */
export function findOwned(
  tx: Tx,
  threads: readonly { mailbox_id: string; thread_id: string }[],
): Promise<ThreadRow[]> {
  return tx.named<ThreadRow>(
    "find_owned_threads",
    `SELECT t.* FROM thread t JOIN unnest($2::text[], $3::text[]) AS r(mailbox_id, thread_id) USING (mailbox_id, thread_id)
     WHERE t.operator_id = $1 AND t.owner IS NOT NULL`,
    [
      tx.operator_id,
      threads.map((thread) => thread.mailbox_id),
      threads.map((thread) => thread.thread_id),
    ],
  );
}

/** Holds threads until the transaction ends: whoever counts their messages and adds one comes one after the other. */
export async function holdThreads(
  tx: Tx,
  threads: readonly { mailbox_id: string; thread_id: string }[],
): Promise<void> {
  // One order of locking for everybody: no deadlocks between batches.
  await tx.named(
    "hold_threads",
    `SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM
       (SELECT DISTINCT format('thread/%s/%s/%s', $1::text, mailbox_id, thread_id) AS k
        FROM unnest($2::text[], $3::text[]) AS r(mailbox_id, thread_id) ORDER BY k) s`,
    [
      tx.operator_id,
      threads.map((thread) => thread.mailbox_id),
      threads.map((thread) => thread.thread_id),
    ],
  );
}

/**
 * How often a thread was written to without anybody's approval, and whether agents can see that it was written back to: what is
 * withheld from them they answer not, and are not to learn of by being stopped.
 */
export type Turns = { unapproved: number; answered: boolean };

/** Counts messages of ours since `since` that are newer than the last approved one; those that were stopped do not count. */
export async function countTurns(
  tx: Tx,
  thread: { mailbox_id: string; thread_id: string },
  since: Date,
): Promise<Turns> {
  const [row] = await tx.named<Turns>(
    "count_turns",
    `SELECT
       (SELECT count(*)::int FROM message m
         WHERE m.operator_id = $1 AND m.mailbox_id = $2 AND m.thread_id = $3 AND m.direction = 'outbound' AND m.created_at > $4
           AND m.status NOT IN ('draft', 'blocked', 'rejected', 'cancelled', 'expired', 'suppressed')
           AND m.message_id > coalesce((SELECT max(d.message_id) FROM message a JOIN decision d USING (operator_id, message_id)
             WHERE a.operator_id = $1 AND a.mailbox_id = $2 AND a.thread_id = $3 AND a.direction = 'outbound'
               AND d.decision = 'approve' AND d.voided_at IS NULL), '')) AS unapproved,
       EXISTS (SELECT 1 FROM message i WHERE i.operator_id = $1 AND i.mailbox_id = $2 AND i.thread_id = $3 AND i.direction = 'inbound'
         AND ${visibleMessages("i")}) AS answered`,
    [tx.operator_id, thread.mailbox_id, thread.thread_id, since.toISOString()],
  );
  return row ?? { unapproved: 0, answered: false };
}
