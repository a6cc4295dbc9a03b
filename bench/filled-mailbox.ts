/** A mailbox with much mail: rows as the product writes them, put into a running server's database by its owner. */
import pg from "pg";
import { Agent, request } from "undici";
import type { Server } from "./multimail.ts";

/** A connection as the database's owner. */
export async function openOwner(server: Server): Promise<pg.Client> {
  const owner = new pg.Client({
    host: server.socket_folder,
    port: 5432,
    user: "postgres",
    database: "multimail",
    ssl: false,
  });
  await owner.connect();
  return owner;
}

/** Messages of one thread. */
export const perThread = 5;

/** The id of the n-th message, from 1 on; older than any that a server makes now. */
export function filledId(n: number): string {
  return String(n).padStart(26, "0");
}

const id = (n: string): string => `lpad((${n})::text, 26, '0')`;
const threadOf = (n: string): string => id(`(${n} - 1) / ${perThread} * ${perThread} + 1`);

/** Words by a falling frequency: word0 is in most messages, those near word19999 in one of a thousand. */
const words = (count: number): string =>
  `(SELECT string_agg('word' || floor(20000 * power(random(), 3))::int, ' ') FROM generate_series(1, ${count} + n % 2))`;

const message = (direction: string, status: string, authors: string): string => `
INSERT INTO message (operator_id, message_id, mailbox_id, direction, status, mode, test, required, timing, gated, handed, authors,
  author_kind, author_id, digest, thread_id, rfc_message_id, from_address, from_name, subject, size_bytes, attachments, tags, metadata,
  authentication, screening, created_at, updated_at)
SELECT b.operator_id, ${id("n")}, b.mailbox_id, ${direction}, ${status}, b.mode, false, 1, 'gate_first', false, false, ARRAY[${authors}],
  'external', 'external', repeat('0', 64), ${threadOf("n")}, 'm' || n || '@sender.example.net', 'person' || n % 997 || '@sender.example.net',
  'Person ' || n % 997, 'Order ' || n || ' ' || ${words(4)}, 2048, '[]', '{}', '{}',
  '{"spf": {"result": "pass"}}', '{"verdict": "pass", "reasons": []}', at, at
FROM mailbox b, generate_series($2::int, $3::int) n, LATERAL (SELECT timestamptz '2020-01-01' + n * interval '1 minute' AS at) t
WHERE b.mailbox_id = $1`;

const statements = [
  message("'inbound'", "CASE WHEN n % 100 = 0 THEN 'unread' ELSE 'read' END", "'external'"),
  `INSERT INTO message_content (operator_id, message_id, mime, markdown, body_text, new_text)
   SELECT b.operator_id, ${id("n")}, convert_to(text, 'UTF8'), text, text, text
   FROM mailbox b, generate_series($2::int, $3::int) n, LATERAL (SELECT ${words(60)} AS text) t WHERE b.mailbox_id = $1`,
  `INSERT INTO recipient (operator_id, message_id, position, kind, address, status)
   SELECT operator_id, ${id("n")}, 0, 'to', address, 'delivered' FROM mailbox, generate_series($2::int, $3::int) n WHERE mailbox_id = $1`,
  `INSERT INTO thread (operator_id, mailbox_id, thread_id, subject, last_message_id, last_inbound_id, created_at)
   SELECT operator_id, mailbox_id, thread_id, min(subject), max(message_id), max(message_id), min(created_at) FROM message
   WHERE mailbox_id = $1 AND message_id BETWEEN ${id("$2")} AND ${id("$3")} GROUP BY operator_id, mailbox_id, thread_id`,
  `INSERT INTO message_search (operator_id, message_id, mailbox_id, tsv)
   SELECT m.operator_id, m.message_id, m.mailbox_id, setweight(to_tsvector('simple', m.subject), 'A')
     || setweight(to_tsvector('simple', m.from_name || ' ' || m.from_address), 'B') || setweight(to_tsvector('simple', c.body_text), 'C')
   FROM message m JOIN message_content c USING (operator_id, message_id)
   WHERE m.mailbox_id = $1 AND m.message_id BETWEEN ${id("$2")} AND ${id("$3")}`,
];

const pendingStatements = [
  message("'outbound'", "'pending_approval'", "'key:bench'"),
  `INSERT INTO message_content (operator_id, message_id, mime, markdown)
   SELECT operator_id, ${id("n")}, 'x', 'x' FROM mailbox, generate_series($2::int, $3::int) n WHERE mailbox_id = $1`,
  `INSERT INTO recipient (operator_id, message_id, position, kind, address, status)
   SELECT operator_id, ${id("n")}, 0, 'to', 'person@example.net', 'pending' FROM mailbox, generate_series($2::int, $3::int) n
   WHERE mailbox_id = $1`,
];

async function fill(
  server: Server,
  texts: readonly string[],
  from: number,
  to: number,
): Promise<void> {
  const owner = await openOwner(server);
  try {
    // The walls judge what the application does; this is the owner.
    await owner.query("SET session_replication_role = replica");
    await owner.query("SET maintenance_work_mem = '512MB'");
    for (const text of texts) {
      const placed = text.replaceAll(/\$2(?!:)/g, "$2::int").replaceAll(/\$3(?!:)/g, "$3::int");
      await owner.query(placed, [server.mailbox_id, from, to]);
    }
    await owner.query("VACUUM ANALYZE");
  } finally {
    await owner.end();
  }
}

/** Puts received messages `1` to `count` into the first mailbox, in threads, indexed for search. */
export function fillReceived(server: Server, count: number): Promise<void> {
  return fill(server, statements, 1, count);
}

/** Puts `count` messages that wait for approval behind number `after`. */
export function fillPending(server: Server, count: number, after: number): Promise<void> {
  return fill(server, pendingStatements, after + 1, after + count);
}

/** One connection that stays open, as the other side has: what a client spends on itself is not what is measured. */
const connection = new Agent({ connections: 1 });

/** Milliseconds of one call, and its answer, which must be JSON with status 200. */
export async function timed(
  server: Server,
  path: string,
  key = server.agent_key,
): Promise<{ ms: number; body: unknown }> {
  const begun = performance.now();
  const { statusCode, body } = await request(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${key}` },
    dispatcher: connection,
  });
  const text = await body.text();
  const ms = performance.now() - begun;
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${text}`);
  return { ms, body: JSON.parse(text) as unknown };
}
