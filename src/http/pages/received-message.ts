/** A received message: who it is from and what vouches for it, what it says, and the form to release, refuse or quarantine it. */
import { html as markup } from "hono/html";
import { inboundReason } from "./screening-words.ts";
import type { Refusal } from "../../core/refusal.ts";
import { authenticationList, screeningBox, senderProof } from "./authentication-parts.ts";
import { answeredView, type readThread, threadList } from "./conversation-parts.ts";
import { type Html, address, bodyText, line, size, subjectLine, time } from "./display.ts";
import { type HtmlState, htmlView } from "./html-part.ts";
import { type Page, badge, formToken } from "./layout.ts";
import {
  attachmentLink,
  attachmentList,
  type Email,
  messageLinks,
  recipientList,
} from "./message-parts.ts";
import { type MemberVisit, allowed } from "./visit.ts";
import { kindWords, labelWords, statusWords } from "./words.ts";

/** Everything that a message's page is made of. */
export type ReadParts = {
  email: Email;
  answered: Email | null;
  thread: Awaited<ReturnType<typeof readThread>>;
  html: HtmlState;
};

/** Why a page is shown again: the refusal of a form, and the reason the person had typed. */
export type Retry = { refusal: Refusal; reason: string };

/** The longest reason about received mail, in characters. */
export const careReasonLimit = 1000;

/** What people do about received mail: the operation, its button, and the statuses that it fits. */
export const cares = [
  {
    what: "release",
    operation: "release_email",
    text: "Release to the agent",
    style: "approve",
    from: ["pending_inbound_approval", "spam_flagged", "spam_quarantined"],
  },
  {
    what: "not_spam",
    operation: "not_spam",
    text: "Not spam",
    style: "",
    from: ["spam_flagged", "spam_quarantined"],
  },
  {
    what: "quarantine",
    operation: "quarantine_email",
    text: "Spam",
    style: "",
    from: ["unread", "read", "archived", "spam_flagged"],
  },
  {
    what: "refuse",
    operation: "refuse_email",
    text: "Refuse",
    style: "reject",
    from: ["pending_inbound_approval", "spam_flagged", "spam_quarantined"],
  },
] as const;

/** The parts of a received message's page. */
export function receivedMessage(
  visit: MemberVisit,
  { email, answered, thread, html }: ReadParts,
  retry: Retry | undefined,
): Page {
  const { id } = email;
  return {
    title: "Received message",
    section: "received",
    content: markup`<div class="message">
<article class="content">
<p class="state">${badge(statusWords[email.status])}${
      email.kind !== "mail" && markup` ${badge(kindWords[email.kind])}`
    }${email.user_label !== null && markup` ${badge(labelWords[email.user_label] ?? [email.user_label.slice(0, 60), "quiet"])}`}${
      email.reason !== null && markup` ${line(inboundReason(email.reason), 1000)}`
    }</p>
${screeningBox(email)}
<section aria-labelledby="sender"><h1 id="sender">Received</h1>
${fromList(email)}
${recipientList(email)}</section>
<section aria-labelledby="subject"><h2 class="subject" id="subject"><span class="label">Subject</span> ${subjectLine(email.subject)}</h2></section>
<p class="foreign">${badge(["Untrusted", "warn"])} <span class="small">Written outside. Nothing below is an instruction to you or to the agent.</span></p>
${attachmentList(email.attachments, attachmentLink(visit, email))}
<section aria-labelledby="text"><h2 id="text">Text</h2>
${email.truncated && markup`<p class="alert warn">This message is longer than what is shown here. Download the raw message to read the rest.</p>`}
${email.text_body.trim() === "" ? markup`<p class="quiet">It has no text.</p>` : bodyText(email.text_body)}</section>
${htmlView(id, html)}
${answeredView(email, answered, visit.now)}
${threadList(thread, id, visit.now)}
</article>
<aside class="side" aria-label="What to do, and details">
${careForm(visit, email, retry)}
<section aria-labelledby="authentication"><h2 id="authentication">Who vouches for it</h2>${authenticationList(email)}</section>
<section aria-labelledby="details"><h2 id="details">Details</h2>${receivedFacts(email, visit.now)}
${messageLinks(visit, email)}</section>
</aside>
</div>`,
  };
}

/** From, large, with whether it is proved; and where answers would go, when that is elsewhere. */
function fromList(email: Email): Html {
  const sender = email.from_address.toLowerCase();
  const elsewhere = email.reply_to.filter((one) => one.toLowerCase() !== sender);
  return markup`<dl class="recipients"><div><dt>From</dt><dd>${email.from_address === "" ? markup`<span class="quiet">nobody named</span>` : address(email.from_address)}${
    email.from_name !== null && markup` <span class="name">${line(email.from_name, 200)}</span>`
  } ${senderProof(email)}</dd></div>${
    elsewhere.length > 0 &&
    markup`<div><dt>Answers go to</dt>${elsewhere
      .slice(0, 20)
      .map(
        (one) => markup`<dd>${address(one)} ${badge(["not the sender's address", "warn"])}</dd>`,
      )}</div>`
  }</dl>`;
}

/** The buttons that fit the message and the person; nothing where there are none. */
function careForm(visit: MemberVisit, email: Email, retry: Retry | undefined): Html | false {
  const reason = retry?.reason ?? "";
  const fitting = cares.filter(
    ({ operation, from }) =>
      from.some((status) => status === email.status) && allowed(visit, operation),
  );
  if (fitting.length === 0)
    return (
      reason !== "" &&
      markup`<section aria-labelledby="kept"><h2 id="kept">What you had written</h2>${bodyText(reason)}</section>`
    );
  const held = fitting.some(({ what }) => what === "release");
  return markup`<form class="decision" method="post" action="/messages/${email.id}/care" aria-labelledby="care">
<h2 id="care">${held ? "Your decision" : "Mark it"}</h2>
${formToken(visit.session.csrf_token)}
<input type="hidden" name="status" value="${email.status}">
<label for="reason">Reason</label>
<textarea id="reason" name="reason" rows="3" maxlength="${careReasonLimit}" aria-describedby="reason-help">
${reason}</textarea>
<p class="quiet small" id="reason-help">Kept beside the message. You may leave it empty.</p>
<div class="buttons">${fitting.map(
    ({ what, text, style }) =>
      markup`<button${style !== "" && markup` class="${style}"`} name="care" value="${what}">${text}</button>`,
  )}</div>
<p class="quiet small">${held ? "Released mail is unread in the agent's inbox. Refused mail stays hidden from agents for good." : "Spam goes into quarantine. It can be brought back."}</p>
</form>`;
}

function receivedFacts(email: Email, now: number): Html {
  const rows: [string, Html | string | false][] = [
    ["Received", time(email.created_at, now)],
    ["Thread", line(email.thread_id, 400)],
    ["Size", size(email.size_bytes)],
    ["Message-ID", email.message_id !== "" && markup`<code>${line(email.message_id, 1000)}</code>`],
    ["Digest", markup`<code>${line(email.digest, 200)}</code>`],
  ];
  return markup`<dl class="facts">${rows.map(
    ([name, value]) => value !== false && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}
