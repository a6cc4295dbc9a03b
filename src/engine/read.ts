/** The reading side: what operations show of mailboxes, messages, keys and the log. Every reader applies the actor's wall. */
import { decodeEntry } from "../audit/entry.ts";
import { leafHash } from "../audit/tree.ts";
import { type Actor, mayUseMailbox } from "../core/actor.ts";
import { countApprovals } from "../core/oversight/machine.ts";
import { readMode } from "../core/oversight/mode.ts";
import type { Status } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { readForShow } from "../mail/read.ts";
import { type EntryFilter, listEntries } from "../store/audit-log.ts";
import { type ApiKeyRow, listApiKeys } from "../store/credentials.ts";
import { type MailboxRow, getMailbox, listMailboxes, listModes } from "../store/mailboxes.ts";
import {
  type LoadedMessage,
  type MessageFilter,
  listMessageIds,
  loadMarkdown,
  loadMessages,
  loadMime,
} from "../store/messages.ts";
import { type OperatorRow, getOperator, listDomains } from "../store/operators.ts";
import type { EngineContext } from "./context.ts";
import { toMachine } from "./machine-row.ts";

/** One page of a list. */
export type Page<T> = { rows: T[]; next_cursor: string | null };

/** A message with its standing approvals counted. */
export type MessageView = LoadedMessage & { approvals: number };

/** A message whole. */
export type MessageDetail = MessageView & {
  markdown: string;
  text: string;
  /** Null where the message names none. */
  from_name: string | null;
  /** Addresses of the Reply-To field. */
  reply_to: string[];
  /** True where the text, or the HTML as shown, is cut. */
  truncated: boolean;
};

/** An entry of the log, opened up. */
export type EntryDetail = {
  id: string;
  index: number | null;
  leaf_hash: string;
  entry: ReturnType<typeof decodeEntry>;
};

/** What operations can read. */
export type Reader = ReturnType<typeof createReader>;

/** Binds the readers to the engine. */
export function createReader(context: EngineContext) {
  return {
    ...mailboxReaders(context),
    ...messageReaders(context),
    ...recordReaders(context),
    ready: () => context.database.ping(),
  };
}

type PageRequest = { limit: number; cursor?: string | undefined };

/** Which messages a list shows, in the machine's words. */
export type ListRequest = Omit<
  MessageFilter,
  "mailbox_ids" | "limit" | "before_id" | "after_id" | "statuses"
> & {
  mailbox_id?: string | undefined;
  since_id?: string | undefined;
  statuses?: readonly Status[] | undefined;
};

function mailboxReaders({ database }: EngineContext) {
  return {
    operator: (actor: Actor): Promise<OperatorRow & { domains: string[] }> =>
      database.as(actor.operator_id, async (tx) => {
        const operator = await getOperator(tx);
        if (!operator) throw new Refusal("not_found", "The operator is gone.");
        return { ...operator, domains: await listDomains(tx) };
      }),

    mailbox: async (actor: Actor, mailboxId: string): Promise<MailboxRow> => {
      const row = await database.as(actor.operator_id, (tx) => getMailbox(tx, mailboxId));
      if (!row || !mayUseMailbox(actor, mailboxId))
        throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
      return row;
    },

    mailboxes: async (actor: Actor, page: PageRequest): Promise<Page<MailboxRow>> => {
      const rows = await database.as(actor.operator_id, (tx) =>
        listMailboxes(tx, {
          ids: actor.mailbox_ids,
          after_id: readCursor(page.cursor),
          limit: page.limit + 1,
        }),
      );
      return paged(rows, page.limit, (row) => row.mailbox_id);
    },

    /** True when every mailbox the actor can reach is read_only, and there is one. */
    onlyReadOnly: async (actor: Actor): Promise<boolean> => {
      const modes = await database.as(actor.operator_id, (tx) => listModes(tx, actor.mailbox_ids));
      return modes.length > 0 && modes.every((mode) => readMode(mode) === "read_only");
    },
  };
}

