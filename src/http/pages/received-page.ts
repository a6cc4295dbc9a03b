/** Received mail of every mailbox that a person can see, newest first, and what they do about one message of it. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { inboundReason } from "./screening-words.ts";
import { emailSummary, mailbox as mailboxResource, nextCursor } from "../../contract/resources.ts";
import { idPattern } from "../../core/id.ts";
import { inboundStatuses, type InboundStatus } from "../../core/inbound-status.ts";
import { Refusal } from "../../core/refusal.ts";
import { type Child, type Html, address, distance, line, subjectLine } from "./display.ts";
import { typed } from "./form.ts";
import { badge, page, pager } from "./layout.ts";
import { messagePage } from "./message-page.ts";
import { type Summary, decidedNotice } from "./pending-page.ts";
import { careReasonLimit, cares } from "./received-message.ts";
import { asRefusal } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call, cursorOf } from "./visit.ts";
import { kindWords, statusWords } from "./words.ts";

const emailList = z.object({ emails: z.array(emailSummary), next_cursor: nextCursor });
const mailboxList = z.object({ mailboxes: z.array(mailboxResource) });

/** Views of the list by status; `null` is everything but what was deleted. */
const filters: readonly (readonly [InboundStatus | null, string])[] = [
  [null, "All"],
  ["pending_inbound_approval", "Held"],
  ["spam_flagged", "Flagged"],
  ["spam_quarantined", "Quarantine"],
  ["unread", "Unread"],
  ["rejected", "Refused"],
];

/** The list. */
export async function receivedPage(visit: MemberVisit): Promise<Response> {
  const { cursor } = cursorOf(visit);
  const query = queryOf(visit);
  const [{ body }, { body: all }, notice] = await Promise.all([
    call(
      visit,
      "list_received",
      { limit: 50, ...query, ...(cursor === undefined ? {} : { cursor }) },
      emailList,
    ),
    call(visit, "list_mailboxes", { limit: 100 }, mailboxList),
    decidedNotice(visit),
  ]);
  const names = new Map(all.mailboxes.map((one) => [one.id, one.address]));
  return page(visit, {
    title: "Received",
    section: "received",
    content: markup`${notice}
<h1>Received messages</h1>
${filterBar(visit, query, all.mailboxes)}
${
  body.emails.length === 0
    ? markup`<p class="empty">${query.status === undefined ? "Nothing has been received." : "Nothing here."}</p>`
    : markup`<table class="list received" role="table"><caption class="unseen">Received messages, newest first</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">From</th><th scope="col" role="columnheader">Subject</th><th scope="col" role="columnheader">Mailbox</th><th scope="col" role="columnheader">Status</th><th scope="col" role="columnheader">Received</th></tr></thead>
<tbody role="rowgroup">${body.emails.map((email) => row(visit, email, names))}</tbody></table>`
}
${pager("/received", query, body.next_cursor, cursor === undefined)}`,
  });
}

/** What the address asks for, as far as it is something one can ask for. */
function queryOf({ query }: MemberVisit): { status?: InboundStatus; mailbox_id?: string } {
  const asked = query.get("status");
  const status = inboundStatuses.find((one) => one === asked);
  const mailbox = query.get("mailbox_id");
  return {
    ...(status === undefined ? {} : { status }),
    ...(mailbox !== null && idPattern.test(mailbox) ? { mailbox_id: mailbox } : {}),
  };
}

function filterBar(
  visit: MemberVisit,
  { status, mailbox_id }: { status?: InboundStatus; mailbox_id?: string },
  mailboxes: readonly z.output<typeof mailboxResource>[],
): Child {
  const overseer = allowed(visit, "release_email") !== undefined;
  const link = (wanted: InboundStatus | null): string => {
    const search = new URLSearchParams({
      ...(wanted === null ? {} : { status: wanted }),
      ...(mailbox_id === undefined ? {} : { mailbox_id }),
    }).toString();
    return search === "" ? "/received" : `/received?${search}`;
  };
  return markup`<nav class="tabs" aria-label="Which messages"><ul>${filters
    .filter(([one]) => overseer || (one !== "pending_inbound_approval" && one !== "rejected"))
    .map(
      ([one, text]) =>
        markup`<li><a href="${link(one)}"${one === (status ?? null) && markup` aria-current="page"`}>${text}</a></li>`,
    )}</ul></nav>
${
  mailboxes.length > 1 &&
  markup`<form class="filter" method="get" action="/received">${status !== undefined && markup`<input type="hidden" name="status" value="${status}">`}<label for="mailbox_id">Mailbox</label>
<select id="mailbox_id" name="mailbox_id"><option value="">Every mailbox</option>${mailboxes.map(
    (one) =>
      markup`<option value="${one.id}"${one.id === mailbox_id && markup` selected`}>${one.address}</option>`,
  )}</select> <button>Show</button></form>`
}`;
}

function row(visit: MemberVisit, email: Summary, names: ReadonlyMap<string, string>): Html {
  const mailbox = names.get(email.mailbox_id);
  const unread = email.status === "unread";
  return markup`<tr role="row"><td role="cell" class="who">${email.from_name !== null && markup`<div>${line(email.from_name, 120)}</div>`}<div>${email.from_address === "" ? markup`<span class="quiet">nobody named</span>` : address(email.from_address.slice(0, 320))}</div></td>
<th scope="row" role="rowheader"><a href="/messages/${email.id}"${!unread && markup` class="seen"`}>${subjectLine(email.subject, 160)}</a>
${email.has_attachments && markup` <span class="badge quiet">attachment</span>`}${email.kind !== "mail" && markup` ${badge(kindWords[email.kind])}`}${
    email.reason !== null &&
    markup`<div class="quiet small">${line(inboundReason(email.reason), 200)}</div>`
  }</th>
<td role="cell" data-label="Mailbox">${mailbox === undefined ? markup`<span class="quiet">another mailbox</span>` : address(mailbox)}</td>
<td role="cell" data-label="Status">${badge(statusWords[email.status])}</td>
<td role="cell" data-label="Received">${distance(email.created_at, visit.now)}</td></tr>`;
}

/**
 * Does what the form says, then shows the list that the message came from. A refusal shows the message as it is now, with the
 * refusal above it and the reason still in the form.
 */
export async function careFor(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const reason = typed(form, "reason");
  try {
    const care = cares.find(({ what }) => what === form.get("care"));
    if (!care)
      throw new Refusal("validation_failed", "Choose one of the buttons.", { field: "care" });
    if (reason.length > careReasonLimit)
      throw new Refusal(
        "validation_failed",
        `The reason is longer than ${careReasonLimit} characters.`,
        { field: "reason" },
      );
    const input = { email_id: id, ...(reason === "" ? {} : { reason }) };
    await call(visit, care.operation, input, z.unknown());
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated" || refusal.code === "not_found") throw refusal;
    return messagePage(visit, id, { refusal, reason });
  }
  const from = filters.find(([status]) => status !== null && status === form.get("status"));
  const status = from?.[0] ? `status=${from[0]}&` : "";
  return seeOther(`/received?${status}decided=${id}`);
}
