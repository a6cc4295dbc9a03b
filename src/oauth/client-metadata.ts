/** What a client says of itself: at registration (RFC 7591), or in a document under its own URL (client-id metadata document). */
import { z } from "zod";
import { OAuthError } from "./oauth-error.ts";
import { maxRedirectUri, redirectUriFault } from "./redirect-uri.ts";

/** A client as it is kept: public, known by its redirect URIs. */
export type Client = {
  client_id: string;
  /** Shown to people; what the client says it is called, and nothing more. */
  client_name: string;
  client_uri: string | null;
  redirect_uris: string[];
};

/** Longest URL that may be a client id, in characters. */
const maxClientUrl = 1000;

const text = (most: number) => z.string().min(1).max(most);
// Printable ASCII: what URL.parse forgives, the database does not keep.
const httpsUrl = text(maxRedirectUri).refine(
  (value) => /^[\x21-\x7e]+$/.test(value) && URL.parse(value)?.protocol === "https:",
);

// What is not named here is taken without a look and left out of the answer, as RFC 7591 section 2 has it.
const metadata = z.object({
  redirect_uris: z.array(text(maxRedirectUri)).min(1).max(10),
  client_name: text(200).optional(),
  client_uri: httpsUrl.optional().catch(undefined),
  grant_types: z.array(text(100)).max(10).optional(),
  response_types: z.array(text(100)).max(10).optional(),
  token_endpoint_auth_method: text(100).optional(),
});

/**
 * Reads the metadata of a client that registers. Throws {@link OAuthError} `invalid_client_metadata` or `invalid_redirect_uri`. Whatever
 * way of authenticating it asks for, it becomes a public client (RFC 7591 section 3.2.1 lets the server decide).
 */
export function readRegistration(body: unknown): Omit<Client, "client_id"> {
  const parsed = metadata.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.map(String).join(".") ?? "";
    if (field.startsWith("redirect_uris"))
      throw new OAuthError("invalid_redirect_uri", "redirect_uris: one to ten URIs are needed");
    throw new OAuthError("invalid_client_metadata", `${field || "the body"}: is not valid`);
  }
  const { redirect_uris, client_name, client_uri, grant_types, response_types } = parsed.data;
  for (const uri of redirect_uris) {
    const fault = redirectUriFault(uri);
    if (fault !== null)
      throw new OAuthError("invalid_redirect_uri", `redirect_uris: one of them ${fault}`);
  }
  if (grant_types !== undefined && !grant_types.includes("authorization_code"))
    throw new OAuthError("invalid_client_metadata", "grant_types: authorization_code is needed");
  if (response_types !== undefined && !response_types.includes("code"))
    throw new OAuthError("invalid_client_metadata", "response_types: code is needed");
  return {
    client_name: shownName(client_name),
    client_uri: client_uri ?? null,
    redirect_uris: [...new Set(redirect_uris)],
  };
}

/** The name as one line without what prints nothing; a client without a name is called so. */
function shownName(name: string | undefined): string {
  const shown = (name ?? "")
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  return shown === "" ? "A program without a name" : shown;
}

/** The answer to a registration (RFC 7591 section 3.2.1). */
export function registrationAnswer(client: Client, issued_at: Date): Record<string, unknown> {
  return {
    client_id: client.client_id,
    client_id_issued_at: Math.floor(issued_at.getTime() / 1000),
    client_name: client.client_name,
    ...(client.client_uri === null ? {} : { client_uri: client.client_uri }),
    redirect_uris: client.redirect_uris,
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
}

/**
 * True where a client id is the URL of a metadata document (draft-ietf-oauth-client-id-metadata-document section 3): https, with a path,
 * without dots in it, fragment, query or user, written as the parser writes it.
 */
export function isDocumentUrl(clientId: string): boolean {
  if (clientId.length > maxClientUrl || !/^https:\/\/[\x21-\x7e]+$/.test(clientId)) return false;
  const url = URL.parse(clientId);
  return (
    url !== null &&
    url.href === clientId &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "" &&
    url.pathname !== "/"
  );
}

/** Reads a metadata document; throws {@link OAuthError} `invalid_client` for one that is not of this client id. */
export function readDocument(clientId: string, body: unknown): Client {
  const refuse = (why: string) =>
    new OAuthError("invalid_client", `The client's metadata document ${why}`, 401);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw refuse("is no JSON object");
  const says = new Map<string, unknown>(Object.entries(body));
  if (says.get("client_id") !== clientId) throw refuse("names another client_id");
  if (says.has("client_secret") || says.has("client_secret_expires_at"))
    throw refuse("holds a secret");
  const method = says.get("token_endpoint_auth_method") ?? "none";
  if (method !== "none") throw refuse("asks for client authentication, which is not supported");
  try {
    return { client_id: clientId, ...readRegistration(body) };
  } catch (error) {
    if (error instanceof OAuthError) throw refuse(`is not valid: ${error.message}`);
    throw error;
  }
}
