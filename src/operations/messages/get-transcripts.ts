/** `get_transcripts`: what was said on the wire in the attempts to deliver a message. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const getTranscripts = operation({
  name: "get_transcripts",
  tag: "messages",
  summary: "Read the SMTP conversations about an email",
  description:
    "What was said to recipients' servers in each attempt, oldest first: commands and replies with the seconds since the first line, without the message and without credentials. Kept for 30 days unless the instance says otherwise. Lines: C is us, S the server, * what happened.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/transcripts",
  effect: "read",
  access: "admin",
  or_access: "audit",
  input: z.strictObject({ mailbox_id: id.optional(), email_id: id }),
  output: z.object({
    transcripts: z.array(
      z.object({
        attempt: z.int(),
        recipient: z.string(),
        at: time,
        transcript: z.string(),
      }),
    ),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required"],
  tool: false,
  cli: { command: "transcripts", positional: ["email_id"] },
  async handle({ read, actor }, input) {
    const rows = await read.transcripts(actor, input.email_id, input.mailbox_id);
    return {
      transcripts: rows.map(({ attempt, address, at, transcript }) => ({
        attempt,
        recipient: address,
        at: at.toISOString(),
        transcript,
      })),
    };
  },
});
