/** The event log: publishing in an order that readers can rely on, reading from a position, deleting what is old. */
import { type Database, type Tx, everyOperator } from "./database.ts";
import { visibleMessages } from "./message-list.ts";

/** Operators that have events without a position. */
export async function operatorsWithEvents(database: Database): Promise<string[]> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string }>(
      "operators_with_events",
      `SELECT operator_id FROM operator o
       WHERE EXISTS (SELECT 1 FROM event e WHERE e.operator_id = o.operator_id AND e.position IS NULL)`,
      [],
    ),
  );
  return rows.map((row) => row.operator_id);
}

/**
 * A condition in SQL that is true for events of `alias` which tell of mail that callers without `oversight` do not see: all that
 * tell of a message while it is withheld, and those that told overseers of received mail, also when it was let through since.
 */
export function withheldEvents(alias: string): string {
  return `(${alias}.type = 'message.held' OR EXISTS (SELECT 1 FROM message about WHERE about.operator_id = ${alias}.operator_id
    AND about.message_id = ${alias}.message_id AND about.direction = 'inbound'
    AND (${alias}.type LIKE 'oversight.%' OR NOT ${visibleMessages("about")})))`;
}

/** An event about to be published. */
export type UnpublishedEvent = {
  event_id: string;
  type: string;
  mailbox_id: string | null;
  thread_id: string | null;
  /** True where it is about a message of a test key. */
  test: boolean;
  /** True where it is {@link withheldEvents}'. */
  withheld: boolean;
};

/** Locks the operator's head, so that one publisher works at a time on whatever node, and answers it. */
export async function lockEventHead(tx: Tx): Promise<number> {
  await tx.named(
    "make_event_head",
    "INSERT INTO event_head (operator_id) VALUES ($1) ON CONFLICT DO NOTHING",
    [tx.operator_id],
  );
  const [row] = await tx.named<{ position: string }>(
    "lock_event_head",
    "SELECT position FROM event_head WHERE operator_id = $1 FOR UPDATE",
    [tx.operator_id],
  );
  return Number(row?.position ?? 0);
}

/** The oldest events without a position, in the order in which they get one. */
export function unpublishedEvents(tx: Tx, limit: number): Promise<UnpublishedEvent[]> {
  return tx.named<UnpublishedEvent>(
    "unpublished_events",
    `SELECT e.event_id, e.type, e.mailbox_id, e.thread_id, coalesce(m.test, false) AS test, ${withheldEvents("e")} AS withheld
     FROM event e LEFT JOIN message m ON m.operator_id = e.operator_id AND m.message_id = e.message_id
     WHERE e.operator_id = $1 AND e.position IS NULL ORDER BY e.seq LIMIT $2`,
    [tx.operator_id, limit],
  );
}

/** Gives events the positions behind `head`, in their order, and moves the head. */
export async function placeEvents(tx: Tx, head: number, ids: readonly string[]): Promise<void> {
  await tx.named(
    "place_events",
    `WITH moved AS (UPDATE event_head SET position = $2::bigint + $4 WHERE operator_id = $1)
     UPDATE event e SET position = $2::bigint + r.n FROM unnest($3::text[]) WITH ORDINALITY AS r(event_id, n)
     WHERE e.operator_id = $1 AND e.event_id = r.event_id`,
    [tx.operator_id, head, ids, ids.length],
  );
}

/** How far the events of operators are published; those without any are left out. */
export async function eventHeads(
  database: Database,
  operatorIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string; position: string }>(
      "event_heads",
      "SELECT operator_id, position FROM event_head WHERE operator_id = ANY($1)",
      [operatorIds],
    ),
  );
  return new Map(rows.map((row) => [row.operator_id, Number(row.position)]));
}

/** Where the operator's log begins and ends: positions above `pruned`, up to `position`. */
export async function eventBounds(tx: Tx): Promise<{ position: number; pruned: number }> {
  const [row] = await tx.named<{ position: string; pruned: string }>(
    "event_bounds",
    "SELECT position, pruned FROM event_head WHERE operator_id = $1",
    [tx.operator_id],
  );
  return { position: Number(row?.position ?? 0), pruned: Number(row?.pruned ?? 0) };
}

/** An event as it was published. */
export type PublishedEvent = {
  event_id: string;
  position: number;
  type: string;
  mailbox_id: string | null;
  message_id: string | null;
  thread_id: string | null;
  data: Record<string, unknown>;
  at: Date;
};

/** What a reader wants to see. */
export type EventFilter = {
  /** Null for all, also those of no mailbox. */
  mailbox_ids: readonly string[] | null;
  /** Null for all. */
  types: readonly string[] | null;
  /** Whether {@link withheldEvents} are among them. */
  withheld: boolean;
  thread_id: string | null;
  message_id: string | null;
  since: Date | null;
};

/** Positions that one page looks at, whatever it finds. */
const maxLooked = 5000;

/**
 * The events behind a position that the filter lets through, oldest first. It looks at a bounded number of positions: `reached`
 * says up to where nothing was left out; where that is below the head there may be more.
 */
