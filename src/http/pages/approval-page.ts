/** The page behind a decision link: shows the message to the one it was mailed to, and decides only by its own form. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { email as emailResource } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { type Html, bodyText, line, subjectLine, time } from "./display.ts";
import { typed } from "./form.ts";
import { alert, badge, page } from "./layout.ts";
import { attachmentList, decisionList, recipientList, senderList } from "./message-parts.ts";
import { heldBox } from "./scan-parts.ts";
import { reasonLimit } from "./decision-form.ts";
import type { Visit } from "./visit.ts";
import { decisionWords, statusWords } from "./words.ts";

const shown = z.object({
  email: emailResource,
  person: z.object({ id: z.string(), name: z.string() }),
  open: z.boolean(),
  sign_in: z.string().nullable(),
  page_token: z.string(),
});
const decided = z.object({
  id: z.string(),
  status: emailResource.shape.status,
  decision: z.enum(["approve", "reject", "revise"]),
  leaves_at: z.string().nullable(),
});

/** Longer than any token of ours. */
const longestToken = 600;

/** What the link shows. Looking at it changes nothing, so scanners may. */
export async function approvalPage(visit: Visit, token: string | undefined): Promise<Response> {
  const given = tokenOf(token);
  const { email, person, open, sign_in, page_token } = shown.parse(
    await ask(visit, "show_approval", { token: given }),
  );
  return page(visit, {
    title: open ? "Decide on a message" : "Message",
    // No other site and no later page learns the address, which is the key.
    headers: { "referrer-policy": "same-origin", "x-robots-tag": "noindex, nofollow" },
    content: markup`<div class="message">
<article class="content">
<p class="state">${badge(statusWords[email.status])} For ${line(person.name, 100)}${email.expires_at !== null && markup`, until ${time(email.expires_at, visit.now)}`}</p>
${heldBox(email)}
<section aria-labelledby="recipients"><h1 id="recipients">${open ? "Would go to" : "To"}</h1>
${recipientList(email)}
${senderList(email)}</section>
<section aria-labelledby="subject"><h2 class="subject" id="subject"><span class="label">Subject</span> ${subjectLine(email.subject)}</h2></section>
${attachmentList(email.attachments)}
<section aria-labelledby="text"><h2 id="text">Text</h2>
${bodyText(email.text_body)}</section>
${decisionList(email, visit.now)}
</article>
<aside class="side" aria-label="Decision">
${open ? decisionForm({ token: given, page_token, sign_in, person: person.name, id: email.id }) : nothingToDecide(email.id)}
</aside>
</div>`,
  });
}

function decisionForm(form: {
  token: string;
  page_token: string;
  sign_in: string | null;
  person: string;
  id: string;
}): Html {
  return markup`<form class="decision" method="post" action="/approve/${form.token}" aria-labelledby="decide">
<h2 id="decide">Your decision</h2>
${form.sign_in !== null && markup`<p class="alert warn">${line(form.sign_in, 300)} <a href="/messages/${form.id}">Sign in to approve it.</a></p>`}
<input type="hidden" name="page_token" value="${form.page_token}">
<label for="reason">Reason</label>
<textarea id="reason" name="reason" rows="4" maxlength="${reasonLimit}" aria-describedby="reason-help"></textarea>
<p class="quiet small" id="reason-help">The agent sees it, and it stays in the log. Needed to send back.</p>
<div class="buttons">
${form.sign_in === null && markup`<button class="approve" name="decision" value="approve">Approve</button>`}
<button name="decision" value="revise">Send back</button>
<button class="reject" name="decision" value="reject">Reject</button>
</div>
<p class="quiet small">Reject is final. Recorded as ${line(form.person, 100)}, by link (class C), for exactly this content. The link is yours alone: do not pass it on.</p>
</form>`;
}

function nothingToDecide(id: string): Html {
  return markup`<section class="decision" aria-labelledby="done"><h2 id="done">Nothing to decide here</h2>
<p>It was decided already, was changed since you were told of it, or waits for somebody else.</p>
<p><a href="/messages/${id}">Sign in to see how it stands.</a></p></section>`;
}

/** Decides as the form says, once; afterwards the link shows what became of it. */
export async function decideOnApproval(
  visit: Visit,
  token: string | undefined,
  form: URLSearchParams,
): Promise<Response> {
  const given = tokenOf(token);
  const decision = form.get("decision");
  const reason = typed(form, "reason");
  if (decision === "revise" && reason === "")
    throw new Refusal(
      "validation_failed",
      "Write what the agent should change, then send it back.",
      { field: "reason" },
    );
  const done = decided.parse(
    await ask(visit, "decide_by_link", {
      token: given,
      page_token: form.get("page_token") ?? "",
      decision,
      ...(reason === "" ? {} : { reason }),
    }),
  );
  return page(visit, {
    title: "Decided",
    content: markup`<article class="narrow">
<h1>${decisionWords[done.decision][0]}</h1>
${alert("good", markup`<p>Your decision is recorded.${done.leaves_at !== null && markup` The message leaves ${time(done.leaves_at, visit.now)}.`}</p>`)}
<p><a href="/messages/${done.id}">Sign in to see how it stands.</a></p>
</article>`,
  });
}

async function ask(visit: Visit, name: string, input: object): Promise<unknown> {
  const { options, request_id } = visit;
  const reply = await options.dispatcher.call(name, null, input, { request_id });
  if (reply.kind !== "json") throw new Error(`${name} answered with bytes`);
  return reply.body;
}

function tokenOf(value: string | undefined): string {
  if (value === undefined || value === "" || value.length > longestToken)
    throw new Refusal("invalid_link", "The link is not complete.");
  return value;
}
