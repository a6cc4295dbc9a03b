/** Between rows and the oversight machine: what a stored message is to `step`, and what a step changes of the row. */
import { readMode } from "../core/oversight/mode.ts";
import { type Approval, type Message, type Status, statuses } from "../core/oversight/types.ts";
import type { DecisionRow, LoadedMessage, MessageRow, MessageUpdate } from "../store/messages.ts";

/** The message as the machine sees it. */
export function toMachine({ row, decisions }: Pick<LoadedMessage, "row" | "decisions">): Message {
  return {
    status: readStatus(row.status),
    mode: readMode(row.mode),
    test: row.test,
    authors: row.authors,
    digest: row.digest,
    approvals: standingApprovals({ decisions }),
    required: row.required,
    passkey: row.passkey,
    timing: row.timing === "schedule_first" ? "schedule_first" : "gate_first",
    gated: row.gated,
    handed: row.handed,
  };
}

/** True for an approval that was not made void. */
export function stands({ decision, voided_at }: DecisionRow): boolean {
  return decision === "approve" && voided_at === null;
}

/** The approvals that {@link stands}. */
export function standingApprovals({ decisions }: Pick<LoadedMessage, "decisions">): Approval[] {
  return decisions.filter(stands).map((decision) => ({
    by: decision.principal,
    digest: decision.digest,
    class: decision.class,
  }));
}

/** A stored status; an unknown one is a bug or a newer release, and must not be acted upon. */
function readStatus(value: string): Status {
  const status = statuses.find((known) => known === value);
  if (!status) throw new Error(`message has the unknown status ${value}`);
  return status;
}

/** The update that saves a step's outcome. */
export function toUpdate(
  row: MessageRow,
  after: Message,
  change: Partial<
    Pick<MessageUpdate, "attempts" | "first_attempt_at" | "reason" | "expires_at" | "policy_id">
  > = {},
): MessageUpdate {
  return {
    message_id: row.message_id,
    status: after.status,
    gated: after.gated,
    handed: after.handed,
    required: after.required,
    passkey: after.passkey,
    attempts: row.attempts,
    first_attempt_at: row.first_attempt_at,
    reason: null,
    expires_at: row.expires_at,
    policy_id: row.policy_id,
    ...change,
  };
}

/** What records say a message is about. */
export function about(row: Pick<MessageRow, "message_id" | "mailbox_id" | "thread_id">): {
  resource: string;
  mailbox_id: string;
  thread_id: string;
  message_id: string;
} {
  return {
    resource: row.message_id,
    mailbox_id: row.mailbox_id,
    thread_id: row.thread_id,
    message_id: row.message_id,
  };
}
