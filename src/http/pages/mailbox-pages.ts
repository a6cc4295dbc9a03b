/** Mailboxes: the list with modes, and for each its settings and everything it has sent or tried to. */
import { html as markup } from "hono/html";
import { z } from "zod";
import {
  emailSummary,
  mailbox as mailboxResource,
  nextCursor,
  outboundWireStatuses,
} from "../../contract/resources.ts";
import type { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { allowlistSection } from "./allowlist-parts.ts";
import { approversOf } from "./approver-parts.ts";
import { mailboxDeletion } from "./giving-up.ts";
import { type Child, type Html, address, distance, line, subjectLine } from "./display.ts";
import { alert, badge, page, pager } from "./layout.ts";
import {
  changedSettings,
  currentValues,
  filledIn,
  pauseForm,
  settingsForm,
} from "./mailbox-settings.ts";
import { type Summary, recipientsShort } from "./pending-page.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call, cursorOf } from "./visit.ts";
import { modeWords, statusWords } from "./words.ts";

const mailboxList = z.object({
  mailboxes: z.array(mailboxResource),
  next_cursor: nextCursor,
});
const emailList = z.object({ emails: z.array(emailSummary), next_cursor: nextCursor });

/** The list of mailboxes. */
export async function mailboxesPage(visit: MemberVisit): Promise<Response> {
  const cursor = cursorOf(visit);
  const { body } = await call(visit, "list_mailboxes", { limit: 100, ...cursor }, mailboxList);
  return page(visit, {
    title: "Mailboxes",
    section: "mailboxes",
    content: markup`<h1>Mailboxes</h1>
${
  body.mailboxes.length === 0
    ? markup`<p class="empty">There is no mailbox yet.</p>`
    : markup`<table class="list" role="table"><caption class="unseen">Mailboxes and their oversight modes</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Address</th><th scope="col" role="columnheader">Mode</th><th scope="col" role="columnheader">Approvals needed</th></tr></thead>
<tbody role="rowgroup">${body.mailboxes.map(
        (
          one,
        ) => markup`<tr role="row"><th scope="row" role="rowheader"><a href="/mailboxes/${one.id}">${address(one.address)}</a>${
          one.display_name !== null &&
          markup`<div class="quiet">${line(one.display_name, 200)}</div>`
        }${one.paused && markup` ${badge(["Paused: sends nothing", "warn"])}`}</th>
<td role="cell" data-label="Mode"><span>${modeWords[one.oversight_mode].name}<br><span class="quiet small">${modeWords[one.oversight_mode].meaning}</span></span></td>
<td role="cell" data-label="Approvals needed">${one.approvals_required}</td></tr>`,
      )}</tbody></table>`
}
${pager("/mailboxes", {}, body.next_cursor, cursor.cursor === undefined)}`,
  });
}

/** One mailbox: what it sent, and its settings. `retry` is a form that was refused. */
export async function mailboxPage(
  visit: MemberVisit,
  id: string,
  retry?: { refusal: Refusal; form: URLSearchParams },
): Promise<Response> {
  const update = allowed(visit, "update_mailbox");
  const [{ body: mailbox }, sent, allowlist, approvers] = await Promise.all([
    call(visit, "get_mailbox", { mailbox_id: id }, mailboxResource),
    outbound(visit, id),
    allowlistSection(visit, id),
    update ? approversOf(visit) : [],
  ]);
  const current = currentValues(mailbox);
  return page(visit, {
    title: mailbox.address,
    section: "mailboxes",
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${retry && refusalAlert(retry.refusal)}
${!retry && visit.query.has("saved") && alert("good", markup`<p>These are the settings as they are stored now.</p>`)}
<h1>${address(mailbox.address)}</h1>
<p class="quiet">${modeWords[mailbox.oversight_mode].name}: ${modeWords[mailbox.oversight_mode].meaning}</p>
${pauseForm(mailbox, {
  csrf_token: visit.session.csrf_token,
  now: visit.now,
  may: update !== undefined && "paused" in update.input.shape,
})}
<details class="panel"${(retry || visit.query.has("saved")) && markup` open`}><summary><h2>Mode and settings</h2></summary>
${
  update
    ? settingsForm({
        mailbox,
        csrf_token: visit.session.csrf_token,
        known: new Set(Object.keys(update.input.shape)),
        current,
        approvers,
        values: retry ? filledIn(retry.form, current) : current,
      })
    : markup`<p>Only an owner or admin can change these.</p>`
}</details>
${allowlist}
${allowed(visit, "list_policies") && markup`<p><a href="/policies?mailbox_id=${id}">Rules for this mailbox</a></p>`}
${allowed(visit, "list_received") && markup`<p><a href="/received?mailbox_id=${id}">Received messages of this mailbox</a></p>`}
${mailboxDeletion(visit, mailbox)}
<section aria-labelledby="messages"><h2 id="messages">Outgoing messages</h2>
${sent}</section>`,
  });
}

/** Saves what was changed, and nothing else. */
export async function saveMailbox(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  try {
    const changes = await changedSettings(form, async () => {
      const { body } = await call(visit, "get_mailbox", { mailbox_id: id }, mailboxResource);
      return body.scan_policy;
    });
    if (Object.keys(changes).length > 0) {
      const input = { mailbox_id: id, ...changes };
      const { status } = await call(visit, "update_mailbox", input, z.unknown());
      if (status === 202) return await confirmationPage(visit, id);
    }
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated" || refusal.code === "not_found") throw refusal;
    return mailboxPage(visit, id, { refusal, form });
  }
  return seeOther(`/mailboxes/${id}?saved`);
}

function confirmationPage(visit: MemberVisit, id: string): Promise<Response> {
  return page(visit, {
    title: "Waiting for confirmation",
    section: "mailboxes",
    status: 202,
    content: markup`<article class="narrow"><h1>This change waits for confirmation</h1>
<p>A one-time code was mailed to the oversight address. Until it is used, the mailbox stays as it is.</p>
<p><a href="/mailboxes/${id}">Back to the mailbox</a></p></article>`,
  });
}

async function outbound(visit: MemberVisit, id: string): Promise<Child> {
  const { cursor } = cursorOf(visit);
  const asked = visit.query.get("status");
  const status = outboundWireStatuses.find((one) => one === asked);
  const { body } = await call(
    visit,
    "check_inbox",
    {
      mailbox_id: id,
      direction: "outbound",
      limit: 50,
      ...(status === undefined ? {} : { status }),
      ...(cursor === undefined ? {} : { cursor }),
    },
    emailList,
  );
  const path = `/mailboxes/${id}`;
  return markup`<form class="filter" method="get" action="${path}"><label for="status">Show</label>
<select id="status" name="status"><option value="">All of them</option>${outboundWireStatuses.map(
    (one) =>
      markup`<option value="${one}"${one === status && markup` selected`}>${statusWords[one][0]}</option>`,
  )}</select> <button>Show</button></form>
${
  body.emails.length === 0
    ? markup`<p class="empty">No message here.</p>`
    : markup`<table class="list" role="table"><caption class="unseen">Outgoing messages of this mailbox</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">To</th><th scope="col" role="columnheader">Subject</th><th scope="col" role="columnheader">Status</th><th scope="col" role="columnheader">Submitted</th></tr></thead>
<tbody role="rowgroup">${body.emails.map((email) => sentRow(email, visit.now))}</tbody></table>`
}
${pager(path, status === undefined ? {} : { status }, body.next_cursor, cursor === undefined)}`;
}

function sentRow(email: Summary, now: number): Html {
  return markup`<tr role="row"><td role="cell" class="who">${recipientsShort(email)}</td>
<th scope="row" role="rowheader"><a href="/messages/${email.id}">${subjectLine(email.subject, 160)}</a></th>
<td role="cell" data-label="Status">${badge(statusWords[email.status])}</td>
<td role="cell" data-label="Submitted">${distance(email.created_at, now)}</td></tr>`;
}
