/** Messages, their content, recipients and decisions: written in batches, loaded whole for the oversight machine. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import { pack } from "./packing.ts";
import type { AttachmentMeta, RecipientKind } from "./column-types.ts";
import type { DueKind, Receipt, RecipientStatus, Tables } from "./tables.ts";

/** A row of `message`. */
export type MessageRow = Selectable<Tables["message"]>;
/** A row of `recipient`. */
export type RecipientRow = Selectable<Tables["recipient"]>;
/** A row of `decision`. */
export type DecisionRow = Selectable<Tables["decision"]>;

/** A message to be inserted, with everything that belongs to it. */
export type NewMessage = {
  message_id: string;
  mailbox_id: string;
  status: string;
  mode: string;
  test: boolean;
  required: number;
  passkey: boolean;
  timing: string;
  gated: boolean;
  authors: string[];
  author_kind: string;
  author_id: string;
  digest: string;
  thread_id: string;
  in_reply_to: string | null;
  reply_of: string | null;
  rfc_message_id: string;
  from_address: string;
  subject: string;
  attachments: AttachmentMeta[];
  tags: Record<string, string>;
  metadata: Record<string, string>;
  reason: string | null;
  /** The rule that said where it goes. */
  policy_id: string | null;
  /** What the outbound scan found. */
  screening: Record<string, unknown> | null;
  send_at: Date | null;
  expires_at: Date | null;
  /** Seconds after the first attempt beyond which delivery is given up; null: as long as the schedule goes. */
  give_up_seconds: number | null;
  created_at: Date;
  mime: Buffer;
  markdown: string;
  recipients: { kind: RecipientKind; address: string; name: string | null }[];
  /** What the queue holds for it, beside that it is to be indexed. */
  due: readonly { kind: DueKind; at: Date }[];
};

const insertMessagesText = `
WITH m AS (
  INSERT INTO message (operator_id, message_id, mailbox_id, direction, status, mode, test, required, passkey, timing, gated, handed,
    authors, author_kind, author_id, digest, thread_id, rfc_message_id, from_address, subject, size_bytes, attachments, tags,
    metadata, reason, screening, send_at, expires_at, created_at, updated_at, in_reply_to, reply_of, policy_id,
    give_up_seconds)
  SELECT $1, message_id, mailbox_id, 'outbound', status, mode, test, required, passkey, timing, gated, false,
    ARRAY(SELECT jsonb_array_elements_text(authors)), author_kind, author_id, digest, thread_id, rfc_message_id, from_address,
    subject, size_bytes, attachments, tags, metadata, reason, screening, send_at, expires_at, created_at, created_at,
    in_reply_to, reply_of, policy_id, give_up_seconds
  FROM jsonb_to_recordset($2::jsonb) AS r(message_id text, mailbox_id text, status text, mode text, test boolean,
    required smallint, passkey boolean, timing text, gated boolean, authors jsonb, author_kind text, author_id text, digest text, thread_id text,
    rfc_message_id text, from_address text, subject text, size_bytes integer, attachments jsonb, tags jsonb, metadata jsonb,
    reason text, screening jsonb, send_at timestamptz, expires_at timestamptz, created_at timestamptz, in_reply_to text,
    reply_of text, policy_id text, give_up_seconds integer)
  RETURNING message_id, mode, required, passkey
), c AS (
  INSERT INTO message_content (operator_id, message_id, mime, markdown)
  SELECT $1, message_id, substring($4::bytea FROM pos FOR len), markdown
  FROM unnest($3::text[], $5::int[], $6::int[], $7::text[]) AS r(message_id, pos, len, markdown)
), d AS (
  INSERT INTO due (operator_id, kind, message_id, due_at)
  SELECT $1, kind, message_id, at FROM unnest($13::text[], $14::text[], $15::timestamptz[]) AS r(message_id, kind, at)
), r AS (
  INSERT INTO recipient (operator_id, message_id, position, kind, address, name, status)
  SELECT $1, message_id, position, kind, address, name, 'pending'
  FROM unnest($8::text[], $9::smallint[], $10::text[], $11::text[], $12::text[]) AS r(message_id, position, kind, address, name)
  RETURNING 1
)
-- Recipients are written before their messages: of a message that is there and may leave they are fixed. OFFSET keeps the
-- planner from turning the order round.
SELECT inserted.message_id, inserted.mode, inserted.required, inserted.passkey
FROM (SELECT count(*) AS n FROM r) AS written
CROSS JOIN LATERAL (SELECT * FROM m WHERE written.n >= 0 OFFSET 0) AS inserted`;

