/** The authorization endpoint: who asks, whether the request is good, what the person says, and the way back to the program. */
import { html as markup } from "hono/html";
import type { Hono } from "hono";
import type { AuthorizationServer, OAuthClient } from "../../contract/oauth.ts";
import { Refusal } from "../../core/refusal.ts";
import { parameter, readRequest } from "../../oauth/authorization-request.ts";
import { OAuthError } from "../../oauth/oauth-error.ts";
import {
  redirectPlace,
  redirectUriMatches,
  staysOnDevice,
  withParameters,
} from "../../oauth/redirect-uri.ts";
import { type Asking, chosen, consentPage, levelsFor } from "./consent-page.ts";
import { line } from "./display.ts";
import { page } from "./layout.ts";
import type { Handlers } from "./people-routes.ts";
import { authorizePath, endedReturnCookie, readReturn, returnCookie } from "./return-cookie.ts";
import { seeOther, welcomePage } from "./sign-in-pages.ts";
import { type MemberVisit, type Visit, signedIn } from "./visit.ts";

/** Programs are let in on the word of somebody who proved who they are this lately, as with other sensitive acts. */
const freshLife = 15 * 60_000;
const continuePath = "/oauth/continue";

/** Hangs the endpoint in. */
export function mountConsent(
  app: Hono,
  { show, change }: Handlers,
  server: AuthorizationServer,
): void {
  app.get(
    authorizePath,
    show(async (visit) => {
      if (!visit.session) return rememberRequest(visit, await welcomePage(visit));
      return ask(signedIn(visit), server);
    }),
  );
  app.get(
    continuePath,
    show((visit) => {
      const { secure_cookies } = visit.options;
      const path = readReturn(visit.request.headers, secure_cookies) ?? "/";
      return Promise.resolve(seeOther(path, { "set-cookie": endedReturnCookie(secure_cookies) }));
    }),
  );
  app.post(
    authorizePath,
    change((visit, form) => answer(signedIn(visit), server, form)),
  );
}

/** The client and its redirect URI: while either is in doubt the browser is sent nowhere (RFC 6749 section 4.1.2.1). */
async function placeOf(
  server: AuthorizationServer,
  query: URLSearchParams,
): Promise<{ client: OAuthClient; redirect_uri: string; state: string | null }> {
  const clientId = parameter(query, "client_id");
  const redirect_uri = parameter(query, "redirect_uri");
  if (clientId === null) throw new OAuthError("invalid_request", "client_id: missing");
  if (redirect_uri === null) throw new OAuthError("invalid_request", "redirect_uri: missing");
  const client = await server.client(clientId);
  if (!client.redirect_uris.some((known) => redirectUriMatches(known, redirect_uri)))
    throw new OAuthError("invalid_request", "redirect_uri: not one that the program registered");
  return { client, redirect_uri, state: query.getAll("state")[0] ?? null };
}

async function ask(visit: MemberVisit, server: AuthorizationServer): Promise<Response> {
  return guarded(visit, server, visit.query, async (asking) => {
    const { signed_in_at: at } = visit.session.actor;
    if (at === null || visit.now - Date.parse(at) > freshLife - 60_000) {
      const next = new URLSearchParams({ next: continuePath }).toString();
      return rememberRequest(visit, seeOther(`/step-up?${next}`));
    }
    return consentPage(visit, asking);
  });
}

async function answer(
  visit: MemberVisit,
  server: AuthorizationServer,
  form: URLSearchParams,
): Promise<Response> {
  const query = new URLSearchParams(form.get("request") ?? "");
  return guarded(visit, server, query, async (asking) => {
    if (form.get("act") !== "allow") throw new OAuthError("access_denied", "The person said no");
    const choice = chosen(form);
    if (!choice || !levelsFor(visit.session.actor.role, asking).includes(choice.level))
      throw new Refusal("validation_failed", "level: choose one of those offered.", {
        field: "level",
      });
    const { resource, code_challenge, state } = asking.request;
    const { client, redirect_uri } = asking;
    const { scopes, mailbox_ids } = choice;
    const given = { client, redirect_uri, resource, code_challenge, scopes, mailbox_ids };
    const code = await server.consent(visit.session.actor, given);
    return leave(visit, redirect_uri, { code, ...(state === null ? {} : { state }) });
  });
}

type Good = Asking & { request: ReturnType<typeof readRequest> };

/** Reads the request; what is wrong with it goes to the program where that is known, and to the person else. */
async function guarded(
  visit: MemberVisit,
  server: AuthorizationServer,
  query: URLSearchParams,
  work: (asking: Good) => Promise<Response>,
): Promise<Response> {
  let place: Awaited<ReturnType<typeof placeOf>> | null = null;
  try {
    place = await placeOf(server, query);
    const request = readRequest(query, visit.options.public_url);
    const { client, redirect_uri } = place;
    return await work({
      client,
      redirect_uri,
      scopes: request.scopes,
      query: query.toString(),
      request,
    });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    if (!place) return unusablePage(visit, error, null);
    const state = place.state === null || place.state.length > 2000 ? {} : { state: place.state };
    const back = { error: error.code, error_description: error.message, ...state };
    // Anybody may register any site: without a word of the person none is gone to (RFC 9700 section 4.11.2).
    if (error.code === "access_denied" || staysOnDevice(place.redirect_uri))
      return leave(visit, place.redirect_uri, back);
    return unusablePage(visit, error, wayBack(visit, place.redirect_uri, back));
  }
}

/** The authorization response; `iss` says whose it is (RFC 9207). */
function wayBack(
  visit: Visit,
  redirectUri: string,
  parameters: Readonly<Record<string, string>>,
): string {
  return withParameters(redirectUri, { ...parameters, iss: visit.options.public_url });
}

function leave(
  visit: Visit,
  redirectUri: string,
  parameters: Readonly<Record<string, string>>,
): Response {
  return seeOther(wayBack(visit, redirectUri, parameters), { "referrer-policy": "no-referrer" });
}

function unusablePage(visit: Visit, error: OAuthError, back: string | null): Promise<Response> {
  return page(visit, {
    title: "This request is not usable",
    status: 400,
    headers: { "referrer-policy": "no-referrer" },
    content: markup`<article class="narrow">
<h1>This request is not usable</h1>
<p>A program wanted to be let in, and its request is wrong: ${line(error.message, 300)}.</p>
<p>Nothing was given to it. Try again from the program; if that does not help, tell whoever makes it.</p>
${back !== null && markup`<p><a href="${back}" rel="noreferrer">Go back to ${line(redirectPlace(back), 200)}</a>, if you know it</p>`}
<p><a href="/">To the first page</a></p>
</article>`,
  });
}

function rememberRequest(visit: Visit, response: Response): Response {
  const { pathname, search } = new URL(visit.request.url);
  const cookie = returnCookie(`${pathname}${search}`, visit.options.secure_cookies);
  if (cookie !== null) response.headers.append("set-cookie", cookie);
  return response;
}
