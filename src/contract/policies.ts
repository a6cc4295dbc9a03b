/** Standing policies, and what one would have done, as operations answer them. */
import { z } from "zod";
import { policyOutcomes } from "../core/policy.ts";
import { emailSummary, id, time } from "./resources.ts";

/** A rule. */
export const policy = z.object({
  id,
  mailbox_id: id.nullable().describe("Null for all mailboxes"),
  position: z.int(),
  name: z.string(),
  match: z.record(z.string(), z.unknown()),
  outcome: z.enum(policyOutcomes),
  required: z.int().nullable(),
  active: z.boolean().describe("False once it was revoked or has expired"),
  created_by: z.string().describe("A person, a key, or a change that a person let through"),
  created_at: time,
  updated_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  revoked_by: z.string().nullable(),
});

const destination = z.enum(["through", "held", "blocked"]);

/** What a rule would have done. */
export const replay = z.object({
  checked: z
    .int()
    .describe("Messages it was tried on: the last 200 that were submitted, or received"),
  cut_short: z.boolean().describe("True where there was no time for all of them"),
  matched: z.int().describe("Messages that it decides on"),
  let_through: z.int().describe("Those that would wait without it and leave with it"),
  held: z.int().describe("Those that would leave without it and wait with it"),
  blocked: z.int().describe("Those that would leave or wait without it and are blocked with it"),
  messages: z
    .array(
      z.object({
        email_id: id,
        mailbox_id: id,
        subject: z.string(),
        created_at: time,
        status: emailSummary.shape.status.describe("Where it is now"),
        happened: destination.describe("What happened to it when it was submitted"),
        without_rule: destination.describe("What would happen today without the rule"),
        with_rule: destination,
        approvals_required: z.int().describe("What the rules ask for"),
        passkey_required: z.boolean(),
      }),
    )
    .describe("Those that it decides on, newest first"),
});
