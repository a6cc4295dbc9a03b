/** Reading messages: lists and single ones, each only as far as the caller may see. */
import type { Actor } from "../core/actor.ts";
import {
  type InboundStatus,
  type SeenMessage,
  asideStatuses,
  maySee,
  seesWithheld,
} from "../core/inbound-status.ts";
import { countApprovals } from "../core/oversight/machine.ts";
import type { Status } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { highlightLength, highlighter, readQuery } from "../core/search-text.ts";
import { MAX_SHOWN, readForShow } from "../mail/read.ts";
import type { Tx } from "../store/database.ts";
import { type MessageFilter, listMessageIds } from "../store/message-list.ts";
import {
  type LoadedMessage,
  type MessageText,
  loadHead,
  loadMessages,
  loadMime,
  loadText,
} from "../store/messages.ts";
import { type ListedRow, searchMessages } from "../store/search.ts";
import { type TranscriptRow, listTranscripts } from "../store/transcripts.ts";
import type { EngineContext } from "./context.ts";
import { toMachine } from "./machine-row.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";

/** A message with its standing approvals counted. */
export type MessageView = LoadedMessage & { approvals: number };

/** A message as lists show it. */
export type ListedView = Pick<MessageView, "recipients" | "approvals"> & {
  row: ListedRow;
  /** Where it was searched for: parts of its body with what was found between ⟦ and ⟧. */
  highlights?: string[];
};

/** A message whole. */
export type MessageDetail = MessageView & {
  markdown: string;
  text: string;
  /** Of received mail, what its writer wrote now; null for sent mail. */
  new_text: string | null;
  /** Null where the message names none. */
  from_name: string | null;
  /** Addresses of the Reply-To field. */
  reply_to: string[];
  /** True where the text, or the HTML as shown, is cut. */
  truncated: boolean;
};

/** Which messages a list shows, in the words of machine and inbox. */
export type ListRequest = Omit<
  MessageFilter,
  "mailbox_ids" | "limit" | "before_id" | "after_id" | "statuses" | "withheld" | "without" | "ids"
> & {
  mailbox_id?: string | undefined;
  since_id?: string | undefined;
  /** Absent: all but spam and what was deleted. */
  statuses?: readonly (Status | InboundStatus)[] | undefined;
};

/** Reads messages. */
export function messageReaders({ database }: EngineContext) {
  return {
    messages: (actor: Actor, filter: ListRequest, page: PageRequest): Promise<Page<MessageView>> =>
      database.as(actor.operator_id, async (tx) => {
        const views = await viewsOf(tx, await listMessageIds(tx, wantedOf(actor, filter, page)));
        return paged(views, page.limit, (message) => message.row.message_id);
      }),

    /** Finds the words of `q` in subject, people, attachment names and body; needs `order: "newest"`. */
    search: (
      actor: Actor,
      q: string,
      filter: ListRequest,
      page: PageRequest,
    ): Promise<Page<ListedView>> =>
      database.as(actor.operator_id, async (tx) => {
        const views = await searched(tx, q, wantedOf(actor, filter, page), page.limit);
        return paged(views, page.limit, (message) => message.row.message_id);
      }),

    message: (actor: Actor, emailId: string, mailboxId?: string): Promise<MessageDetail> =>
      database.as(actor.operator_id, async (tx) => {
        const message = await visibleMessage(tx, actor, emailId, mailboxId);
        const text = await loadText(tx, emailId);
        if (message.row.erased_at !== null) return erased(message);
        if (!text) throw new Error(`message ${emailId} has no content`);
        return message.row.direction === "inbound"
          ? received(message, text, await loadHead(tx, emailId))
          : written(message, text, await mimeOf(tx, emailId));
      }),

    /** How a message stands, without what it says. */
    standing: (actor: Actor, emailId: string, mailboxId?: string): Promise<MessageView> =>
      database.as(actor.operator_id, async (tx) =>
        viewOf(await visibleMessage(tx, actor, emailId, mailboxId)),
      ),

    raw: (actor: Actor, emailId: string, mailboxId?: string): Promise<Buffer> =>
      database.as(actor.operator_id, async (tx) => {
        await visibleMessage(tx, actor, emailId, mailboxId);
        return mimeOf(tx, emailId);
      }),

    /** What was said on the wire in the attempts to deliver a message, oldest first, with whom each was for. */
    transcripts: (
      actor: Actor,
      emailId: string,
      mailboxId?: string,
    ): Promise<(TranscriptRow & { address: string })[]> =>
      database.as(actor.operator_id, async (tx) => {
        const { recipients } = await visibleMessage(tx, actor, emailId, mailboxId);
        const addresses = new Map(recipients.map((one) => [one.position, one.address]));
        return (await listTranscripts(tx, emailId)).map((row) => ({
          ...row,
          address: addresses.get(row.position) ?? "",
        }));
      }),
  };
}

/** The filter of one page, with one row more than the page shows. */
function wantedOf(actor: Actor, filter: ListRequest, page: PageRequest): MessageFilter {
  const cursor = readCursor(page.cursor);
  const newest = filter.order === "newest";
  return {
    ...filter,
    ...visibility(actor, filter),
    // A cursor is behind what was skipped.
    offset: cursor === undefined ? filter.offset : 0,
    before_id: newest ? cursor : undefined,
    after_id: newest ? filter.since_id : (cursor ?? filter.since_id),
    limit: page.limit + 1,
  };
}

