/** What keeps agents and other machines from answering each other for ever (RFC 3834): reasons for which a person has to look. */
import type { Tx } from "../store/database.ts";
import { mayAutoAnswer } from "../mail/auto-reply.ts";
import { type ParsedHeader, readFields } from "../mail/parse-header.ts";
import { readHeader } from "../mail/parse-mime.ts";
import type { MessageRow } from "../store/messages.ts";
import { countTurns } from "../store/threads.ts";
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

/** Why the next message of a thread that somebody answers needs a person, or null. */
export async function turnsReason(
  context: Pick<EngineContext, "now">,
  tx: Tx,
  thread: { mailbox_id: string; thread_id: string },
): Promise<string | null> {
  const since = new Date(context.now().getTime() - day);
  const { unapproved, answered } = await countTurns(tx, thread, since);
  return answered && unapproved >= maxUnapproved
    ? `the thread got ${unapproved} messages within a day that nobody approved`
    : null;
}
