/** Reading threads: lists, and one thread with its messages, each only as far as the caller may see. */
import type { Actor } from "../core/actor.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import {
  type ListedThread,
  type ThreadFilter,
  listThreadMessages,
  listThreads,
} from "../store/thread-list.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import type { MessageDetail } from "./read-messages.ts";

/** A thread as it is shown. */
export type ThreadView = ListedThread & { mailbox_id: string };

/** Code units of text that one page of a thread carries; a single message may be longer. */
const maxPageText = 2_000_000;

/** Reads threads. `message` reads one message as its caller may see it. */
export function threadReaders(
  { database }: EngineContext,
  message: (actor: Actor, emailId: string, mailboxId?: string) => Promise<MessageDetail>,
) {
  const thread = async (actor: Actor, mailboxId: string, threadId: string): Promise<ThreadView> => {
    const { rows } = await database.as(actor.operator_id, (tx) =>
      listThreads(tx, {
        mailbox_id: mailboxId,
        thread_id: threadId,
        withheld: seesWithheld(actor),
        limit: 1,
      }),
    );
    const [row] = rows;
    if (!row) throw new Refusal("not_found", "There is no such thread.", { field: "thread_id" });
    return { ...row, mailbox_id: mailboxId };
  };

  return {
    thread,

    /** Newest first. A page may be short although there is a next one: a filter was asked of so many messages only. */
    threads: async (
      actor: Actor,
      filter: Pick<ThreadFilter, "mailbox_id" | "unanswered" | "owner">,
      page: PageRequest,
    ): Promise<Page<ThreadView>> => {
      const { rows, next_id } = await database.as(actor.operator_id, (tx) =>
        listThreads(tx, {
          ...filter,
          withheld: seesWithheld(actor),
          before_id: readCursor(page.cursor),
          limit: page.limit,
        }),
      );
      return {
        rows: rows.map((row) => ({ ...row, mailbox_id: filter.mailbox_id })),
        next_cursor: next_id === null ? null : Buffer.from(next_id).toString("base64url"),
      };
    },

    /** A page of a thread's messages with their texts, oldest first; short where the texts are long. */
    threadMessages: async (
      actor: Actor,
      { mailbox_id, thread_id }: { mailbox_id: string; thread_id: string },
      page: PageRequest,
    ): Promise<Page<MessageDetail>> => {
      const ids = await database.as(actor.operator_id, (tx) =>
        listThreadMessages(tx, {
          mailbox_id,
          thread_id,
          withheld: seesWithheld(actor),
          after_id: readCursor(page.cursor),
          limit: page.limit + 1,
        }),
      );
      const shown: MessageDetail[] = [];
      let length = 0;
      // One after the other: each may be large.
      for (const id of ids.slice(0, page.limit)) {
        const detail = await message(actor, id, mailbox_id);
        length += detail.markdown.length + detail.text.length + (detail.new_text?.length ?? 0);
        if (shown.length > 0 && length > maxPageText) break;
        shown.push(detail);
      }
      const { next_cursor } = paged(ids, shown.length, (id) => id);
      return { rows: shown, next_cursor };
    },
  };
}
