/** Received mail: whom an address belongs to, mail that waits to be opened up, and what became of it. */
import type { Insertable, Selectable } from "kysely";
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";
import { pack } from "./packing.ts";
import type { AttachmentMeta, RecipientKind } from "./column-types.ts";
import type { MailKindName, Tables } from "./tables.ts";

/** A row of `inbound`. */
export type InboundRow = Selectable<Tables["inbound"]>;

/** Whose mailbox an address is. */
export type FoundMailbox = { operator_id: string; mailbox_id: string };

/** The mailboxes behind addresses (lower case), whoever's they are; those that there are not are left out. */
export async function findMailboxes(
  database: Database,
  addresses: readonly string[],
): Promise<Map<string, FoundMailbox>> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<FoundMailbox & { address: string }>(
      "find_mailboxes",
      `SELECT address, operator_id, mailbox_id FROM mailbox b WHERE address = ANY($1) AND deleted_at IS NULL
         AND EXISTS (SELECT 1 FROM operator o WHERE o.operator_id = b.operator_id AND o.closed_at IS NULL)`,
      [addresses],
    ),
  );
  return new Map(
    rows.map(({ address, operator_id, mailbox_id }) => [address, { operator_id, mailbox_id }]),
  );
}

/** The mailbox behind an address (lower case), whoever's it is; null where there is none. */
export async function findMailbox(
  database: Database,
  address: string,
): Promise<FoundMailbox | null> {
  return (await findMailboxes(database, [address])).get(address) ?? null;
}

/** Whose a message of ours is; null where there is none of that id. */
export async function findMessageOperator(
  database: Database,
  messageId: string,
): Promise<string | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string }>(
      "find_message_operator",
      "SELECT operator_id FROM message WHERE operator_id IN (SELECT operator_id FROM operator) AND message_id = $1 AND direction = 'outbound'",
      [messageId],
    ),
  );
  return row?.operator_id ?? null;
}

/** The operator that has proved a domain, and its oldest mailbox there or anywhere; null where nobody has. */
export async function findDomainOwner(
  database: Database,
  domain: string,
): Promise<{ operator_id: string; mailbox_id: string | null } | null> {
  const [row] = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string; mailbox_id: string | null }>(
      "find_domain_owner",
      `SELECT d.operator_id, (SELECT min(b.mailbox_id) FROM mailbox b WHERE b.operator_id = d.operator_id
         AND b.deleted_at IS NULL AND b.address LIKE '%@' || d.name) AS mailbox_id
       FROM domain d WHERE d.name = $1 AND d.verified_at IS NOT NULL`,
      [domain],
    ),
  );
  return row ?? null;
}

/** Whether a message of ours has such a copy. */
export async function hasCopy(tx: Tx, messageId: string, position: number): Promise<boolean> {
  const rows = await tx.named(
    "has_copy",
    "SELECT 1 FROM recipient WHERE operator_id = $1 AND message_id = $2 AND position = $3",
    [tx.operator_id, messageId, position],
  );
  return rows.length > 0;
}

/** The message of a thread by which an address was written to: `nearest` where that is one, else the last; null without one. */
export async function findWrittenTo(
  tx: Tx,
  thread: { mailbox_id: string; thread_id: string; nearest: string },
  address: string,
): Promise<string | null> {
  const [row] = await tx.named<{ message_id: string }>(
    "find_written_to",
    `SELECT m.message_id FROM message m JOIN recipient r USING (operator_id, message_id)
     WHERE m.operator_id = $1 AND m.mailbox_id = $2 AND m.thread_id = $3 AND m.direction = 'outbound' AND m.attempts > 0
       AND r.kind <> 'copy' AND lower(r.address) = $4
     ORDER BY m.message_id = $5 DESC, m.message_id DESC LIMIT 1`,
    [tx.operator_id, thread.mailbox_id, thread.thread_id, address.toLowerCase(), thread.nearest],
  );
  return row?.message_id ?? null;
}

