/** Marking received mail: read, unread, archived, deleted. */
import { type Actor, holds } from "../core/actor.ts";
import { type MarkedStatus, isMarkable } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import { markReceived } from "../store/message-list.ts";
import type { LoadedMessage, MessageRow } from "../store/messages.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { about } from "./machine-row.ts";
import { visibleMessage } from "./read-messages.ts";
import { makeEntry } from "./record.ts";

/**
 * Marks one received message. Mail that waits for somebody's decision, was refused or is spam is not marked: that would be a
 * way around the decision. Throws `not_found`, `not_inbound`, `not_editable`, `test_key`.
 */
export async function markEmail(
  context: EngineContext,
  actor: Actor,
  wanted: { email_id: string; mailbox_id?: string | undefined; status: MarkedStatus },
): Promise<LoadedMessage> {
  const { status } = wanted;
  const marked = await context.database.transaction(actor.operator_id, async (tx) => {
    const message = await visibleMessage(tx, actor, wanted.email_id, wanted.mailbox_id, true);
    const { row } = message;
    if (actor.test) throw liveThing("A test key marks no live mail.");
    if (row.direction === "outbound")
      throw new Refusal("not_inbound", "Only received mail is marked.", { field: "email_id" });
    if (!isMarkable(row.status))
      throw new Refusal("not_editable", `The email is ${row.status}: it cannot be marked.`, {
        field: "status",
        hint: "A person releases held mail; not_spam takes mail out of quarantine.",
      });
    if (row.status === status) return message;
    const now = context.now();
    await markReceived(tx, row.message_id, [row.status], status, now);
    const entry = makeEntry(context, "message.marked", actor, about(row), {
      from: row.status,
      to: status,
    });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return { ...message, row: { ...row, status, updated_at: now } };
  });
  context.wake.sequence();
  return marked;
}

/** True when reading this message makes it read: by a live credential that acts on mail, not by who only looks. */
export function readingMarks(actor: Actor, row: Pick<MessageRow, "direction" | "status">): boolean {
  const unread = row.direction === "inbound" && row.status === "unread";
  return unread && !actor.test && holds(actor, "send");
}

/** What was read is not unread any more. No entry: reading is no decision. */
export async function noteRead(
  context: EngineContext,
  actor: Actor,
  emailId: string,
): Promise<void> {
  await context.database.as(actor.operator_id, (tx) =>
    markReceived(tx, emailId, ["unread"], "read", context.now()),
  );
}
