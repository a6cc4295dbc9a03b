/** Full-text search: what of a message is indexed, and finding messages by it, newest first. */
import { createHash } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { type Tx, sqlBuilder } from "./database.ts";
import { type MessageFilter, messagesOf } from "./message-list.ts";
import type { MessageRow, RecipientRow } from "./messages.ts";
import type { AttachmentMeta } from "./column-types.ts";

/** What of a message is indexed. Texts are cut; the index takes no more. */
export type IndexSource = {
  message_id: string;
  mailbox_id: string;
  thread_id: string;
  direction: "inbound" | "outbound";
  created_at: Date;
  subject: string;
  from_address: string;
  from_name: string | null;
  people: { name: string | null; address: string }[] | null;
  attachments: AttachmentMeta[];
  new_text: string;
  body: string;
};

/** Characters of a body that are indexed. */
const bodyLength = 262_144;

/** Loads what is to be indexed; what is gone is left out. */
export function loadIndexSources(tx: Tx, ids: readonly string[]): Promise<IndexSource[]> {
  return tx.named<IndexSource>(
    "load_index_sources",
    `SELECT m.message_id, m.mailbox_id, m.thread_id, m.direction, m.created_at, m.subject, m.from_address, m.from_name, m.attachments,
       left(coalesce(c.new_text, ''), ${bodyLength}) AS new_text, left(coalesce(c.body_text, c.markdown), ${bodyLength}) AS body,
       (SELECT jsonb_agg(jsonb_build_object('name', r.name, 'address', r.address)) FROM recipient r
         WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id) AS people
     FROM message m JOIN message_content c ON c.operator_id = m.operator_id AND c.message_id = m.message_id
     WHERE m.operator_id = $1 AND m.message_id = ANY($2)`,
    [tx.operator_id, ids],
  );
}

/** One message's words by weight, folded. */
export type IndexRow = {
  message_id: string;
  mailbox_id: string;
  subject: string;
  people: string;
  files: string;
  body: string;
};

/** Writes index rows anew. */
export async function writeSearch(tx: Tx, rows: readonly IndexRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.named(
    "write_search",
    `INSERT INTO message_search (operator_id, message_id, mailbox_id, tsv)
     SELECT $1, message_id, mailbox_id, setweight(to_tsvector('simple', subject), 'A') || setweight(to_tsvector('simple', people), 'B')
       || setweight(to_tsvector('simple', files), 'B') || setweight(to_tsvector('simple', body), 'C')
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       AS r(message_id, mailbox_id, subject, people, files, body)
     ON CONFLICT (operator_id, message_id) DO UPDATE SET tsv = excluded.tsv`,
    [
      tx.operator_id,
      rows.map((row) => row.message_id),
      rows.map((row) => row.mailbox_id),
      rows.map((row) => row.subject),
      rows.map((row) => row.people),
      rows.map((row) => row.files),
      rows.map((row) => row.body),
    ],
  );
}

/** What is looked for: a query as websearch_to_tsquery reads it, and whether its last word is a beginning too. */
type TextQuery = { text: string; open: boolean };

/** What lists show of a message's row, and `gated`. */
const listed = [
  "message_id",
  "mailbox_id",
  "direction",
  "status",
  "mode",
  "test",
  "required",
  "passkey",
  "gated",
  "digest",
  "thread_id",
  "rfc_message_id",
  "from_address",
  "from_name",
  "subject",
  "size_bytes",
  "attachments",
  "tags",
  "reason",
  "kind",
  "in_reply_to",
  "reply_of",
  "user_label",
  "send_at",
  "expires_at",
  "created_at",
  "updated_at",
  "complained_at",
  "unsubscribed_at",
] as const satisfies readonly (keyof MessageRow)[];

/** A message's row as far as lists show it. */
export type ListedRow = Pick<MessageRow, (typeof listed)[number]>;

/** One message that was found, with all that a list shows of it. */
export type FoundMessage = {
  row: ListedRow;
  recipients: RecipientRow[];
  /** The beginning of its text. */
  body: string;
};

/** Candidates of the first look beyond what is wanted; each further look is wider, so that filters which let little through do not cost many. */
const spare = 8;
const widerBy = 8;

/**
 * Messages that match the query and the filter, newest first: the index is asked for candidates, and each is put to the filter
 * (and so to the wall of what the caller may see) until there are enough. Needs `order: "newest"`. Of each body at most
 * `bodyLength` characters come along. One statement, unless the filter lets little through.
 */
export async function searchMessages(
  tx: Tx,
  query: TextQuery,
  filter: MessageFilter,
  bodyLength: number,
): Promise<FoundMessage[]> {
  let before = filter.before_id;
  if (filter.offset) {
    const skipped = await searchIds(tx, query, { ...filter, limit: filter.offset });
    if (skipped.length < filter.offset) return [];
    before = skipped.at(-1);
  }
  const found: FoundMessage[] = [];
  for (let most = filter.limit + spare; ; most *= widerBy) {
    const wanted = { ...filter, before_id: before, limit: filter.limit - found.length };
    const rows = await look(tx, foundRows(tx.operator_id, query, wanted, most, bodyLength), filter);
    for (const row of rows) if (isFound(row)) found.push(foundOf(row));
    const [first] = rows;
    if (!first || found.length >= filter.limit || first.looked_at < most) return found;
    before = first.looked_to ?? undefined;
  }
}

/** The ids of what {@link searchMessages} finds. */
async function searchIds(tx: Tx, query: TextQuery, filter: MessageFilter): Promise<string[]> {
  const ids: string[] = [];
  let before = filter.before_id;
  for (let most = filter.limit + spare; ; most *= widerBy) {
    const wanted = { ...filter, before_id: before, limit: filter.limit - ids.length };
    const rows = await look(tx, foundIds(tx.operator_id, query, wanted, most), filter);
    ids.push(...rows.flatMap((row) => row.message_id ?? []));
    const [first] = rows;
    if (!first || ids.length >= filter.limit || first.looked_at < most) return ids;
    before = first.looked_to ?? undefined;
  }
}

