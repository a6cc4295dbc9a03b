/** API keys as REST shows them: never their secret. */
import type { z } from "zod";
import type { apiKey } from "../../contract/resources.ts";
import { scopes } from "../../core/actor.ts";
import type { Engine } from "../../engine/engine.ts";

/** A row as a resource. */
export function apiKeyOf(row: Awaited<ReturnType<Engine["revokeApiKey"]>>): z.infer<typeof apiKey> {
  return {
    id: row.key_id,
    name: row.name,
    prefix: row.prefix,
    scopes: scopes.filter((scope) => row.scopes.includes(scope)),
    mailbox_ids: row.mailbox_ids,
    test: row.test,
    person_id: row.person_id,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
  };
}
