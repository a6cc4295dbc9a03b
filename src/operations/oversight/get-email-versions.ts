/** `get_email_versions`: what a message was when it was proposed, what people made of it, and what they changed. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

const moved = z.object({ added: z.array(z.string()), removed: z.array(z.string()) });

/** What changed from one version to another. */
export const versionDiff = z.object({
  subject: z.object({ from: z.string(), to: z.string() }).nullable(),
  recipients: moved.describe("Each as `to: name@example.com`"),
  attachments: moved,
  body: z
    .array(z.object({ op: z.enum(["equal", "delete", "insert"]), text: z.string() }))
    .nullable()
    .describe("Runs of lines in order; null where the text stayed as it was"),
});

export const getEmailVersions = operation({
  name: "get_email_versions",
  tag: "oversight",
  summary: "See what was changed in an email",
  description:
    "Lists the versions of an email, from what was proposed to what stands now, each with who wrote it, why it was replaced, and what it changed. Of a message with more than twenty edits the first and the last twenty are listed.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/versions",
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id.optional(), email_id: id }),
  output: z.object({
    versions: z.array(
      z.object({
        version: z.int(),
        digest: z.string(),
        subject: z.string(),
        markdown: z.string(),
        to: z.array(z.string()),
        cc: z.array(z.string()),
        bcc: z.array(z.string()),
        written_by: z.string().describe("`person:<id>` or `key:<id>`"),
        replaced_by: z.string().nullable(),
        replaced_at: time.nullable(),
        reason: z.string().nullable().describe("Why it was replaced, by whoever did it"),
        diff: versionDiff.nullable(),
      }),
    ),
    diff: versionDiff.nullable().describe("From what was proposed to what stands now"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: true,
  handle: ({ read, actor }, input) => read.versions(actor, input.email_id, input.mailbox_id),
});
