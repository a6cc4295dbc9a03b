/** The authorization server: OAuth 2.1 for programs that people let in. */
import type { AuthorizationServer } from "../contract/oauth.ts";
import type { EngineContext } from "./context.ts";
import { type FetchDocument, createClients } from "./oauth-clients.ts";
import { consent } from "./oauth-grants.ts";
import { redeemCode, refresh, revokeToken } from "./oauth-tokens.ts";

/** Binds its parts. */
export function createAuthorizationServer(
  context: EngineContext,
  fetchDocument: FetchDocument,
): AuthorizationServer {
  const { register, client } = createClients(context, fetchDocument);
  return {
    register,
    client,
    consent: (actor, given) => consent(context, actor, given),
    redeemCode: (given) => redeemCode(context, given),
    refresh: (given) => refresh(context, given),
    revoke: (token, clientId) => revokeToken(context, token, clientId),
  };
}
