/** `get_audit_log`: entries of the operator's log, newest first. */
import { z } from "zod";
import { auditEntry, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { entryFilter, entryOf, filterOf } from "./views.ts";

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
  input: z.strictObject({ ...entryFilter, ...page }),
  output: z.object({ entries: z.array(auditEntry), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "not_found"],
  tool: true,
  cli: { command: "audit log" },
  async handle({ read, actor }, input) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await read.entries(actor, filterOf(input), input);
    return {
      entries: rows.map(entryOf),
      next_cursor,
    };
  },
});
