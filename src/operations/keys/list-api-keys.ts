/** `list_api_keys`: the operator's keys, without their secrets. */
import { z } from "zod";
import { apiKey, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { apiKeyOf } from "./views.ts";

export const listApiKeys = operation({
  name: "list_api_keys",
  tag: "keys",
  summary: "List API keys",
  description: "Lists the operator's API keys with their scopes; secrets are never shown again.",
  method: "GET",
  path: "/v1/api-keys",
  effect: "read",
  access: "admin",
  input: z.strictObject(page),
  output: z.object({ api_keys: z.array(apiKey), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor"],
  tool: true,
  cli: { command: "keys" },
  async handle({ read, actor }, input) {
    const { rows, next_cursor } = await read.apiKeys(actor, input);
    return { api_keys: rows.map(apiKeyOf), next_cursor };
  },
});
