/** Mail of the service itself: who may get it, and what waits to be sent. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import { putDue } from "./due.ts";
import type { Tables } from "./tables.ts";

/** A row of `service_mail`. */
export type ServiceMailRow = Selectable<Tables["service_mail"]>;

/** True for the address of a person of the operator, of somebody who is invited or signs up here, and for the oversight address. */
export async function isServiceRecipient(tx: Tx, address: string, now: Date): Promise<boolean> {
  const [row] = await tx.named<{ known: boolean }>(
    "is_service_recipient",
    `SELECT EXISTS (SELECT 1 FROM person WHERE operator_id = $1 AND lower(email) = lower($2) AND removed_at IS NULL)
         OR EXISTS (SELECT 1 FROM operator WHERE operator_id = $1 AND lower(oversight_address) = lower($2))
         OR EXISTS (SELECT 1 FROM invitation WHERE operator_id = $1 AND lower(email) = lower($2)
                    AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3)
         OR EXISTS (SELECT 1 FROM sign_up WHERE operator_id = $1 AND lower(email) = lower($2) AND kind = 'account'
                    AND expires_at > $3) AS known`,
    [tx.operator_id, address, now.toISOString()],
  );
  return row?.known === true;
}

/**
 * True where mail of the service for somebody would come to a mailbox of this address (in lower case): it is a person's, somebody's
 * who is invited, or the oversight address, each also with a tag behind a plus.
 */
export async function takesServiceMail(tx: Tx, address: string, now: Date): Promise<boolean> {
  const [row] = await tx.named<{ known: boolean }>(
    "takes_service_mail",
    `SELECT EXISTS (
       SELECT 1 FROM (
         SELECT email FROM person WHERE operator_id = $1 AND removed_at IS NULL
         UNION ALL SELECT oversight_address FROM operator WHERE operator_id = $1
         UNION ALL SELECT email FROM invitation WHERE operator_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3
       ) AS told (email)
       WHERE $2 IN (lower(email), regexp_replace(lower(email), '[+][^@]*@', '@'))) AS known`,
    [tx.operator_id, address, now.toISOString()],
  );
  return row?.known === true;
}

/** True where a living person of the operator has told us to post to this URL. */
export async function isChatTarget(tx: Tx, url: string): Promise<boolean> {
  const [row] = await tx.named<{ known: boolean }>(
    "is_chat_target",
    `SELECT EXISTS (SELECT 1 FROM person WHERE operator_id = $1 AND removed_at IS NULL
                    AND notify ->> 'chat_webhook_url' = $2) AS known`,
    [tx.operator_id, url],
  );
  return row?.known === true;
}

/** What is to be sent, by mail or to a chat's webhook. */
export type NewServiceMail = Pick<
  ServiceMailRow,
  "mail_id" | "channel" | "kind" | "to_address" | "message_id" | "created_at"
> & { mime: Buffer };

/** Adds mails with their places in the queue. */
export async function insertServiceMail(tx: Tx, mails: readonly NewServiceMail[]): Promise<void> {
  if (mails.length === 0) return;
  const rows = mails.map((mail) => ({ ...mail, operator_id: tx.operator_id }));
  await tx.run(db.insertInto("service_mail").values(rows));
  await putDue(
    tx,
    "service_mail",
    mails.map(({ mail_id, created_at }) => ({ message_id: mail_id, at: created_at })),
  );
}

/** A mail that still waits, with the status of the message that it is about; null where it has gone or was given up. */
export async function getWaitingMail(
  tx: Tx,
  mailId: string,
): Promise<(ServiceMailRow & { mime: Buffer; message_status: string | null }) | null> {
  const [row] = await tx.named<ServiceMailRow & { mime: Buffer; message_status: string | null }>(
    "get_waiting_mail",
    `SELECT s.*, (SELECT m.status FROM message m WHERE m.operator_id = $1 AND m.message_id = s.message_id) AS message_status
     FROM service_mail s WHERE s.operator_id = $1 AND s.mail_id = $2 AND s.mime IS NOT NULL`,
    [tx.operator_id, mailId],
  );
  return row ?? null;
}

/** Writes what came of an attempt; where it was the last, the bytes go. */
export async function updateServiceMail(
  tx: Tx,
  mailId: string,
  result: { attempts: number; reply: string; sent_at: Date | null; failed_at: Date | null },
): Promise<void> {
  const { attempts, reply, sent_at, failed_at } = result;
  await tx.run(
    db
      .updateTable("service_mail")
      .set({
        attempts,
        last_reply: reply,
        sent_at,
        failed_at,
        ...((sent_at ?? failed_at) ? { mime: null } : {}),
      })
      .where("operator_id", "=", tx.operator_id)
      .where("mail_id", "=", mailId),
  );
}

/** How many notices went to each of the addresses since a moment. */
export async function countNotices(
  tx: Tx,
  addresses: readonly string[],
  since: Date,
): Promise<Map<string, number>> {
  const rows = await tx.named<{ to_address: string; n: number }>(
    "count_notices",
    `SELECT to_address, count(*)::int AS n FROM service_mail
     WHERE operator_id = $1 AND to_address = ANY($2) AND created_at > $3 AND kind = 'notice' GROUP BY to_address`,
    [tx.operator_id, addresses, since.toISOString()],
  );
  return new Map(rows.map((row) => [row.to_address, row.n]));
}
