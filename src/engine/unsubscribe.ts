/** Unsubscribing: a genuine token suppresses its recipient for the mailbox that wrote. */
import { Refusal } from "../core/refusal.ts";
import { type MessageRow, type RecipientRow, loadMessages } from "../store/messages.ts";
import { untilNoneBegins } from "./clearance.ts";
import type { EngineContext } from "./context.ts";
import { isAlias, suppressibleAs } from "./erased-people.ts";
import { suppressRecipient } from "./suppression.ts";
import { readUnsubscribeToken } from "./unsubscribe-token.ts";

/**
 * Who a token speaks for. Throws `invalid_link` for anything that we did not make, and for a token that its recipient cannot have:
 * the evidence of a message shows its tokens to whoever wrote it, also while nothing has left. Throws `content_erased` where it was
 * erased and nothing tells any more who it was.
 */
export async function readUnsubscribe(
  context: EngineContext,
  token: string,
): Promise<{
  operator_id: string;
  message_id: string;
  address: string;
  /** True where the message was erased: nobody knows the address any more, and {@link address} stands for it. */
  erased: boolean;
  mailbox_address: string;
}> {
  const target = readUnsubscribeToken(context.unsubscribe_key, token);
  const [message] = target
    ? await context.database.as(target.operator_id, (tx) =>
        loadMessages(tx, [target.message_id], false),
      )
    : [];
  const recipient = message?.recipients.find((one) => one.position === target?.position);
  if (!target || !message || !recipient || !mayHaveIt(message.row, recipient))
    throw new Refusal("invalid_link", "This unsubscribe link is not one of ours.");
  const address = suppressibleAs(recipient);
  if (address === null)
    throw new Refusal("content_erased", "The message was erased, and with it who got it.", {
      hint: "Answer a newer message, or use its link.",
    });
  return {
    operator_id: target.operator_id,
    message_id: target.message_id,
    address,
    erased: isAlias(address),
    mailbox_address: message.row.from_address,
  };
}

/** True when the recipient may have the message. A copy goes to the overseer, who is no recipient of the agent's. */
export function mayHaveIt(
  row: Pick<MessageRow, "attempts">,
  { kind, attempts, status }: Pick<RecipientRow, "kind" | "attempts" | "status">,
): boolean {
  if (kind === "copy") return false;
  // A result is recorded after the mail has arrived, so the hand-off of the message counts too.
  return attempts > 0 || (row.attempts > 0 && status !== "suppressed");
}

/** Suppresses the token's recipient; once it has answered no node begins to send to them. Doing it twice is no error. */
export async function unsubscribe(
  context: EngineContext,
  token: string,
): Promise<{ address: string; erased: boolean; mailbox_address: string }> {
  const target = await readUnsubscribe(context, token);
  let mailboxId = "";
  await context.database.transaction(target.operator_id, async (tx) => {
    const [message] = await loadMessages(tx, [target.message_id], true);
    if (!message) return;
    mailboxId = message.row.mailbox_id;
    await suppressRecipient(context, tx, {
      reason: "unsubscribed",
      message: message.row,
      address: target.address,
      scope: "mailbox",
    });
  });
  context.wake.sequence();
  const { address, erased } = target;
  await untilNoneBegins(context, target.operator_id, [{ address, mailbox_id: mailboxId }]);
  return { address, erased, mailbox_address: target.mailbox_address };
}
