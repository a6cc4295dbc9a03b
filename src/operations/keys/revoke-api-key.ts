/** `revoke_api_key`: ends a key at once. */
import { z } from "zod";
import { apiKey, id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { apiKeyOf } from "./views.ts";

export const revokeApiKey = operation({
  name: "revoke_api_key",
  tag: "keys",
  summary: "Revoke an API key",
  description: "Ends a key at once, on every node. Revoking it again changes nothing.",
  method: "DELETE",
  path: "/v1/api-keys/{key_id}",
  effect: "destroy",
  access: "admin",
  input: z.strictObject({ key_id: id }),
  output: apiKey,
  status: 200,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: true,
  cli: { command: "revoke-key", positional: ["key_id"] },
  async handle({ engine, actor }, input) {
    return apiKeyOf(await engine.revokeApiKey(actor, input.key_id));
  },
});
