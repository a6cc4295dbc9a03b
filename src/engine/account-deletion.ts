/** Deleting the account: the operator is closed for good. Nothing leaves, nothing comes in, and nobody acts in its name any more. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { revokeAllKeys } from "../store/credentials.ts";
import { closeOperator, getOperator, holdOperator } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import { endSessions } from "../store/sessions.ts";
import { quoted } from "./code-mail.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { entryActor, makeEntry } from "./record.ts";
import { passSensitive } from "./sensitive.ts";
import { queueServiceMail } from "./service-mail.ts";

/** What became of it. */
export type DeletedAccount = { id: string; name: string; closed_at: Date };

/**
 * Closes the operator. In one commit sending stops, every key is revoked and every session ended; the database lets no closed
 * operator be opened. Mail and log stay, for the duties that outlive an account, until whoever runs the instance erases them.
 * A key is answered by what {@link passSensitive} throws; a person must be an owner. Throws `scope_required`, `role_required`,
 * `fresh_sign_in_required`, `test_key`.
 */
export async function deleteAccount(context: EngineContext, actor: Actor): Promise<DeletedAccount> {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "A key that is bound to mailboxes cannot delete the account.",
    );
  if (actor.test) throw liveThing("A test key deletes no account: it serves live mail too.");
  const message = "Only an owner can delete the account.";
  if (actor.kind === "person" && actor.role !== "owner")
    throw new Refusal("role_required", message);
  const closed = await context.database.transaction(actor.operator_id, async (tx) => {
    await holdOperator(tx);
    const operator = await getOperator(tx);
    if (!operator || operator.closed_at !== null)
      throw new Refusal("not_found", "The account was deleted.");
    const { by, change } = await passSensitive(context, tx, actor, {
      summary: `Delete the account of ${operator.name}: stop its mail for good, revoke all of its keys, and sign everybody out. This cannot be taken back.`,
      message,
    });
    const now = context.now();
    const who = entryActor(actor);
    await closeOperator(tx, `${who.kind}:${who.id}`, now);
    const keys = await revokeAllKeys(tx, now);
    const sessions = await endSessions(tx, "all", now);
    const entry = makeEntry(
      context,
      "operator.closed",
      actor,
      { resource: tx.operator_id },
      { by, keys_revoked: keys.length, sessions_ended: sessions.length, ...change },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    if (operator.oversight_address !== null)
      await queueServiceMail(context, tx, {
        kind: "notice",
        to: operator.oversight_address,
        subject: "The account was deleted",
        text: `The account of ${quoted(operator.name, 200)} was deleted. Nothing is sent or received for it any more, its keys are revoked and everybody is signed out.\n\nMail and audit log are kept until whoever runs ${context.public_url} erases them.`,
      });
    return { id: tx.operator_id, name: operator.name, closed_at: now };
  });
  context.wake.sequence();
  context.wake.service_mail();
  return closed;
}
