/** Threading: which thread a received message joins, by the messages it refers to and the reply address it came by. */
import { idPattern } from "./id.ts";

/** Most references of one message that are looked at: the newest. */
export const maxReferences = 100;

/** Longest Message-ID that is looked at, in characters (RFC 5322 section 2.1.1). */
const maxMessageId = 998;

/** What a received message says of where it belongs. Ids with angle brackets; all of it is the sender's word, the token excepted. */
export type Pointers = {
  in_reply_to: string | null;
  /** Oldest first, as in the header. */
  references: readonly string[];
  /** Our message that the recipient address vouches for. */
  reply_token_message_id: string | null;
};

/** A message that the mailbox has and that was referred to. */
export type Referred = {
  message_id: string;
  thread_id: string;
  rfc_message_id: string;
  direction: "inbound" | "outbound";
};

/** Where a received message belongs; nulls are a thread of its own. */
export type Joined = { thread_id: string; reply_of: string } | { thread_id: null; reply_of: null };

/** Message-IDs named by a message, nearest first: In-Reply-To, then References from the newest (RFC 5322 section 3.6.4). */
export function referencedIds(pointers: Pick<Pointers, "in_reply_to" | "references">): string[] {
  const nearest = [pointers.in_reply_to ?? "", ...pointers.references.toReversed()].filter(
    (id) => id.length > 2 && id.length <= maxMessageId,
  );
  return [...new Set(nearest)].slice(0, maxReferences);
}

/** The message of ours that a Message-ID of our form `<id in lower case@domain>` names, or null for another's. */
export function ownMessageId(rfcMessageId: string): string | null {
  if (rfcMessageId[0] !== "<" || rfcMessageId[27] !== "@") return null;
  const id = rfcMessageId.slice(1, 27).toUpperCase();
  return idPattern.test(id) ? id : null;
}

/** The keys to look up: our ids, and the Message-IDs of others. */
export function lookupKeys(pointers: Pointers): { own: string[]; rfc: string[] } {
  const rfc = referencedIds(pointers);
  const own = rfc.flatMap((id) => ownMessageId(id) ?? []);
  const token = pointers.reply_token_message_id;
  return { own: [...new Set(token === null ? own : [...own, token])], rfc };
}

/**
 * Decides by the messages that the mailbox has (`known`, of this mailbox only): the nearest reference counts, then the reply
 * address, and never the subject. Of several received messages with one Message-ID the first counts, so that nobody takes
 * over an id that was there before.
 */
export function joinThread(pointers: Pointers, known: readonly Referred[]): Joined {
  const oldestFirst = known.toSorted((a, b) => (a.message_id < b.message_id ? -1 : 1));
  for (const id of referencedIds(pointers)) {
    const own = ownMessageId(id);
    const found =
      oldestFirst.find(
        (one) =>
          one.direction === "outbound" &&
          one.message_id === own &&
          // Mail systems change the case of ids; the domain must be ours as well.
          one.rfc_message_id.toLowerCase() === id.toLowerCase(),
      ) ?? oldestFirst.find((one) => one.direction === "inbound" && one.rfc_message_id === id);
    if (found) return { thread_id: found.thread_id, reply_of: found.message_id };
  }
  const answered = known.find((one) => one.message_id === pointers.reply_token_message_id);
  return answered
    ? { thread_id: answered.thread_id, reply_of: answered.message_id }
    : { thread_id: null, reply_of: null };
}
