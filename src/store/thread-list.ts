/** Lists of threads, read from the messages themselves: only what the caller may see moves, counts or names a thread. */
import { asideStatuses } from "../core/inbound-status.ts";
import type { Tx } from "./database.ts";
import { visibleMessages } from "./message-list.ts";
import type { ThreadRow, ThreadTouch } from "./threads.ts";

/** A thread as lists show it. */
export type ListedThread = Pick<ThreadRow, "thread_id" | "owner" | "owner_by" | "owner_at"> & {
  /** Of its first message. */
  subject: string;
  created_at: Date;
  last_message_id: string;
  last_at: Date;
  last_from: string;
  last_direction: "inbound" | "outbound";
  /** The last mail that a person wrote to us. */
  last_inbound_id: string | null;
  /** True where nothing of ours that may leave is newer than that mail. */
  unanswered: boolean;
  message_count: number;
};

/** Which threads a list shows. */
export type ThreadFilter = {
  mailbox_id: string;
  /** True for callers with oversight: what is held, refused or set aside counts too. */
  withheld: boolean;
  unanswered?: boolean | undefined;
  owner?: "agent" | "human" | "none" | undefined;
  thread_id?: string | undefined;
  before_id?: string | undefined;
  limit: number;
};

/** Messages that one page looks at: a long thread, or a filter that fits little, answers short pages rather than slow ones. */
const looked = 500;

const aside = asideStatuses.map((status) => `'${status}'`).join(", ");

/** Messages of `alias` that belong to a thread as this caller sees it. Deleted ones belong to nobody's. */
function seen(alias: string, withheld: boolean): string {
  return withheld
    ? `(${alias}.direction = 'outbound' OR ${alias}.status <> 'deleted')`
    : `(${visibleMessages(alias)} AND (${alias}.direction = 'outbound' OR ${alias}.status NOT IN (${aside})))`;
}

const ofThread = (alias: string): string =>
  `${alias}.operator_id = $1 AND ${alias}.mailbox_id = $2 AND ${alias}.thread_id = l.thread_id`;

/** Each thread stands where its last message stands, so that one walk over messages, newest first, meets each thread once. */
function listText(withheld: boolean): string {
  const see = (alias: string): string => seen(alias, withheld);
  return `
WITH looked AS MATERIALIZED (
  SELECT m.message_id, m.thread_id, m.created_at, m.from_address, m.direction FROM message m
   WHERE m.operator_id = $1 AND m.mailbox_id = $2 AND ($3::text IS NULL OR m.message_id < $3)
     AND ($7::text IS NULL OR m.thread_id = $7) AND ${see("m")}
   ORDER BY m.message_id DESC LIMIT ${looked}
)
SELECT e.looked::int, e.edge, r.* FROM (SELECT count(*) AS looked, min(message_id) AS edge FROM looked) e LEFT JOIN LATERAL (
  SELECT l.thread_id, l.message_id AS last_message_id, l.created_at AS last_at, l.from_address AS last_from,
    l.direction AS last_direction, f.subject, f.created_at, i.message_id AS last_inbound_id, coalesce(u.unanswered, false) AS unanswered,
    t.owner, t.owner_by, t.owner_at, (SELECT count(*)::int FROM message m WHERE ${ofThread("m")} AND ${see("m")}) AS message_count
  FROM looked l
  LEFT JOIN thread t ON ${ofThread("t")}
  CROSS JOIN LATERAL (SELECT m.subject, m.created_at FROM message m WHERE ${ofThread("m")} AND ${see("m")}
    ORDER BY m.message_id LIMIT 1) f
  LEFT JOIN LATERAL (SELECT m.message_id FROM message m WHERE ${ofThread("m")} AND ${see("m")}
    AND m.direction = 'inbound' AND m.kind = 'mail' ORDER BY m.message_id DESC LIMIT 1) i ON true
  LEFT JOIN LATERAL (SELECT NOT EXISTS (SELECT 1 FROM message m WHERE ${ofThread("m")} AND m.direction = 'outbound'
    AND m.message_id > i.message_id AND NOT m.test AND m.status NOT IN
      ('draft', 'rejected', 'cancelled', 'blocked', 'expired', 'send_failed', 'suppressed')) AS unanswered
    WHERE i.message_id IS NOT NULL) u ON true
  WHERE NOT EXISTS (SELECT 1 FROM message m WHERE ${ofThread("m")} AND m.message_id > l.message_id AND ${see("m")})
    AND ($4::boolean IS NULL OR coalesce(u.unanswered, false) = $4)
    AND ($5::text IS NULL OR coalesce(t.owner, 'none') = $5)
  ORDER BY l.message_id DESC LIMIT $6
) r ON true ORDER BY r.last_message_id DESC`;
}

const text = { withheld: listText(true), visible: listText(false) };

/** A page of threads, the one with the newest message first, and where the next page begins; null at the end. */
export async function listThreads(
  tx: Tx,
  filter: ThreadFilter,
): Promise<{ rows: ListedThread[]; next_id: string | null }> {
  const found = await tx.named<
    ListedThread & { looked: number; edge: string | null; last_message_id: string | null }
  >(
    filter.withheld ? "list_threads_withheld" : "list_threads",
    filter.withheld ? text.withheld : text.visible,
    [
      tx.operator_id,
      filter.mailbox_id,
      filter.before_id ?? null,
      filter.unanswered ?? null,
      filter.owner ?? null,
      filter.limit + 1,
      filter.thread_id ?? null,
    ],
  );
  const rows = found.flatMap(({ looked: _looked, edge: _edge, ...row }) =>
    row.last_message_id === null ? [] : [row],
  );
  if (rows.length > filter.limit) {
    const shown = rows.slice(0, filter.limit);
    return { rows: shown, next_id: shown.at(-1)?.last_message_id ?? null };
  }
  const [first] = found;
  return { rows, next_id: first && first.looked === looked ? first.edge : null };
}

/** The messages of a thread as this caller sees it, oldest first. */
export async function listThreadMessages(
  tx: Tx,
  of: {
    mailbox_id: string;
    thread_id: string;
    withheld: boolean;
    after_id?: string | undefined;
    limit: number;
  },
): Promise<string[]> {
  const rows = await tx.named<{ message_id: string }>(
    of.withheld ? "thread_messages_withheld" : "thread_messages",
    `SELECT m.message_id FROM message m
      WHERE m.operator_id = $1 AND m.mailbox_id = $2 AND m.thread_id = $3 AND ($4::text IS NULL OR m.message_id > $4)
        AND ${seen("m", of.withheld)}
      ORDER BY m.message_id LIMIT $5`,
    [tx.operator_id, of.mailbox_id, of.thread_id, of.after_id ?? null, of.limit],
  );
  return rows.map((row) => row.message_id);
}

/** The first message of a thread as this caller sees it, or null where there is none. */
export async function firstOfThread(
  tx: Tx,
  thread: { mailbox_id: string; thread_id: string },
  withheld: boolean,
): Promise<Omit<ThreadTouch, "mailbox_id" | "thread_id"> | null> {
  const [row] = await tx.named<Omit<ThreadTouch, "mailbox_id" | "thread_id">>(
    withheld ? "first_of_thread_withheld" : "first_of_thread",
    `SELECT m.subject, m.message_id, m.direction, m.created_at FROM message m
      WHERE m.operator_id = $1 AND m.mailbox_id = $2 AND m.thread_id = $3 AND ${seen("m", withheld)}
      ORDER BY m.message_id LIMIT 1`,
    [tx.operator_id, thread.mailbox_id, thread.thread_id],
  );
  return row ?? null;
}
