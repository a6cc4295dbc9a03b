/** What the server says of itself to OAuth clients (RFC 8414, RFC 9728). */
import { grantScopes } from "./access.ts";

/** Paths of the endpoints. */
export const oauthPaths = {
  authorize: "/oauth/authorize",
  token: "/oauth/token",
  register: "/oauth/register",
  revoke: "/oauth/revoke",
} as const;

/** Authorization server metadata (RFC 8414 section 2); the issuer is the public URL. */
export function serverMetadata(public_url: string) {
  return {
    issuer: public_url,
    authorization_endpoint: `${public_url}${oauthPaths.authorize}`,
    token_endpoint: `${public_url}${oauthPaths.token}`,
    registration_endpoint: `${public_url}${oauthPaths.register}`,
    revocation_endpoint: `${public_url}${oauthPaths.revoke}`,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: ["none"],
    revocation_endpoint_auth_methods_supported: ["none"],
    code_challenge_methods_supported: ["S256"],
    scopes_supported: [...grantScopes],
    // RFC 9207 and draft-ietf-oauth-client-id-metadata-document.
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    service_documentation: `${public_url}/docs`,
  };
}

/** Protected resource metadata (RFC 9728 section 2) of everything here, or of the MCP door. */
export function resourceMetadata(public_url: string, path: "" | "/mcp") {
  return {
    resource: `${public_url}${path}`,
    resource_name: "MultiMail",
    authorization_servers: [public_url],
    bearer_methods_supported: ["header"],
    scopes_supported: [...grantScopes],
  };
}
