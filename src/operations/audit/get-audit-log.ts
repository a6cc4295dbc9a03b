/** `get_audit_log`: entries of the operator's log, newest first. */
import { z } from "zod";
import { auditEntry, id, nextCursor, page, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const getAuditLog = operation({
  name: "get_audit_log",
  tag: "audit",
  summary: "Read the audit log",
  description:
    "Lists what happened, newest first; to a key bound to mailboxes, what happened in those. Each entry is a leaf of a Merkle tree whose signed checkpoint anybody can verify.",
  method: "GET",
  path: "/v1/audit-log",
  effect: "read",
  access: "audit",
  input: z.strictObject({
    type: z.string().max(100).optional().describe("Such as message.decided"),
    action: z.string().max(100).optional().describe("The same as type"),
    actor: z.string().max(100).optional().describe("Id of the credential or person"),
    resource: z.string().max(200).optional().describe("Id of the message, mailbox or key"),
    mailbox_id: id.optional(),
    thread_id: z.string().max(200).optional(),
    date_after: time.optional(),
    date_before: time.optional(),
    ...page,
  }),
  output: z.object({ entries: z.array(auditEntry), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "not_found"],
  tool: true,
  cli: { command: "audit log" },
  async handle({ read, actor }, input) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.entries(
      actor,
      {
        type: input.type ?? input.action,
        actor_id: input.actor,
        resource: input.resource,
        mailbox_id: input.mailbox_id,
        thread_id: input.thread_id,
        after: input.date_after === undefined ? undefined : new Date(input.date_after),
        before: input.date_before === undefined ? undefined : new Date(input.date_before),
      },
      input,
    );
    return {
      entries: rows.map(({ id: entryId, index, leaf_hash, entry }) => ({
        id: entryId,
        index,
        at: entry.at,
        type: entry.type,
        actor: entry.actor,
        resource: entry.resource,
        mailbox_id: entry.mailbox,
        thread_id: entry.thread,
        leaf_hash,
        data: entry.data,
      })),
      next_cursor,
    };
  },
});
