/** `update_account`: the operator's name, postal address and oversight address. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { line } from "../signup/fields.ts";

export const updateAccount = operation({
  name: "update_account",
  tag: "account",
  summary: "Change the account",
  description:
    "Changes the operator's name, postal address or oversight address. Another oversight address, to which codes and notices are mailed, needs a person: asked for by a key the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "PATCH",
  path: "/v1/account",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    // Both stand in every message: what the composer refuses would refuse them all.
    name: line(200).optional(),
    postal_address: line(500)
      .optional()
      .describe("Stands in the footer of every message; one line"),
    oversight_address: z
      .string()
      .min(3)
      .max(254)
      .nullable()
      .optional()
      .describe("Where codes and notices go; null for nowhere"),
  }),
  output: z.object({
    id,
    name: z.string(),
    postal_address: z.string(),
    oversight_address: z.string().nullable(),
  }),
  status: 200,
  refusals: [
    "validation_failed",
    "scope_required",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  tool: true,
  whole: true,
  cli: { command: "update-account" },
  async handle({ engine, actor }, input) {
    const row = await engine.changeAccount(actor, input);
    return {
      id: row.operator_id,
      name: row.name,
      postal_address: row.postal_address,
      oversight_address: row.oversight_address,
    };
  },
});
