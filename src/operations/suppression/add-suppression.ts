/** `add_suppression`: never write to an address again, or not until a time. */
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import { id, time } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";
import { suppressible, suppression, suppressionOf } from "./views.ts";

export const addSuppression = operation({
  name: "add_suppression",
  tag: "suppression",
  summary: "Suppress an address",
  description:
    "Stops all mail to an address, also mail that is queued already. Without mailbox_id it holds for every mailbox. Use it when somebody asks not to be written to.",
  method: "POST",
  path: "/v1/suppression",
  effect: "write",
  access: "send",
  input: z.strictObject({
    address: z.string().min(3).max(320),
    mailbox_id: id.optional(),
    reason: z.literal("manual").optional(),
    note: z.string().max(500).optional(),
    expires_at: time.optional().describe("When it ends by itself; never, where absent"),
  }),
  output: suppression,
  status: 201,
  also: { 200: "The address was suppressed already, at least as firmly" },
  refusals: ["validation_failed", "not_found", "scope_required", "test_key"],
  tool: true,
  cli: { command: "suppress", positional: ["address"] },
  async handle({ engine, actor, now }, input) {
    const expiresAt = input.expires_at === undefined ? null : new Date(input.expires_at);
    if (expiresAt && !(expiresAt > now() && expiresAt.getUTCFullYear() < 10_000))
      throw new Refusal("validation_failed", "expires_at: must be a time to come.", {
        field: "expires_at",
      });
    const { row, added } = await engine.addSuppression(actor, {
      address: suppressible(input.address),
      mailbox_id: input.mailbox_id ?? null,
      reason: "manual",
      note: input.note ?? null,
      expires_at: expiresAt,
    });
    return added ? suppressionOf(row) : json(200, suppressionOf(row));
  },
});
