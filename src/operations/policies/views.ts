/** Standing policies as REST shows and takes them. */
import { z } from "zod";
import type { policy, replay } from "../../contract/policies.ts";
import { id } from "../../contract/resources.ts";
import { readPattern } from "../../core/allowlist.ts";
import { isTimeZone, minutesOf, weekdays } from "../../core/policy-match.ts";
import { policyOutcomes } from "../../core/policy.ts";
import { scanFamilies } from "../../engine/outbound-scan.ts";
import type { Engine } from "../../engine/engine.ts";
import { toWire } from "../messages/views.ts";

const clock = z.string().refine((text) => minutesOf(text) !== null, "must be a time as HH:MM");

const within = z
  .strictObject({
    days: z.array(z.enum(weekdays)).min(1).max(7).optional(),
    from: clock.optional().describe("HH:MM, inclusive"),
    to: clock.optional().describe("HH:MM, exclusive; before `from` it is on the next day"),
    time_zone: z
      .string()
      .max(64)
      .refine(isTimeZone, "must be an IANA time zone such as Europe/Berlin"),
  })
  .refine((one) => (minutesOf(one.from) ?? 0) !== (minutesOf(one.to) ?? 1440), "spans no time");

const pattern = z
  .string()
  .max(320)
  .transform((text, context) => {
    const read = readPattern(text);
    if ("pattern" in read) return read.pattern;
    context.addIssue({ code: "custom", message: read.problem });
    return z.NEVER;
  });

/** Conditions; a rule meets a message when all of them do. */
const match = z
  .strictObject({
    recipients: z
      .array(pattern)
      .min(1)
      .max(100)
      .optional()
      .describe(
        "Addresses, or *@domain. A rule that allows needs every recipient to be among them, any other rule one",
      ),
    recipient_known: z
      .boolean()
      .optional()
      .describe("Whether the mailbox has sent them mail before that their server took"),
    direction: z
      .enum(["outbound", "inbound"])
      .optional()
      .describe(
        "outbound unless given. Rules about received mail hold it; recipients and recipient_known are then about its sender",
      ),
    has_attachment: z.boolean().optional(),
    has_link: z.boolean().optional(),
    size_over_bytes: z
      .int()
      .min(0)
      .max(100_000_000)
      .optional()
      .describe("Of the text and the attachments together"),
    tags: z
      .array(z.string().min(1).max(300))
      .min(1)
      .max(20)
      .optional()
      .describe("Each a key, or key=value. A rule that allows needs all of them, any other one"),
    screening: z
      .array(z.enum(["pass", "review", ...scanFamilies]))
      .min(1)
      .max(40)
      .optional()
      .describe("The outbound scan's verdict, or families of its findings"),
    time: within.optional(),
  })
  .describe("All conditions that are given have to be met");

/** A rule as it is asked for. */
export const wanted = {
  mailbox_id: id.optional().describe("Left out for all mailboxes"),
  match,
  outcome: z
    .enum(policyOutcomes)
    .describe(
      "allow lets mail of gated_send mailboxes through as their allowlist does; it never beats the scan, nor the mode gated_all",
    ),
  required: z.int().min(1).max(5).optional().describe("Approvals that the outcome quorum asks for"),
  position: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe("Lower is asked first; behind all others where it is left out"),
};

/** A rule's name: one line. */
export const policyName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, "must not contain control characters");

type Row = Awaited<ReturnType<Engine["createPolicy"]>>;

/** A row as a resource. */
export function policyOf(row: Row, now: Date): z.infer<typeof policy> {
  const { policy_id, mailbox_id, position, name, outcome, required, created_by, revoked_by } = row;
  return {
    id: policy_id,
    mailbox_id: mailbox_id || null,
    position,
    name,
    match: row.match,
    outcome,
    required,
    active: row.revoked_at === null && (row.expires_at === null || row.expires_at > now),
    created_by,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    revoked_by,
  };
}

/** A replay as a resource. */
export function replayOf({
  checked,
  cut_short,
  matched,
}: Awaited<ReturnType<Engine["replayPolicy"]>>): z.infer<typeof replay> {
  const count = (to: string, from: readonly string[]): number =>
    matched.filter((one) => one.with === to && from.includes(one.without)).length;
  return {
    checked,
    cut_short,
    matched: matched.length,
    let_through: count("through", ["held", "blocked"]),
    held: count("held", ["through"]),
    blocked: count("blocked", ["through", "held"]),
    messages: matched.map(({ message, ...one }) => ({
      email_id: message.message_id,
      mailbox_id: message.mailbox_id,
      subject: message.subject,
      created_at: message.created_at.toISOString(),
      status: toWire(message.status),
      happened: one.happened,
      without_rule: one.without,
      with_rule: one.with,
      approvals_required: one.required,
      passkey_required: one.passkey,
    })),
  };
}
