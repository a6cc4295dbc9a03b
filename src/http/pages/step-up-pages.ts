/** Proving again who one is before a sensitive change, and going back to where one was. */
import { html as markup } from "hono/html";
import { z } from "zod";
import type { Admission } from "../../contract/sign-in.ts";
import { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { typed } from "./form.ts";
import { formToken, page } from "./layout.ts";
import { localPath } from "./local-path.ts";
import { passkeyAnswer, passkeyForm, promptOptions } from "./passkey-form.ts";
import { asRefusal, refusalAlert } from "./refusal-page.ts";
import { codeField, cookieOf, seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, call } from "./visit.ts";

const own = z.object({ passkeys: z.array(z.object({ id: z.string() })) });

/** Asks for a passkey or offers a mailed code. */
export async function stepUpPage(visit: MemberVisit): Promise<Response> {
  const { body } = await call(visit, "list_sign_in_passkeys", {}, own);
  const next = localPath(visit.query.get("next") ?? pathOf(visit.request.headers.get("referer")));
  const { csrf_token, person } = visit.session;
  return page(visit, {
    title: "Confirm who you are",
    scripts: ["sign-in"],
    content: markup`<article class="narrow">
<h1>Confirm who you are</h1>
<p>A change like this needs a proof of the last 15 minutes that it is you, <bdi>${person.name}</bdi>.</p>
${
  body.passkeys.length > 0 &&
  passkeyForm({
    kind: "get",
    action: "/step-up/passkey",
    options: "/step-up/passkey/options",
    button: "Confirm with a passkey",
    csrf_token,
    fields: nextField(next),
  })
}
<form class="settings" method="post" action="/step-up/code">
${formToken(csrf_token)}${nextField(next)}
<div class="buttons"><button>Mail a code to ${person.email}</button></div>
</form>
</article>`,
  });
}

/** Mails a code and asks for it. */
export async function mailStepUpCode(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  await visit.options.sign_in.stepUp.requestCode(tokenOf(visit));
  return codePage(visit, localPath(form.get("next")));
}

/** Takes the mailed code. A wrong one asks again. */
export async function stepUpByCode(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const next = localPath(form.get("next"));
  try {
    const code = typed(form, "code");
    return goOn(visit, await visit.options.sign_in.stepUp.redeemCode(tokenOf(visit), code), next);
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code !== "invalid_code") throw refusal;
    return codePage(visit, next, refusal);
  }
}

function codePage(visit: MemberVisit, next: string, refusal?: Refusal): Promise<Response> {
  return page(visit, {
    title: "Enter your code",
    ...(refusal ? { status: refusalStatus[refusal.code] } : {}),
    content: markup`<article class="narrow">
${refusal && refusalAlert(refusal)}
<h1>Enter your code</h1>
<p>A code was mailed to <bdi>${visit.session.person.email}</bdi>. It works once, for ten minutes.</p>
<form class="settings" method="post" action="/step-up/redeem">
${formToken(visit.session.csrf_token)}${nextField(next)}
${codeField()}
<div class="buttons"><button class="primary">Confirm</button></div>
</form>
</article>`,
  });
}

/** Options of a prompt for the person's own passkeys. */
export async function stepUpOptions(visit: MemberVisit): Promise<Response> {
  const options = await visit.options.sign_in.stepUp.passkeyOptions(tokenOf(visit));
  if (!options) throw new Refusal("not_found", "You have no passkey to confirm with.");
  return promptOptions(options);
}

/** Takes a passkey's answer. */
export async function stepUpByPasskey(
  visit: MemberVisit,
  form: URLSearchParams,
): Promise<Response> {
  const next = localPath(form.get("next"));
  const answer = passkeyAnswer(form);
  const { stepUp } = visit.options.sign_in;
  return goOn(visit, await stepUp.redeemPasskey(tokenOf(visit), answer), next);
}

function goOn(visit: MemberVisit, admission: Admission, next: string): Response {
  return seeOther(next, { "set-cookie": cookieOf(admission, visit.options.secure_cookies) });
}

function nextField(next: string) {
  return markup`<input type="hidden" name="next" value="${next}">`;
}

function tokenOf(visit: MemberVisit): string {
  if (visit.session_token === null) throw new Refusal("unauthenticated", "Your session has ended.");
  return visit.session_token;
}

/** The path of an address that a browser named. Only what it is on our own site counts; {@link localPath} sees to that. */
function pathOf(address: string | null): string | null {
  const url = address === null ? null : URL.parse(address);
  return url && url.pathname + url.search;
}
