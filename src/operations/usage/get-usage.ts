/** `get_usage`: what was sent, received and decided, day by day, and what is left of the quotas. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";

const counts = {
  sent: z.int().describe("Messages handed to the wire"),
  received: z.int().describe("Without held and refused mail for callers without oversight"),
  approved: z.int().describe("Decisions to approve; likewise the next two"),
  rejected: z.int(),
  revised: z.int(),
  bounced: z.int(),
  complained: z.int(),
};

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day such as 2026-11-21");
const form = z.enum(["summary", "daily"]);

const quota = z.object({
  limit: z.number().nullable().describe("Null: any number"),
  used: z.number(),
  resets_at: time.nullable(),
});

export const getUsage = operation({
  name: "get_usage",
  tag: "account",
  summary: "Get usage",
  description:
    "Answers what was sent, received, approved and rejected in a span of days (UTC; this month unless given), by mailbox and, with period daily, by day; what is stored, what waits, and what is left of the quotas.",
  method: "GET",
  path: "/v1/usage",
  effect: "read",
  access: "read",
  input: z.strictObject({
    period: form.optional().describe("daily adds a row for each day"),
    breakdown: form.optional().describe("The same as period"),
    from: day.optional().describe("First day; the first of the month of `to` unless given"),
    to: day.optional().describe("Last day, included; today unless given"),
    mailbox_id: id.optional().describe("Of this mailbox alone"),
  }),
  output: z.object({
    period: form,
    from: day,
    to: day,
    ...counts,
    pending: z.int().describe("Messages that wait for a decision now"),
    mailboxes: z.int().describe("Mailboxes there are"),
    storage_bytes: z
      .number()
      .describe("Bytes of the mail that is kept, as far as the caller sees it"),
    by_mailbox: z
      .array(z.object({ mailbox_id: id, address: z.string(), pending: z.int(), ...counts }))
      .describe("The busiest first, a hundred at most"),
    daily: z
      .array(z.object({ date: day, ...counts }))
      .describe("One for each day, oldest first; empty in a summary"),
    quotas: z
      .object({ messages: quota, mailboxes: quota, storage_bytes: quota })
      .nullable()
      .describe("Null for credentials bound to mailboxes, and where one mailbox is asked for"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: true,
  cli: { command: "usage" },
  async handle({ engine, actor }, input) {
    const { period, breakdown, ...wanted } = input;
    if (period !== undefined && breakdown !== undefined && period !== breakdown)
      throw new Refusal("validation_failed", "breakdown: says another thing than period.", {
        field: "breakdown",
        hint: "Give one of them.",
      });
    const kind = period ?? breakdown ?? "summary";
    const usage = await engine.usage(actor, wanted);
    const quotaOf = (use: { limit: number | null; used: number; resets_at: Date | null }) => ({
      ...use,
      resets_at: use.resets_at?.toISOString() ?? null,
    });
    return {
      period: kind,
      from: usage.from,
      to: usage.to,
      ...usage.total,
      pending: usage.pending,
      mailboxes: usage.mailboxes,
      storage_bytes: usage.storage_bytes,
      by_mailbox: usage.by_mailbox,
      daily: kind === "daily" ? usage.by_day : [],
      quotas: usage.quotas && {
        messages: quotaOf(usage.quotas.messages),
        mailboxes: quotaOf(usage.quotas.mailboxes),
        storage_bytes: quotaOf(usage.quotas.storage_bytes),
      },
    };
  },
});
