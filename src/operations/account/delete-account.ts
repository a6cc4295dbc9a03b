/** `delete_account`: closes the operator for good. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const deleteAccount = operation({
  name: "delete_account",
  tag: "account",
  summary: "Delete the account",
  description:
    "Closes the operator for good: nothing is sent or received any more, every key is revoked and everybody signed out. Mail and audit log are kept until whoever runs the instance erases them. It needs a person: asked for by a key the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "DELETE",
  path: "/v1/account",
  effect: "destroy",
  access: "admin",
  sensitive: true,
  input: z.strictObject({}),
  output: z.object({
    id,
    name: z.string(),
    status: z.literal("deleted"),
    deleted: z.literal(true),
    closed_at: time,
  }),
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
  tool: true,
  whole: true,
  cli: { command: "delete-account" },
  async handle({ engine, actor }) {
    const closed = await engine.deleteAccount(actor);
    return {
      id: closed.id,
      name: closed.name,
      status: "deleted" as const,
      deleted: true as const,
      closed_at: closed.closed_at.toISOString(),
    };
  },
});