/** The mode and quorum that a message was inserted under: those of its mailbox, where they had become stricter. */
export type InsertedUnder = {
  message_id: string;
  mode: string;
  required: number;
  passkey: boolean;
};

/** True when the message was inserted under what it says itself. */
export function isUnder(
  under: InsertedUnder | undefined,
  message: Omit<InsertedUnder, "message_id">,
): boolean {
  return (
    under?.mode === message.mode &&
    under.required === message.required &&
    under.passkey === message.passkey
  );
}

/** Inserts messages with content, recipients and due rows in one statement; answers what they were inserted under. */
export async function insertMessages(
  tx: Tx,
  messages: readonly NewMessage[],
): Promise<InsertedUnder[]> {
  const mime = pack(messages.map((message) => message.mime));
  const rows = messages.map(({ mime: bytes, markdown: _m, recipients: _r, due: _d, ...row }) => ({
    ...row,
    size_bytes: bytes.length,
  }));
  const recipients = messages.flatMap((message) =>
    message.recipients.map((recipient, position) => ({
      ...recipient,
      position,
      id: message.message_id,
    })),
  );
  // Each is to be indexed too; the index worker takes its time.
  const due = messages.flatMap(({ message_id: id, due: rows, created_at: at }) => [
    ...rows.map((row) => ({ id, kind: row.kind, at: row.at })),
    { id, kind: "index" as const, at },
  ]);
  return tx.named<InsertedUnder>("insert_messages", insertMessagesText, [
    tx.operator_id,
    JSON.stringify(rows),
    messages.map((message) => message.message_id),
    mime.blob,
    mime.offsets,
    mime.lengths,
    messages.map((message) => message.markdown),
    recipients.map((recipient) => recipient.id),
    recipients.map((recipient) => recipient.position),
    recipients.map((recipient) => recipient.kind),
    recipients.map((recipient) => recipient.address),
    recipients.map((recipient) => recipient.name),
    due.map((row) => row.id),
    due.map((row) => row.kind),
    due.map((row) => row.at.toISOString()),
  ]);
}

/** A message as the machine needs it: the row, its recipients and its standing decisions. */
export type LoadedMessage = {
  row: MessageRow;
  recipients: RecipientRow[];
  decisions: DecisionRow[];
};

/** Loads messages by id; with `lock` the rows are locked until the transaction ends. Missing ones are left out. */
export async function loadMessages(
  tx: Tx,
  ids: readonly string[],
  lock: boolean,
): Promise<LoadedMessage[]> {
  if (ids.length === 0) return [];
  // One order of locking for everybody: no deadlocks between batches.
  const locked = tx.named<MessageRow>(
    lock ? "lock_messages" : "load_messages",
    `SELECT * FROM message WHERE operator_id = $1 AND message_id = ANY($2) ORDER BY message_id${lock ? " FOR NO KEY UPDATE" : ""}`,
    [tx.operator_id, ids],
  );
  // Begun together: run after the rows are locked, as all statements of a transaction run in order.
  const [rows, recipients] = await Promise.all([
    locked,
    tx.named<RecipientRow>(
      "load_recipients",
      "SELECT * FROM recipient WHERE operator_id = $1 AND message_id = ANY($2) ORDER BY message_id, position",
      [tx.operator_id, ids],
    ),
  ]);
  const decided = rows.filter((row) => row.gated).map((row) => row.message_id);
  const decisions =
    decided.length === 0
      ? []
      : await tx.named<DecisionRow>(
          "load_decisions",
          "SELECT * FROM decision WHERE operator_id = $1 AND message_id = ANY($2) ORDER BY message_id, decision_id",
          [tx.operator_id, decided],
        );
  const recipientsOf = Map.groupBy(recipients, (recipient) => recipient.message_id);
  const decisionsOf = Map.groupBy(decisions, (decision) => decision.message_id);
  return rows.map((row) => ({
    row,
    recipients: recipientsOf.get(row.message_id) ?? [],
    decisions: decisionsOf.get(row.message_id) ?? [],
  }));
}

