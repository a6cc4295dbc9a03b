/** One-time codes on their way to the people who oversee: what the mail says, and whom it may go to. */
import type { Tx } from "../store/database.ts";
import { isOwnMailbox } from "../store/change-requests.ts";
import { getOperator } from "../store/operators.ts";
import type { EngineContext } from "./context.ts";
import { queueServiceMail } from "./service-mail.ts";

/**
 * The address that codes for the operator's people go to; null where there is none. A mailbox of the operator is none: agents
 * read it, and would approve their own requests.
 */
export async function overseerAddress(tx: Tx): Promise<string | null> {
  const operator = await getOperator(tx);
  const address = operator?.oversight_address ?? null;
  return address === null || (await isOwnMailbox(tx, address)) ? null : address;
}

/** What a code is asked for. */
export type CodeMail = {
  to: string;
  code: string;
  subject: string;
  /** What the code lets happen, one paragraph each. Foreign words in them are shortened and kept to one line. */
  paragraphs: readonly string[];
};

/** Mails a code, in the caller's transaction. */
export async function mailCode(context: EngineContext, tx: Tx, mail: CodeMail): Promise<void> {
  const text = [
    ...mail.paragraphs,
    `The code: ${mail.code}`,
    "It works once, for 24 hours, and dies after five wrong tries. Give it to whoever asked only if you agree to what is said above.",
    "If you do not agree, do nothing: without the code nothing changes.",
    context.public_url,
  ].join("\n\n");
  await queueServiceMail(context, tx, { kind: "code", to: mail.to, subject: mail.subject, text });
}

/** Words of somebody else in a sentence of ours: one line, no control characters, not too long. */
export function quoted(text: string, most = 300): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.length > most ? `${line.slice(0, most).toWellFormed()}…` : line;
}
