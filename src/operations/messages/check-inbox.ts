/** `check_inbox`: the messages of a mailbox, newest first. */
import { z } from "zod";
import {
  emailSummary,
  id,
  mailKind,
  nextCursor,
  page,
  time,
  wireStatus,
} from "../../contract/resources.ts";
import type { Page } from "../../engine/paging.ts";
import type { ListedView } from "../../engine/read-messages.ts";
import { operation } from "../context.ts";
import { fromWire, summaryOf } from "./views.ts";

export const checkInbox = operation({
  name: "check_inbox",
  tag: "messages",
  summary: "List a mailbox's emails",
  description:
    "Lists the emails of a mailbox, newest first, without their bodies. Search by words with q; filter by status (unread for new mail), direction, sender, subject, thread, tag or time; poll with since_id. Spam and deleted mail are listed by their status only.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails",
  effect: "read",
  access: "read",
  input: z.strictObject({
    mailbox_id: id,
    status: wireStatus.optional(),
    direction: z.enum(["outbound", "inbound"]).optional(),
    kind: mailKind.optional(),
    sender: z.string().max(320).optional().describe("Part of the sender's address"),
    subject_contains: z.string().max(200).optional(),
    q: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe(
        'Words in subject, names, addresses, attachment names and body; "a phrase", -without, or. The last word may be a beginning',
      ),
    thread_id: z.string().min(1).max(200).optional(),
    tag: z
      .string()
      .min(1)
      .max(565)
      .optional()
      .describe("A tag's key, or key:value for one value of it"),
    date_after: time.optional(),
    date_before: time.optional(),
    has_attachments: z.boolean().optional(),
    since_id: id.optional().describe("Only messages after this id"),
    offset: z.int().min(0).max(10_000).optional().describe("Rows to skip; a cursor is faster"),
    ...page,
  }),
  output: z.object({
    emails: z.array(
      emailSummary.extend({
        highlights: z
          .array(z.string())
          .optional()
          .describe("With q: parts of the body, plain text, what was found between ⟦ and ⟧"),
      }),
    ),
    next_cursor: nextCursor,
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "inbox" },
  async handle({ read, actor }, input) {
    const filter = {
      mailbox_id: input.mailbox_id,
      direction: input.direction,
      statuses: input.status === undefined ? undefined : [fromWire(input.status)],
      kind: input.kind,
      sender: input.sender,
      subject_contains: input.subject_contains,
      thread_id: input.thread_id,
      tag: tagOf(input.tag),
      date_after: input.date_after === undefined ? undefined : new Date(input.date_after),
      date_before: input.date_before === undefined ? undefined : new Date(input.date_before),
      has_attachments: input.has_attachments,
      since_id: input.since_id,
      offset: input.offset,
      order: "newest" as const,
    };
    const found: Page<ListedView> =
      input.q === undefined
        ? await read.messages(actor, filter, input)
        : await read.search(actor, input.q, filter, input);
    const { rows, next_cursor } = found;
    // A mailbox that does not exist is told apart from an empty one.
    if (rows.length === 0) await read.mailbox(actor, input.mailbox_id);
    const emails = rows.map((row) =>
      row.highlights ? { ...summaryOf(row), highlights: row.highlights } : summaryOf(row),
    );
    return { emails, next_cursor };
  },
});

/** Keys have no colon, so the first one ends the key. */
function tagOf(tag: string | undefined): { key: string; value: string | null } | undefined {
  if (tag === undefined) return undefined;
  const colon = tag.indexOf(":");
  return colon < 0
    ? { key: tag, value: null }
    : { key: tag.slice(0, colon), value: tag.slice(colon + 1) };
}
