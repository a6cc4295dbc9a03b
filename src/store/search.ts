/** Full-text search: what of a message is indexed, and finding messages by it, newest first. */
import type { Tx } from "./database.ts";
import { type MessageFilter, listMessageIds } from "./message-list.ts";
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

// A tsquery's text ends in a quote where its last part is a word: then the word may go on. websearch_to_tsquery takes any text,
// and gives a query without nodes for one without words.
const candidatesText = `
WITH read AS (
  SELECT CASE WHEN $4::boolean AND right(q::text, 1) = '''' THEN (q::text || ':*')::tsquery ELSE q END AS query
  FROM websearch_to_tsquery('simple', $3) q
)
SELECT found.message_id FROM read, search_messages($1, $2, read.query, $5, $6, $7) AS found(message_id) WHERE numnode(read.query) > 0`;

/** Candidates of the first look for each result; each further look is wider, so that filters which let little through do not cost many. */
const firstLook = 2;
const widerBy = 8;

/**
 * Messages that match the query and the filter, newest first: the index is asked for candidates, and each is put to the filter
 * (and so to the wall of what the caller may see) until there are enough. Needs `order: "newest"`.
 */
export async function searchMessageIds(
  tx: Tx,
  query: { text: string; open: boolean },
  filter: MessageFilter,
): Promise<string[]> {
  const wanted = (filter.offset ?? 0) + filter.limit;
  const found: string[] = [];
  let before = filter.before_id ?? null;
  for (let most = Math.max(50, firstLook * wanted); ; most *= widerBy) {
    const candidates = await tx.named<{ message_id: string }>("search_messages", candidatesText, [
      tx.operator_id,
      filter.mailbox_ids,
      query.text,
      query.open,
      before,
      filter.after_id ?? null,
      most,
    ]);
    const ids = candidates.map((row) => row.message_id);
    if (ids.length > 0)
      found.push(
        ...(await listMessageIds(tx, { ...filter, ids, offset: 0, limit: wanted - found.length })),
      );
    if (found.length >= wanted || ids.length < most) return found.slice(filter.offset ?? 0);
    before = ids.at(-1) ?? null;
  }
}

/** The beginnings of bodies, by message, to show in them what was found. */
export async function loadBodies(
  tx: Tx,
  ids: readonly string[],
  length: number,
): Promise<Map<string, string>> {
  const rows = await tx.named<{ message_id: string; body: string }>(
    "load_bodies",
    `SELECT message_id, left(coalesce(body_text, markdown), $3) AS body FROM message_content
     WHERE operator_id = $1 AND message_id = ANY($2)`,
    [tx.operator_id, ids, length],
  );
  return new Map(rows.map((row) => [row.message_id, row.body]));
}
