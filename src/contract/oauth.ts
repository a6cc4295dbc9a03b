/** OAuth as doors and pages see it: the server behind the endpoints, and a grant as people are shown it. */
import { z } from "zod";
import type { Actor } from "../core/actor.ts";
import { heldScope, id, time } from "./resources.ts";

/** What somebody let a program do in their name. */
export const grant = z.object({
  id,
  client_id: z.string().describe("What the program is known by: an id, or the URL of its metadata"),
  client_name: z.string().describe("What the program calls itself"),
  redirect_to: z.string().describe("Where the browser was sent: host, or scheme of a program"),
  scopes: z.array(heldScope),
  mailbox_ids: z.array(id).nullable().describe("Null: every mailbox"),
  resource: z.string().describe("What its tokens are for (RFC 8707)"),
  person_id: id.describe("Who granted it"),
  person_name: z.string(),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
});

/** A client as it is kept. */
export type OAuthClient = {
  client_id: string;
  client_name: string;
  client_uri: string | null;
  redirect_uris: string[];
};

/** What a person agreed to. */
export type Consent = {
  client: OAuthClient;
  redirect_uri: string;
  resource: string;
  code_challenge: string;
  scopes: readonly ("read" | "draft" | "send" | "oversight")[];
  /** Null: all, and those to come. */
  mailbox_ids: readonly string[] | null;
};

/** The answer of the token endpoint (RFC 6749 section 5.1). */
export type TokenAnswer = {
  access_token: string;
  token_type: "Bearer";
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
  scope: string;
};

/** The server. Its endpoints throw `OAuthError`; {@link AuthorizationServer.consent} throws `Refusal`. */
export type AuthorizationServer = {
  /** Registers a client (RFC 7591); the answer's body. */
  register(metadata: unknown, source: string): Promise<Record<string, unknown>>;
  /** A client by its id, which may be the URL of its metadata; throws `invalid_client`. */
  client(client_id: string): Promise<OAuthClient>;
  /** Keeps what a person agreed to, and answers the code for the client. */
  consent(actor: Actor, consent: Consent): Promise<string>;
  /** Exchanges a code, once. */
  redeemCode(given: {
    code: string;
    client_id: string;
    redirect_uri: string | null;
    code_verifier: string | null;
    resource: string | null;
  }): Promise<TokenAnswer>;
  /** Exchanges a refresh token for the next, once. */
  refresh(given: {
    refresh_token: string;
    client_id: string;
    scope: string | null;
    resource: string | null;
  }): Promise<TokenAnswer>;
  /** Revokes a token (RFC 7009); unknown ones are no error. */
  revoke(token: string, client_id: string): Promise<void>;
};
