/** Who has a thread to themselves: an agent keeps other agents out of it, a person all of them. */
import { type Actor, holds } from "../core/actor.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import type { NewMessage } from "../store/messages.ts";
import { appendRecords } from "../store/records.ts";
import {
  type ThreadRow,
  findOwned,
  getThread,
  setThreadOwner,
  touchThreads,
} from "../store/threads.ts";
import { firstOfThread } from "../store/thread-list.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { entryActor, makeEntry } from "./record.ts";

/** Whom a thread may belong to. */
export const owners = ["agent", "human"] as const;

/** One of {@link owners}, or null for nobody. */
export type Owner = (typeof owners)[number] | null;

/**
 * Throws `thread_locked` where an agent's message goes to a thread that a person or another agent has. Asked in the
 * transaction that writes the messages, so that a lock holds from its commit on. Messages that are not `begun` are new: one
 * that opens its thread cannot find it taken.
 */
export async function refuseLocked(
  tx: Tx,
  messages: readonly Pick<
    NewMessage,
    "message_id" | "mailbox_id" | "thread_id" | "author_kind" | "author_id"
  >[],
  { begun }: { begun: boolean },
): Promise<void> {
  const joining = messages.filter(
    ({ message_id, thread_id, author_kind }) =>
      (begun || thread_id !== message_id) && author_kind === "api_key",
  );
  if (joining.length === 0) return;
  for (const lock of await findOwned(tx, joining))
    for (const { mailbox_id, thread_id, author_id } of joining)
      if (
        lock.mailbox_id === mailbox_id &&
        lock.thread_id === thread_id &&
        (lock.owner === "human" || (lock.owner_by !== null && lock.owner_by !== keyName(author_id)))
      )
        throw locked(lock.owner);
}

function locked(owner: Owner): Refusal {
  return new Refusal(
    "thread_locked",
    owner === "human"
      ? "A person has taken this thread over: agents do not write in it."
      : "Another agent has this thread to itself.",
    {
      field: "thread_id",
      hint: "A person, or a key with oversight or admin, can release it with set_thread_owner.",
    },
  );
}

/**
 * Gives a thread to the calling agent, to people, or to nobody. Agents (keys with `send`) take what is free, hand their own
 * over or back, and change nobody else's; people and keys with `oversight` or `admin` change any. Throws `scope_required`,
 * `not_found`, `thread_locked`, `test_key`.
 */
export async function setOwner(
  context: EngineContext,
  actor: Actor,
  thread: { mailbox_id: string; thread_id: string },
  owner: Owner,
): Promise<void> {
  // People have these by their role: an auditor has neither.
  const overrules = holds(actor, "oversight") || holds(actor, "admin");
  if (!overrules && !holds(actor, "send"))
    throw new Refusal("scope_required", "Taking a thread needs the scope send.", {
      hint: "Keys with oversight or admin may do it, too.",
    });
  await context.database.transaction(actor.operator_id, async (tx) => {
    const first = await firstOfThread(tx, thread, seesWithheld(actor));
    if (!first) throw new Refusal("not_found", "There is no such thread.", { field: "thread_id" });
    if (actor.test) throw liveThing("A test key takes no threads: agents share them.");
    // Its row may be behind its messages, and a lock needs one.
    await touchThreads(tx, [{ ...first, ...thread }]);
    const before = await getThread(tx, thread.mailbox_id, thread.thread_id, true);
    if (!before) throw new Error("a thread vanished in its own transaction");
    const by = nameOf(actor, owner);
    if (before.owner === owner && (owner !== "agent" || before.owner_by === by)) return;
    if (before.owner !== null && !overrules && !isHolder(actor, before)) throw locked(before.owner);
    await setThreadOwner(tx, thread, {
      owner,
      owner_by: by,
      owner_at: owner === null ? null : context.now(),
    });
    const about = { resource: null, ...thread };
    const entry = makeEntry(context, "thread.owner_changed", actor, about, {
      owner,
      from: before.owner,
    });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  });
  context.wake.sequence();
}

/** An agent's lock is its key's alone, or every agent's where a person gave it. What was handed to people is no agent's. */
function isHolder(actor: Actor, row: ThreadRow): boolean {
  return (
    row.owner === "agent" &&
    (row.owner_by === null || row.owner_by === keyName(actor.credential_id))
  );
}

/** The holder: the agent's key, or whoever took it for people. Null where somebody who writes no mail gives it to agents. */
function nameOf(actor: Actor, owner: Owner): string | null {
  if (owner === null) return null;
  if (owner === "agent") return holds(actor, "send") ? keyName(actor.credential_id) : null;
  const { kind, id } = entryActor(actor);
  return kind === "api_key" ? keyName(id) : `${kind}:${id}`;
}

function keyName(keyId: string): string {
  return `key:${keyId}`;
}