function messageReaders({ database }: EngineContext) {
  /** One message that the actor may see, with its bytes. */
  const visible = (
    actor: Actor,
    emailId: string,
    mailboxId: string | undefined,
  ): Promise<{ message: LoadedMessage; markdown: string; mime: Buffer }> =>
    database.as(actor.operator_id, async (tx) => {
      const [message] = await loadMessages(tx, [emailId], false);
      assertVisible(actor, message, mailboxId);
      const mime = (await loadMime(tx, [emailId])).get(emailId);
      if (!mime) throw new Error(`message ${emailId} has no content`);
      return { message, mime, markdown: (await loadMarkdown(tx, emailId)) ?? "" };
    });

  return {
    messages: (actor: Actor, filter: ListRequest, page: PageRequest): Promise<Page<MessageView>> =>
      database.as(actor.operator_id, async (tx) => {
        const cursor = readCursor(page.cursor);
        const newest = filter.order === "newest";
        const ids = await listMessageIds(tx, {
          ...filter,
          mailbox_ids: filter.mailbox_id === undefined ? actor.mailbox_ids : [filter.mailbox_id],
          before_id: newest ? cursor : undefined,
          after_id: newest ? filter.since_id : (cursor ?? filter.since_id),
          limit: page.limit + 1,
        });
        const loaded = new Map(
          (await loadMessages(tx, ids, false)).map((message) => [message.row.message_id, message]),
        );
        const rows = ids.flatMap((id) => {
          const message = loaded.get(id);
          return message ? [viewOf(message)] : [];
        });
        return paged(rows, page.limit, (message) => message.row.message_id);
      }),

    message: async (actor: Actor, emailId: string, mailboxId?: string): Promise<MessageDetail> => {
      const { message, markdown, mime } = await visible(actor, emailId, mailboxId);
      const shown = await readForShow(mime);
      return {
        ...viewOf(message),
        markdown,
        text: shown.text,
        from_name: shown.from[0]?.name || null,
        reply_to: shown.reply_to.map(({ address }) => address),
        truncated: shown.truncated,
      };
    },

    raw: async (actor: Actor, emailId: string, mailboxId?: string): Promise<Buffer> =>
      (await visible(actor, emailId, mailboxId)).mime,
  };
}

function recordReaders({ database }: EngineContext) {
  return {
    apiKeys: async (actor: Actor, page: PageRequest): Promise<Page<ApiKeyRow>> => {
      const rows = await database.as(actor.operator_id, (tx) =>
        listApiKeys(tx, {
          within: actor.mailbox_ids,
          after_id: readCursor(page.cursor),
          limit: page.limit + 1,
        }),
      );
      return paged(rows, page.limit, (row) => row.key_id);
    },

    entries: async (
      actor: Actor,
      filter: Omit<EntryFilter, "limit" | "before_id" | "order" | "mailbox_ids">,
      page: PageRequest,
    ): Promise<Page<EntryDetail>> => {
      const rows = await database.as(actor.operator_id, (tx) =>
        listEntries(tx, {
          ...filter,
          mailbox_ids: actor.mailbox_ids,
          before_id: readCursor(page.cursor),
          limit: page.limit + 1,
          order: "newest",
        }),
      );
      return paged(
        rows.map((row) => ({
          id: row.entry_id,
          index: row.idx,
          leaf_hash: leafHash(row.body).toString("hex"),
          entry: decodeEntry(row.body),
        })),
        page.limit,
        (row) => row.id,
      );
    },
  };
}

function viewOf(message: LoadedMessage): MessageView {
  return { ...message, approvals: countApprovals(toMachine(message), message.row.digest) };
}

function assertVisible(
  actor: Actor,
  message: LoadedMessage | undefined,
  mailboxId: string | undefined,
): asserts message is LoadedMessage {
  if (
    !message ||
    !mayUseMailbox(actor, message.row.mailbox_id) ||
    (mailboxId !== undefined && message.row.mailbox_id !== mailboxId)
  )
    throw new Refusal("not_found", "There is no such message.", { field: "email_id" });
}

/** Cursors are the last id seen, in base64url, so that nobody builds on their form. */
function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = Buffer.from(cursor, "base64url").toString("latin1");
  if (!/^[0-9A-Z]{26}$/.test(id))
    throw new Refusal("invalid_cursor", "cursor: not one of ours.", {
      field: "cursor",
      hint: "Give next_cursor of the page before, unchanged.",
    });
  return id;
}

function paged<T>(rows: T[], limit: number, idOf: (row: T) => string): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown,
    next_cursor:
      rows.length > limit && last !== undefined
        ? Buffer.from(idOf(last)).toString("base64url")
        : null,
  };
}
