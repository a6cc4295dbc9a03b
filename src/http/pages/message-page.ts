/** A message for a decision: who gets it, what it says as text and as HTML, and the form to decide. */
import { html as markup } from "hono/html";
import { email as emailResource } from "../../contract/resources.ts";
import { answeredView, readAnswered, readThread, threadList } from "./conversation-parts.ts";
import { decisionForm, othersDecide, ownPasskeys } from "./decision-form.ts";
import { type Html, bodyText, line, subjectLine, time } from "./display.ts";
import { htmlState, htmlView } from "./html-part.ts";
import { type Page, badge, formToken, page } from "./layout.ts";
import {
  attachmentLink,
  attachmentList,
  decisionList,
  type Email,
  facts,
  messageLinks,
  receiptList,
  recipientList,
  senderList,
} from "./message-parts.ts";
import { decidedNotice } from "./pending-page.ts";
import { type ReadParts, type Retry, receivedMessage } from "./received-message.ts";
import { refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { heldBox } from "./scan-parts.ts";
import { refusalStatus } from "../status.ts";
import { type Changes, changesView, isAuthor, readChanges } from "./version-parts.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";
import { statusWords } from "./words.ts";

/** The page of one message, written here or received. Throws what the operations refuse with. */
export async function messagePage(
  visit: MemberVisit,
  id: string,
  retry?: Retry,
): Promise<Response> {
  const [{ body: email }, notice] = await Promise.all([
    call(visit, "read_email", { email_id: id, peek: true }, emailResource),
    decidedNotice(visit),
  ]);
  const [html, answered, thread, changes, passkeys] = await Promise.all([
    htmlState(visit, email),
    readAnswered(visit, email),
    readThread(visit, email),
    readChanges(visit, email),
    ownPasskeys(visit, email),
  ]);
  const read: ReadParts = { email, answered, thread, html };
  const parts =
    email.direction === "inbound"
      ? receivedMessage(visit, read, retry)
      : writtenMessage(visit, read, { changes, passkeys }, retry);
  return page(visit, {
    ...parts,
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${notice}${retry && refusalAlert(retry.refusal)}
${parts.content}`,
  });
}

/** A message that was written here: what waits for a decision, and what became of the rest. */
function writtenMessage(
  visit: MemberVisit,
  { email, answered, thread, html }: ReadParts,
  { changes, passkeys }: { changes: Changes | null; passkeys: number | null },
  retry: Retry | undefined,
): Page {
  const { id } = email;
  const waits = email.status === "pending_send_approval";
  const signs = passkeys !== null && passkeys > 0;
  return {
    title: waits ? "Decide on a message" : "Message",
    section: waits ? "pending" : "mailboxes",
    ...(signs ? { scripts: ["decide"] as const } : {}),
    content: markup`<div class="message">
<article class="content">
<p class="state">${badge(statusWords[email.status])}${email.test && markup` ${badge(["Test key: never leaves", "quiet"])}`}${
      email.send_at !== null &&
      (waits || email.status === "scheduled") &&
      markup` To be sent ${time(email.send_at, visit.now)}`
    }${!waits && email.reason !== null && markup` ${line(email.reason, 1000)}`}</p>
${heldBox(email)}
<section aria-labelledby="recipients"><h1 id="recipients">${recipientHeading(email)}</h1>
${recipientList(email)}
${senderList(email)}</section>
<section aria-labelledby="subject"><h2 class="subject" id="subject"><span class="label">Subject</span> ${subjectLine(email.subject)}</h2></section>
${attachmentList(email.attachments, attachmentLink(visit, email))}
<section aria-labelledby="text"><h2 id="text">Text</h2>
${bodyText(email.text_body)}</section>
${signs && markup`<details data-decided><summary>As it was written</summary>${bodyText(email.markdown)}</details>`}
${htmlView(id, html)}
${answeredView(email, answered, visit.now)}
${threadList(thread, id, visit.now)}
${changesView(changes, visit.now)}
${decisionList(email, visit.now)}
${receiptList(email, visit.now)}
</article>
<aside class="side" aria-label="Decision and details">
${
  waits && isAuthor(visit, email.author, changes)
    ? othersDecide(visit, email, retry)
    : decisionForm(visit, email, passkeys, retry)
}
${pullBackForm(visit, email)}
<section aria-labelledby="details"><h2 id="details">Details</h2>${facts(email, visit.now)}
${messageLinks(visit, email)}</section>
</aside>
</div>`,
  };
}

/** What was approved and has not left yet can be pulled back. */
function pullBackForm(visit: MemberVisit, { id, status, approvals }: Email): Html | false {
  if (status !== "scheduled" || approvals === 0 || !allowed(visit, "undo_decision")) return false;
  return markup`<form class="decision" method="post" action="/messages/${id}/undo" aria-labelledby="undo">
<h2 id="undo">Approved, not gone yet</h2>
${formToken(visit.session.csrf_token)}
<button>Pull it back</button>
<p class="quiet small">It waits for a decision again, and its approvals are void.</p>
</form>`;
}

function recipientHeading(email: Email): string {
  const count =
    email.recipients.filter((one) => one.kind !== "copy").length || email.to_addresses.length;
  const people = `${count} ${count === 1 ? "recipient" : "recipients"}`;
  return email.status === "pending_send_approval" ? `Would go to ${people}` : `To ${people}`;
}
