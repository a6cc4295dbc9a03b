/** The form to decide on a message: signed in, or by passkey with a script that checks what is signed. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { decisionPasskey, decisionPrompt } from "../../contract/directory.ts";
import { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { type Html, bodyText, line } from "./display.ts";
import { formToken } from "./layout.ts";
import type { Email } from "./message-parts.ts";
import { promptOptions } from "./passkey-form.ts";
import type { Retry } from "./received-message.ts";
import { asRefusal } from "./refusal-page.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

/** The longest reason that the form takes, in characters. */
export const reasonLimit = 2000;

/** Nobody approves what is not shown. */
const cutWarning = markup`<p class="alert warn">This message is longer than what is shown here, so it cannot be approved on this page. Send it back, or reject it.</p>`;

/** True for a message that waits for a decision of somebody like the visitor. */
function waits(visit: MemberVisit, email: Email): boolean {
  return email.status === "pending_send_approval" && allowed(visit, "decide_email") !== undefined;
}

/** How many passkeys the visitor decides with; null where it makes no difference to the page. */
export async function ownPasskeys(visit: MemberVisit, email: Email): Promise<number | null> {
  if (!waits(visit, email) || !allowed(visit, "create_decision_challenge")) return null;
  const list = z.object({ passkeys: z.array(decisionPasskey) });
  const { body } = await call(visit, "list_decision_passkeys", { own: true }, list);
  return body.passkeys.length;
}

/** The form, or what the person had written where there is nothing to decide any more. */
export function decisionForm(
  visit: MemberVisit,
  email: Email,
  passkeys: number | null,
  retry: Retry | undefined,
): Html | false {
  const reason = retry?.reason ?? "";
  if (!waits(visit, email))
    return (
      reason !== "" &&
      markup`<section class="decision" aria-labelledby="kept"><h2 id="kept">What you had written</h2>${bodyText(reason)}</section>`
    );
  const { person, csrf_token } = visit.session;
  const bySession = !email.truncated && !email.passkey_required;
  const name = line(person.name, 100);
  return markup`<form class="decision" method="post" action="/messages/${email.id}/decide" aria-labelledby="decide"${
    passkeys !== null &&
    passkeys > 0 &&
    markup` data-prompt="/messages/${email.id}/prompt" data-message="${email.id}" data-person="${person.id}" data-raw="/messages/${email.id}/raw"`
  }>
<h2 id="decide">Your decision</h2>
${email.truncated && cutWarning}
${formToken(csrf_token)}
<input type="hidden" name="digest" value="${email.digest}">
<input type="hidden" name="assertion" value="">
<label for="reason">Reason</label>
<textarea id="reason" name="reason" rows="4" maxlength="${reasonLimit}" aria-describedby="reason-help">
${reason}</textarea>
<p class="quiet small" id="reason-help">The agent sees it, and it stays in the log. Needed to send back.</p>
${passkeyButtons(email, passkeys)}
<div class="buttons">
${bySession && markup`<button class="approve" name="decision" value="approve">Approve</button>`}
<button name="decision" value="revise">Send back</button>
<button class="reject" name="decision" value="reject">Reject</button>
</div>
<p class="small" role="status"></p>
${allowed(visit, "edit_pending_email") && markup`<p><a href="/messages/${email.id}/edit">Edit it</a>; then somebody else has to approve it.</p>`}
<p class="quiet small">Reject is final. ${
    bySession
      ? markup`Recorded as ${name}, signed in (class B), for exactly this content.`
      : markup`What is not signed by a passkey is recorded as ${name}, signed in (class B).`
  }</p>
</form>`;
}

/** What stands in the form's place for whoever wrote or edited the message: a form would only be refused. */
export function othersDecide(visit: MemberVisit, { id }: Email, retry: Retry | undefined): Html {
  const reason = retry?.reason ?? "";
  return markup`<section class="decision" aria-labelledby="decide"><h2 id="decide">Somebody else decides</h2>
<p>You wrote or edited this message, so you can neither approve nor reject it. It waits for a colleague.</p>
${allowed(visit, "edit_pending_email") && markup`<p><a href="/messages/${id}/edit">Edit it again</a></p>`}
${allowed(visit, "invite_member") && markup`<p class="small">Is nobody else here? <a href="/people">Invite somebody who decides.</a></p>`}
${reason !== "" && markup`<h3>What you had written</h3>${bodyText(reason)}`}</section>`;
}

function passkeyButtons(email: Email, passkeys: number | null): Html | false {
  if (passkeys === null) return false;
  const enrol = markup`<a href="/decision-passkeys">Passkeys you decide with</a>`;
  if (passkeys === 0)
    return (
      email.passkey_required &&
      markup`<p class="alert warn">This message is approved by passkey only, and you have none for decisions yet: ${enrol}.</p>`
    );
  return markup`${email.passkey_required && markup`<p class="small">This message is approved by passkey only.</p>`}
<div class="buttons" data-passkeys hidden>
${!email.truncated && markup`<button class="approve" type="button" data-decision="approve">Approve with passkey</button>`}
<button class="reject" type="button" data-decision="reject">Reject with passkey</button>
</div>
<noscript><p class="small">Deciding by passkey needs script in this browser.</p></noscript>`;
}

/** The statement that the script checks, as JSON; what the operation refuses as a sentence. */
export async function decisionPromptFor(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const wish = { email_id: id, decision: form.get("decision"), digest: form.get("digest") };
  try {
    const input = { decisions: [wish] };
    const answer = z.object({ prompts: z.tuple([decisionPrompt]) });
    const { body } = await call(visit, "create_decision_challenge", input, answer);
    return promptOptions(body.prompts[0]);
  } catch (error) {
    const refusal = asRefusal(error, visit);
    return new Response(refusal.message.replace(/\.$/, ""), {
      status: refusalStatus[refusal.code],
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  }
}

/** The passkey's answer in the form, as `decide_email` takes it; nothing where the person decided without. */
export function assertionOf(form: URLSearchParams): { assertion?: unknown } {
  const text = form.get("assertion") ?? "";
  if (text === "") return {};
  try {
    return { assertion: JSON.parse(text) };
  } catch {
    throw new Refusal("invalid_passkey", "The form brought no passkey's answer.");
  }
}
