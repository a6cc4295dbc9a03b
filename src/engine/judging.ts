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
import { loadPolicies } from "../store/policies.ts";
import { type OperatorRow, getOperator } from "../store/operators.ts";
import type { Envelope } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { aliasIn } from "./erased-people.ts";
import type { Scanned } from "./outbound-scan.ts";
import { type Rules, type Ruling, graver, ruleOn, rulesFor, rulingReason } from "./policy-facts.ts";

/** Everything known of the mailbox at submission. */
export type Surroundings = {
  mailbox: MailboxRow;
  operator: OperatorRow;
  allowlist: readonly string[];
  suppressed: ReadonlySet<string>;
  rules: Rules;
};

/** What messages to these addresses have to know of their mailboxes, in one look; null for a mailbox that is not there. */
export async function loadSurroundings(
  context: Pick<EngineContext, "subjects">,
  tx: Tx,
  items: readonly { mailbox_id: string; addresses: readonly string[] }[],
): Promise<(Surroundings | null)[]> {
  const ids = [...new Set(items.map((item) => item.mailbox_id))];
  const addresses = [...new Set(items.flatMap((item) => item.addresses))];
  const [rows, operator, allowlists, suppressed, policies] = await Promise.all([
    getMailboxes(tx, ids),
    getOperator(tx),
    loadAllowlists(tx, ids),
    loadSuppressed(tx, addresses, aliasIn(context, tx)),
    loadPolicies(tx, ids),
  ]);
  const rules = await rulesFor(tx, policies, items);
  const mailboxes = new Map(rows.map((row) => [row.mailbox_id, row]));
  return items.map(({ mailbox_id }) => {
    const mailbox = mailboxes.get(mailbox_id);
    return mailbox?.deleted_at === null && operator
      ? { mailbox, operator, allowlist: allowlists.get(mailbox_id) ?? [], suppressed, rules }
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
  /** The rule that said where it goes. */
  policy_id: string | null;
  screening: Record<string, unknown> | null;
  recipients: NewMessage["recipients"];
};

/** What rules are asked of a message that is to be scanned. */
export type Judging = {
  around: Surroundings;
  envelope: Envelope;
  scanned: Scanned;
  tags: Readonly<Record<string, string>>;
  now: Date;
};

/** What the standing policies say of it. */
export function askRules({ around, envelope, scanned, tags, now }: Judging): Ruling {
  const asked = {
    mailbox_id: around.mailbox.mailbox_id,
    addresses: envelope.map(({ address }) => address),
    attachments: scanned.attachments,
    tags,
    screening: scanned.screening,
  };
  return ruleOn(around.rules, asked, now);
}

/** The message under what the rules ask for: it only grows. */
export function underRuling(message: Message, { required, passkey }: Ruling): Message {
  return {
    ...message,
    required: Math.max(message.required, required),
    passkey: message.passkey || passkey,
  };
}

/**
 * The machine's word on a message that is `pending_scan`. `wait`: its `send_at` lies ahead. `review`: a reason for which a
 * person has to look, whatever mode, scan and rules say.
 */
export function judge(
  message: Message,
  question: Judging & { wait: boolean; review?: string | undefined },
): Judged {
  const { around, envelope, scanned, wait, review } = question;
  const addresses = envelope.map((recipient) => recipient.address);
  const ruling = askRules(question);
  // A monitored mailbox copies its overseer; without one to copy, a person has to look first.
  const unwatched = message.mode === "monitored" && around.operator.oversight_address === null;
  const look = unwatched || review !== undefined ? "review" : "pass";
  const after = step(underRuling(message, ruling), {
    type: "scan",
    verdict: graver(graver(scanned.verdict, ruling.verdict), look),
    allowlisted: ruling.allowlisted || allAllowlisted(addresses, around.allowlist),
    wait,
  });
  if (!after.ok) throw new Error(`scan refused: ${after.refusal}`);
  const reasons = [
    scanned.reason,
    rulingReason(ruling),
    review ?? null,
    unwatched ? "the operator has no oversight address to copy" : null,
  ].filter((reason) => reason !== null);
  return {
    state: after.message,
    reason: reasons.length > 0 ? reasons.join("; ") : null,
    policy_id: ruling.policy?.policy_id ?? null,
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
