/** `create_api_key`: a key narrower than its maker; the secret is shown once. */
import { z } from "zod";
import { apiKey, id, scope, time } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";
import { apiKeyOf } from "./views.ts";

export const createApiKey = operation({
  name: "create_api_key",
  tag: "keys",
  summary: "Create an API key",
  description:
    "Creates a key that can do less than the one used to create it. No key holds both send and oversight. The secret is in the answer and is never shown again. Asked for by a key it waits for a person: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "POST",
  path: "/v1/api-keys",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    name: z.string().min(1).max(100),
    scopes: z.array(scope).min(1).max(5).default(["read"]),
    mailbox_ids: z
      .array(id)
      .min(1)
      .max(100)
      .nullable()
      .default(null)
      .describe("Bind it to these mailboxes; null for all"),
    test: z
      .boolean()
      .default(false)
      .describe("A test key does everything except that mail never leaves"),
    person_id: id.nullable().default(null).describe("The person who answers for it"),
    expires_at: time.nullable().default(null),
  }),
  output: apiKey.extend({
    key: z.string().describe("The secret: shown once"),
    api_key: z.string().describe("The same secret, by the name existing clients read"),
  }),
  status: 201,
  refusals: [
    "validation_failed",
    "key_not_narrower",
    "scopes_exclude_each_other",
    "not_found",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
  ],
  tool: true,
  cli: { command: "create-key", positional: ["name"] },
  async handle({ engine, actor }, input) {
    if (actor.kind === "person" && actor.role !== "owner" && actor.role !== "admin")
      throw new Refusal("role_required", "Only an owner or admin can create keys.");
    const wanted = {
      ...input,
      scopes: [...new Set(input.scopes)],
      mailbox_ids: input.mailbox_ids === null ? null : [...new Set(input.mailbox_ids)],
      expires_at: input.expires_at === null ? null : instant(input.expires_at),
    };
    const { row, secret } = await engine.createApiKey(actor, wanted);
    return { ...apiKeyOf(row), key: secret, api_key: secret };
  },
});

/** The time in UTC. Beyond the year 9999 its text would no longer compare as times do. */
export function instant(text: string): string {
  const utc = new Date(text).toISOString();
  if (/^[+-]/.test(utc))
    throw new Refusal("validation_failed", "expires_at: lies beyond the year 9999.", {
      field: "expires_at",
    });
  return utc;
}
