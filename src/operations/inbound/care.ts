/** `release_email`, `refuse_email`, `report_spam`, `quarantine_email`, `not_spam`: what is done about received mail that waits or is suspect. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import type { Scope } from "../../core/actor.ts";
import { inboundStatuses } from "../../core/inbound-status.ts";
import type { Care } from "../../engine/inbound-care.ts";
import { operation } from "../context.ts";

const output = z.object({
  id,
  status: z.enum(inboundStatuses),
  user_label: z.string().nullable(),
});

/** One of them: they differ in what they do, in words and in who may. */
function careFor(
  name: string,
  care: Care,
  of: { words: string; access: Scope; tool: boolean; summary: string; description: string },
) {
  return operation({
    name,
    tag: "inbound",
    summary: of.summary,
    description: of.description,
    method: "POST",
    path: `/v1/emails/{email_id}/${of.words}`,
    effect: of.access === "oversight" ? "decide" : "write",
    access: of.access,
    input: z.strictObject({
      email_id: id,
      reason: z.string().max(1000).optional().describe("Kept beside the message"),
    }),
    output,
    status: 200,
    refusals: ["validation_failed", "not_found", "not_inbound", "not_pending", "test_key"],
    tool: of.tool,
    cli: { command: of.words, positional: ["email_id"] },
    handle: ({ engine, actor }, input) =>
      engine.care(actor, input.email_id, care, input.reason ?? null),
  });
}

export const releaseEmail = careFor("release_email", "release", {
  words: "release",
  access: "oversight",
  tool: true,
  summary: "Release a received email",
  description:
    "Lets agents see a received email that was held (mode gated_all) or set aside by screening. Needs the scope oversight.",
});

export const refuseEmail = careFor("refuse_email", "refuse", {
  words: "refuse",
  access: "oversight",
  tool: true,
  summary: "Refuse a received email",
  description:
    "Keeps a held or suspect received email from agents for good. Needs the scope oversight.",
});

export const reportSpam = careFor("report_spam", "report_spam", {
  words: "report-spam",
  access: "send",
  tool: true,
  summary: "Report a received email as spam",
  description: "Puts a received email into quarantine. A person can bring it back.",
});

/** The same as {@link reportSpam} for people: they oversee, and no person holds the scope send. A form, no tool: agents have that one. */
export const quarantineEmail = careFor("quarantine_email", "report_spam", {
  words: "quarantine",
  access: "oversight",
  tool: false,
  summary: "Put a received email into quarantine",
  description:
    "Puts a received email into quarantine as spam, like report_spam, for those who oversee and do not send. Needs the scope oversight.",
});

export const notSpam = careFor("not_spam", "not_spam", {
  words: "not-spam",
  access: "oversight",
  tool: true,
  summary: "Say that a received email is no spam",
  description:
    "Brings a received email out of quarantine into the inbox. Screening may have set it aside because it tries to instruct agents, so this needs the scope oversight.",
});
