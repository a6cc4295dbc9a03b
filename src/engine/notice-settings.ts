/** A person reads and changes how and when they are told. */
import type { Actor } from "../core/actor.ts";
import type { QuietHours } from "../core/quiet-hours.ts";
import { Refusal } from "../core/refusal.ts";
import { putDue } from "../store/due.ts";
import { setNotify } from "../store/notices.ts";
import { getPeople, lockPeople } from "../store/people.ts";
import type { Tx } from "../store/database.ts";
import { appendRecords } from "../store/records.ts";
import { targetFault } from "../web/target.ts";
import type { EngineContext } from "./context.ts";
import { type NoticePreferences, readPreferences } from "./notice-preferences.ts";
import { assertFresh, assertPerson } from "./person-rules.ts";
import { makeEntry } from "./record.ts";

/** What to change; what is left out stays. */
export type NoticeChange = {
  mail?: NoticePreferences["mail"] | undefined;
  digest_minutes?: number | undefined;
  quiet?: QuietHours | null | undefined;
  chat_webhook_url?: string | null | undefined;
};

/** The choices of the person who asks. Throws `role_required` for keys. */
export function noticeSettings(context: EngineContext, actor: Actor): Promise<NoticePreferences> {
  const personId = assertPerson(actor);
  return context.database.as(actor.operator_id, (tx) => load(tx, personId));
}

/**
 * Changes them. A chat gets links that decide, so giving one needs a fresh sign-in. What was gathered for the person is looked at
 * anew at once. Throws `role_required`, `fresh_sign_in_required`, and `validation_failed` for a chat
 * that would never be called.
 */
export async function changeNoticeSettings(
  context: EngineContext,
  actor: Actor,
  change: NoticeChange,
): Promise<NoticePreferences> {
  const personId = assertPerson(actor);
  if (typeof change.chat_webhook_url === "string") {
    assertFresh(context.now(), actor);
    assertChat(context, change.chat_webhook_url);
  }
  const after = await context.database.transaction(actor.operator_id, async (tx) => {
    await lockPeople(tx);
    const before = await load(tx, personId);
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const next = { ...before, ...(Object.fromEntries(given) as Partial<NoticePreferences>) };
    if (JSON.stringify(next) === JSON.stringify(before)) return before;
    await setNotify(tx, personId, next);
    await putDue(tx, "notify", [{ message_id: personId, at: context.now() }]);
    const { mail, digest_minutes, quiet, chat_webhook_url } = next;
    const data = { mail, digest_minutes, quiet: quiet !== null, chat: chat_webhook_url !== null };
    const about = { resource: personId };
    const entry = makeEntry(context, "person.notifications_changed", actor, about, data);
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return next;
  });
  context.wake.sequence();
  return after;
}

/** Chats are called by https, wherever the instance lets them stand. */
function assertChat({ webhooks }: Pick<EngineContext, "webhooks">, url: string): void {
  const fault = targetFault(url, { ...webhooks.targets, allow_http: false });
  if (fault === null) return;
  const field = "chat_webhook_url";
  throw new Refusal("validation_failed", `${field}: ${fault}.`, { field });
}

async function load(tx: Tx, personId: string): Promise<NoticePreferences> {
  const [person] = await getPeople(tx, [personId]);
  if (!person || person.removed_at !== null)
    throw new Refusal("role_required", "Only a member of the operator can do this.");
  return readPreferences(person.notify);
}