export async function readEvents(
  tx: Tx,
  after: number,
  head: number,
  filter: EventFilter,
  limit: number,
): Promise<{ rows: PublishedEvent[]; reached: number }> {
  const until = Math.min(head, after + maxLooked);
  if (until <= after) return { rows: [], reached: after };
  const found = await tx.named<Omit<PublishedEvent, "position"> & { position: string }>(
    filter.withheld ? "read_events_withheld" : "read_events",
    `SELECT event_id, position, type, mailbox_id, message_id, thread_id, data, at FROM event e
     WHERE operator_id = $1 AND position > $2 AND position <= $3
       AND ($4::text[] IS NULL OR mailbox_id = ANY($4)) AND ($5::text[] IS NULL OR type = ANY($5))
       AND ($6::text IS NULL OR thread_id = $6) AND ($7::text IS NULL OR message_id = $7)
       AND ($8::timestamptz IS NULL OR at >= $8)${filter.withheld ? "" : ` AND NOT ${withheldEvents("e")}`}
     ORDER BY position LIMIT $9`,
    [
      tx.operator_id,
      after,
      until,
      filter.mailbox_ids,
      filter.types,
      filter.thread_id,
      filter.message_id,
      // As a Date: the ISO text of some years that callers may name is nothing to PostgreSQL.
      filter.since,
      limit,
    ],
  );
  const rows = found.map((row) => ({ ...row, position: Number(row.position) }));
  const last = rows.at(-1);
  return { rows, reached: rows.length === limit && last ? last.position : until };
}

/** Events that were made out of order by the clocks of several nodes lie at most so far apart. */
const slack = 1000;

/** A position before which nothing of what was made from an id on lies; null where there is none yet. */
export async function positionFrom(tx: Tx, firstId: string): Promise<number | null> {
  const [row] = await tx.named<{ position: string | null }>(
    "position_from",
    `SELECT min(position) AS position FROM (SELECT position FROM event WHERE operator_id = $1 AND event_id >= $2
       AND position IS NOT NULL ORDER BY event_id LIMIT 100) AS e`,
    [tx.operator_id, firstId],
  );
  return row?.position == null ? null : Math.max(0, Number(row.position) - 1 - slack);
}

/** Deletes published events that were made before an id, with their deliveries; at most `limit`. Returns how many. */
export async function pruneEvents(tx: Tx, beforeId: string, limit: number): Promise<number> {
  const [row] = await tx.named<{ gone: number }>(
    "prune_events",
    `WITH gone AS (DELETE FROM event WHERE (operator_id, event_id) IN (SELECT operator_id, event_id FROM event
         WHERE operator_id = $1 AND event_id < $2 AND position IS NOT NULL ORDER BY event_id LIMIT $3) RETURNING position),
       noted AS (UPDATE event_head SET pruned = greatest(pruned, coalesce((SELECT max(position) FROM gone), 0)) WHERE operator_id = $1)
     SELECT count(*)::int AS gone FROM gone`,
    [tx.operator_id, beforeId, limit],
  );
  return row?.gone ?? 0;
}

/** Mail that was received or released in a mailbox behind a position, in that order. */
export async function receivedAfter(
  tx: Tx,
  wanted: {
    mailbox_id: string;
    after: number;
    /** Told of from then on. */
    since: Date | null;
    sender: string | null;
    subject_contains: string | null;
    thread_id: string | null;
    limit: number;
  },
): Promise<{ message_id: string; position: number }[]> {
  const rows = await tx.named<{ message_id: string; position: string }>(
    "received_after",
    `SELECT e.message_id, e.position FROM event e
     JOIN message m ON m.operator_id = e.operator_id AND m.message_id = e.message_id
     WHERE e.operator_id = $1 AND e.mailbox_id = $2 AND e.type = 'message.received' AND e.position > $3
       AND ($4::timestamptz IS NULL OR e.at >= $4) AND m.status IN ('unread', 'read', 'archived')
       AND ($5::text IS NULL OR strpos(lower(m.from_address), lower($5)) > 0)
       AND ($6::text IS NULL OR strpos(lower(m.subject), lower($6)) > 0)
       AND ($7::text IS NULL OR m.thread_id = $7)
     ORDER BY e.position LIMIT $8`,
    [
      tx.operator_id,
      wanted.mailbox_id,
      wanted.after,
      wanted.since,
      wanted.sender,
      wanted.subject_contains,
      wanted.thread_id,
      wanted.limit,
    ],
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** Where it was last told that a message was received; null where it was not, or where that is deleted by now. */
export async function receivedPosition(tx: Tx, messageId: string): Promise<number | null> {
  const [row] = await tx.named<{ position: string | null }>(
    "received_position",
    "SELECT max(position) AS position FROM event WHERE operator_id = $1 AND message_id = $2 AND type = 'message.received'",
    [tx.operator_id, messageId],
  );
  return row?.position == null ? null : Number(row.position);
}
