/** Mail of the service itself: who may get it, and what waits to be sent. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import { putDue } from "./due.ts";
import type { Tables } from "./tables.ts";

/** A row of `service_mail`. */
export type ServiceMailRow = Selectable<Tables["service_mail"]>;

/** True for the address of a person of the operator, of somebody who is invited, and for the oversight address. */
export async function isServiceRecipient(tx: Tx, address: string, now: Date): Promise<boolean> {
  const [row] = await tx.named<{ known: boolean }>(
    "is_service_recipient",
    `SELECT EXISTS (SELECT 1 FROM person WHERE operator_id = $1 AND lower(email) = lower($2) AND removed_at IS NULL)
         OR EXISTS (SELECT 1 FROM operator WHERE operator_id = $1 AND lower(oversight_address) = lower($2))
         OR EXISTS (SELECT 1 FROM invitation WHERE operator_id = $1 AND lower(email) = lower($2)
                    AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3) AS known`,
    [tx.operator_id, address, now.toISOString()],
  );
  return row?.known === true;
}

/** Adds a mail with its place in the queue. */
export async function insertServiceMail(
  tx: Tx,
  mail: Pick<ServiceMailRow, "mail_id" | "kind" | "to_address" | "created_at"> & { mime: Buffer },
): Promise<void> {
  await tx.run(db.insertInto("service_mail").values({ ...mail, operator_id: tx.operator_id }));
  await putDue(tx, "service_mail", [{ message_id: mail.mail_id, at: mail.created_at }]);
}
