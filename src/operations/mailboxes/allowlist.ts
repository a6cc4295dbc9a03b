/** `list_allowlist`, `add_allowlist_entry`, `remove_allowlist_entry`: whom a gated mailbox may write to without a look. */
import { z } from "zod";
import { id, nextCursor, page, time } from "../../contract/resources.ts";
import type { Engine } from "../../engine/engine.ts";
import { operation } from "../context.ts";

const entry = z.object({
  id,
  mailbox_id: id,
  pattern: z.string().describe("An address, or *@domain"),
  confirmed_by: z.string().describe("The person who added it, or `code` for a mailed one"),
  created_at: time,
});

function entryOf(row: Awaited<ReturnType<Engine["addAllowlistEntry"]>>): z.input<typeof entry> {
  return {
    id: row.entry_id,
    mailbox_id: row.mailbox_id,
    pattern: row.pattern,
    confirmed_by: row.confirmed_by,
    created_at: row.created_at.toISOString(),
  };
}

export const listAllowlist = operation({
  name: "list_allowlist",
  tag: "mailboxes",
  summary: "List the allowlist",
  description:
    "Lists the recipients that a mailbox in mode gated_send may write to without a decision, provided every recipient of the message is on the list.",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/allowlist",
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id, ...page }),
  output: z.object({ entries: z.array(entry), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "allowlist", positional: ["mailbox_id"] },
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findAllowlist(actor, input.mailbox_id, input);
    return { entries: rows.map(entryOf), next_cursor };
  },
});

export const addAllowlistEntry = operation({
  name: "add_allowlist_entry",
  tag: "mailboxes",
  summary: "Add to the allowlist",
  description:
    "Lets mail to an address, or to everybody of a domain (*@example.com), leave a gated_send mailbox without a decision. Asked for by a key it waits for a person: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/allowlist",
  effect: "write",
  access: "send",
  or_access: "admin",
  sensitive: true,
  input: z.strictObject({
    mailbox_id: id,
    pattern: z.string().min(3).max(320).describe("An address, or *@example.com"),
  }),
  output: entry,
  status: 201,
  refusals: [
    "validation_failed",
    "not_found",
    "already_exists",
    "quota_exceeded",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  tool: true,
  cli: { command: "allow", positional: ["mailbox_id", "pattern"] },
  async handle({ engine, actor }, input) {
    return entryOf(await engine.addAllowlistEntry(actor, input.mailbox_id, input.pattern));
  },
});

export const removeAllowlistEntry = operation({
  name: "remove_allowlist_entry",
  tag: "mailboxes",
  summary: "Remove from the allowlist",
  description:
    "Takes an entry off a mailbox's allowlist, at once: mail to whom it let through waits for a person again, also what is queued.",
  method: "DELETE",
  path: "/v1/mailboxes/{mailbox_id}/allowlist/{entry_id}",
  effect: "destroy",
  access: "send",
  or_access: "admin",
  input: z.strictObject({ mailbox_id: id, entry_id: id }),
  output: entry,
  status: 200,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: true,
  cli: { command: "disallow", positional: ["mailbox_id", "entry_id"] },
  async handle({ engine, actor }, input) {
    return entryOf(await engine.removeAllowlistEntry(actor, input.mailbox_id, input.entry_id));
  },
});
