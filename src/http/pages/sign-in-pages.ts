/** Signing in by a one-time link, and out: opening the link only shows a button, because programs open links too. */
import { html as markup } from "hono/html";
import { Refusal } from "../../core/refusal.ts";
import { page } from "./layout.ts";
import { howToSignIn } from "./refusal-page.ts";
import { endedSessionCookie, sessionCookie } from "./session-cookie.ts";
import type { Visit } from "./visit.ts";

/** Longer than any token of ours. */
const longestToken = 512;

/** The start for somebody who is not signed in. */
export function welcomePage(visit: Visit): Promise<Response> {
  return page(visit, {
    title: "Sign in",
    content: markup`<article class="narrow">
<h1>Sign in to MultiMail</h1>
<p>Here people read what agents want to send, and decide whether it leaves.</p>
${howToSignIn}
</article>`,
  });
}

/** What a sign-in link shows. Nothing is looked up: whoever fetches the link learns nothing and uses nothing up. */
export function signInPage(visit: Visit): Promise<Response> {
  const token = visit.query.get("token") ?? "";
  if (token === "" || token.length > longestToken) throw unusable();
  return page(visit, {
    title: "Sign in",
    content: markup`<article class="narrow">
<h1>Sign in to MultiMail</h1>
${visit.session && markup`<p>You are signed in as <bdi>${visit.session.person.name}</bdi>. Signing in again replaces that session.</p>`}
<form method="post" action="/sign-in">
<input type="hidden" name="token" value="${token}">
<button class="primary">Sign in on this device</button>
</form>
<p class="quiet">The link works once. Only use it if you asked for it yourself.</p>
</article>`,
  });
}

/** Exchanges the link's token for a session that the server names; a session that was there before ends. */
export async function redeemLink(visit: Visit, form: URLSearchParams): Promise<Response> {
  const { sign_in, secure_cookies } = visit.options;
  const token = form.get("token") ?? "";
  if (token === "" || token.length > longestToken) throw unusable();
  const made = await sign_in.redeem(token, visit.visitor);
  if (visit.session_token !== null) await sign_in.end(visit.session_token);
  return seeOther("/", {
    "set-cookie": sessionCookie(made.session_token, made.expires_at, secure_cookies),
  });
}

/** Ends the session on the server and in the browser. */
export async function signOut(visit: Visit): Promise<Response> {
  const { sign_in, secure_cookies } = visit.options;
  if (visit.session_token !== null) await sign_in.end(visit.session_token);
  return seeOther("/", { "set-cookie": endedSessionCookie(secure_cookies) });
}

/** Sends the browser on with a GET. `path` is made by us, never taken from a request. */
export function seeOther(path: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: { location: path, "cache-control": "no-store", ...headers },
  });
}

function unusable(): Refusal {
  return new Refusal("invalid_link", "The link is not complete.");
}
