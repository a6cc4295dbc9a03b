/** What comes back counts against its mailbox; too much of it pauses the mailbox until a person resumes it. */
import { reputationRule, stopReason } from "../core/sending-limits.ts";
import type { Tx } from "../store/database.ts";
import { addToDay, countsSince, dayOf } from "../store/mailbox-days.ts";
import { getMailbox, updateMailbox } from "../store/mailboxes.ts";
import type { Records } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry, makeEvent, worker } from "./record.ts";

/** Counts bounces and complaints of a mailbox, and pauses it where they are too many. */
export async function countBack(
  context: EngineContext,
  tx: Tx,
  mailboxId: string,
  back: { bounced: number; complained: number },
  records: Records,
): Promise<void> {
  const now = context.now();
  // Before the counts, as hand-offs lock them.
  const mailbox = await getMailbox(tx, mailboxId, true);
  await addToDay(tx, dayOf(now), [{ mailbox_id: mailboxId, handed: 0, ...back }]);
  const since = new Date(now.getTime() - (reputationRule.days - 1) * 86_400_000);
  const reason = stopReason(await countsSince(tx, dayOf(since), mailboxId));
  if (reason === null) return;
  if (!mailbox || mailbox.paused_at !== null) return;
  await updateMailbox(tx, mailboxId, { paused_at: now, paused_reason: reason, updated_at: now });
  records.entries.push(
    makeEntry(
      context,
      "mailbox.paused",
      worker,
      { resource: mailboxId, mailbox_id: mailboxId },
      { reason },
    ).row,
  );
  records.events.push(
    makeEvent(
      context,
      "mailbox.paused",
      { mailbox_id: mailboxId, message_id: null, thread_id: null },
      { reason },
    ),
  );
}
