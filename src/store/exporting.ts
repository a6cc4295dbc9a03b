/** What an operator takes along: every table of theirs, row by row as JSON, without secrets. */
import type { Tx } from "./database.ts";
import { withheldEvents } from "./events.ts";
import { visibleMessages } from "./message-list.ts";

/** A table as it is exported: its key, in the order in which rows come, and columns that stay here. */
export type ExportedTable = {
  table: string;
  key: readonly string[];
  /** Secrets, and what has another form in the export. */
  without?: readonly string[];
  /** SQL of further members, over the row `t`. */
  more?: string;
  /** Column whose bytes limit how many rows come at a time. */
  heavy?: string;
  /** For callers who do not see withheld mail: SQL over `t` that is true for rows that lead to it, and members that replace those of a row. */
  walled?: { hides?: string; more?: string };
};

const base64 = (column: string): string =>
  `jsonb_build_object('${column}_base64', translate(encode(t.${column}, 'base64'), E'\\n', ''))`;

/** The host of a URL that is called: its path is often all that the one who is called asks for. */
const hostOf = (value: string): string =>
  `substring(${value} from '^[A-Za-z]+://(?:[^/?#@]*@)?([^/?#]+)')`;

/** True where the message with the id of this column is withheld (core/inbound-status). */
const isWithheld = (column: string): string =>
  `EXISTS (SELECT 1 FROM message about WHERE about.operator_id = t.operator_id AND about.message_id = t.${column}
     AND NOT ${visibleMessages("about")})`;

const ofMessage = { hides: isWithheld("message_id") };

/** A value of the visible messages of thread `t`: without the others the thread may begin and end elsewhere, or not be there. */
const ofThread = (value: string): string =>
  `(SELECT ${value} FROM message m WHERE m.operator_id = t.operator_id AND m.mailbox_id = t.mailbox_id
     AND m.thread_id = t.thread_id AND ${visibleMessages("m")})`;

/** In the order in which they are exported. What is not here is a secret, a queue or derived from what is here. */
export const exportedTables: readonly ExportedTable[] = [
  { table: "operator", key: ["operator_id"] },
  { table: "domain", key: ["domain_id"] },
  {
    table: "person",
    key: ["person_id"],
    more: `jsonb_build_object('notify', t.notify - 'chat_webhook_url'
      || jsonb_build_object('chat_webhook_host', ${hostOf("t.notify->>'chat_webhook_url'")}))`,
  },
  { table: "passkey", key: ["passkey_id"], without: ["credential_id", "public_key", "leaf_hash"] },
  { table: "api_key", key: ["key_id"], without: ["token_hash", "prefix"] },
  {
    table: "mailbox",
    key: ["mailbox_id"],
    without: ["webhook_url", "oversight_webhook_url"],
    more: `jsonb_build_object('webhook_host', ${hostOf("t.webhook_url")},
      'oversight_webhook_host', ${hostOf("t.oversight_webhook_url")})`,
  },
  { table: "allowlist_entry", key: ["mailbox_id", "entry_id"] },
  { table: "policy", key: ["policy_id"] },
  {
    table: "webhook",
    key: ["webhook_id"],
    without: ["url", "sealed_secret", "old_secret"],
    more: `jsonb_build_object('url_host', ${hostOf("t.url")})`,
  },
  { table: "suppression", key: ["address", "mailbox_id"] },
  { table: "contact", key: ["contact_id"] },
  { table: "legal_hold", key: ["hold_id"], walled: ofMessage },
  { table: "retention", key: ["version"] },
  { table: "erasure", key: ["erasure_id"] },
  {
    table: "thread",
    key: ["mailbox_id", "thread_id"],
    walled: {
      hides: `${ofThread("count(*)")} = 0`,
      more: ofThread(`jsonb_build_object(
        'subject', (array_agg(m.subject ORDER BY m.created_at, m.message_id))[1],
        'created_at', min(m.created_at), 'last_message_id', max(m.message_id),
        'last_inbound_id', max(m.message_id) FILTER (WHERE m.direction = 'inbound'))`),
    },
  },
  { table: "message", key: ["message_id"], walled: { hides: `NOT ${visibleMessages("t")}` } },
  { table: "recipient", key: ["message_id", "position"], walled: ofMessage },
  {
    table: "message_content",
    key: ["message_id"],
    without: ["mime"],
    more: base64("mime"),
    heavy: "mime",
    walled: ofMessage,
  },
  {
    table: "message_version",
    key: ["message_id", "version"],
    without: ["mime"],
    more: base64("mime"),
    heavy: "mime",
    walled: ofMessage,
  },
  {
    table: "decision",
    key: ["decision_id"],
    without: ["statement", "leaf_hash"],
    more: base64("statement"),
    walled: ofMessage,
  },
  { table: "handoff", key: ["message_id", "attempt"], walled: ofMessage },
  {
    table: "delivery_transcript",
    key: ["message_id", "attempt", "position"],
    walled: ofMessage,
  },
  { table: "aggregate_report", key: ["report_id"] },
  { table: "mailbox_day", key: ["mailbox_id", "day"] },
  { table: "event", key: ["event_id"], walled: { hides: withheldEvents("t") } },
  {
    table: "log_entry",
    key: ["entry_id"],
    without: ["body"],
    more: "jsonb_build_object('body', convert_from(t.body, 'UTF8'))",
    heavy: "body",
    walled: { hides: isWithheld("resource") },
  },
];