/** What a step may change of a message's row. */
export type MessageUpdate = {
  message_id: string;
  status: string;
  gated: boolean;
  handed: boolean;
  /** What the gate asks for: it only grows. */
  required: number;
  passkey: boolean;
  attempts: number;
  first_attempt_at: Date | null;
  reason: string | null;
  expires_at: Date | null;
  /** The rule that said last where it goes. */
  policy_id: string | null;
};

// ANY($2) says nothing that the join does not. It makes the primary key the way in whatever the planner believes of the
// table: from a plan made while it was small, each update would read all rows of the operator.
const updateMessagesText = `
UPDATE message m SET status = r.status, gated = r.gated, handed = r.handed, attempts = r.attempts,
  first_attempt_at = r.first_attempt_at, reason = r.reason, expires_at = r.expires_at, updated_at = $10, required = r.required,
  passkey = r.passkey, policy_id = r.policy_id
FROM unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::smallint[], $7::timestamptz[], $8::text[], $9::timestamptz[],
  $11::smallint[], $12::boolean[], $13::text[])
  AS r(message_id, status, gated, handed, attempts, first_attempt_at, reason, expires_at, required, passkey, policy_id)
WHERE m.operator_id = $1 AND m.message_id = ANY($2) AND m.message_id = r.message_id`;

/** Saves the outcome of steps. */
export async function updateMessages(
  tx: Tx,
  updates: readonly MessageUpdate[],
  now: Date,
): Promise<void> {
  if (updates.length === 0) return;
  await tx.named("update_messages", updateMessagesText, [
    tx.operator_id,
    updates.map((update) => update.message_id),
    updates.map((update) => update.status),
    updates.map((update) => update.gated),
    updates.map((update) => update.handed),
    updates.map((update) => update.attempts),
    updates.map((update) => update.first_attempt_at?.toISOString() ?? null),
    updates.map((update) => update.reason),
    updates.map((update) => update.expires_at?.toISOString() ?? null),
    now.toISOString(),
    updates.map((update) => update.required),
    updates.map((update) => update.passkey),
    updates.map((update) => update.policy_id),
  ]);
}

/** What became of one recipient. */
export type RecipientUpdate = {
  message_id: string;
  position: number;
  status: RecipientStatus;
  attempts: number;
  receipt: Receipt | null;
  /** When an open one is tried again; at once unless given. */
  next_attempt_at?: Date | null;
};

/** Saves what became of recipients. A null receipt keeps the one that stands. */
export async function updateRecipients(tx: Tx, updates: readonly RecipientUpdate[]): Promise<void> {
  if (updates.length === 0) return;
  await tx.named(
    "update_recipients",
    `UPDATE recipient t SET status = r.status, attempts = r.attempts, receipt = coalesce(r.receipt, t.receipt),
       next_attempt_at = r.next_attempt_at
     FROM unnest($2::text[], $3::smallint[], $4::text[], $5::smallint[], $6::jsonb[], $7::timestamptz[])
       AS r(message_id, position, status, attempts, receipt, next_attempt_at)
     WHERE t.operator_id = $1 AND t.message_id = ANY($2) AND t.message_id = r.message_id AND t.position = r.position`,
    [
      tx.operator_id,
      updates.map((update) => update.message_id),
      updates.map((update) => update.position),
      updates.map((update) => update.status),
      updates.map((update) => update.attempts),
      updates.map((update) => (update.receipt ? JSON.stringify(update.receipt) : null)),
      updates.map((update) => update.next_attempt_at?.toISOString() ?? null),
    ],
  );
}

/** A hand-off; `policy_id`: the rule that let the message through. */
export type NewHandoff = {
  message_id: string;
  attempt: number;
  digest: string;
  entry_id: string;
  policy_id: string | null;
};

