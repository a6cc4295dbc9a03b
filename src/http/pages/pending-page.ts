/** The queue: messages that wait for a decision, recipients first. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { emailSummary, nextCursor } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { changesNotice } from "./changes-page.ts";
import { type Html, address, distance, line, subjectLine, time } from "./display.ts";
import { killSwitch } from "./kill-switch-parts.ts";
import { alert, badge, page, pager } from "./layout.ts";
import { type MemberVisit, allowed, call, cursorOf } from "./visit.ts";
import { statusWords } from "./words.ts";

/** A message as lists have it. */
export type Summary = z.output<typeof emailSummary>;

const emailList = z.object({ emails: z.array(emailSummary), next_cursor: nextCursor });
const decided = emailSummary.pick({
  id: true,
  status: true,
  subject: true,
  approvals: true,
  approvals_required: true,
});

/** The page of the queue that the query asks for. */
export async function pendingPage(visit: MemberVisit): Promise<Response> {
  const cursor = cursorOf(visit);
  const [{ body }, held, changes, stop] = await Promise.all([
    call(visit, "list_pending", { limit: 50, ...cursor }, emailList),
    heldNotice(visit),
    changesNotice(visit),
    killSwitch(visit),
  ]);
  const { emails } = body;
  const first = cursor.cursor === undefined;
  return page(visit, {
    title: "Pending",
    section: "pending",
    content: markup`${await decidedNotice(visit)}
<h1>Pending messages</h1>
${stop}
${held}
${changes}
${
  emails.length === 0
    ? markup`<p class="empty">${first ? "Nothing waits for a decision." : "Nothing more waits for a decision."}</p>`
    : markup`<p class="quiet">Agents wrote these. Nothing of them leaves before somebody decides.</p>
<table class="list" role="table">
<caption class="unseen">Messages that wait for a decision</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">To</th><th scope="col" role="columnheader">Subject</th><th scope="col" role="columnheader">From</th><th scope="col" role="columnheader">Approvals</th><th scope="col" role="columnheader">Waiting since</th><th scope="col" role="columnheader">Expires</th></tr></thead>
<tbody role="rowgroup">${emails.map((email) => row(visit, email))}</tbody>
</table>`
}
${pager("/pending", {}, body.next_cursor, first)}`,
  });
}

/** How many received messages are held, as far as one look tells; null where the person does not decide on them. */
async function heldNotice(visit: MemberVisit): Promise<Html | false> {
  if (!allowed(visit, "list_received") || !allowed(visit, "release_email")) return false;
  const input = { status: "pending_inbound_approval", limit: 50 };
  const { body } = await call(visit, "list_received", input, emailList);
  const count = body.emails.length;
  if (count === 0) return false;
  const words = `${count}${body.next_cursor === null ? "" : " or more"} received ${count === 1 ? "message waits" : "messages wait"} to be released`;
  return markup`<p class="also"><a href="/received?status=pending_inbound_approval">${words}</a></p>`;
}

function row(visit: MemberVisit, email: Summary): Html {
  return markup`<tr role="row">
<td role="cell" class="who">${recipientsShort(email)}</td>
<th scope="row" role="rowheader"><a href="/messages/${email.id}">${subjectLine(email.subject, 160)}</a>
${email.has_attachments && markup` <span class="badge quiet">attachment</span>`}${(email.reply_of ?? email.in_reply_to) !== null && markup` <span class="badge quiet">answer</span>`}${email.test && markup` <span class="badge quiet">test</span>`}${
    email.send_at !== null &&
    markup`<div class="quiet small">To be sent ${time(email.send_at, visit.now)}</div>`
  }${
    email.reason !== null &&
    email.approvals === 0 &&
    markup`<div class="why small">${line(email.reason, 240)}</div>`
  }</th>
<td role="cell" data-label="From">${address(email.from_address.slice(0, 320))}</td>
<td role="cell" data-label="Approvals">${email.approvals} of ${email.approvals_required}${email.passkey_required && markup` ${badge(["by passkey", "warn"])}`}</td>
<td role="cell" data-label="Waiting since">${distance(email.created_at, visit.now)}</td>
<td role="cell" data-label="Expires">${email.expires_at ? distance(email.expires_at, visit.now) : "never"}</td>
</tr>`;
}

/** The first recipients and how many more; Bcc is named as such because To and Cc readers will not see it. */
export function recipientsShort(email: Pick<Summary, "to_addresses" | "cc" | "bcc">): Html {
  const all = [
    ...email.to_addresses.map((one) => [one, false] as const),
    ...email.cc.map((one) => [one, badge(["Cc", "quiet"])] as const),
    ...email.bcc.map((one) => [one, badge(["Bcc", "warn"])] as const),
  ];
  return markup`${all.slice(0, 3).map(([one, kind]) => markup`<div>${address(one.slice(0, 320))} ${kind}</div>`)}${
    all.length > 3 && markup`<div class="quiet">and ${all.length - 3} more</div>`
  }`;
}

/**
 * What became of the message decided on just before, named by the query. It is read again, so that the page says what is
 * true and no link can make it say something else.
 */
export async function decidedNotice(visit: MemberVisit): Promise<Html | false> {
  const id = visit.query.get("decided");
  if (id === null) return false;
  const message = await readDecided(visit, id);
  if (!message) return false;
  const { approvals, approvals_required, status } = message;
  return alert(
    "good",
    markup`<p><a href="/messages/${message.id}">${subjectLine(message.subject, 120)}</a> is now: ${badge(statusWords[status])}${
      status === "pending_send_approval" &&
      markup` with ${approvals} of ${approvals_required} approvals.`
    }</p>`,
  );
}

/** A wrong id in an address that somebody typed is not worth a page: then null. */
async function readDecided(
  visit: MemberVisit,
  id: string,
): Promise<z.output<typeof decided> | null> {
  try {
    return (await call(visit, "read_email", { email_id: id, peek: true }, decided)).body;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** The message to look at after the one with `id`: the next of the queue in its own order, else its first; null when it is empty. */
export async function nextPending(visit: MemberVisit, id: string): Promise<string | null> {
  const { body } = await call(visit, "list_pending", { limit: 50 }, emailList);
  const ids = body.emails.map((email) => email.id).filter((other) => other !== id);
  const [first = null] = ids;
  const newestFirst = ids.length > 1 && (ids[0] ?? "") > (ids.at(-1) ?? "");
  return ids.find((other) => (newestFirst ? other < id : other > id)) ?? first;
}
