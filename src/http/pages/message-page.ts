/** A message for a decision: who gets it, what it says as text and as HTML, and the form to decide. */
import { html as markup } from "hono/html";
import { email as emailResource } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { type Html, bodyText, line, subjectLine } from "./display.ts";
import { badge, formToken, page } from "./layout.ts";
import {
  attachmentList,
  decisionList,
  type Email,
  facts,
  receiptList,
  recipientList,
  senderList,
} from "./message-parts.ts";
import { decidedNotice } from "./pending-page.ts";
import { refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { refusalStatus } from "../status.ts";
import { type MemberVisit, allowed, call, callBytes } from "./visit.ts";
import { statusWords } from "./words.ts";

/** The longest reason that the form takes, in characters. */
export const reasonLimit = 2000;

/** Why the page is shown again: the refusal of a decision, and the reason the person had typed. */
export type Retry = { refusal: Refusal; reason: string };

/** The page of one message. Throws what the operations refuse with. */
export async function messagePage(
  visit: MemberVisit,
  id: string,
  retry?: Retry,
): Promise<Response> {
  const [{ body: email }, hasHtml, notice] = await Promise.all([
    call(visit, "read_email", { email_id: id }, emailResource),
    htmlState(visit, id),
    decidedNotice(visit),
  ]);
  const waits = email.status === "pending_send_approval";
  return page(visit, {
    title: waits ? "Decide on a message" : "Message",
    section: waits ? "pending" : "mailboxes",
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${notice}${retry && refusalAlert(retry.refusal)}
<div class="message">
<article class="content">
<p class="state">${badge(statusWords[email.status])}${email.reason !== null && markup` ${line(email.reason, 1000)}`}</p>
<section aria-labelledby="recipients"><h1 id="recipients">${recipientHeading(email)}</h1>
${recipientList(email)}
${senderList(email)}</section>
<section aria-labelledby="subject"><h2 class="subject" id="subject"><span class="label">Subject</span> ${subjectLine(email.subject)}</h2></section>
${attachmentList(email.attachments)}
<section aria-labelledby="text"><h2 id="text">Text</h2>
${bodyText(email.text_body)}</section>
${htmlView(id, hasHtml)}
${decisionList(email, visit.now)}
${receiptList(email, visit.now)}
</article>
<aside class="side" aria-label="Decision and details">
${decisionForm(visit, email, retry)}
<section aria-labelledby="details"><h2 id="details">Details</h2>${facts(email, visit.now)}
<ul class="links"><li><a href="/messages/${id}/raw">Download the raw message</a></li>
${allowed(visit, "get_proof") && markup`<li><a href="/messages/${id}/proof">Download the evidence</a></li>`}
<li><a href="/mailboxes/${email.mailbox_id}">Other messages of this mailbox</a></li></ul></section>
</aside>
</div>`,
  });
}

function recipientHeading(email: Email): string {
  const count =
    email.recipients.filter((one) => one.kind !== "copy").length || email.to_addresses.length;
  const people = `${count} ${count === 1 ? "recipient" : "recipients"}`;
  return email.status === "pending_send_approval" ? `Would go to ${people}` : `To ${people}`;
}

type HtmlState = "shown" | "none" | "unreadable" | "gone";

/** Whether the raw message has HTML that can be shown. */
async function htmlState(visit: MemberVisit, id: string): Promise<HtmlState> {
  try {
    return (await safeHtml(visit, id)) === null ? "none" : "shown";
  } catch (error) {
    if (error instanceof Refusal) return "gone";
    visit.options.log.warn(
      { request_id: visit.request_id, email_id: id, err: error },
      "message is unreadable",
    );
    return "unreadable";
  }
}

/** The message's HTML without anything active, null where it has none; throws {@link Refusal} and whatever a parser throws. */
export async function safeHtml(visit: MemberVisit, id: string): Promise<string | null> {
  const eml = await callBytes(visit, "get_raw_email", { email_id: id });
  return (await visit.options.read_message(eml)).html_safe;
}

function htmlView(id: string, state: HtmlState): Html | false {
  if (state === "none") return false;
  return markup`<section aria-labelledby="html"><h2 id="html">As formatted (HTML)</h2>
${
  {
    shown: markup`<p class="quiet small">Shown without scripts; remote images and links do not load here.</p>
<iframe class="mail" sandbox="" loading="lazy" src="/messages/${id}/html" title="The message as formatted"></iframe>`,
    unreadable: markup`<p class="alert warn">The raw message could not be read, so its HTML is not shown. Download it to look at it.</p>`,
    gone: markup`<p class="quiet">The raw message is not available.</p>`,
  }[state]
}</section>`;
}

/** Nobody approves what is not shown. */
const cutWarning = markup`<p class="alert warn">This message is longer than what is shown here, so it cannot be approved on this page. Send it back, or reject it.</p>`;

function decisionForm(visit: MemberVisit, email: Email, retry: Retry | undefined): Html | false {
  const reason = retry?.reason ?? "";
  if (email.status !== "pending_send_approval" || !allowed(visit, "decide_email"))
    return (
      reason !== "" &&
      markup`<section class="decision" aria-labelledby="kept"><h2 id="kept">What you had written</h2>${bodyText(reason)}</section>`
    );
  return markup`<form class="decision" method="post" action="/messages/${email.id}/decide" aria-labelledby="decide">
<h2 id="decide">Your decision</h2>
${email.truncated && cutWarning}
${formToken(visit.session.csrf_token)}
<input type="hidden" name="digest" value="${email.digest}">
<label for="reason">Reason</label>
<textarea id="reason" name="reason" rows="4" maxlength="${reasonLimit}" aria-describedby="reason-help">
${reason}</textarea>
<p class="quiet small" id="reason-help">The agent sees it, and it stays in the log. Needed to send back.</p>
<div class="buttons">
${!email.truncated && markup`<button class="approve" name="decision" value="approve">Approve</button>`}
<button name="decision" value="revise">Send back</button>
<button class="reject" name="decision" value="reject">Reject</button>
</div>
<p class="quiet small">Reject is final. Recorded as ${line(visit.session.person.name, 100)}, signed in (class B), for exactly this content.</p>
</form>`;
}
