/** What an operator takes along: every table of theirs, row by row as JSON, without secrets. */
import type { Tx } from "./database.ts";

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
};

const base64 = (column: string): string =>
  `jsonb_build_object('${column}_base64', translate(encode(t.${column}, 'base64'), E'\\n', ''))`;

/** In the order in which they are exported. What is not here is a secret, a queue or derived from what is here. */
export const exportedTables: readonly ExportedTable[] = [
  { table: "operator", key: ["operator_id"] },
  { table: "domain", key: ["domain_id"] },
  { table: "person", key: ["person_id"] },
  { table: "passkey", key: ["passkey_id"], without: ["credential_id", "public_key", "leaf_hash"] },
  { table: "api_key", key: ["key_id"], without: ["token_hash", "prefix"] },
  { table: "mailbox", key: ["mailbox_id"] },
  { table: "allowlist_entry", key: ["mailbox_id", "entry_id"] },
  { table: "policy", key: ["policy_id"] },
  { table: "webhook", key: ["webhook_id"], without: ["sealed_secret", "old_secret"] },
  { table: "suppression", key: ["address", "mailbox_id"] },
  { table: "contact", key: ["contact_id"] },
  { table: "legal_hold", key: ["hold_id"] },
  { table: "retention", key: ["version"] },
  { table: "erasure", key: ["erasure_id"] },
  { table: "thread", key: ["mailbox_id", "thread_id"] },
  { table: "message", key: ["message_id"] },
  { table: "recipient", key: ["message_id", "position"] },
  {
    table: "message_content",
    key: ["message_id"],
    without: ["mime"],
    more: base64("mime"),
    heavy: "mime",
  },
  {
    table: "message_version",
    key: ["message_id", "version"],
    without: ["mime"],
    more: base64("mime"),
    heavy: "mime",
  },
  {
    table: "decision",
    key: ["decision_id"],
    without: ["statement", "leaf_hash"],
    more: base64("statement"),
  },
  { table: "handoff", key: ["message_id", "attempt"] },
  { table: "delivery_transcript", key: ["message_id", "attempt", "position"] },
  { table: "aggregate_report", key: ["report_id"] },
  { table: "mailbox_day", key: ["mailbox_id", "day"] },
  { table: "event", key: ["event_id"] },
  {
    table: "log_entry",
    key: ["entry_id"],
    without: ["body"],
    more: "jsonb_build_object('body', convert_from(t.body, 'UTF8'))",
    heavy: "body",
  },
];

/** Rows and bytes read at a time. A single row may be longer; no message is longer than 64 MiB. */
const most = { rows: 500, bytes: 8 * 1024 * 1024 };

/** The next rows of a table as JSON texts, behind a key (as texts; null from the beginning), with the last one's key. */
export async function exportRows(
  tx: Tx,
  { table, key, without = [], more, heavy }: ExportedTable,
  after: readonly string[] | null,
): Promise<{ rows: string[]; last: string[] | null }> {
  const keys = key.map((column) => `t.${column}`).join(", ");
  // Compared as the columns' own types: their key is an index.
  const behind = key.map((column, i) => `($2::text[])[${i + 1}]::${typeOf(column)}`).join(", ");
  const drop = ["operator_id", ...without].map((name) => `'${name}'`).join(", ");
  const size = heavy === undefined ? "0" : `octet_length(t.${heavy})`;
  const rows = await tx.named<{ row: string; key: string[] }>(
    `export_${table}_${after === null ? "first" : "next"}`,
    `WITH piece AS (
       SELECT t.*, sum(${size}) OVER (ORDER BY ${keys}) - ${size} AS before_it
       FROM (SELECT * FROM ${table} t WHERE t.operator_id = $1 ${after === null ? "AND $2::text[] IS NULL" : `AND (${keys}) > (${behind})`}
             ORDER BY ${keys} LIMIT ${most.rows}) t)
     SELECT (to_jsonb(t) - ARRAY[${drop}, 'before_it'] ${more === undefined ? "" : `|| ${more}`})::text AS row,
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
