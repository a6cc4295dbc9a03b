/** Who is told of mail that waits, and what each of them will be told later. */
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { PersonRow } from "./people.ts";
import type { OversightTables } from "./oversight-tables.ts";

/** Somebody who may decide. */
export type Decider = Pick<PersonRow, "person_id" | "name" | "email" | "role" | "notify">;

/** What a notice tells. */
export type NoticeAbout = OversightTables["waiting_notice"]["about"];

/** Everybody who may decide, oldest first; whoever was removed may not. */
export function listDeciders(tx: Tx): Promise<Decider[]> {
  return tx.run(
    db
      .selectFrom("person")
      .select(["person_id", "name", "email", "role", "notify"])
      .where("operator_id", "=", tx.operator_id)
      .where("removed_at", "is", null)
      .where("role", "in", ["owner", "admin", "approver"])
      .orderBy("person_id"),
  );
}

/** A notice that waits. */
export type WaitingNotice = {
  message_id: string;
  about: NoticeAbout;
  mail: boolean;
  chat: boolean;
};

/** Keeps notices for later. What waits about a message already is joined: the graver word stands, by every way that was asked for. */
export async function keepNotices(
  tx: Tx,
  personId: string,
  notices: readonly WaitingNotice[],
  now: Date,
): Promise<void> {
  if (notices.length === 0) return;
  await tx.named(
    "keep_notices",
    `INSERT INTO waiting_notice (operator_id, person_id, message_id, about, mail, chat, created_at)
     SELECT $1, $2, message_id, about, mail, chat, $7
     FROM unnest($3::text[], $4::text[], $5::boolean[], $6::boolean[]) AS r(message_id, about, mail, chat)
     ON CONFLICT (operator_id, person_id, message_id) DO UPDATE SET mail = waiting_notice.mail OR excluded.mail,
       chat = waiting_notice.chat OR excluded.chat,
       about = CASE WHEN waiting_notice.about = 'escalation' THEN 'escalation' ELSE excluded.about END`,
    [
      tx.operator_id,
      personId,
      notices.map(({ message_id }) => message_id),
      notices.map(({ about }) => about),
      notices.map(({ mail }) => mail),
      notices.map(({ chat }) => chat),
      now.toISOString(),
    ],
  );
}

/** True where one of the notices that wait for a person is an escalation. */
export async function hasEscalation(tx: Tx, personId: string): Promise<boolean> {
  const rows = await tx.named(
    "has_escalation",
    "SELECT 1 FROM waiting_notice WHERE operator_id = $1 AND person_id = $2 AND about = 'escalation' LIMIT 1",
    [tx.operator_id, personId],
  );
  return rows.length > 0;
}

/** Takes all that waits for a person, oldest message first. */
export async function takeNotices(tx: Tx, personId: string): Promise<WaitingNotice[]> {
  const rows = await tx.named<WaitingNotice>(
    "take_notices",
    `DELETE FROM waiting_notice WHERE operator_id = $1 AND person_id = $2 RETURNING message_id, about, mail, chat`,
    [tx.operator_id, personId],
  );
  return rows.toSorted((a, b) => (a.message_id < b.message_id ? -1 : 1));
}

/** What a person has chosen, in place of what they had. */
export async function setNotify(tx: Tx, personId: string, notify: object): Promise<void> {
  await tx.run(
    db
      .updateTable("person")
      .set({ notify: JSON.stringify(notify) })
      .where("operator_id", "=", tx.operator_id)
      .where("person_id", "=", personId),
  );
}
