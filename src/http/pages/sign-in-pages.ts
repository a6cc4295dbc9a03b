/** Signing in by a mailed code, a passkey or a one-time link, joining by an invitation, and signing out. */
import { html as markup } from "hono/html";
import type { Admission } from "../../contract/sign-in.ts";
import { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import type { Html } from "./display.ts";
import { typed } from "./form.ts";
import { page } from "./layout.ts";
import { passkeyAnswer, passkeyForm, promptOptions } from "./passkey-form.ts";
import { endedReturnCookie, readReturn } from "./return-cookie.ts";
import { asRefusal, howToSignIn, refusalAlert } from "./refusal-page.ts";
import { endedSessionCookie, sessionCookie } from "./session-cookie.ts";
import type { Visit } from "./visit.ts";

/** Longer than any token of ours. */
const longestToken = 512;
/** Longest address (RFC 5321 section 4.5.3.1). */
const longestAddress = 320;

/** The start for somebody who is not signed in. */
export function welcomePage(visit: Visit): Promise<Response> {
  return page(visit, {
    title: "Sign in",
    scripts: ["sign-in"],
    content: markup`<article class="narrow">
<h1>Sign in to MultiMail</h1>
<p>Here people read what agents want to send, and decide whether it leaves.</p>
<form class="settings" method="post" action="/sign-in/code">
<div class="field"><label for="email">Your e-mail address</label>
<input id="email" name="email" type="email" autocomplete="username webauthn" maxlength="${longestAddress}" required></div>
<div class="buttons"><button class="primary">Mail me a code</button></div>
</form>
${passkeyForm({
  kind: "get",
  action: "/sign-in/passkey",
  options: "/sign-in/passkey/options",
  button: "Sign in with a passkey",
  in_field: true,
})}
<details><summary>Without mail or passkey</summary>${howToSignIn}</details>
${visit.options.sign_up_open && markup`<p class="quiet">No account yet? <a href="/signup">Open one</a>.</p>`}
</article>`,
  });
}

/** What a sign-in link shows. Nothing is looked up: whoever fetches the link learns nothing and uses nothing up. */
export function signInPage(visit: Visit): Promise<Response> {
  const token = visit.query.get("token");
  if (token === null) return welcomePage(visit);
  return tokenPage(visit, {
    token,
    title: "Sign in to MultiMail",
    action: "/sign-in",
    button: "Sign in on this device",
    help: "The link works once. Only use it if you asked for it yourself.",
  });
}

/** What an invitation shows; nothing is looked up here, either. */
export function joinPage(visit: Visit): Promise<Response> {
  return tokenPage(visit, {
    token: visit.query.get("token") ?? "",
    title: "Join MultiMail",
    action: "/join",
    button: "Join on this device",
    help: "The invitation works once. Only use it if it was meant for you.",
  });
}

function tokenPage(
  visit: Visit,
  parts: { token: string; title: string; action: string; button: string; help: string },
): Promise<Response> {
  const { token, title, action, button, help } = parts;
  if (token === "" || token.length > longestToken) throw unusable();
  return page(visit, {
    title,
    content: markup`<article class="narrow">
<h1>${title}</h1>
${visit.session && markup`<p>You are signed in as <bdi>${visit.session.person.name}</bdi>. Signing in again replaces that session.</p>`}
<form method="post" action="${action}">
<input type="hidden" name="token" value="${token}">
<button class="primary">${button}</button>
</form>
<p class="quiet">${help}</p>
</article>`,
  });
}

/** Exchanges the link's token for a session that the server names; a session that was there before ends. */
export async function redeemLink(visit: Visit, form: URLSearchParams): Promise<Response> {
  return admit(visit, await visit.options.sign_in.redeem(tokenOf(form), visit.visitor), "/");
}

/** Accepts an invitation; the new member begins with their account, where a passkey can be made. */
export async function join(visit: Visit, form: URLSearchParams): Promise<Response> {
  return admit(visit, await visit.options.sign_in.accept(tokenOf(form), visit.visitor), "/account");
}

/** Mails a code, if there is somebody to mail it to: the answer is the same. */
export async function mailCode(visit: Visit, form: URLSearchParams): Promise<Response> {
  const email = emailOf(form);
  await visit.options.sign_in.requestCode(email, visit.visitor);
  return codePage(visit, email);
}

/** Exchanges a mailed code for a session. A wrong one asks again. */
export async function redeemCode(visit: Visit, form: URLSearchParams): Promise<Response> {
  const email = emailOf(form);
  const code = typed(form, "code");
  try {
    const given = { email, code };
    return await admit(visit, await visit.options.sign_in.redeemCode(given, visit.visitor), "/");
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code !== "invalid_code") throw refusal;
    return codePage(visit, email, refusal);
  }
}