/** What of a list's filter is the caller's wall, and what is left out of lists that do not ask for it. */
function visibility(
  actor: Actor,
  { mailbox_id, statuses }: Pick<ListRequest, "mailbox_id" | "statuses">,
): Pick<MessageFilter, "mailbox_ids" | "withheld" | "without"> {
  return {
    mailbox_ids: mailbox_id === undefined ? actor.mailbox_ids : [mailbox_id],
    withheld: seesWithheld(actor),
    without: statuses === undefined ? asideStatuses : [],
  };
}

/** Loads messages in the order of their ids. */
async function viewsOf(tx: Tx, ids: readonly string[]): Promise<MessageView[]> {
  const loaded = new Map(
    (await loadMessages(tx, ids, false)).map((message) => [message.row.message_id, message]),
  );
  return ids.flatMap((id) => {
    const message = loaded.get(id);
    return message ? [viewOf(message)] : [];
  });
}

/** Messages in which words are found; the first `shown` with what was found in them. */
async function searched(
  tx: Tx,
  q: string,
  wanted: MessageFilter,
  shown: number,
): Promise<ListedView[]> {
  const found = await searchMessages(tx, readQuery(q), wanted, highlightLength);
  // Only of mail that waited for people are there decisions.
  const gated = found.filter(({ row }) => row.gated).map(({ row }) => row.message_id);
  const approvals = new Map(
    (await viewsOf(tx, gated)).map((view) => [view.row.message_id, view.approvals]),
  );
  const highlight = highlighter(q);
  return found.map(({ body, row, recipients }, i) => {
    const view = { row, recipients, approvals: approvals.get(row.message_id) ?? 0 };
    return i < shown ? { ...view, highlights: highlight(body) } : view;
  });
}

/** One message that the actor may see; throws `not_found` for any other. `lock` holds its row until the transaction ends. */
export async function visibleMessage(
  tx: Tx,
  actor: Actor,
  emailId: string,
  mailboxId?: string,
  lock = false,
): Promise<LoadedMessage> {
  const [message] = await loadMessages(tx, [emailId], lock);
  assertVisible(actor, message, mailboxId);
  return message;
}

/** Throws `not_found` unless the message is there for the actor, and in the mailbox that was named. */
export function assertVisible<M extends { row: SeenMessage }>(
  actor: Pick<Actor, "scopes" | "mailbox_ids">,
  message: M | undefined,
  mailboxId?: string,
): asserts message is M {
  if (
    !message ||
    !maySee(actor, message.row) ||
    (mailboxId !== undefined && message.row.mailbox_id !== mailboxId)
  )
    throw new Refusal("not_found", "There is no such message.", { field: "email_id" });
}

async function mimeOf(tx: Tx, emailId: string): Promise<Buffer> {
  const mime = (await loadMime(tx, [emailId])).get(emailId);
  if (!mime) throw new Error(`message ${emailId} has no content`);
  if (mime.length === 0) throw contentErased();
  return mime;
}

/** What it said is gone, and cannot be answered, sent again or read. */
export function assertNotErased(row: Pick<LoadedMessage["row"], "erased_at">): void {
  if (row.erased_at !== null) throw contentErased();
}

function contentErased(): Refusal {
  return new Refusal("content_erased", "What this message said was erased.", {
    field: "email_id",
    hint: "The audit log says when and why: entries of type erasure.",
  });
}

/** That it was there, and what became of it, can still be read. */
function erased(message: LoadedMessage): MessageDetail {
  return {
    ...viewOf(message),
    markdown: "",
    text: "",
    new_text: message.row.direction === "inbound" ? "" : null,
    from_name: null,
    reply_to: [],
    truncated: false,
  };
}

/** A message as lists show it. Nobody approves received mail by its digest. */
function viewOf(message: LoadedMessage): MessageView {
  const approvals =
    message.row.direction === "inbound"
      ? 0
      : countApprovals(toMachine(message), message.row.digest);
  return { ...message, approvals };
}

async function written(
  message: LoadedMessage,
  { markdown }: MessageText,
  mime: Buffer,
): Promise<MessageDetail> {
  const shown = await readForShow(mime);
  return {
    ...viewOf(message),
    markdown,
    text: shown.text,
    new_text: null,
    from_name: shown.from[0]?.name || null,
    reply_to: shown.reply_to.map(({ address }) => address),
    truncated: shown.truncated,
  };
}

/** Received mail is shown as it was opened up when it came; only its header is read again. */
async function received(
  message: LoadedMessage,
  content: MessageText,
  head: Buffer,
): Promise<MessageDetail> {
  const text = content.body_text ?? "";
  const newText = content.new_text ?? "";
  const longest = Math.max(text.length, content.markdown.length, newText.length);
  return {
    ...viewOf(message),
    markdown: cut(content.markdown),
    text: cut(text),
    new_text: cut(newText),
    from_name: message.row.from_name,
    reply_to: await replyTo(head),
    truncated: longest > MAX_SHOWN,
  };
}

/** At most {@link MAX_SHOWN} code units, without half a character at the end. */
function cut(text: string): string {
  return text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN).toWellFormed() : text;
}

/** A header that cannot be read names nobody. */
async function replyTo(head: Buffer): Promise<string[]> {
  try {
    const shown = await readForShow(head);
    return shown.reply_to.flatMap(({ address }) => (address === "" ? [] : [address])).slice(0, 50);
  } catch {
    return [];
  }
}
