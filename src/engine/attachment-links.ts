/** Links to attachments: signed, short-lived, and dead once the message is not to be seen any more. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Actor } from "../core/actor.ts";
import { encodeBase32, idPattern } from "../core/id.ts";
import { isWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import { type MessageRow, loadMessages } from "../store/messages.ts";
import type { AttachmentMeta } from "../store/column-types.ts";
import {
  type AttachmentBytes,
  type AttachmentWish,
  attachmentAt,
  findAttachment,
} from "./attachments.ts";
import type { EngineContext } from "./context.ts";

/** What a link opens, until when (seconds since 1970). */
export type AttachmentTarget = {
  operator_id: string;
  message_id: string;
  index: number;
  expires: number;
};

/** 26 characters operator, 26 message, 3 place and 9 expiry in hex, 26 MAC (128 bits). */
export function attachmentToken(key: Buffer, target: AttachmentTarget): string {
  const hex = (value: number, length: number): string =>
    value.toString(16).toUpperCase().padStart(length, "0");
  const plain =
    target.operator_id + target.message_id + hex(target.index, 3) + hex(target.expires, 9);
  return plain + mac(key, plain);
}

/** The target of a genuine token, else null. Whether it has expired is the caller's to ask. */
export function readAttachmentToken(key: Buffer, token: string): AttachmentTarget | null {
  if (!/^[0-9A-HJKMNP-TV-Z]{52}[0-9A-F]{12}[0-9A-HJKMNP-TV-Z]{26}$/.test(token)) return null;
  const plain = token.slice(0, 64);
  if (!timingSafeEqual(Buffer.from(mac(key, plain)), Buffer.from(token.slice(64)))) return null;
  const operatorId = plain.slice(0, 26);
  const messageId = plain.slice(26, 52);
  if (!idPattern.test(operatorId) || !idPattern.test(messageId)) return null;
  return {
    operator_id: operatorId,
    message_id: messageId,
    index: Number.parseInt(plain.slice(52, 55), 16),
    expires: Number.parseInt(plain.slice(55), 16),
  };
}

function mac(key: Buffer, plain: string): string {
  return encodeBase32(
    createHmac("sha256", key).update(`attachment\n${plain}`).digest().subarray(0, 16),
  );
}

/** A link to one attachment, for `seconds`. Held and deleted mail gets none: a link knows no scopes. */
export async function linkAttachment(
  context: EngineContext,
  actor: Actor,
  wanted: AttachmentWish,
  seconds: number,
): Promise<AttachmentMeta & { url: string; expires_in: number }> {
  const { row, index, meta } = await findAttachment(context, actor, wanted);
  if (!isLinkable(row))
    throw new Refusal("not_found", "Attachments of held or deleted mail have no links.", {
      field: "email_id",
      hint: "Download the bytes instead.",
    });
  const token = attachmentToken(context.unsubscribe_key, {
    operator_id: row.operator_id,
    message_id: row.message_id,
    index,
    expires: Math.floor(context.now().getTime() / 1000) + seconds,
  });
  return { ...meta, url: `${context.public_url}/v1/attachments/${token}`, expires_in: seconds };
}

/** What a link opens now. Throws `invalid_link` for every link that opens nothing, whatever the cause. */
export async function openLink(context: EngineContext, token: string): Promise<AttachmentBytes> {
  const target = readAttachmentToken(context.unsubscribe_key, token);
  const dead = new Refusal("invalid_link", "This link has expired, or is not one of ours.");
  if (!target || target.expires * 1000 <= context.now().getTime()) throw dead;
  const row = await context.database.as(target.operator_id, async (tx) => {
    const [message] = await loadMessages(tx, [target.message_id], false);
    if (!message || !isLinkable(message.row)) return null;
    const mailboxes = await getMailboxes(tx, [message.row.mailbox_id]);
    return mailboxes.length > 0 ? message.row : null;
  });
  if (!row) throw dead;
  try {
    return await attachmentAt(context, row, target.index);
  } catch (error) {
    throw error instanceof Refusal ? dead : error;
  }
}

function isLinkable(row: MessageRow): boolean {
  return !isWithheld(row) && row.status !== "deleted";
}
