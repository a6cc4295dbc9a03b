/** `list_grants` and `revoke_grant`: what people let programs do by OAuth, and ending it. */
import { z } from "zod";
import { grant } from "../../contract/oauth.ts";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { heldScopes } from "../../core/actor.ts";
import type { Engine } from "../../engine/engine.ts";
import { redirectPlace } from "../../oauth/redirect-uri.ts";
import { operation } from "../context.ts";

type GrantRow = Awaited<ReturnType<Engine["revokeGrant"]>>;

function grantOf(row: GrantRow): z.infer<typeof grant> {
  return {
    id: row.grant_id,
    client_id: row.client_id,
    client_name: row.client_name,
    redirect_to: redirectPlace(row.redirect_uri),
    scopes: heldScopes.filter((scope) => row.scopes.includes(scope)),
    mailbox_ids: row.mailbox_ids,
    resource: row.resource,
    person_id: row.person_id,
    person_name: row.person_name,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}

export const listGrants = operation({
  name: "list_grants",
  tag: "grants",
  summary: "List OAuth grants",
  description:
    "Lists the programs that people let in by OAuth and that still may come in: to a person their own, to an owner, an admin or a key with admin everybody's.",
  method: "GET",
  path: "/v1/grants",
  effect: "read",
  access: "read",
  input: z.strictObject({ ...page, person_id: id.optional() }),
  output: z.object({ grants: z.array(grant), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "role_required"],
  tool: false,
  cli: { command: "grants" },
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findGrants(actor, input);
    return { grants: rows.map(grantOf), next_cursor };
  },
});

export const revokeGrant = operation({
  name: "revoke_grant",
  tag: "grants",
  summary: "End an OAuth grant",
  description:
    "Ends a grant with all its tokens at once, on every node. Ending it again changes nothing.",
  method: "DELETE",
  path: "/v1/grants/{grant_id}",
  effect: "destroy",
  access: "read",
  input: z.strictObject({ grant_id: id }),
  output: grant,
  status: 200,
  refusals: ["validation_failed", "not_found", "role_required", "test_key"],
  tool: false,
  cli: { command: "revoke-grant", positional: ["grant_id"] },
  async handle({ engine, actor }, input) {
    return grantOf(await engine.revokeGrant(actor, input.grant_id));
  },
});
