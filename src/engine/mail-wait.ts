/** Waiting for mail: answers with what was received in a mailbox behind a point, so that nothing is lost between two calls. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { eventBounds, receivedAfter, receivedPosition } from "../store/events.ts";
import { loadMessages } from "../store/messages.ts";
import type { EngineContext } from "./context.ts";
import { eventCursor, positionBehind } from "./event-log.ts";
import type { EventWatch } from "./event-watch.ts";
import { assertVisible } from "./read-messages.ts";

/** What is waited for. */
export type MailWait = {
  mailbox_id: string;
  /** Parts of the sender's address and of the subject, compared without case. */
  sender?: string | undefined;
  subject_contains?: string | undefined;
  thread_id?: string | undefined;
  /** An email of the mailbox: what was received or released after it counts. */
  since_id?: string | undefined;
  /** Where an earlier call got to. */
  cursor?: string | undefined;
};

/** What came, oldest first, and where to go on. */
export type MailWaited = { ids: string[]; cursor: string };

/** Emails that one answer holds. */
const maxEmails = 10;

/** Calls that wait on a node, and of one credential: each holds a connection. */
const most = { all: 1000, credential: 50 };

/** Binds waiting to a node. */
export function createMailWait(context: EngineContext, watch: EventWatch) {
  const waiting = new Map<string, number>();

  /** Throws `invalid_cursor`, `not_found` for a `since_id` that is not there, and `rate_limited` where too many wait already. */
  return async (
    actor: Actor,
    wait: MailWait,
    milliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<MailWaited> => {
    const { credential_id: id } = actor;
    const all = [...waiting.values()].reduce((sum, n) => sum + n, 0);
    if ((waiting.get(id) ?? 0) >= most.credential || all >= most.all)
      throw new Refusal("rate_limited", "Too many calls are waiting already.", {
        hint: "Wait for several things one after the other, or use a webhook.",
        retry_after: 5,
      });
    waiting.set(id, (waiting.get(id) ?? 0) + 1);
    try {
      return await waitFor(context, watch, actor, wait, milliseconds, signal);
    } finally {
      const left = (waiting.get(id) ?? 1) - 1;
      if (left > 0) waiting.set(id, left);
      else waiting.delete(id);
    }
  };
}

async function waitFor(
  context: EngineContext,
  watch: EventWatch,
  actor: Actor,
  wait: MailWait,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<MailWaited> {
  const ends = performance.now() + milliseconds;
  let from = await context.database.as(actor.operator_id, (tx) => startOf(tx, actor, wait));
  for (;;) {
    const { found, head } = await context.database.as(actor.operator_id, async (tx) => {
      // Before the look: what is published meanwhile is behind it.
      const { position } = await eventBounds(tx);
      const rows = await receivedAfter(tx, {
        mailbox_id: wait.mailbox_id,
        after: from.position,
        since: from.at,
        sender: wait.sender ?? null,
        subject_contains: wait.subject_contains ?? null,
        thread_id: wait.thread_id ?? null,
        limit: maxEmails,
      });
      return { found: rows, head: position };
    });
    const last = found.at(-1);
    if (last)
      return {
        ids: [...new Set(found.map(({ message_id }) => message_id))],
        cursor: eventCursor(last.position),
      };
    const left = ends - performance.now();
    if (left <= 0 || signal?.aborted === true || watch.closed.aborted)
      return { ids: [], cursor: eventCursor(Math.max(head, from.position)) };
    // What was looked through holds nothing: the next look begins behind it.
    from = { ...from, position: Math.max(from.position, head) };
    await watch.behind(actor.operator_id, head, left, signal);
  }
}

/** Behind which position, and from when on, mail counts. */
async function startOf(
  tx: Tx,
  actor: Actor,
  { mailbox_id, since_id, cursor }: MailWait,
): Promise<{ position: number; at: Date | null }> {
  if (cursor !== undefined) return { position: await positionBehind(tx, cursor), at: null };
  if (since_id === undefined) return { position: (await eventBounds(tx)).position, at: null };
  const [message] = await loadMessages(tx, [since_id], false);
  assertVisible(actor, message, mailbox_id);
  const position =
    message.row.direction === "inbound" ? await receivedPosition(tx, since_id) : null;
  // Mail of ours, or so old that nobody remembers when it was told of: whatever came since it was made.
  return position === null ? { position: 0, at: message.row.created_at } : { position, at: null };
}
