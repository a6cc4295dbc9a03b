/** The log entry of a message's content: commitments to recipients and text, with openings sealed for each recipient. */
import { type Actor, principal } from "../core/actor.ts";
import type { NewMessage } from "../store/messages.ts";
import type { OpeningRow } from "../store/records.ts";
import { contentOpenings } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { about } from "./machine-row.ts";
import { makeEntry, sealOpenings } from "./record.ts";

/** What the entry tells of the message, as it stands after the change. */
export type ContentStand = Pick<
  NewMessage,
  | "message_id"
  | "mailbox_id"
  | "thread_id"
  | "rfc_message_id"
  | "digest"
  | "mode"
  | "status"
  | "test"
  | "gated"
  | "required"
  | "passkey"
  | "policy_id"
  | "recipients"
  | "subject"
  | "markdown"
  | "attachments"
> & { size: number };

/** When content is logged: first written, submitted, changed, or submitted again after it was sent back. */
export type ContentEntryType =
  | "message.drafted"
  | "message.submitted"
  | "message.edited"
  | "message.resubmitted";

/** Makes the entry with its openings. A message without recipients has nobody to seal for: its text is not committed to yet. */
export async function contentEntry(
  context: EngineContext,
  type: ContentEntryType,
  actor: Actor,
  message: ContentStand,
): Promise<{ entry: ReturnType<typeof makeEntry>; openings: OpeningRow[] }> {
  const content = message.recipients.length > 0 ? contentOpenings(context.random, message) : null;
  const subjects = await Promise.all(
    message.recipients.map((recipient) =>
      context.subjects.of(actor.operator_id, recipient.address),
    ),
  );
  const entry = makeEntry(context, type, actor, about(message), {
    digest: message.digest,
    author: principal(actor),
    message_id: message.rfc_message_id,
    mode: message.mode,
    status: message.status,
    test: message.test,
    gated: message.gated,
    approvals_required: message.required,
    passkey_required: message.passkey,
    ...(message.policy_id === null ? {} : { policy: message.policy_id }),
    size: message.size,
    ...(content === null ? {} : { content: content.commitments }),
  });
  const openings = (content?.bySubject(subjects) ?? []).map((group) =>
    sealOpenings(entry.row.entry_id, group.subject, group.openings, context.random),
  );
  return { entry, openings };
}
