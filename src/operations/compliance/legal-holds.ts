/** Legal holds: listed, placed, released. */
import { z } from "zod";
import { id, nextCursor, page, time } from "../../contract/resources.ts";
import type { Engine } from "../../engine/engine.ts";
import { holdScopes } from "../../core/compliance.ts";
import { operation } from "../context.ts";

const hold = z.object({
  id,
  scope: z.enum(holdScopes).describe("What it covers; operator is everything"),
  mailbox_id: id.nullable(),
  thread_id: z.string().nullable(),
  email_id: id.nullable(),
  address: z.string().nullable(),
  reason: z.string(),
  created_by: z.string(),
  created_at: time,
  released_by: z.string().nullable(),
  released_at: time.nullable(),
});

function holdOf(row: Awaited<ReturnType<Engine["placeHold"]>>): z.infer<typeof hold> {
  return {
    id: row.hold_id,
    scope: row.scope,
    mailbox_id: row.mailbox_id,
    thread_id: row.thread_id,
    email_id: row.message_id,
    address: row.address,
    reason: row.reason,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    released_by: row.released_by,
    released_at: row.released_at?.toISOString() ?? null,
  };
}

const holds = { tag: "compliance", access: "admin", tool: false } as const;

export const listLegalHolds = operation({
  ...holds,
  name: "list_legal_holds",
  summary: "List legal holds",
  description: "The holds that stand, newest first; released ones too where asked for.",
  method: "GET",
  path: "/v1/legal-holds",
  effect: "read",
  input: z.strictObject({
    released: z.boolean().default(false).describe("True for released ones too"),
    ...page,
  }),
  output: z.object({ legal_holds: z.array(hold), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required", "test_key"],
  async handle({ engine, actor }, { released, ...wanted }) {
    const { rows, next_cursor } = await engine.findHolds(actor, released, wanted);
    return { legal_holds: rows.map(holdOf), next_cursor };
  },
});

export const createLegalHold = operation({
  ...holds,
  name: "create_legal_hold",
  summary: "Place a legal hold",
  description:
    "While it stands nobody erases what it covers: a mailbox, a thread of a mailbox, an email, all mail with an address, or, where nothing is named, everything. It has no end date; somebody releases it.",
  method: "POST",
  path: "/v1/legal-holds",
  effect: "write",
  input: z.strictObject({
    reason: z.string().trim().min(1).max(1000).describe("Why; it stays with the hold"),
    mailbox_id: id.optional(),
    thread_id: z.string().min(1).max(200).optional().describe("With mailbox_id"),
    email_id: id.optional(),
    address: z.string().min(3).max(254).optional(),
  }),
  output: hold,
  status: 201,
  refusals: ["validation_failed", "not_found", "quota_exceeded", "scope_required", "test_key"],
  handle: async ({ engine, actor }, input) => holdOf(await engine.placeHold(actor, input)),
});

export const releaseLegalHold = operation({
  ...holds,
  name: "release_legal_hold",
  summary: "Release a legal hold",
  description:
    "What it covered may be erased again, and erasures that waited for it go on. Asked for by a key it needs a person.",
  method: "DELETE",
  path: "/v1/legal-holds/{hold_id}",
  effect: "destroy",
  sensitive: true,
  input: z.strictObject({ hold_id: id }),
  output: hold,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "scope_required",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  handle: async ({ engine, actor }, input) => holdOf(await engine.endHold(actor, input.hold_id)),
});
