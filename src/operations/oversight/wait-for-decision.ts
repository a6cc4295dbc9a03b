/** `wait_for_decision`: answers when people have decided on a message, or when the time is over. */
import { z } from "zod";
import { decision, id, wireStatus } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { decisionOf, toWire } from "../messages/views.ts";
import { versionDiff } from "./get-email-versions.ts";

export const waitForDecision = operation({
  name: "wait_for_decision",
  tag: "oversight",
  summary: "Wait for a decision",
  description:
    "Waits until an email no longer waits for approval, at most timeout_seconds, and answers how it stands: decided, the last decision with its reason, and what an approver changed. decided false means that nobody has decided yet: call again, or do something else meanwhile.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/wait",
  effect: "read",
  access: "read",
  input: z.strictObject({
    mailbox_id: id.optional(),
    email_id: id,
    timeout_seconds: z.coerce
      .number()
      .int()
      .min(0)
      .max(120)
      .default(30)
      .describe("Seconds to wait at most; 0 answers at once"),
  }),
  output: z.object({
    id,
    status: wireStatus,
    decided: z.boolean().describe("False while it still waits for a decision"),
    decision: decision.nullable().describe("The last decision on it"),
    approvals: z.int(),
    approvals_required: z.int(),
    digest: z.string(),
    reason: z.string().nullable().describe("Why it is in this status"),
    edited: z.boolean().describe("True where it was changed after it was submitted"),
    diff: versionDiff.nullable().describe("From what was submitted to what stands now"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "rate_limited"],
  tool: true,
  waits: true,
  async handle({ engine, read, actor, meta }, input) {
    const before = await read.standing(actor, input.email_id, input.mailbox_id);
    const milliseconds = input.timeout_seconds * 1000;
    await engine.waiting.decision(actor, before.row.message_id, milliseconds, meta.signal);
    const { row, approvals, decisions } = await read.standing(
      actor,
      input.email_id,
      input.mailbox_id,
    );
    const { versions, diff } = await read.versions(actor, input.email_id, input.mailbox_id);
    const last = decisions.at(-1);
    return {
      id: row.message_id,
      status: toWire(row.status),
      decided:
        row.status !== "pending_scan" &&
        row.status !== "pending_approval" &&
        !(row.status === "scheduled" && row.gated && approvals === 0),
      decision: last ? decisionOf(last) : null,
      approvals,
      approvals_required: row.required,
      digest: row.digest,
      reason: row.reason,
      edited: versions.length > 1,
      diff,
    };
  },
});
