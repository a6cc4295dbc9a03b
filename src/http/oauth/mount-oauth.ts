/** The endpoints that OAuth clients call without a person: token, revocation, registration. */
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import { parseJson } from "../../contract/json.ts";
import type { AuthorizationServer } from "../../contract/oauth.ts";
import { Refusal } from "../../core/refusal.ts";
import { parameter, readResource } from "../../oauth/authorization-request.ts";
import { OAuthError } from "../../oauth/oauth-error.ts";
import { oauthPaths } from "../../oauth/server-metadata.ts";
import { announcedBody, assertJson, bodyText, readBody } from "../body.ts";
import { readForm } from "../pages/form.ts";
import type { Log } from "../reply.ts";
import { refusalStatus, retryAfterOf } from "../status.ts";

/** What the endpoints are made of. */
export type OAuthOptions = { server: AuthorizationServer; public_url: string; log: Log };

/** Largest body of each, in bytes. */
const largest = 16 * 1024;
/** Of a registration: what is kept of it is a little longer than what came. */
const largestRegistration = 12 * 1024;

/** Hangs the endpoints in. They answer JSON, in OAuth's own forms. */
export function mountOAuth(app: Hono, options: OAuthOptions): void {
  const { server, public_url } = options;
  const form =
    (answer: (form: URLSearchParams) => Promise<object>) =>
    async (c: Context): Promise<Response> => {
      try {
        // Nothing may be awaited before this: see readForm.
        const given = await readForm(c.req.raw, bindings(c), largest);
        if (c.req.raw.headers.has("authorization"))
          throw new OAuthError("invalid_client", "Clients are public: send client_id alone", 401);
        return Response.json(await answer(given), { headers });
      } catch (error) {
        return failure(error, options);
      }
    };
  app.post(
    oauthPaths.token,
    form((given) => exchange(server, given, public_url)),
  );
  app.post(
    oauthPaths.revoke,
    form(async (given) => {
      await server.revoke(needed(given, "token"), needed(given, "client_id"));
      return {};
    }),
  );
  app.post(oauthPaths.register, async (c) => {
    try {
      const announced = announcedBody(c.req.raw, bindings(c), largestRegistration);
      assertJson(c.req.raw.headers);
      const text = bodyText(await readBody(c.req.raw, announced, largestRegistration));
      const source = bindings(c)?.incoming?.socket.remoteAddress ?? "";
      return Response.json(await server.register(parseJson(text), source), {
        status: 201,
        headers,
      });
    } catch (error) {
      const isForm = error instanceof Refusal && refusalStatus[error.code] < 429;
      const own = isForm ? new OAuthError("invalid_client_metadata", error.message) : error;
      return failure(own, options);
    }
  });
}

function exchange(server: AuthorizationServer, form: URLSearchParams, public_url: string) {
  const type = needed(form, "grant_type");
  const client_id = needed(form, "client_id");
  const resource = readResource(form, public_url);
  if (type === "authorization_code")
    return server.redeemCode({
      code: needed(form, "code"),
      client_id,
      redirect_uri: parameter(form, "redirect_uri"),
      code_verifier: parameter(form, "code_verifier"),
      resource,
    });
  if (type === "refresh_token")
    return server.refresh({
      refresh_token: needed(form, "refresh_token"),
      client_id,
      scope: parameter(form, "scope"),
      resource,
    });
  throw new OAuthError("unsupported_grant_type", "grant_type: not supported");
}

function needed(form: URLSearchParams, name: string): string {
  const value = parameter(form, name);
  if (value === null) throw new OAuthError("invalid_request", `${name}: missing`);
  return value;
}

/** RFC 6749 section 5.1 asks for both. */
const headers = { "cache-control": "no-store", pragma: "no-cache" };

function bindings(c: Context): Partial<HttpBindings> | undefined {
  return c.env as Partial<HttpBindings> | undefined;
}

/** A refusal in the form of RFC 6749 section 5.2; what is a bug leaves its cause in the log. */
function failure(error: unknown, { log }: Pick<OAuthOptions, "log">): Response {
  const answer = (code: string, description: string, status: number, more = {}) =>
    Response.json(
      {
        error: code,
        error_description: description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?"),
      },
      { status, headers: { ...headers, ...more } },
    );
  if (error instanceof OAuthError)
    return answer(
      error.code,
      error.message,
      error.status,
      error.status === 401 ? { "www-authenticate": 'Basic realm="multimail"' } : {},
    );
  if (error instanceof Refusal && error.code !== "internal") {
    const status = refusalStatus[error.code];
    const retry_after = retryAfterOf(error);
    const more: Record<string, string> =
      retry_after === null ? {} : { "retry-after": String(retry_after) };
    const code = status === 429 || status === 503 ? "temporarily_unavailable" : "invalid_request";
    return answer(code, error.message, status, more);
  }
  log.error({ err: error }, "an OAuth request failed");
  return answer("server_error", "Something went wrong on our side", 500);
}
