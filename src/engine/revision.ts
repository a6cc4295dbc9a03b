/** Recomposing a stored message: what an edit and the sending of a draft have in common. */
import type { Actor } from "../core/actor.ts";
import { readMode, stricter } from "../core/oversight/mode.ts";
import { step } from "../core/oversight/machine.ts";
import type { Event, Message } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { contentDigest } from "../mail/digest.ts";
import type { LoadedMessage, MessageRow } from "../store/messages.ts";
import { type Envelope, type Text, composeDraft } from "./composition.ts";
import { type ContentEntryType, contentEntry } from "./content-entry.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { type Judged, type Surroundings, loadSurroundings, modeForbids } from "./judging.ts";
import { toMachine } from "./machine-row.ts";
import type { Scanned } from "./outbound-scan.ts";
import type { Rewritten } from "./rewrite.ts";
import type { StoredMessage } from "./stored-draft.ts";

/** What an edited message answers with. */
export type Revised = {
  id: string;
  status: string;
  thread_id: string;
  message_id: string;
  digest: string;
  reason: string | null;
  send_at: string | null;
};

/** The answer for a row. */
export function answerFor(
  row: Pick<MessageRow, "message_id" | "thread_id" | "rfc_message_id">,
  now: { status: string; digest: string; reason: string | null; send_at: Date | null },
): Revised {
  return {
    id: row.message_id,
    status: now.status,
    thread_id: row.thread_id,
    message_id: row.rfc_message_id,
    digest: now.digest,
    reason: now.reason,
    send_at: now.send_at?.toISOString() ?? null,
  };
}

/** The mailbox and who is suppressed, as they stand. */
export async function surroundingsOf(
  context: EngineContext,
  row: MessageRow,
  envelope: Envelope,
): Promise<Surroundings> {
  const addresses = envelope.map((recipient) => recipient.address);
  const [around] = await context.database.as(row.operator_id, (tx) =>
    loadSurroundings(context, tx, [{ mailbox_id: row.mailbox_id, addresses }]),
  );
  if (!around) throw new Refusal("not_found", "Its mailbox was deleted.", { field: "mailbox_id" });
  return around;
}

/** The machine's message under the stricter of what it was written under and what its mailbox asks for now. */
export function underPresentMode(loaded: LoadedMessage, { mailbox }: Surroundings): Message {
  const state = toMachine(loaded);
  return {
    ...state,
    mode: stricter(state.mode, readMode(mailbox.mode)),
    required: Math.max(state.required, mailbox.approvals_required),
    passkey: state.passkey || mailbox.passkey_required,
  };
}

/** Takes a step that the caller may ask for; a refusal of the machine is theirs to read. */
export function take(state: Message, event: Event, around: Surroundings): Message {
  const after = step(state, event);
  if (after.ok) return after.message;
  if (after.refusal === "mode_forbids_send") throw modeForbids(around.mailbox);
  throw new Refusal(
    after.refusal,
    state.handed
      ? "The message was handed to the wire: it stays as it is."
      : `The message is ${state.status}: it can no longer be changed.`,
    { hint: "Write a new message." },
  );
}

/** Refuses what a test key may not touch, and content that another call has changed. */
export function assertMayRevise(actor: Actor, row: MessageRow, digest: string | undefined): void {
  if (actor.test && !row.test)
    throw liveThing("A test key changes and sends messages of test keys only.");
  if (digest !== undefined && digest !== row.digest)
    throw new Refusal("stale_digest", "The message changed since it was read.", {
      field: "digest",
      hint: `Read it again; its digest is ${row.digest}.`,
    });
}

/** The refusal of an edit whose content the scan or a rule blocks. */
export function contentBlocked({ reason }: Pick<Scanned, "reason">): Refusal {
  return new Refusal(
    "content_blocked",
    `The content is blocked: ${reason ?? "the outbound scan does not let it pass"}.`,
    { hint: "Change what was found. The message stays as it was." },
  );
}

/** Everything of a message before the scan: its words, who gets it, and what the scan said of both. */
export type Composing = {
  stored: StoredMessage;
  around: Surroundings;
  text: Text;
  envelope: Envelope;
  scanned: Scanned;
  send_at: Date | null;
};

/** Composes the bytes for a judged message; its state has their digest. */
export async function recompose(
  context: EngineContext,
  { stored, around, text, envelope, send_at }: Composing,
  judged: Judged,
): Promise<Rewritten> {
  const { row } = stored.loaded;
  const { state, recipients, reason, policy_id, screening } = judged;
  const composed = await composeDraft(context, text, envelope, {
    id: row.message_id,
    operator: around.operator,
    mailbox: { ...around.mailbox, address: row.from_address },
    gated: state.gated,
  });
  const digest = contentDigest(
    composed.mime,
    recipients.map((recipient) => recipient.address),
  );
  const seconds = around.mailbox.expiry_seconds;
  return {
    state: { ...state, digest },
    recipients,
    subject: text.subject,
    markdown: text.markdown,
    attachments: composed.attachments,
    mime: composed.mime,
    reason,
    policy_id,
    screening,
    send_at,
    expires_at:
      state.status === "pending_approval"
        ? new Date(context.now().getTime() + seconds * 1000)
        : null,
  };
}

/** The entry of a rewritten message. */
export function entryOf(
  context: EngineContext,
  type: ContentEntryType,
  actor: Actor,
  row: MessageRow,
  after: Rewritten,
): ReturnType<typeof contentEntry> {
  const { state, recipients, subject, markdown, attachments, mime, policy_id } = after;
  const { message_id, mailbox_id, thread_id, rfc_message_id, test } = row;
  return contentEntry(context, type, actor, {
    message_id,
    mailbox_id,
    thread_id,
    rfc_message_id,
    test,
    recipients,
    subject,
    markdown,
    attachments,
    size: mime.length,
    digest: state.digest,
    mode: state.mode,
    status: state.status,
    gated: state.gated,
    required: state.required,
    passkey: state.passkey,
    policy_id,
  });
}