/** Keeps mail until it is opened up, and says that it waits. */
export async function insertInbound(
  tx: Tx,
  rows: readonly Omit<InboundRow, "operator_id" | "attempts">[],
): Promise<void> {
  const raw = pack(rows.map((row) => row.raw));
  await tx.named(
    "insert_inbound",
    `WITH i AS (
       INSERT INTO inbound (operator_id, inbound_id, envelope_from, envelope_to, raw, session, received_at)
       SELECT $1, inbound_id, envelope_from, ARRAY(SELECT jsonb_array_elements_text(envelope_to)), substring($5::bytea FROM pos FOR len),
         session, received_at
       FROM unnest($2::text[], $3::text[], $4::jsonb[], $6::int[], $7::int[], $8::jsonb[], $9::timestamptz[])
         AS r(inbound_id, envelope_from, envelope_to, pos, len, session, received_at)
     )
     INSERT INTO due (operator_id, kind, message_id, due_at)
     SELECT $1, 'receive', id, at FROM unnest($2::text[], $9::timestamptz[]) AS r(id, at)`,
    [
      tx.operator_id,
      rows.map((row) => row.inbound_id),
      rows.map((row) => row.envelope_from),
      rows.map((row) => JSON.stringify(row.envelope_to)),
      raw.blob,
      raw.offsets,
      raw.lengths,
      rows.map((row) => JSON.stringify(row.session)),
      rows.map((row) => row.received_at.toISOString()),
    ],
  );
}

/** Messages among which a parent is looked for, the newest, and the octets of each in which its header is. */
const waitingLookedAt = { messages: 50, octets: 16_384 };

/** True where other mail that came since then waits and names one of these Message-IDs in its header. */
export async function waitsNaming(
  tx: Tx,
  ids: readonly string[],
  of: { other_than: string; since: Date },
): Promise<boolean> {
  const { messages, octets } = waitingLookedAt;
  const rows = await tx.named(
    "waits_naming",
    `SELECT 1 FROM (
       SELECT substring(raw FROM 1 FOR ${octets}) AS head FROM inbound
       WHERE operator_id = $1 AND inbound_id <> $2 AND received_at > $3 ORDER BY inbound_id DESC LIMIT ${messages}) w
     JOIN unnest($4::text[]) AS r(id) ON position(convert_to(r.id, 'UTF8') IN w.head) > 0 LIMIT 1`,
    [tx.operator_id, of.other_than, of.since.toISOString(), ids],
  );
  return rows.length > 0;
}

/** How many bytes waiting mail has; null where it is gone. */
export async function inboundSize(tx: Tx, id: string): Promise<number | null> {
  const [row] = await tx.named<{ size: number }>(
    "inbound_size",
    "SELECT octet_length(raw) AS size FROM inbound WHERE operator_id = $1 AND inbound_id = $2",
    [tx.operator_id, id],
  );
  return row?.size ?? null;
}

/** Mail that waits, by id and without its bytes, with one more attempt counted; what is gone is left out. */
export function takeInbound(tx: Tx, ids: readonly string[]): Promise<Omit<InboundRow, "raw">[]> {
  return tx.named<Omit<InboundRow, "raw">>(
    "take_inbound",
    `UPDATE inbound SET attempts = attempts + 1 WHERE operator_id = $1 AND inbound_id = ANY($2)
     RETURNING operator_id, inbound_id, envelope_from, envelope_to, session, attempts, received_at`,
    [tx.operator_id, ids],
  );
}

/** The bytes of mail that waits; null where it is gone. */
export async function readInbound(tx: Tx, id: string): Promise<Buffer | null> {
  const [row] = await tx.named<{ raw: Buffer }>(
    "read_inbound",
    "SELECT raw FROM inbound WHERE operator_id = $1 AND inbound_id = $2",
    [tx.operator_id, id],
  );
  return row?.raw ?? null;
}

/** Forgets mail that has been opened up. */
export async function deleteInbound(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.named(
    "delete_inbound",
    "DELETE FROM inbound WHERE operator_id = $1 AND inbound_id = ANY($2)",
    [tx.operator_id, ids],
  );
}

