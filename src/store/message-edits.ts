/** Changes of a message that was not handed off: its row, content, recipients and tags, each step as the database allows it. */
import type { Updateable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { NewMessage } from "./messages.ts";
import type { AttachmentMeta } from "./column-types.ts";
import type { Tables } from "./tables.ts";

/** What an edit may change of a message's row. */
export type RowEdit = Pick<
  Updateable<Tables["message"]>,
  | "status"
  | "mode"
  | "required"
  | "passkey"
  | "authors"
  | "gated"
  | "digest"
  | "subject"
  | "size_bytes"
  | "reason"
  | "policy_id"
  | "send_at"
  | "expires_at"
> & {
  attachments?: AttachmentMeta[];
  screening?: Record<string, unknown> | null;
  tags?: Record<string, string>;
};

/** Saves one step of a message. The database refuses what the oversight machine would. */
export async function updateRow(
  tx: Tx,
  messageId: string,
  { attachments, screening, tags, ...change }: RowEdit,
  now: Date,
): Promise<void> {
  await tx.run(
    db
      .updateTable("message")
      .set({
        ...change,
        ...(attachments === undefined ? {} : { attachments: JSON.stringify(attachments) }),
        ...(screening === undefined
          ? {}
          : { screening: screening === null ? null : JSON.stringify(screening) }),
        ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
        updated_at: now,
      })
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId),
  );
}

/** Writes a message's recipients anew; only while it is `draft` or `pending_scan`. */
export async function replaceRecipients(
  tx: Tx,
  messageId: string,
  recipients: NewMessage["recipients"],
): Promise<void> {
  await tx.run(
    db
      .deleteFrom("recipient")
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId),
  );
  if (recipients.length === 0) return;
  await tx.run(
    db.insertInto("recipient").values(
      recipients.map((recipient, position) => ({
        ...recipient,
        operator_id: tx.operator_id,
        message_id: messageId,
        position,
        status: "pending" as const,
      })),
    ),
  );
}

/** Exchanges a message's bytes. They must be those that its row's digest and its recipients name, and differ from what stood. */
export async function replaceContent(
  tx: Tx,
  messageId: string,
  content: { mime: Buffer; markdown: string },
): Promise<void> {
  await tx.run(
    db
      .updateTable("message_content")
      .set(content)
      .where("operator_id", "=", tx.operator_id)
      .where("message_id", "=", messageId),
  );
}
