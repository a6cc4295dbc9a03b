/** The statements that erase: each leaves behind that something was there, and nothing of what it was. */
import type { Tx } from "./database.ts";
import { pack } from "./packing.ts";

/** Stands where an erased person's address was. No mail goes there (RFC 2606 section 2). */
export const erasedAddress = "erased@erased.invalid";

/**
 * Where an erased person unsubscribes, this stands for their address in a suppression: their keyed id (`subjects.idOf`), under which
 * whoever writes to them again finds it. A name that never is (RFC 2606) keeps it from being anybody's.
 */
export function erasedAlias(subjectId: string): string {
  return `${subjectId}@erased.invalid`;
}

/** A message to be erased: whose sender goes too, and which recipients. */
export type Erased = {
  message_id: string;
  at: Date;
  /** Received mail whose sender is erased. */
  sender: boolean;
  /** Recipients that are erased; `subject_id` stays of those who may ask to be written to no more. */
  recipients: readonly { position: number; subject_id: string | null }[];
};

/**
 * Erases messages that came to their end: content, earlier versions, what search, transcripts, events, notices and idempotency
 * keys hold of them, and those people of them that are named. The database refuses it without an `erasure` entry of the same
 * moment in this transaction.
 */
export async function eraseMessages(tx: Tx, messages: readonly Erased[]): Promise<void> {
  if (messages.length === 0) return;
  const ids = messages.map((message) => message.message_id);
  await tx.named(
    "erase_messages",
    `UPDATE message m SET erased_at = r.at, updated_at = r.at, subject = '', from_name = NULL, attachments = '[]', tags = '{}',
       metadata = '{}', screening = NULL, authentication = NULL, reason = NULL, user_label = NULL,
       from_address = CASE WHEN r.sender THEN '${erasedAddress}' ELSE m.from_address END,
       rfc_message_id = CASE WHEN r.sender THEN '' ELSE m.rfc_message_id END
     FROM unnest($2::text[], $3::timestamptz[], $4::boolean[]) AS r(message_id, at, sender)
     WHERE m.operator_id = $1 AND m.message_id = ANY($2) AND m.message_id = r.message_id`,
    [
      tx.operator_id,
      ids,
      messages.map((message) => message.at.toISOString()),
      messages.map((message) => message.sender),
    ],
  );
  const people = messages.flatMap(({ message_id, recipients }) =>
    recipients.map((recipient) => ({ message_id, ...recipient })),
  );
  await tx.named(
    "erase_recipients",
    `UPDATE recipient t SET address = '${erasedAddress}', name = NULL, receipt = NULL, subject_id = r.subject_id
     FROM unnest($2::text[], $3::smallint[], $4::text[]) AS r(message_id, position, subject_id)
     WHERE t.operator_id = $1 AND t.message_id = ANY($2) AND t.message_id = r.message_id AND t.position = r.position
       AND t.address <> '${erasedAddress}'`,
    [
      tx.operator_id,
      people.map((one) => one.message_id),
      people.map((one) => one.position),
      people.map((one) => one.subject_id),
    ],
  );
  for (const [name, text] of statements) await tx.named(name, text, [tx.operator_id, ids]);
}

