/** The row of a message as it is first written, submitted or as a draft: from its request, its author and its frozen bytes. */
import type { Actor } from "../core/actor.ts";
import type { Message } from "../core/oversight/types.ts";
import { contentDigest } from "../mail/digest.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import type { NewMessage } from "../store/messages.ts";
import { type Draft, type Envelope, composeDraft } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import type { OperatorRow } from "../store/operators.ts";

/** What of a request a message keeps as it is. */
type Request = Draft & {
  thread_id?: string | undefined;
  reply_of?: string | undefined;
  /** Seconds after the first attempt beyond which delivery is given up. */
  expires_in_seconds?: number | undefined;
  tags: Record<string, string>;
  metadata: Record<string, string>;
};

/** Where a message stands and what it waits for: its author does not say that. */
type Standing = "status" | "reason" | "policy_id" | "screening" | "expires_at" | "due";

/**
 * Composes a message once and describes it, all but where it stands. The digest is over its bytes and the recipients in their
 * order. Throws `validation_failed` naming the field for what cannot be composed.
 */
export async function newMessage(
  context: EngineContext,
  actor: Actor,
  request: Request,
  envelope: Envelope,
  of: {
    operator: OperatorRow;
    mailbox: MailboxRow;
    state: Pick<Message, "mode" | "test" | "required" | "passkey" | "timing" | "gated" | "authors">;
    recipients: NewMessage["recipients"];
    send_at: Date | null;
    now: Date;
  },
): Promise<Omit<NewMessage, Standing>> {
  const { operator, mailbox, state, recipients, send_at, now } = of;
  const id = context.new_id();
  const composed = await composeDraft(context, request, envelope, {
    id,
    operator,
    mailbox,
    gated: state.gated,
  });
  return {
    message_id: id,
    mailbox_id: mailbox.mailbox_id,
    mode: state.mode,
    test: state.test,
    required: state.required,
    passkey: state.passkey,
    timing: state.timing,
    gated: state.gated,
    authors: [...state.authors],
    author_kind: actor.kind,
    author_id: actor.credential_id,
    digest: contentDigest(
      composed.mime,
      recipients.map((recipient) => recipient.address),
    ),
    thread_id: request.thread_id ?? id,
    in_reply_to: request.in_reply_to ?? null,
    reply_of: request.reply_of ?? null,
    rfc_message_id: composed.message_id,
    from_address: mailbox.address,
    subject: request.subject,
    attachments: composed.attachments,
    tags: request.tags,
    metadata: request.metadata,
    send_at,
    give_up_seconds: request.expires_in_seconds ?? null,
    created_at: now,
    mime: composed.mime,
    markdown: request.markdown,
    recipients,
  };
}
