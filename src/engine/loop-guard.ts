/** What keeps agents and other machines from answering each other for ever (RFC 3834): reasons for which a person has to look. */
import type { Tx } from "../store/database.ts";
import { mayAutoAnswer } from "../mail/auto-reply.ts";
import { type ParsedHeader, readFields } from "../mail/parse-header.ts";
import { readHeader } from "../mail/parse-mime.ts";
import type { MessageRow } from "../store/messages.ts";
import { countTurns, holdThreads } from "../store/threads.ts";
import type { EngineContext } from "./context.ts";

/** Messages that a thread may get within a day without anybody's approval; the next one waits for a person. */
export const maxUnapproved = 10;

const day = 24 * 3600 * 1000;

/** Limits of the header that is read: that of one message, which was bounded when it came. */
const limits = {
  headerBytes: 256 * 1024,
  headerFields: 1000,
  headerValue: 16_384,
  addresses: 200,
  references: 100,
};

/** The header of a stored message. Never throws. */
export function headerOf(head: Buffer): ParsedHeader {
  return readFields(readHeader(head, limits).fields, limits);
}

/**
 * Why a machine must not answer this message unattended, or null: it is no mail that a person wrote, or its sender is nobody
 * who reads. Our own mail is followed up on, which answers nobody.
 */
export function machineReason(
  message: Pick<MessageRow, "direction" | "kind" | "from_address">,
  header: ParsedHeader,
  mailboxAddress: string,
): string | null {
  if (message.direction === "outbound") return null;
  if (message.kind !== "mail") return `it answers a message that a machine sent (${message.kind})`;
  const returnPath = header.headers.find(({ name }) => name === "return-path")?.value.trim();
  const from = returnPath === undefined ? message.from_address : bare(returnPath);
  const mail = {
    ...header,
    text: "",
    html: null,
    markdown: "",
    new_text: "",
    quoted_text: "",
    signature: "",
    attachments: [],
    calendars: [],
  };
  return mayAutoAnswer(mail, { from, to: mailboxAddress })
    ? null
    : "it answers a machine, a list or an address that nobody reads (RFC 3834)";
}

function bare(path: string): string {
  return /^<([^<>]*)>/.exec(path)?.[1] ?? path;
}

/** A thread of a mailbox. */
type ThreadName = { mailbox_id: string; thread_id: string };

/** Why the next message of a thread needs a person: `review`, and the turns that it had. Undefined where nothing speaks for it. */
export async function reviewWithTurns(
  context: Pick<EngineContext, "now" | "database">,
  operatorId: string,
  { mailbox_id, thread_id }: { mailbox_id: string; thread_id?: string | undefined },
  review: string | undefined,
): Promise<string | undefined> {
  if (thread_id === undefined) return review;
  const thread = { mailbox_id, thread_id };
  const had = await context.database.as(operatorId, (tx) => turnsOf(context, tx, thread));
  if (had < maxUnapproved) return review;
  const turns = `the thread got ${had} messages within a day that nobody approved`;
  return review === undefined ? turns : `${review}; ${turns}`;
}

/**
 * The first of the messages about to be written that would leave without a person although its thread had its turns, or null:
 * others may have written to the thread since it was looked at. Holds the threads until the transaction ends.
 */
export async function overTurns<
  M extends ThreadName & { message_id: string; gated: boolean; status: string },
>(context: Pick<EngineContext, "now">, tx: Tx, messages: readonly M[]): Promise<M | null> {
  const alone = messages.filter(
    ({ message_id, thread_id, gated, status }) =>
      thread_id !== message_id && !gated && status !== "blocked",
  );
  if (alone.length === 0) return null;
  await holdThreads(tx, alone);
  const had = new Map<string, number>();
  for (const message of alone) {
    const name = JSON.stringify([message.mailbox_id, message.thread_id]);
    const before = had.get(name) ?? (await turnsOf(context, tx, message));
    if (before >= maxUnapproved) return message;
    had.set(name, before + 1);
  }
  return null;
}

/** Turns that a thread had; none where nobody ever wrote back: then nothing goes round. */
async function turnsOf(
  context: Pick<EngineContext, "now">,
  tx: Tx,
  thread: ThreadName,
): Promise<number> {
  const since = new Date(context.now().getTime() - day);
  const { unapproved, answered } = await countTurns(tx, thread, since);
  return answered ? unapproved : -Infinity;
}
