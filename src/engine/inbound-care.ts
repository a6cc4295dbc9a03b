/** What people do about received mail: release or refuse what is held, and say what is spam and what is not. */
import type { Actor } from "../core/actor.ts";
import type { InboundStatus } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import { updateReceived } from "../store/inbound.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { about } from "./machine-row.ts";
import { deletePending } from "./pending-due.ts";
import { visibleMessage } from "./read-messages.ts";
import { makeEntry, makeEvent } from "./record.ts";

/** What can be done. */
export type Care = "release" | "refuse" | "report_spam" | "not_spam";

type Rule = {
  from: readonly InboundStatus[];
  to: InboundStatus;
  label?: string;
  entry: string;
  /** True where agents see the message from now on, and are told. */
  shows: boolean;
};

const seen = ["unread", "read", "archived", "deleted"] as const;
const suspect = ["spam_flagged", "spam_quarantined"] as const;

const rules: Readonly<Record<Care, Rule>> = {
  release: {
    from: ["pending_inbound_approval", ...suspect],
    to: "unread",
    entry: "message.inbound_released",
    shows: true,
  },
  refuse: {
    from: ["pending_inbound_approval", ...suspect],
    to: "rejected",
    entry: "message.inbound_refused",
    shows: false,
  },
  report_spam: {
    from: [...seen, ...suspect],
    to: "spam_quarantined",
    label: "spam",
    entry: "message.reported_spam",
    shows: false,
  },
  not_spam: {
    from: suspect,
    to: "unread",
    label: "not_spam",
    entry: "message.not_spam",
    shows: true,
  },
};

/**
 * Does one of {@link Care} to a received message. Doing it again answers the same. Throws `not_found`, `not_inbound`, `test_key`,
 * or `not_pending` for a message in a status that it does not fit.
 */
export async function care(
  context: EngineContext,
  actor: Actor,
  emailId: string,
  what: Care,
  reason: string | null,
): Promise<{ id: string; status: InboundStatus; user_label: string | null }> {
  const rule = rules[what];
  const done = await context.database.transaction(actor.operator_id, async (tx) => {
    const { row } = await visibleMessage(tx, actor, emailId, undefined, true);
    if (actor.test) throw liveThing("A test key does not decide about received mail.");
    if (row.direction !== "inbound")
      throw new Refusal("not_inbound", "The message was not received: it was written here.", {
        field: "email_id",
      });
    const label = rule.label ?? row.user_label;
    const answer = { id: row.message_id, status: rule.to, user_label: label };
    // Repeated by somebody who missed the answer; an agent may have read it in between.
    const again = row.status === rule.to || (rule.shows && seen.some((one) => one === row.status));
    if (again && label === row.user_label)
      return { ...answer, status: row.status as InboundStatus };
    if (!rule.from.some((status) => status === row.status))
      throw new Refusal("not_pending", `The message is ${row.status}.`, { field: "email_id" });
    await updateReceived(
      tx,
      row.message_id,
      { status: rule.to, reason, ...(rule.label === undefined ? {} : { user_label: rule.label }) },
      context.now(),
    );
    await deletePending(tx, [row.message_id]);
    const entry = makeEntry(context, rule.entry, actor, about(row), {
      digest: row.digest,
      from: row.status,
      to: rule.to,
    });
    const where = about(row);
    await appendRecords(tx, {
      entries: [entry.row],
      openings: [],
      events: rule.shows
        ? [makeEvent(context, "message.received", where, { kind: row.kind, released: true })]
        : [],
    });
    return answer;
  });
  context.wake.sequence();
  return done;
}