/** What else there is of a message. */
const statements: readonly (readonly [name: string, text: string])[] = [
  [
    "erase_content",
    `UPDATE message_content SET mime = '', markdown = '', body_text = '', new_text = ''
     WHERE operator_id = $1 AND message_id = ANY($2) AND octet_length(mime) <> 0`,
  ],
  ["erase_versions", "DELETE FROM message_version WHERE operator_id = $1 AND message_id = ANY($2)"],
  ["erase_search", "DELETE FROM message_search WHERE operator_id = $1 AND message_id = ANY($2)"],
  [
    "erase_transcripts",
    "DELETE FROM delivery_transcript WHERE operator_id = $1 AND message_id = ANY($2)",
  ],
  [
    // The hash of a whole request, unsalted, and a key that its caller chose.
    "erase_keys",
    `DELETE FROM idempotency i USING message m
     WHERE m.operator_id = $1 AND m.message_id = ANY($2)
       AND i.operator_id = $1 AND i.mailbox_id = m.mailbox_id AND i.message_id = m.message_id`,
  ],
  ["erase_events", "UPDATE event SET data = '{}' WHERE operator_id = $1 AND message_id = ANY($2)"],
  ["erase_notices", "DELETE FROM service_mail WHERE operator_id = $1 AND message_id = ANY($2)"],
  [
    "erase_index_due",
    "DELETE FROM due WHERE operator_id = $1 AND kind = 'index' AND message_id = ANY($2)",
  ],
  [
    "erase_threads",
    `UPDATE thread t SET subject = '' FROM message m
     WHERE t.operator_id = $1 AND m.operator_id = $1 AND m.message_id = ANY($2)
       AND t.mailbox_id = m.mailbox_id AND t.thread_id = m.thread_id`,
  ],
];

/** Deletes sealed openings. */
export async function deleteOpenings(
  tx: Tx,
  openings: readonly { entry_id: string; subject_id: string }[],
): Promise<void> {
  if (openings.length === 0) return;
  await tx.named(
    "delete_openings",
    `DELETE FROM log_opening WHERE operator_id = $1 AND (entry_id, subject_id) IN (
       SELECT * FROM unnest($2::text[], $3::text[]))`,
    [tx.operator_id, openings.map((one) => one.entry_id), openings.map((one) => one.subject_id)],
  );
}

/** Puts other sealed openings in the place of those that are there. */
export async function replaceOpenings(
  tx: Tx,
  openings: readonly { entry_id: string; subject_id: string; sealed: Buffer }[],
): Promise<void> {
  if (openings.length === 0) return;
  const sealed = pack(openings.map((one) => one.sealed));
  await tx.named(
    "replace_openings",
    `UPDATE log_opening o SET sealed = substring($4::bytea FROM r.pos FOR r.len)
     FROM unnest($2::text[], $3::text[], $5::int[], $6::int[]) AS r(entry_id, subject_id, pos, len)
     WHERE o.operator_id = $1 AND o.entry_id = ANY($2) AND o.entry_id = r.entry_id AND o.subject_id = r.subject_id`,
    [
      tx.operator_id,
      openings.map((one) => one.entry_id),
      openings.map((one) => one.subject_id),
      sealed.blob,
      sealed.offsets,
      sealed.lengths,
    ],
  );
}

/** Deletes a subject's key; or, where `wrapped` is given, puts another one in its place. */
export async function dropSubjectKey(
  tx: Tx,
  subjectId: string,
  wrapped: Buffer | null,
): Promise<void> {
  if (wrapped === null)
    await tx.named(
      "delete_subject_key",
      "DELETE FROM subject_key WHERE operator_id = $1 AND subject_id = $2",
      [tx.operator_id, subjectId],
    );
  else
    await tx.named(
      "replace_subject_key",
      "UPDATE subject_key SET wrapped = $3 WHERE operator_id = $1 AND subject_id = $2",
      [tx.operator_id, subjectId, wrapped],
    );
}

/** Takes a person (address in lower case) out of contacts and allowlists. Answers how many rows there were. */
export async function forgetPerson(
  tx: Tx,
  address: string,
): Promise<{ contacts: number; allowlist_entries: number }> {
  const contacts = await tx.named(
    "forget_contact",
    "DELETE FROM contact WHERE operator_id = $1 AND email = $2 RETURNING 1",
    [tx.operator_id, address],
  );
  const entries = await tx.named(
    "forget_allowlist_entry",
    "DELETE FROM allowlist_entry WHERE operator_id = $1 AND lower(pattern) = $2 RETURNING 1",
    [tx.operator_id, address],
  );
  return { contacts: contacts.length, allowlist_entries: entries.length };
}
