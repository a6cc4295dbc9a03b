/** Writes a changed message in place: each step a row update that the database allows, all in one transaction. */
import type { Message } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { countEntries } from "../store/audit-log.ts";
import type { Tx } from "../store/database.ts";
import { deleteDues, putDue } from "../store/due.ts";
import { replaceContent, replaceRecipients, updateRow } from "../store/message-edits.ts";
import { type LoadedMessage, type NewMessage, loadMessages } from "../store/messages.ts";
import type { AttachmentMeta } from "../store/column-types.ts";
import { pendingKinds, putPending } from "./pending-due.ts";

/** A message as it is to be. */
export type Rewritten = {
  /** The machine's last word. */
  state: Message;
  recipients: NewMessage["recipients"];
  subject: string;
  markdown: string;
  attachments: AttachmentMeta[];
  mime: Buffer;
  reason: string | null;
  policy_id: string | null;
  screening: Record<string, unknown> | null;
  send_at: Date | null;
  expires_at: Date | null;
};

/** Entries of one message after which it changes no more: its evidence has room for what comes of it, and for no more than that. */
const maxEntries = 500;

/**
 * True when nothing of the message has changed since it was loaded; locks it. Throws `not_editable` where it was changed so often
 * that its evidence would not hold all of it: nobody shakes off a proof by editing.
 */
export async function stillAsLoaded(tx: Tx, before: LoadedMessage): Promise<boolean> {
  const id = before.row.message_id;
  const [now] = await loadMessages(tx, [id], true);
  if (now === undefined || versionOf(now) !== versionOf(before)) return false;
  if ((await countEntries(tx, id, maxEntries)) >= maxEntries)
    throw new Refusal("not_editable", "The message was changed too often to be changed again.", {
      hint: "Write a new message.",
    });
  return true;
}

function versionOf({ row, recipients, decisions }: LoadedMessage): string {
  const judged = decisions.map(({ decision_id, voided_at }) => [decision_id, voided_at]);
  return JSON.stringify([row, recipients, judged]);
}

/**
 * Writes the change over `before`, which is locked. Recipients change only in `draft` and `pending_scan`, so a pending message
 * with other recipients goes through both; the digest moves before the bytes that it names.
 */
export async function rewrite(
  tx: Tx,
  { loaded: { row, recipients }, mime }: { loaded: LoadedMessage; mime: Buffer },
  after: Rewritten,
  now: Date,
): Promise<void> {
  const id = row.message_id;
  const { state } = after;
  const envelopeMoves = !sameRecipients(recipients, after.recipients);
  const content = {
    mode: state.mode,
    required: state.required,
    passkey: state.passkey,
    authors: [...state.authors],
    ...(state.digest === row.digest
      ? {}
      : {
          digest: state.digest,
          subject: after.subject,
          attachments: after.attachments,
          size_bytes: after.mime.length,
        }),
  };
  let status = row.status;
  const to = async (next: string, change: object = {}): Promise<void> => {
    await updateRow(tx, id, { ...change, status: next }, now);
    status = next;
  };
  if (status === "pending_approval" && envelopeMoves) await to("draft");
  if (status === "scheduled") await to("pending_scan", { ...content, gated: false });
  if (envelopeMoves) await replaceRecipients(tx, id, after.recipients);
  if (status !== "pending_scan") await to(status, content);
  if (!after.mime.equals(mime))
    await replaceContent(tx, id, { mime: after.mime, markdown: after.markdown });
  if (status === "draft" && state.status !== "draft") await to("pending_scan", { gated: false });
  await to(state.status, {
    gated: state.gated,
    reason: after.reason,
    policy_id: after.policy_id,
    screening: after.screening,
    send_at: after.send_at,
    expires_at: after.expires_at,
  });
  await requeue(tx, id, after, now);
}

/** The one row of the queue that a message in its status has; and it is to be found by its new words. */
async function requeue(
  tx: Tx,
  id: string,
  { state, send_at, expires_at }: Rewritten,
  now: Date,
): Promise<void> {
  await deleteDues(tx, ["deliver", "release", ...pendingKinds], [id]);
  if (state.status === "pending_approval")
    await putPending(tx, [{ message_id: id, at: expires_at ?? now }], now);
  if (state.status === "scheduled")
    await putDue(tx, "release", [{ message_id: id, at: send_at ?? now }]);
  if (state.status === "queued") await putDue(tx, "deliver", [{ message_id: id, at: now }]);
  await putDue(tx, "index", [{ message_id: id, at: now }]);
}

/** The same people in the same places. */
export function sameRecipients(a: NewMessage["recipients"], b: NewMessage["recipients"]): boolean {
  const of = (list: NewMessage["recipients"]): string =>
    JSON.stringify(list.map(({ kind, address, name }) => [kind, address, name]));
  return of(a) === of(b);
}
