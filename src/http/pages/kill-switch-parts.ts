/** The kill switch on the queue's page: a banner while everything is stopped, and the buttons that stop and resume. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { type Html, line, time } from "./display.ts";
import { typed } from "./form.ts";
import { alert, formToken } from "./layout.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

const account = z.object({
  stopped_at: z.string().nullable(),
  stopped_reason: z.string().nullable(),
});

/** The banner while sending is stopped, else the way to stop it; false where the person may do neither. */
export async function killSwitch(visit: MemberVisit): Promise<Html | false> {
  if (!allowed(visit, "stop_sending") || !allowed(visit, "get_account")) return false;
  const { body } = await call(visit, "get_account", {}, account);
  const token = formToken(visit.session.csrf_token);
  if (body.stopped_at === null)
    return markup`<details class="stop"><summary>Stop all sending</summary>
<form class="settings" method="post" action="/sending/stop">${token}
<p>Within a second nothing begins to leave any more, from any mailbox. Nothing is lost: it waits until an owner or admin lets sending go on.</p>
<div class="field"><label for="stop-reason">Why (optional)</label><input id="stop-reason" name="reason" maxlength="500" autocomplete="off"></div>
<div class="buttons"><button class="primary">Stop now</button></div></form></details>`;
  const { role } = visit.session.actor;
  return alert(
    "bad",
    markup`<p><strong>All sending is stopped</strong>, since ${time(body.stopped_at, visit.now)}. Nothing leaves; what is approved waits.</p>
${body.stopped_reason !== null && markup`<p>Why: ${line(body.stopped_reason, 500)}</p>`}
${
  role === "owner" || role === "admin"
    ? markup`<form method="post" action="/sending/resume">${token}<button>Let sending go on</button></form><p class="small">This needs a recent sign-in.</p>`
    : markup`<p class="small">An owner or admin can let it go on.</p>`
}`,
  );
}

/** Stops. */
export async function stopSending(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const reason = typed(form, "reason");
  await call(visit, "stop_sending", reason === "" ? {} : { reason }, z.unknown());
  return seeOther("/pending");
}

/** Lets it go on. */
export async function resumeSending(visit: MemberVisit): Promise<Response> {
  await call(visit, "resume_sending", {}, z.unknown());
  return seeOther("/pending");
}