function codePage(visit: Visit, email: string, refusal?: Refusal): Promise<Response> {
  return page(visit, {
    title: "Enter your code",
    ...(refusal ? { status: refusalStatus[refusal.code] } : {}),
    content: markup`<article class="narrow">
${refusal && refusalAlert(refusal)}
<h1>Enter your code</h1>
<p>If <bdi>${email}</bdi> is a member's address, a code was mailed to it. It works once, for ten minutes.</p>
<form class="settings" method="post" action="/sign-in/redeem">
<input type="hidden" name="email" value="${email}">
${codeField()}
<div class="buttons"><button class="primary">Sign in</button></div>
</form>
<p><a href="/sign-in">Another address, or another code</a></p>
</article>`,
  });
}

/** The field for a mailed code. */
export function codeField(): Html {
  return markup`<div class="field"><label for="code">Code, such as A7X-29K</label>
<input id="code" name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="32" required></div>`;
}

/** Options of a prompt for whatever passkey the device has. */
export async function signInOptions(visit: Visit): Promise<Response> {
  return promptOptions(await visit.options.sign_in.passkeyOptions(visit.visitor));
}

/** Exchanges a passkey's answer for a session. */
export async function redeemPasskey(visit: Visit, form: URLSearchParams): Promise<Response> {
  const answer = passkeyAnswer(form);
  return admit(visit, await visit.options.sign_in.redeemPasskey(answer, visit.visitor), "/");
}

/** Ends the session on the server and in the browser. */
export async function signOut(visit: Visit): Promise<Response> {
  const { sign_in, secure_cookies } = visit.options;
  if (visit.session_token !== null) await sign_in.end(visit.session_token);
  return seeOther("/", { "set-cookie": endedSessionCookie(secure_cookies) });
}

/** Lets somebody in: the session that was there before ends, and none that the browser brought becomes the new one. */
async function admit(visit: Visit, admission: Admission, path: string): Promise<Response> {
  const { sign_in, secure_cookies } = visit.options;
  if (visit.session_token !== null) await sign_in.end(visit.session_token);
  const cookie = { "set-cookie": cookieOf(admission, secure_cookies) };
  // Whoever was on the way to let a program in goes on there.
  const onward = path === "/" ? readReturn(visit.request.headers, secure_cookies) : null;
  if (onward === null) return seeOther(path, cookie);
  const response = seeOther(onward, cookie);
  response.headers.append("set-cookie", endedReturnCookie(secure_cookies));
  return response;
}

/** The cookie of a session that began, or goes on under another token. */
export function cookieOf(admission: Admission, secure: boolean): string {
  return sessionCookie(admission.session_token, admission.expires_at, secure);
}

/** Sends the browser on with a GET. `path` is made by us, never taken from a request. */
export function seeOther(path: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: { location: path, "cache-control": "no-store", ...headers },
  });
}

function tokenOf(form: URLSearchParams): string {
  const token = form.get("token") ?? "";
  if (token === "" || token.length > longestToken) throw unusable();
  return token;
}

function emailOf(form: URLSearchParams): string {
  const email = typed(form, "email");
  if (email.length > longestAddress || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email))
    throw new Refusal("validation_failed", "This is no e-mail address.", { field: "email" });
  return email;
}

function unusable(): Refusal {
  return new Refusal("invalid_link", "The link is not complete.");
}
