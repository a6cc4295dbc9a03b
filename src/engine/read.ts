/** The reading side: what operations show of mailboxes, messages, keys and the log. Every reader applies the actor's wall. */
import { decodeEntry } from "../audit/entry.ts";
import { leafHash } from "../audit/tree.ts";
import { type Actor, holds, mayUseMailbox } from "../core/actor.ts";
import { readMode } from "../core/oversight/mode.ts";
import { Refusal } from "../core/refusal.ts";
import { type EntryFilter, listEntries } from "../store/audit-log.ts";
import { type ApiKeyRow, listApiKeys } from "../store/credentials.ts";
import {
  type MailboxFilter,
  type MailboxRow,
  getMailbox,
  listMailboxes,
  listModes,
} from "../store/mailboxes.ts";
import { type OperatorRow, getOperator, listDomains } from "../store/operators.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { messageReaders } from "./read-messages.ts";
import { suppressionReaders } from "./read-suppressions.ts";
import { threadReaders } from "./read-threads.ts";
import { type Versions, versionsOf } from "./versions.ts";

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
  const messages = messageReaders(context);
  return {
    ...mailboxReaders(context),
    ...messages,
    ...threadReaders(context, messages.message),
    ...suppressionReaders(context),
    versions: (actor: Actor, emailId: string, mailboxId?: string): Promise<Versions> =>
      versionsOf(context, actor, emailId, mailboxId),
    ...recordReaders(context),
    ready: () => context.database.ping(),
  };
}

function mailboxReaders({ database }: EngineContext) {
  return {
    operator: (actor: Actor): Promise<OperatorRow & { domains: string[] }> =>
      database.as(actor.operator_id, async (tx) => {
        const operator = await getOperator(tx);
        if (!operator) throw new Refusal("not_found", "The operator is gone.");
        return { ...operator, domains: await listDomains(tx) };
      }),

    /** One that was deleted is shown to auditors. */
    mailbox: async (actor: Actor, mailboxId: string): Promise<MailboxRow> => {
      const row = await database.as(actor.operator_id, (tx) => getMailbox(tx, mailboxId));
      const isGone = row?.deleted_at !== null && !holds(actor, "audit");
      if (!row || isGone || !mayUseMailbox(actor, mailboxId))
        throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
      return row;
    },

    /** Deleted ones are listed for auditors; throws `scope_required` for others. */
    mailboxes: async (
      actor: Actor,
      filter: Omit<MailboxFilter, "ids" | "after_id" | "limit">,
      page: PageRequest,
    ): Promise<Page<MailboxRow>> => {
      if (filter.deleted === true && !holds(actor, "audit"))
        throw new Refusal("scope_required", "Deleted mailboxes are shown to the scope audit.", {
          field: "deleted",
        });
      const rows = await database.as(actor.operator_id, (tx) =>
        listMailboxes(tx, {
          ...filter,
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
