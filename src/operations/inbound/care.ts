/** `release_email`, `refuse_email`, `report_spam`, `quarantine_email`, `not_spam`: what is done about received mail that waits or is suspect. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { inboundStatuses } from "../../core/inbound-status.ts";
import { operation } from "../context.ts";

const output = z.object({
  id,
  status: z.enum(inboundStatuses),
  user_label: z.string().nullable(),
});

const reason = z.string().max(1000).optional().describe("Kept beside the message");

export const releaseEmail = operation({
  name: "release_email",
  tag: "inbound",
  summary: "Release a received email",
  description:
    "Lets agents see a received email that was held (mode gated_all) or set aside by screening. Needs the scope oversight.",
  method: "POST",
  path: "/v1/emails/{email_id}/release",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({ email_id: id, reason }),
  output,
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "not_pending", "test_key"],
  tool: true,
  cli: { command: "release", positional: ["email_id"] },
  handle: ({ engine, actor }, input) =>
    engine.care(actor, input.email_id, "release", input.reason ?? null),
});

export const refuseEmail = operation({
  name: "refuse_email",
  tag: "inbound",
  summary: "Refuse a received email",
  description:
    "Keeps a held or suspect received email from agents for good. Needs the scope oversight.",
  method: "POST",
  path: "/v1/emails/{email_id}/refuse",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({ email_id: id, reason }),
  output,
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "not_pending", "test_key"],
  tool: true,
  cli: { command: "refuse", positional: ["email_id"] },
  handle: ({ engine, actor }, input) =>
    engine.care(actor, input.email_id, "refuse", input.reason ?? null),
});

export const reportSpam = operation({
  name: "report_spam",
  tag: "inbound",
  summary: "Report a received email as spam",
  description: "Puts a received email into quarantine. A person can bring it back.",
  method: "POST",
  path: "/v1/emails/{email_id}/report-spam",
  effect: "write",
  access: "send",
  input: z.strictObject({ email_id: id, reason }),
  output,
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "not_pending", "test_key"],
  tool: true,
  cli: { command: "report-spam", positional: ["email_id"] },
  handle: ({ engine, actor }, input) =>
    engine.care(actor, input.email_id, "report_spam", input.reason ?? null),
});

/** The same as {@link reportSpam} for people: they oversee, and no person holds the scope send. */
export const quarantineEmail = operation({
  name: "quarantine_email",
  tag: "inbound",
  summary: "Quarantine a received email",
  description:
    "Puts a received email into quarantine as spam, like report_spam, for those who oversee and do not send. Needs the scope oversight.",
  method: "POST",
  path: "/v1/emails/{email_id}/quarantine",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({ email_id: id, reason }),
  output,
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "not_pending", "test_key"],
  tool: false,
  handle: ({ engine, actor }, input) =>
    engine.care(actor, input.email_id, "report_spam", input.reason ?? null),
});

export const notSpam = operation({
  name: "not_spam",
  tag: "inbound",
  summary: "Say that a received email is no spam",
  description:
    "Brings a received email out of quarantine into the inbox. Screening may have set it aside because it tries to instruct agents, so this needs the scope oversight.",
  method: "POST",
  path: "/v1/emails/{email_id}/not-spam",
  effect: "decide",
  access: "oversight",
  input: z.strictObject({ email_id: id, reason }),
  output,
  status: 200,
  refusals: ["validation_failed", "not_found", "not_inbound", "not_pending", "test_key"],
  tool: true,
  cli: { command: "not-spam", positional: ["email_id"] },
  handle: ({ engine, actor }, input) =>
    engine.care(actor, input.email_id, "not_spam", input.reason ?? null),
});