/** Remembers that a mailbox has such a message; answers the id of the one it had before, or null when this is the first. */
export async function rememberSeen(
  tx: Tx,
  row: Omit<Insertable<Tables["inbound_seen"]>, "operator_id">,
): Promise<string | null> {
  const inserted = await tx.named(
    "remember_seen",
    `INSERT INTO inbound_seen (operator_id, mailbox_id, fingerprint, message_id, received_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [
      tx.operator_id,
      row.mailbox_id,
      row.fingerprint,
      row.message_id,
      new Date(row.received_at).toISOString(),
    ],
  );
  if (inserted.length > 0) return null;
  const [known] = await tx.run(
    db
      .selectFrom("inbound_seen")
      .select("message_id")
      .where("operator_id", "=", tx.operator_id)
      .where("mailbox_id", "=", row.mailbox_id)
      .where("fingerprint", "=", row.fingerprint),
  );
  return known?.message_id ?? "";
}

/** A received message as it is kept. */
export type ReceivedMessage = {
  message_id: string;
  mailbox_id: string;
  status: string;
  kind: MailKindName;
  mode: string;
  digest: string;
  thread_id: string;
  reply_of: string | null;
  in_reply_to: string | null;
  rfc_message_id: string;
  from_address: string;
  from_name: string | null;
  subject: string;
  attachments: AttachmentMeta[];
  metadata: Record<string, string>;
  reason: string | null;
  authentication: object | null;
  screening: object | null;
  created_at: Date;
  mime: Buffer;
  markdown: string;
  body_text: string;
  new_text: string;
  recipients: { kind: RecipientKind; address: string; name: string | null }[];
};

// Nobody of ours wrote it; the wall between authors and deciders does not concern it.
const insertReceivedText = `
WITH m AS (
  INSERT INTO message (operator_id, message_id, mailbox_id, direction, status, kind, mode, test, required, timing, gated, handed,
    authors, author_kind, author_id, digest, thread_id, reply_of, in_reply_to, rfc_message_id, from_address, from_name, subject,
    size_bytes, attachments, tags, metadata, reason, authentication, screening, created_at, updated_at)
  VALUES ($1, $2, $3, 'inbound', $4, $5, $6, false, 1, 'gate_first', $4 = 'pending_inbound_approval', false,
    '{external}', 'external', 'external', $7, $8, $9, $10, $11, $12, $13, $14,
    octet_length($15::bytea), $16, '{}', $17, $18, $19, $20, $21, $21)
), c AS (
  INSERT INTO message_content (operator_id, message_id, mime, markdown, body_text, new_text) VALUES ($1, $2, $15, $22, $23, $24)
)
INSERT INTO recipient (operator_id, message_id, position, kind, address, name, status)
SELECT $1, $2, position - 1, kind, address, name, 'delivered'
FROM unnest($25::text[], $26::text[], $27::text[]) WITH ORDINALITY AS r(kind, address, name, position)`;

/** Keeps a received message with its content and header recipients, by one statement; to be indexed soon. */
export async function insertReceived(tx: Tx, message: ReceivedMessage): Promise<void> {
  const { recipients, authentication, screening } = message;
  await tx.named("insert_received", insertReceivedText, [
    tx.operator_id,
    message.message_id,
    message.mailbox_id,
    message.status,
    message.kind,
    message.mode,
    message.digest,
    message.thread_id,
    message.reply_of,
    message.in_reply_to,
    message.rfc_message_id,
    message.from_address,
    message.from_name,
    message.subject,
    message.mime,
    JSON.stringify(message.attachments),
    JSON.stringify(message.metadata),
    message.reason,
    authentication === null ? null : JSON.stringify(authentication),
    screening === null ? null : JSON.stringify(screening),
    message.created_at.toISOString(),
    message.markdown,
    message.body_text,
    message.new_text,
    recipients.map((recipient) => recipient.kind),
    recipients.map((recipient) => recipient.address),
    recipients.map((recipient) => recipient.name),
  ]);
}

/** Moves a received message to another status, with a person's label where they gave one. */
export async function updateReceived(
  tx: Tx,
  messageId: string,
  change: { status: string; user_label?: string; reason: string | null },
  now: Date,
): Promise<void> {
  await tx.run(
    db
      .updateTable("message")
      .set({ ...change, updated_at: now })
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId)
      .where("direction", "=", "inbound"),
  );
}
