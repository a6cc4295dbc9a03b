/** Lists of messages: by time, filtered, and only of what the caller may see. */
import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";
import { inboundStatuses, unreleasedSpam, withheldStatuses } from "../core/inbound-status.ts";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { Tables } from "./tables.ts";

/** Which messages a list shows. */
export type MessageFilter = {
  mailbox_ids: readonly string[] | null;
  /** Whether withheld mail (core/inbound-status) is among them. */
  withheld: boolean;
  direction?: "outbound" | "inbound" | undefined;
  statuses?: readonly string[] | undefined;
  /** Received mail in these statuses is left out. */
  without?: readonly string[] | undefined;
  /** Parts of the sender's address and of the subject, compared without case. */
  sender?: string | undefined;
  subject_contains?: string | undefined;
  date_after?: Date | undefined;
  date_before?: Date | undefined;
  has_attachments?: boolean | undefined;
  thread_id?: string | undefined;
  kind?: string | undefined;
  /** Has such a tag; with a value, that one. */
  tag?: { key: string; value: string | null } | undefined;
  /** Only of these. */
  ids?: readonly string[] | undefined;
  before_id?: string | undefined;
  after_id?: string | undefined;
  order: "newest" | "oldest";
  limit: number;
  offset?: number | undefined;
};

/** A part of a text as an ILIKE pattern. */
function containing(part: string): string {
  return `%${part.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

/**
 * A condition in SQL that is true for messages of `alias` which callers without `oversight` may see: `isWithheld` of
 * core/inbound-status, said to the database. For every statement that lists, counts or finds messages.
 */
export function visibleMessages(alias: string): string {
  return `(${alias}.direction = 'outbound' OR NOT (${alias}.status IN (${quoted(withheldStatuses)})
    OR ${alias}.mode = 'gated_all' AND ${alias}.status IN (${quoted(unreleasedSpam)})))`;
}

const inboundOnly: ReadonlySet<string> = new Set(
  inboundStatuses.filter((one) => one !== "rejected"),
);

/**
 * The messages that a filter lets through; order, limit and offset are left to the caller. `source` is what has the messages'
 * columns, instead of their table.
 */
export function messagesOf(
  operatorId: string,
  filter: MessageFilter,
  source?: RawBuilder<unknown>,
): ListQuery {
  const from = source?.as<"message">("message") as "message" | undefined;
  let query: ListQuery = db.selectFrom(from ?? "message").where("operator_id", "=", operatorId);
  query = ofMailboxes(query, filter.mailbox_ids);
  if (!filter.withheld) query = query.where(sql<boolean>`${sql.raw(visibleMessages("message"))}`);
  if (filter.ids) query = query.where(sql<boolean>`message_id = ANY(${[...filter.ids]}::text[])`);
  query = ofStatus(query, filter);
  query = ofContent(query, filter);
  if (filter.date_after) query = query.where("created_at", ">", filter.date_after);
  if (filter.date_before) query = query.where("created_at", "<", filter.date_before);
  if (filter.before_id) query = query.where("message_id", "<", filter.before_id);
  if (filter.after_id) query = query.where("message_id", ">", filter.after_id);
  return query;
}

/** Lists message ids by id, which is by time. */
export async function listMessageIds(tx: Tx, filter: MessageFilter): Promise<string[]> {
  const rows = await tx.run(
    messagesOf(tx.operator_id, filter)
      .select("message_id")
      .orderBy("message_id", filter.order === "newest" ? "desc" : "asc")
      .limit(filter.limit)
      .offset(filter.offset ?? 0),
  );
  return rows.map((row) => row.message_id);
}

type ListQuery = SelectQueryBuilder<Tables, "message", object>;

/** One mailbox is compared by equality: an index that begins with it is in the order of the list, and is read from its end. */
function ofMailboxes(query: ListQuery, ids: MessageFilter["mailbox_ids"]): ListQuery {
  if (ids === null) return query;
  const [only] = ids;
  return ids.length === 1 && only !== undefined
    ? query.where("mailbox_id", "=", only)
    : query.where(sql<boolean>`mailbox_id = ANY(${[...ids]}::text[])`);
}

/** One status is compared by equality, and received mail's with its direction: so the partial indexes are used. */
function ofStatus(query: ListQuery, filter: MessageFilter): ListQuery {
  const { statuses, without } = filter;
  let direction = filter.direction;
  if (statuses && statuses.length > 0 && statuses.every((one) => inboundOnly.has(one)))
    direction ??= "inbound";
  let found = query;
  if (direction) found = found.where("direction", "=", direction);
  if (statuses) {
    const [only] = statuses;
    found =
      statuses.length === 1 && only
        ? found.where("status", "=", only)
        : found.where("status", "in", [...statuses, ""]);
  }
  if (without && without.length > 0)
    found = found.where((eb) =>
      eb.or([eb("direction", "=", "outbound"), eb("status", "not in", [...without])]),
    );
  return found;
}

function ofContent(query: ListQuery, filter: MessageFilter): ListQuery {
  const { sender, subject_contains: subject, has_attachments: attached, tag } = filter;
  let found = query;
  if (filter.thread_id !== undefined) found = found.where("thread_id", "=", filter.thread_id);
  if (filter.kind !== undefined) found = found.where(sql<boolean>`kind = ${filter.kind}`);
  if (sender) found = found.where("from_address", "ilike", containing(sender));
  if (subject) found = found.where("subject", "ilike", containing(subject));
  if (attached !== undefined)
    found = found.where(sql`jsonb_array_length(attachments)`, attached ? ">" : "=", 0);
  if (tag)
    found = found.where(
      tag.value === null
        ? sql<boolean>`jsonb_exists(tags, ${tag.key})`
        : sql<boolean>`tags @> ${JSON.stringify({ [tag.key]: tag.value })}::jsonb`,
    );
  return found;
}

/** Moves a received message from one of some statuses to another; nothing happens where it is in none of them. */
export async function markReceived(
  tx: Tx,
  messageId: string,
  from: readonly string[],
  to: string,
  now: Date,
): Promise<void> {
  await tx.named(
    "mark_received",
    `UPDATE message SET status = $4, updated_at = $5
     WHERE operator_id = $1 AND message_id = $2 AND direction = 'inbound' AND status = ANY($3)`,
    [tx.operator_id, messageId, from, to, now.toISOString()],
  );
}
