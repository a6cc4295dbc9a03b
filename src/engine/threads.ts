/** Threads: which one a received message joins, who has one to themselves, and how they are read. */
import { type Pointers, joinThread, lookupKeys } from "../core/threading.ts";
import type { Tx } from "../store/database.ts";
import { findReferred, isCorrespondent } from "../store/threads.ts";
import type { EngineContext } from "./context.ts";

/** Where a received message belongs. */
export type ThreadOf = {
  /** Null for a thread of its own. */
  thread_id: string | null;
  /** Our id of the message that it answers. */
  reply_of: string | null;
  /** True where it joins a thread in which nobody wrote to its sender before, and which its sender did not begin. */
  stranger: boolean;
};

/**
 * The thread that a received message joins: by what it refers to among this mailbox's own messages, then by the reply address.
 * References to other mailboxes' messages find nothing. `from` is what the message says of its sender, null where nothing.
 */
export async function threadFor(
  _context: EngineContext,
  tx: Tx,
  message: Pointers & { mailbox_id: string; from: string | null },
): Promise<ThreadOf> {
  const keys = lookupKeys(message);
  if (keys.own.length === 0 && keys.rfc.length === 0)
    return { thread_id: null, reply_of: null, stranger: false };
  const joined = joinThread(message, await findReferred(tx, message.mailbox_id, keys));
  if (joined.thread_id === null) return { ...joined, stranger: false };
  const thread = { mailbox_id: message.mailbox_id, thread_id: joined.thread_id };
  const known = message.from !== null && (await isCorrespondent(tx, thread, message.from));
  return { ...joined, stranger: !known };
}
