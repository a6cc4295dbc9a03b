/** A person's data: exported and erased by address, and how far an erasure is. */
import { z } from "zod";
import { stream } from "../../contract/operation.ts";
import { id, nextCursor, page, time } from "../../contract/resources.ts";
import { erasureStatuses } from "../../core/compliance.ts";
import type { Engine } from "../../engine/engine.ts";
import { operation } from "../context.ts";

const address = z.string().min(3).max(254).describe("The person's email address");

const erasure = z.object({
  id,
  status: z
    .enum(erasureStatuses)
    .describe(
      "held waits for a legal hold to be released, retained for the time in which mail must be kept to end, settling only for every node to forget the person's key",
    ),
  reference: z.string().nullable(),
  messages: z.int().describe("Messages erased so far"),
  openings: z.int().describe("Hidden values of the log erased so far"),
  remaining: z.int().describe("Messages that cannot go yet"),
  requested_by: z.string(),
  requested_at: time,
  next_at: time.nullable().describe("When it goes on"),
  done_at: time.nullable(),
});

type Row = Awaited<ReturnType<Engine["readErasure"]>>;

function erasureOf(row: Row): z.infer<typeof erasure> {
  return {
    id: row.erasure_id,
    status: row.status,
    reference: row.reference,
    messages: row.messages,
    openings: row.openings,
    remaining: row.remaining,
    requested_by: row.requested_by,
    requested_at: row.requested_at.toISOString(),
    next_at: row.next_at?.toISOString() ?? null,
    done_at: row.done_at?.toISOString() ?? null,
  };
}

const subjects = { tag: "compliance", access: "admin", tool: false } as const;

export const exportSubject = operation({
  ...subjects,
  name: "export_subject",
  summary: "Export a person's data",
  description:
    "Streams what there is of somebody outside as JSON lines: messages with their bytes, what the log hides of them, contact and suppression. Of other recipients it tells nothing. Held and refused mail is in it for callers with oversight: withheld_mail in the first line says whether. The last line is of type end.",
  method: "POST",
  path: "/v1/subjects/export",
  effect: "write",
  input: z.strictObject({ address }),
  output: { content_type: "application/x-ndjson" },
  status: 200,
  refusals: ["validation_failed", "scope_required", "test_key"],
  async handle({ engine, actor }, input) {
    const lines = await engine.exportSubject(actor, input.address);
    return stream("application/x-ndjson", lines, { filename: "subject.jsonl" });
  },
});

export const eraseSubject = operation({
  ...subjects,
  name: "erase_subject",
  summary: "Erase a person",
  description:
    "Erases every message with somebody outside, and the key to what the log hides of them. What was not sent yet is cancelled. The log keeps its entries and verifies as before; entries of type erasure say what went. A suppression stays, so that nobody writes to them again. Refused while a legal hold covers any of it; what must be kept for a time goes when that ends. Asked for by a key it needs a person.",
  method: "POST",
  path: "/v1/subjects/erase",
  effect: "destroy",
  sensitive: true,
  input: z.strictObject({
    address,
    reference: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .optional()
      .describe("Your own, such as a ticket; it stays when the address is gone"),
  }),
  output: erasure,
  status: 201,
  refusals: [
    "validation_failed",
    "legal_hold",
    "already_exists",
    "scope_required",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  async handle({ engine, actor }, input) {
    const { address: whom, reference = null } = input;
    return erasureOf(await engine.requestErasure(actor, { address: whom, reference }));
  },
});

export const listErasures = operation({
  ...subjects,
  name: "list_erasures",
  summary: "List erasures",
  description: "Erasures of persons, newest first: how far each is. None names whom it was.",
  method: "GET",
  path: "/v1/subjects/erasures",
  effect: "read",
  input: z.strictObject({ ...page }),
  output: z.object({ erasures: z.array(erasure), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required", "test_key"],
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findErasures(actor, input);
    return { erasures: rows.map(erasureOf), next_cursor };
  },
});

export const getErasure = operation({
  ...subjects,
  name: "get_erasure",
  summary: "Get an erasure",
  description: "How far the erasure of a person is.",
  method: "GET",
  path: "/v1/subjects/erasures/{erasure_id}",
  effect: "read",
  input: z.strictObject({ erasure_id: id }),
  output: erasure,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required", "test_key"],
  handle: async ({ engine, actor }, input) =>
    erasureOf(await engine.readErasure(actor, input.erasure_id)),
});
