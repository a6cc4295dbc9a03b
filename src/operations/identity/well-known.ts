/** What is published under /.well-known: the keys behind X-MultiMail-Identity, and how this API is protected. */
import { z } from "zod";
import { heldScope } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { resourceMetadata, serverMetadata } from "../../oauth/server-metadata.ts";
import { operation } from "../context.ts";

const wellKnown = {
  tag: "identity",
  method: "GET",
  effect: "read",
  access: "public",
  status: 200,
  tool: false,
} as const;

export const getJwks = operation({
  ...wellKnown,
  name: "get_jwks",
  summary: "Identity keys",
  description:
    "Every identity key of the instance as a JWK set; retired keys stay, with their dates and status.",
  path: "/.well-known/multimail-jwks.json",
  input: z.strictObject({}),
  output: z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) }),
  refusals: [],
  async handle({ engine }) {
    const { keys } = await engine.jwks();
    return { keys: keys.map((key) => ({ ...key, kty: key.kty ?? "EC" })) };
  },
});

export const getSigningKey = operation({
  ...wellKnown,
  name: "get_signing_key",
  summary: "The current identity key",
  description:
    "The identity key in use, as a JWK: of the caller's operator, or of the instance's only one.",
  path: "/.well-known/multimail-signing-key",
  input: z.strictObject({}),
  output: z.looseObject({ kid: z.string() }),
  refusals: ["not_found"],
  async handle({ engine, actor, instance }) {
    const operatorId = actor.operator_id || (await instance.sole_operator());
    if (operatorId === null)
      throw new Refusal("not_found", "This instance has several operators.", {
        hint: "Take the key by its kid from /.well-known/multimail-jwks.json.",
      });
    const { jwk, kid } = await engine.signingKeyOf(operatorId);
    return { ...jwk, kid, use: "sig", alg: "ES256" };
  },
});

export const getPublicKeys = operation({
  ...wellKnown,
  name: "get_public_keys",
  summary: "Keys for verifiers",
  description:
    "Identity keys, DKIM records and the log's key of the caller's operator: what `multimail verify --keys` pins.",
  path: "/v1/public-keys",
  access: "read",
  input: z.strictObject({}),
  output: z.looseObject({}),
  refusals: [],
  async handle({ engine, actor }) {
    return { ...(await engine.publicKeys(actor.operator_id)) };
  },
});

const resource = z.object({
  resource: z.string(),
  resource_name: z.string(),
  authorization_servers: z.array(z.string()),
  bearer_methods_supported: z.array(z.string()),
  scopes_supported: z.array(heldScope),
});

export const getProtectedResource = operation({
  ...wellKnown,
  name: "get_protected_resource",
  summary: "What protects this API",
  description:
    "Protected-resource metadata (RFC 9728): how a credential is sent, who gives one, and which scopes it may have.",
  path: "/.well-known/oauth-protected-resource",
  input: z.strictObject({}),
  output: resource,
  refusals: [],
  handle: ({ instance }) => Promise.resolve(resourceMetadata(instance.public_url, "")),
});

export const getMcpResource = operation({
  ...wellKnown,
  name: "get_mcp_resource",
  summary: "What protects the MCP door",
  description: "Protected-resource metadata (RFC 9728) of /mcp alone.",
  path: "/.well-known/oauth-protected-resource/mcp",
  input: z.strictObject({}),
  output: resource,
  refusals: [],
  handle: ({ instance }) => Promise.resolve(resourceMetadata(instance.public_url, "/mcp")),
});

export const getAuthorizationServer = operation({
  ...wellKnown,
  name: "get_authorization_server",
  summary: "The OAuth server",
  description: "Authorization server metadata (RFC 8414): where programs ask people to be let in.",
  path: "/.well-known/oauth-authorization-server",
  input: z.strictObject({}),
  output: z.looseObject({
    issuer: z.string(),
    authorization_endpoint: z.string(),
    token_endpoint: z.string(),
    registration_endpoint: z.string(),
    revocation_endpoint: z.string(),
    scopes_supported: z.array(heldScope),
  }),
  refusals: [],
  handle: ({ instance }) => Promise.resolve(serverMetadata(instance.public_url)),
});
