/** Statuses of received mail, and the one rule of who may see it. */
import { type Actor, holds, mayUseMailbox } from "./actor.ts";

/** Every state a received message can be in (product contract, sections 2 and 6). */
export const inboundStatuses = [
  /** Held until a person releases it. */
  "pending_inbound_approval",
  "unread",
  "read",
  "archived",
  "deleted",
  /** A person refused it. */
  "rejected",
  /** Screening wants somebody to look. */
  "spam_flagged",
  "spam_quarantined",
] as const;

/** One of {@link inboundStatuses}. */
export type InboundStatus = (typeof inboundStatuses)[number];

/** Received mail in these is there for callers with `oversight` only. */
export const withheldStatuses = ["pending_inbound_approval", "rejected"] as const;

/** In a mailbox that holds what it receives, these have been released by nobody. */
export const unreleasedSpam = ["spam_flagged", "spam_quarantined"] as const;

/** Received mail in these is left out of lists that do not ask for the status. */
export const asideStatuses = ["spam_flagged", "spam_quarantined", "deleted"] as const;

/** What a caller may set, from any of them to any other. The rest moves by a person's decision or by the spam operations. */
export const markedStatuses = ["unread", "read", "archived", "deleted"] as const;

/** One of {@link markedStatuses}. */
export type MarkedStatus = (typeof markedStatuses)[number];

/** What visibility depends on. `mode` is the mailbox's when the message came. */
export type SeenMessage = {
  mailbox_id: string;
  direction: "outbound" | "inbound";
  status: string;
  mode: string;
};

/** True for received mail that nobody has let through to agents: held, refused, or spam in a mailbox that holds everything. */
export function isWithheld({ direction, status, mode }: Omit<SeenMessage, "mailbox_id">): boolean {
  if (direction !== "inbound") return false;
  if (has(withheldStatuses, status)) return true;
  return mode === "gated_all" && has(unreleasedSpam, status);
}

/** True when the caller may see withheld mail. */
export function seesWithheld(actor: Pick<Actor, "scopes">): boolean {
  return holds(actor, "oversight");
}

/** Whether the message is there for this caller. Every reader asks it, or its twin in SQL, `visibleMessages` of store/messages. */
export function maySee(
  actor: Pick<Actor, "scopes" | "mailbox_ids">,
  message: SeenMessage,
): boolean {
  return mayUseMailbox(actor, message.mailbox_id) && (seesWithheld(actor) || !isWithheld(message));
}

/** True when a caller may mark mail of this status as read, unread, archived or deleted. */
export function isMarkable(status: string): status is MarkedStatus {
  return has(markedStatuses, status);
}

function has(list: readonly string[], value: string): boolean {
  return list.includes(value);
}
