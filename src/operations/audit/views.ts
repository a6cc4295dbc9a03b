/** Entries of the log as REST shows them, and the filters by which they are found. */
import { z } from "zod";
import { type auditEntry, id, time } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import type { ExportFilter } from "../../engine/audit-export.ts";
import type { EntryDetail } from "../../engine/read.ts";

/** Input of every call that chooses entries. */
export const entryFilter = {
  type: z.string().max(100).optional().describe("Such as message.decided"),
  action: z.string().max(100).optional().describe("The same as type"),
  actor: z.string().max(100).optional().describe("Id of the credential or person"),
  resource: z.string().max(200).optional().describe("Id of the message, mailbox or key"),
  mailbox_id: id.optional(),
  thread_id: z.string().max(200).optional(),
  date_after: time.optional(),
  date_before: time.optional(),
  from: time.optional().describe("The same as date_after"),
  to: time.optional().describe("The same as date_before"),
};

/** The filter that an input means; throws `validation_failed` where two spellings differ. */
export function filterOf(input: z.output<z.ZodObject<typeof entryFilter>>): ExportFilter {
  const one = (a: string | undefined, b: string | undefined, field: string): string | undefined => {
    if (a !== undefined && b !== undefined && a !== b)
      throw new Refusal("validation_failed", `${field}: given twice with different values`, {
        field,
      });
    return a ?? b;
  };
  const after = one(input.date_after, input.from, "from");
  const before = one(input.date_before, input.to, "to");
  return {
    type: one(input.type, input.action, "action"),
    actor_id: input.actor,
    resource: input.resource,
    mailbox_id: input.mailbox_id,
    thread_id: input.thread_id,
    after: after === undefined ? undefined : new Date(after),
    before: before === undefined ? undefined : new Date(before),
  };
}

/** An entry as the resource. */
export function entryOf({
  id: entryId,
  index,
  leaf_hash,
  entry,
}: EntryDetail): z.infer<typeof auditEntry> {
  return {
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
  };
}