/** The permission to send: refused by the database unless the gate is satisfied. */
export async function insertHandoffs(
  tx: Tx,
  handoffs: readonly NewHandoff[],
  now: Date,
): Promise<void> {
  if (handoffs.length === 0) return;
  await tx.named(
    "insert_handoffs",
    `INSERT INTO handoff (operator_id, message_id, attempt, digest, entry_id, handed_at, policy_id)
     SELECT $1, message_id, attempt, digest, entry_id, $6, policy_id
     FROM unnest($2::text[], $3::smallint[], $4::text[], $5::text[], $7::text[]) AS r(message_id, attempt, digest, entry_id, policy_id)`,
    [
      tx.operator_id,
      handoffs.map((handoff) => handoff.message_id),
      handoffs.map((handoff) => handoff.attempt),
      handoffs.map((handoff) => handoff.digest),
      handoffs.map((handoff) => handoff.entry_id),
      now.toISOString(),
      handoffs.map((handoff) => handoff.policy_id),
    ],
  );
}

/** Largest stored message in bytes; the schema refuses larger ones. */
export const maxMimeBytes = 64 * 1024 * 1024;

/**
 * The frozen MIME of messages, by id. One that is larger than any message may be is left out like one that is missing: the
 * driver could not read it, and would take the process with it. Its length is known without reading it.
 */
export async function loadMime(tx: Tx, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const rows = await tx.named<{ message_id: string; mime: Buffer }>(
    "load_mime",
    `SELECT message_id, mime FROM message_content
     WHERE operator_id = $1 AND message_id = ANY($2) AND octet_length(mime) <= ${maxMimeBytes}`,
    [tx.operator_id, ids],
  );
  return new Map(rows.map((row) => [row.message_id, row.mime]));
}

/** The markdown that messages were written in, by id. */
export async function loadMarkdowns(tx: Tx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.named<{ message_id: string; markdown: string }>(
    "load_markdowns",
    "SELECT message_id, markdown FROM message_content WHERE operator_id = $1 AND message_id = ANY($2)",
    [tx.operator_id, ids],
  );
  return new Map(rows.map((row) => [row.message_id, row.markdown]));
}

/** The texts of one message. Those that only received mail has are null for sent mail. */
export type MessageText = { markdown: string; body_text: string | null; new_text: string | null };

/** The texts of a message. */
export async function loadText(tx: Tx, messageId: string): Promise<MessageText | null> {
  const [row] = await tx.run(
    db
      .selectFrom("message_content")
      .select(["markdown", "body_text", "new_text"])
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId),
  );
  return row ?? null;
}

/** Bytes of a message in which its header is looked for. */
const headBytes = 256 * 1024;

/** The header of a message, up to the empty line behind it, of at most 256 KiB. */
export async function loadHead(tx: Tx, messageId: string): Promise<Buffer> {
  const [row] = await tx.named<{ head: Buffer }>(
    "load_head",
    `SELECT substring(mime FROM 1 FOR ${headBytes}) AS head FROM message_content WHERE operator_id = $1 AND message_id = $2`,
    [tx.operator_id, messageId],
  );
  const head = row?.head ?? Buffer.alloc(0);
  const end = head.indexOf("\r\n\r\n");
  return end < 0 ? head : head.subarray(0, end + 4);
}

/** Writes decisions; the database refuses the author's own and one about other content. */
export async function insertDecisions(
  tx: Tx,
  decisions: readonly (Omit<DecisionRow, "operator_id" | "voided_at" | "envelope"> & {
    envelope: unknown;
  })[],
): Promise<void> {
  if (decisions.length === 0) return;
  await tx.run(
    db.insertInto("decision").values(
      decisions.map((decision) => ({
        ...decision,
        operator_id: tx.operator_id,
        envelope: JSON.stringify(decision.envelope),
      })),
    ),
  );
}

/** Voids decisions by id: from now on they count for nothing. */
export async function voidDecisions(tx: Tx, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx.named(
    "void_decisions",
    "UPDATE decision SET voided_at = $3 WHERE operator_id = $1 AND decision_id = ANY($2) AND voided_at IS NULL",
    [tx.operator_id, ids, now.toISOString()],
  );
}
