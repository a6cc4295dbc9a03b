/** The settings of a mailbox that creation and change have in common. */
import { z } from "zod";
import { scanFamilies } from "../../engine/outbound-scan.ts";
import { type AutoCopies, maxCopies } from "../../engine/auto-copies.ts";
import { id, mode } from "../../contract/resources.ts";
import { canBeName } from "../../mail/compose-fields.ts";

/** Nothing that the composer would refuse at every send. */
const displayName = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, "must not contain control characters")
  .refine(
    canBeName,
    'must be one line, without characters that turn the order of letters, and without "=?"',
  );

const scanAction = z.enum(["mark", "hold", "block"]);

/** What limits a mailbox's sending, and who lets it send; set by change only. */
export const mailboxLimits = {
  passkey_required: z
    .boolean()
    .optional()
    .describe("Only approvals by passkey (class A) count, also for mail that waits already"),
  approver_ids: z
    .array(id)
    .min(1)
    .max(100)
    .nullable()
    .optional()
    .describe(
      "Members who are asked first about what waits; the others when four fifths of its time are over. null for everybody who may decide, and so it is where none of those named is left",
    ),
  daily_quota: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .optional()
    .describe("Messages a day (UTC); null takes the instance's limit. What is over it waits"),
  warm_up: z
    .boolean()
    .optional()
    .describe("Starts a warm-up: 50 messages on the first day, then more each day"),
  paused: z
    .boolean()
    .optional()
    .describe("A paused mailbox sends nothing and its mail waits; false resumes it"),
  scan_policy: z
    .partialRecord(z.enum(scanFamilies), scanAction)
    .optional()
    .describe("What the outbound scan does by family of findings; others are as usual"),
};

/** One address or several; null for none. */
const copies = z
  .union([z.string().min(1).max(320), z.array(z.string().min(1).max(320)).max(maxCopies)])
  .nullable()
  .optional();

/** The addresses of `auto_cc` and `auto_bcc`, where they are given. */
export function copiesOf(input: {
  auto_cc?: string | string[] | null | undefined;
  auto_bcc?: string | string[] | null | undefined;
}): AutoCopies {
  const list = (given: string | string[] | null | undefined): string[] | undefined =>
    given === undefined ? undefined : given === null ? [] : [given].flat();
  return { auto_cc: list(input.auto_cc), auto_bcc: list(input.auto_bcc) };
}

const hook = z.string().min(1).max(2000).nullable().optional();

/** Each optional; creation fills in the defaults. */
export const mailboxSettings = {
  display_name: displayName.nullable().optional().describe("Name in the From header"),
  oversight_mode: mode.optional(),
  approvals_required: z.int().min(1).max(5).optional().describe("Distinct people who must approve"),
  expiry_seconds: z
    .int()
    .min(60)
    .max(90 * 24 * 3600)
    .optional()
    .describe("Seconds after which pending mail expires; 7 days by default"),
  undo_seconds: z
    .int()
    .min(0)
    .max(3600)
    .optional()
    .describe("Seconds a message approved in the dashboard waits before it leaves; 10 by default"),
  ai_disclosure: z
    .boolean()
    .optional()
    .describe("One visible line saying that an AI agent wrote it"),
  webhook_url: hook.describe(
    "Told of what happens in the mailbox, as by a webhook; null for nowhere. Its secret: rotate_webhook of the webhook in list_webhooks",
  ),
  oversight_webhook_url: hook.describe("The same for what waits for people and what they decide"),
  auto_cc: copies.describe(
    "Addresses that get a copy of everything the mailbox writes, seen by all; null for none. Adding one needs a person",
  ),
  auto_bcc: copies.describe("The same, seen by nobody else"),
};
