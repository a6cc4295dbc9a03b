/** `list_changes` and `decide_change`: what keys asked for that needs a person. */
import { z } from "zod";
import { id, nextCursor, page, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

const change = z.object({
  id,
  operation: z.string(),
  summary: z.string().describe("What would be done"),
  requested_by: z.string().describe("Id of the key"),
  key_name: z.string().nullable(),
  created_at: time,
  expires_at: time,
});

export const listChanges = operation({
  name: "list_changes",
  tag: "oversight",
  summary: "List changes that wait for a person",
  description:
    "Lists sensitive changes that keys asked for and nobody has granted or refused yet, newest first. A key sees its own.",
  method: "GET",
  path: "/v1/changes",
  effect: "read",
  access: "admin",
  input: z.strictObject(page),
  output: z.object({ changes: z.array(change), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor"],
  tool: false,
  cli: { command: "changes" },
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findChanges(actor, input);
    return {
      changes: rows.map((row) => ({
        id: row.change_id,
        operation: row.operation,
        summary: row.summary,
        requested_by: row.requested_by,
        key_name: row.key_name,
        created_at: row.created_at.toISOString(),
        expires_at: row.expires_at.toISOString(),
      })),
      next_cursor,
    };
  },
});

export const decideChange = operation({
  name: "decide_change",
  tag: "oversight",
  summary: "Grant or refuse a change",
  description:
    "Lets the call of a key through that waits for a person, or refuses it. Only a signed-in owner or admin can; a key makes its call again afterwards.",
  method: "POST",
  path: "/v1/changes/{change_id}/decide",
  effect: "decide",
  access: "admin",
  input: z.strictObject({ change_id: id, decision: z.enum(["grant", "refuse"]) }),
  output: z.object({ id, status: z.enum(["granted", "refused"]) }),
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "not_pending",
    "role_required",
    "fresh_sign_in_required",
  ],
  tool: false,
  async handle({ engine, actor }, input) {
    const row = await engine.decideChange(actor, input.change_id, input.decision);
    return { id: row.change_id, status: row.granted_at === null ? "refused" : "granted" } as const;
  },
});
