/** `check_inbox`: the messages of a mailbox, newest first. */
import { z } from "zod";
import { emailSummary, id, nextCursor, page, time, wireStatus } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { fromWire, summaryOf } from "./views.ts";

export const checkInbox = operation({
  name: "check_inbox",
  tag: "messages",
  summary: "List a mailbox's emails",
  description:
    "Lists the emails of a mailbox, newest first, without their bodies. Filter by status, direction, sender, subject or time; poll with since_id.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails",
  effect: "read",
  access: "read",
  input: z.strictObject({
    mailbox_id: id,
    status: wireStatus.optional(),
    direction: z.enum(["outbound", "inbound"]).optional(),
    sender: z.string().max(320).optional().describe("Part of the sender's address"),
    subject_contains: z.string().max(200).optional(),
    date_after: time.optional(),
    date_before: time.optional(),
    has_attachments: z.boolean().optional(),
    since_id: id.optional().describe("Only messages after this id"),
    offset: z.int().min(0).max(10_000).optional().describe("Rows to skip; a cursor is faster"),
    ...page,
  }),
  output: z.object({ emails: z.array(emailSummary), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "inbox" },
  async handle({ read, actor }, input) {
    // A mailbox that does not exist is told apart from an empty one.
    await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.messages(
      actor,
      {
        mailbox_id: input.mailbox_id,
        direction: input.direction,
        statuses: input.status === undefined ? undefined : [fromWire(input.status)],
        sender: input.sender,
        subject_contains: input.subject_contains,
        date_after: input.date_after === undefined ? undefined : new Date(input.date_after),
        date_before: input.date_before === undefined ? undefined : new Date(input.date_before),
        has_attachments: input.has_attachments,
        since_id: input.since_id,
        offset: input.offset,
        order: "newest",
      },
      input,
    );
    return { emails: rows.map(summaryOf), next_cursor };
  },
});