/** Each row says how far the look went; where nothing was found there is one, which says only that. */
type Looked = { looked_at: number; looked_to: string | null; pages: number };
type FoundId = Looked & { message_id: string | null };
type FoundRow = Looked & ListedRow & { body: string | null; recipients: RecipientRow[] | null };

const isFound = (row: FoundRow | (Looked & { message_id: null })): row is FoundRow =>
  row.message_id !== null;

function foundOf({
  looked_at: _,
  looked_to: _to,
  pages: _pages,
  body,
  recipients,
  ...row
}: FoundRow): FoundMessage {
  return { row, recipients: recipients ?? [], body: body ?? "" };
}

/** How large the table of messages was at the last look, in powers of eight of a page. */
let size = 0;

/** From this size on (some thousand messages) the planner tells the right index from the others without statistics too. */
const preparedFrom = 3;

/**
 * Runs a look. It is prepared where filters like it are few enough that all of them can stay prepared; and anew for each size of
 * the table, as a plan that was good for few messages may go through all of them, once for each candidate, when there are many.
 */
async function look<T extends Looked>(
  tx: Tx,
  statement: RawBuilder<T>,
  filter: MessageFilter,
): Promise<T[]> {
  const compiled = statement.compile(sqlBuilder);
  const { sql: text, parameters } = compiled;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 24);
  const rows =
    size >= preparedFrom && isCommon(filter)
      ? await tx.named<T>(`search_${hash}_${size}`, text, [...parameters])
      : await tx.run({ compile: () => compiled });
  size = Math.floor(Math.log2((rows[0]?.pages ?? 0) + 1) / 3);
  return rows;
}

/** Without any of what may be there or not in so many combinations. */
function isCommon(filter: MessageFilter): boolean {
  return (
    [filter.sender, filter.subject_contains, filter.tag, filter.thread_id, filter.kind].every(
      (one) => one === undefined,
    ) &&
    [filter.date_after, filter.date_before, filter.has_attachments].every(
      (one) => one === undefined,
    ) &&
    (filter.statuses?.length ?? 0) <= 1
  );
}

// A tsquery's text ends in a quote where its last part is a word: then the word may go on. websearch_to_tsquery takes any text,
// and gives a query without nodes for one without words.
function candidates(
  operatorId: string,
  query: TextQuery,
  filter: MessageFilter,
  most: number,
): RawBuilder<unknown> {
  return sql`read AS (
  SELECT CASE WHEN ${query.open}::boolean AND right(q::text, 1) = '''' THEN (q::text || ':*')::tsquery ELSE q END AS query
  FROM websearch_to_tsquery('simple', ${query.text}) q
), candidate AS MATERIALIZED (
  SELECT hit.message_id FROM read, search_messages(${operatorId}, ${filter.mailbox_ids}::text[], read.query, ${filter.before_id ?? null},
    ${filter.after_id ?? null}, ${most}::int) AS hit(message_id)
  WHERE numnode(read.query) > 0
)`;
}

/** How far the candidates went, and how large the table is now. */
const looked = sql`(SELECT count(*) FROM candidate)::int AS looked_at, (SELECT min(message_id) FROM candidate) AS looked_to,
  (pg_relation_size('message') / 8192)::int AS pages`;

/**
 * What the filter lets through of the candidates. Each is looked up by its id alone, and the filter comes after: behind OFFSET 0
 * the planner cannot put it in front, where an index of some status looks as good to it.
 */
function passed(operatorId: string, filter: MessageFilter, ids: boolean): RawBuilder<unknown> {
  const source = sql`(SELECT one.* FROM candidate CROSS JOIN LATERAL (
    SELECT * FROM message WHERE operator_id = ${operatorId} AND message_id = candidate.message_id OFFSET 0) AS one)`;
  // Where the candidates begin and end is said to the index already.
  const rest = { ...filter, before_id: undefined, after_id: undefined };
  return sql`${messagesOf(operatorId, rest, source)
    .$call((one) => (ids ? one.select("message_id") : one.select(listed)))
    .orderBy("message_id", "desc")
    .limit(filter.limit)}`;
}

function foundIds(
  operatorId: string,
  query: TextQuery,
  filter: MessageFilter,
  most: number,
): RawBuilder<FoundId> {
  return sql`WITH ${candidates(operatorId, query, filter, most)}
SELECT ${looked}, found.message_id FROM (VALUES (1)) AS always LEFT JOIN (${passed(operatorId, filter, true)}) AS found ON true
ORDER BY found.message_id DESC`;
}

/** The same with the messages, their recipients and the beginnings of their texts. */
function foundRows(
  operatorId: string,
  query: TextQuery,
  filter: MessageFilter,
  most: number,
  bodyLength: number,
): RawBuilder<FoundRow> {
  return sql`WITH ${candidates(operatorId, query, filter, most)}, passed AS MATERIALIZED (${passed(operatorId, filter, false)})
SELECT ${looked}, found.* FROM (VALUES (1)) AS always LEFT JOIN (
  SELECT passed.*,
    (SELECT left(coalesce(c.body_text, c.markdown), ${bodyLength}::int) FROM message_content c
      WHERE c.operator_id = ${operatorId} AND c.message_id = passed.message_id) AS body,
    (SELECT json_agg(r ORDER BY r.position) FROM recipient r
      WHERE r.operator_id = ${operatorId} AND r.message_id = passed.message_id) AS recipients
  FROM passed) AS found ON true
ORDER BY found.message_id DESC`;
}