/** Rows and bytes read at a time. A single row may be longer; no message is longer than 64 MiB. */
const most = { rows: 500, bytes: 8 * 1024 * 1024 };

/**
 * The next rows of a table as JSON texts, behind a key (as texts; null from the beginning), with the last one's key. Without
 * `withheld` nothing is among them that leads to withheld mail.
 */
export async function exportRows(
  tx: Tx,
  { table, key, without = [], more, heavy, walled }: ExportedTable,
  after: readonly string[] | null,
  withheld: boolean,
): Promise<{ rows: string[]; last: string[] | null }> {
  const keys = key.map((column) => `t.${column}`).join(", ");
  // Compared as the columns' own types: their key is an index.
  const behind = key.map((column, i) => `($2::text[])[${i + 1}]::${typeOf(column)}`).join(", ");
  const drop = ["operator_id", ...without].map((name) => `'${name}'`).join(", ");
  const wall = (withheld ? undefined : walled) ?? {};
  const added = [more, wall.more].flatMap((one) => (one === undefined ? [] : [` || ${one}`]));
  const size = heavy === undefined ? "0" : `octet_length(t.${heavy})`;
  const rows = await tx.named<{ row: string; key: string[] }>(
    `export_${table}_${after === null ? "first" : "next"}${withheld ? "_withheld" : ""}`,
    `WITH piece AS (
       SELECT t.*, sum(${size}) OVER (ORDER BY ${keys}) - ${size} AS before_it
       FROM (SELECT * FROM ${table} t WHERE t.operator_id = $1 ${after === null ? "AND $2::text[] IS NULL" : `AND (${keys}) > (${behind})`}
             ${wall.hides === undefined ? "" : `AND NOT ${wall.hides}`}
             ORDER BY ${keys} LIMIT ${most.rows}) t)
     SELECT (to_jsonb(t) - ARRAY[${drop}, 'before_it']${added.join("")})::text AS row,
       ARRAY[${key.map((column) => `t.${column}::text`).join(", ")}] AS key
     FROM piece t WHERE t.before_it <= ${most.bytes} ORDER BY ${keys}`,
    [tx.operator_id, after],
  );
  return { rows: rows.map(({ row }) => row), last: rows.at(-1)?.key ?? null };
}

const integers = new Set(["version", "position", "attempt"]);

function typeOf(column: string): string {
  if (column === "day") return "date";
  return integers.has(column) ? "integer" : "text";
}
