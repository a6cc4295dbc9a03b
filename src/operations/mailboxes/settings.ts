/** The settings of a mailbox that creation and change have in common. */
import { z } from "zod";
import { mode } from "../../contract/resources.ts";

/** Header-safe text: no control characters, which the composer would refuse at every send. */
const displayName = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, "must not contain control characters");

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
};
