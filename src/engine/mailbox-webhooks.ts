/** The URLs that a mailbox itself names: subscriptions like any other, kept in step with the mailbox. */
import type { Actor } from "../core/actor.ts";
import type { Tx } from "../store/database.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import { appendRecords } from "../store/records.ts";
import { getMailboxWebhook, insertWebhook, updateWebhook } from "../store/webhooks.ts";
import type { EngineContext } from "./context.ts";
import type { Loosened } from "./mailbox-loosening.ts";
import { makeEntry } from "./record.ts";
import { assertTarget, forget, newRow, told } from "./webhooks.ts";

/** The fields of a mailbox; null takes a URL away. */
export type MailboxUrls = {
  webhook_url?: string | null | undefined;
  oversight_webhook_url?: string | null | undefined;
};

/** What each of them tells of, in the spelling of existing clients where they have one. */
const events = {
  mailbox: ["email.received", "message.*", "mailbox.*", "suppression.*"],
  oversight: ["email.pending_approval", "oversight.*", "message.held"],
} as const;

const fields = [
  ["webhook_url", "mailbox"],
  ["oversight_webhook_url", "oversight"],
] as const;

/** What of a change needs a person: telling another place of mail, and no longer telling overseers. Throws `validation_failed`. */
export function urlsLoosened(
  context: EngineContext,
  before: Pick<MailboxRow, "webhook_url" | "oversight_webhook_url">,
  change: MailboxUrls,
): Loosened[] {
  return fields.flatMap(([field, origin]): Loosened[] => {
    const url = change[field];
    if (url === undefined || url === before[field]) return [];
    if (url !== null) assertTarget(context, url, field);
    else if (origin === "mailbox") return [];
    return [
      [field, url === null ? "Silencing oversight needs a person." : "A webhook needs a person."],
    ];
  });
}

/** Makes, moves and takes away the subscriptions behind a mailbox's URLs, in the transaction that changes the mailbox. */
export async function keepUrls(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  mailboxId: string,
  change: MailboxUrls,
): Promise<void> {
  for (const [field, origin] of fields) {
    const url = change[field];
    if (url === undefined) continue;
    const row = await getMailboxWebhook(tx, mailboxId, origin);
    if (url === (row?.url ?? null)) continue;
    if (url === null) {
      if (row) await forget(context, tx, actor, row);
      continue;
    }
    const wanted = {
      origin,
      url,
      events: events[origin],
      mailbox_id: mailboxId,
      description: null,
      ordered: false,
      secret: null,
    };
    const made = row ? { ...row, url } : newRow(context, tx.operator_id, actor, wanted).row;
    if (row) await updateWebhook(tx, row.webhook_id, { url, updated_at: context.now() });
    else await insertWebhook(tx, made);
    const about = { resource: made.webhook_id, mailbox_id: mailboxId };
    const type = row ? "webhook.changed" : "webhook.created";
    const entry = makeEntry(context, type, actor, about, told(made));
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  }
}
