/** `update_api_key`: another name or other rights for a key. */
import { z } from "zod";
import { apiKey, id, scope, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { instant } from "./create-api-key.ts";
import { apiKeyOf } from "./views.ts";

export const updateApiKey = operation({
  name: "update_api_key",
  tag: "keys",
  summary: "Change an API key",
  description:
    "Changes a key's name, scopes, mailboxes or end. What it loses it loses at once, on every node. A key that is to be able to do more waits for a person: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "PATCH",
  path: "/v1/api-keys/{key_id}",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    key_id: id,
    name: z.string().min(1).max(100).optional(),
    scopes: z.array(scope).min(1).max(5).optional(),
    mailbox_ids: z
      .array(id)
      .min(1)
      .max(100)
      .nullable()
      .optional()
      .describe("Bind it to these mailboxes; null for all"),
    expires_at: time.nullable().optional(),
  }),
  output: apiKey,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "key_not_narrower",
    "scopes_exclude_each_other",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  tool: false,
  cli: { command: "update-key", positional: ["key_id"] },
  async handle({ engine, actor }, input) {
    const { key_id: keyId, mailbox_ids, expires_at, ...rest } = input;
    return apiKeyOf(
      await engine.changeApiKey(actor, keyId, {
        ...rest,
        mailbox_ids: mailbox_ids && [...new Set(mailbox_ids)],
        expires_at: expires_at && instant(expires_at),
      }),
    );
  },
});
