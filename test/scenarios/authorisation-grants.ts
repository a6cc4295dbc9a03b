/** What only people give, for the authorisation matrix: keys, codes and allowlist entries of an operator. */
import { type Actor, roleScopes } from "../../src/core/actor.ts";
import { issueCode } from "../../src/engine/one-time-code.ts";
import { listAllowlist } from "../../src/store/allowlist.ts";
import { createAuthorizationServer } from "../../src/engine/oauth.ts";
import { firstOwner } from "../../src/store/people.ts";
import { insertAllowlistEntry } from "../../src/store/mailboxes.ts";
import type { Running } from "./running.ts";
import type { SecondNode } from "./second-node.ts";

/** The operator's owner, just signed in. */
export function ownerOf(node: SecondNode, operatorId: string): Actor {
  return {
    kind: "person",
    operator_id: operatorId,
    credential_id: node.context.new_id(),
    person_id: null,
    role: "owner",
    scopes: roleScopes.owner,
    mailbox_ids: null,
    test: false,
    signed_in_at: node.context.now().toISOString(),
  };
}

/** A key as the operator's owner makes it. */
export async function ownersKey(
  node: SecondNode,
  { operator_id }: { operator_id: string },
): Promise<string> {
  const owner = ownerOf(node, operator_id);
  const { row } = await node.engine.createApiKey(owner, {
    name: "to be revoked",
    scopes: ["read"],
    mailbox_ids: null,
    test: false,
    person_id: null,
    expires_at: null,
  });
  return row.key_id;
}

/** A code as it is mailed for a freer mode of the mailbox. */
export function upgradeCode(
  node: SecondNode,
  { operator_id }: { operator_id: string },
  subject: string,
): Promise<string> {
  const data = { from: "gated_send", to: "autonomous" };
  const wanted = { purpose: "upgrade", subject, data, life_ms: 60_000, per_hour: 3 };
  return node.as((tx) => issueCode(node.context, tx, wanted), operator_id);
}

/** An entry of the mailbox's allowlist, made where it is not there. */
export function allowlistEntry(
  node: SecondNode,
  place: { mailbox_id: string; operator_id: string },
  pattern: string,
): Promise<string> {
  return node.as(async (tx) => {
    const entries = await listAllowlist(tx, place.mailbox_id, { limit: 1000 });
    const known = entries.find((entry) => entry.pattern === pattern);
    if (known) return known.entry_id;
    const entry_id = node.context.new_id();
    await insertAllowlistEntry(tx, {
      mailbox_id: place.mailbox_id,
      entry_id,
      pattern,
      confirmed_by: "person:somebody",
      created_at: new Date(),
    });
    return entry_id;
  }, place.operator_id);
}

const standing = new Map<string, string>();

/** An OAuth grant that the operator's owner gave: a new one, or one that stands. */
export async function oauthGrant(
  node: SecondNode,
  { operator_id }: { operator_id: string },
  fresh: boolean,
): Promise<string> {
  const known = standing.get(operator_id);
  if (!fresh && known !== undefined) return known;
  const owner = await node.as(firstOwner, operator_id);
  const actor: Actor = {
    kind: "person",
    operator_id,
    credential_id: node.context.new_id(),
    person_id: owner?.person_id ?? "",
    role: "owner",
    scopes: roleScopes.owner,
    mailbox_ids: null,
    test: false,
    signed_in_at: node.context.now().toISOString(),
  };
  const server = createAuthorizationServer(node.context, () => Promise.resolve(null));
  const redirect_uri = "http://127.0.0.1/cb";
  const client_id = node.context.new_id();
  const client = { client_id, client_name: "x", client_uri: null, redirect_uris: [redirect_uri] };
  await server.consent(actor, {
    client,
    redirect_uri,
    resource: node.context.public_url,
    code_challenge: "x".repeat(43),
    scopes: ["read"],
    mailbox_ids: null,
  });
  const [grant] = await node.as(
    (tx) =>
      tx.named<{ grant_id: string }>(
        "newest_grant",
        "SELECT max(grant_id) AS grant_id FROM oauth_grant WHERE operator_id = $1 AND client_id = $2",
        [operator_id, client_id],
      ),
    operator_id,
  );
  const id = grant?.grant_id ?? "";
  if (!fresh) standing.set(operator_id, id);
  return id;
}

/** A link to the attachment of an email. */
export async function attachmentToken(
  running: Running,
  place: { agent: string; mailbox_id: string },
  emailId: string,
): Promise<string> {
  const path = `/v1/mailboxes/${place.mailbox_id}/emails/${emailId}/attachments/note.txt/url`;
  const { body } = await running.call(place.agent, path);
  return new URL(body.url).pathname.split("/").at(-1) ?? "";
}
