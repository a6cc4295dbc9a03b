/** What the engine does for readers of mail: marks, attachments, the index, suppression. Bound to one context. */
import type { Actor } from "../core/actor.ts";
import type { MarkedStatus } from "../core/inbound-status.ts";
import type { Claim } from "../store/due.ts";
import { linkAttachment, openLink } from "./attachment-links.ts";
import { type AttachmentWish, readAttachment } from "./attachments.ts";
import type { EngineContext } from "./context.ts";
import { indexMessages } from "./index-messages.ts";
import { markEmail, noteRead, readingMarks } from "./mark-email.ts";
import {
  type ManualSuppression,
  addSuppression,
  importSuppressions,
  knownMailboxes,
  removeSuppression,
} from "./suppression.ts";

/** The calls, to be spread into the engine. */
export function inboxCalls(context: EngineContext) {
  return {
    markEmail: (
      actor: Actor,
      wanted: { email_id: string; mailbox_id?: string | undefined; status: MarkedStatus },
    ) => markEmail(context, actor, wanted),
    readingMarks,
    noteRead: (actor: Actor, emailId: string) => noteRead(context, actor, emailId),
    attachment: (actor: Actor, wanted: AttachmentWish) => readAttachment(context, actor, wanted),
    attachmentLink: (actor: Actor, wanted: AttachmentWish, seconds: number) =>
      linkAttachment(context, actor, wanted, seconds),
    openAttachmentLink: (token: string) => openLink(context, token),
    indexMessages: (operatorId: string, claims: readonly Claim[]) =>
      indexMessages(context, operatorId, claims),
    addSuppression: (actor: Actor, wanted: ManualSuppression) =>
      addSuppression(context, actor, wanted),
    removeSuppression: (
      actor: Actor,
      wanted: { address: string; mailbox_id: string | null; note: string | null },
    ) => removeSuppression(context, actor, wanted),
    importSuppressions: (actor: Actor, wanted: readonly ManualSuppression[]) =>
      importSuppressions(context, actor, wanted),
    knownMailboxes: (actor: Actor, ids: readonly string[]) => knownMailboxes(context, actor, ids),
  };
}
