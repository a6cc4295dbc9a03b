/** What is asked of outbound mail before it may wait or leave: its surroundings, the scan, and the machine's word on both. */
import { allAllowlisted } from "../core/allowlist.ts";
import { step } from "../core/oversight/machine.ts";
import type { Message } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  type MailboxRow,
  getMailboxes,
  loadAllowlists,
  loadSuppressed,
  suppressionKey,
} from "../store/mailboxes.ts";
import type { NewMessage } from "../store/messages.ts";
import { type OperatorRow, getOperator } from "../store/operators.ts";
import type { Envelope } from "./composition.ts";
import type { Scanned } from "./outbound-scan.ts";

/** Everything known of the mailbox at submission. */
export type Surroundings = {
  mailbox: MailboxRow;
  operator: OperatorRow;
  allowlist: readonly string[];
  suppressed: ReadonlySet<string>;
};

/** What messages to these addresses have to know of their mailboxes, in one look; null for a mailbox that is not there. */
export async function loadSurroundings(
  tx: Tx,
  items: readonly { mailbox_id: string; addresses: readonly string[] }[],
): Promise<(Surroundings | null)[]> {
  const ids = [...new Set(items.map((item) => item.mailbox_id))];
  const addresses = [...new Set(items.flatMap((item) => item.addresses))];
  const [rows, operator, allowlists, suppressed] = await Promise.all([
    getMailboxes(tx, ids),
    getOperator(tx),
    loadAllowlists(tx, ids),
    loadSuppressed(tx, addresses),
  ]);
  const mailboxes = new Map(rows.map((row) => [row.mailbox_id, row]));
  return items.map(({ mailbox_id }) => {
    const mailbox = mailboxes.get(mailbox_id);
    return mailbox && operator
      ? { mailbox, operator, allowlist: allowlists.get(mailbox_id) ?? [], suppressed }
      : null;
  });
}

/** Throws `recipient_suppressed` for the first recipient who may not be written to. */
export function refuseSuppressed(around: Surroundings, envelope: Envelope): void {
  const { suppressed, mailbox } = around;
  for (const recipient of envelope)
    if (
      suppressed.has(suppressionKey("", recipient.address)) ||
      suppressed.has(suppressionKey(mailbox.mailbox_id, recipient.address))
    )
      throw new Refusal(
        "recipient_suppressed",
        `${recipient.address} is suppressed: it unsubscribed, bounced or complained.`,
        { field: recipient.field, hint: "Take this recipient out." },
      );
}

/** `mode_forbids_send` for a mailbox. */
export function modeForbids(mailbox: Pick<MailboxRow, "address">): Refusal {
  return new Refusal(
    "mode_forbids_send",
    `Mailbox ${mailbox.address} is read_only: it cannot send.`,
    { hint: "Ask a person of the operator to raise the mailbox's oversight mode." },
  );
}

/** A message after the scan, and everybody who gets it. */
export type Judged = {
  state: Message;
  reason: string | null;
  screening: Record<string, unknown> | null;
  recipients: NewMessage["recipients"];
};

/**
 * The machine's word on a message that is `pending_scan`. `wait`: its `send_at` lies ahead. `review`: a reason for which a
 * person has to look, whatever mode and scan say.
 */
export function judge(
  message: Message,
  question: {
    around: Surroundings;
    envelope: Envelope;
    scanned: Scanned;
    wait: boolean;
    review?: string | undefined;
  },
): Judged {
  const { around, envelope, scanned, wait, review } = question;
  const addresses = envelope.map((recipient) => recipient.address);
  // A monitored mailbox copies its overseer; without one to copy, a person has to look first.
  const unwatched = message.mode === "monitored" && around.operator.oversight_address === null;
  const look = unwatched || review !== undefined;
  const after = step(message, {
    type: "scan",
    verdict: look && scanned.verdict === "pass" ? "review" : scanned.verdict,
    allowlisted: allAllowlisted(addresses, around.allowlist),
    wait,
  });
  if (!after.ok) throw new Error(`scan refused: ${after.refusal}`);
  const reasons = [
    scanned.reason,
    review ?? null,
    unwatched ? "the operator has no oversight address to copy" : null,
  ].filter((reason) => reason !== null);
  return {
    state: after.message,
    reason: reasons.length > 0 ? reasons.join("; ") : null,
    // Kept with the message: a later edit must not lose it.
    screening: { ...scanned.screening, ...(review === undefined ? {} : { review }) },
    recipients: recipientsOf(message, around.operator, envelope),
  };
}

/** The envelope, and the overseer of a monitored mailbox where nobody writes to them anyway. */
export function recipientsOf(
  { mode }: Pick<Message, "mode">,
  operator: OperatorRow,
  envelope: Envelope,
): NewMessage["recipients"] {
  const recipients: NewMessage["recipients"] = envelope.map(({ kind, address, name }) => ({
    kind,
    address,
    name,
  }));
  const overseer = mode === "monitored" ? operator.oversight_address : null;
  const isWritten = envelope.some(
    ({ address }) => address.toLowerCase() === overseer?.toLowerCase(),
  );
  if (overseer !== null && !isWritten)
    recipients.push({ kind: "copy", address: overseer, name: null });
  return recipients;
}
