/** Mail that the local catcher kept: a list, and each message with its headers and what its signatures are worth. */
import { html as markup } from "hono/html";
import { Refusal } from "../../core/refusal.ts";
import {
  type Child,
  type Html,
  address,
  bodyText,
  distance,
  size,
  subjectLine,
  time,
  visible,
} from "./display.ts";
import { page, pager } from "./layout.ts";
import { download, mailFrame } from "./mail-frame.ts";
import { attachmentList } from "./message-parts.ts";
import type { Caught, CaughtSummary, ReadMessage } from "./options.ts";
import { verdicts } from "./verdict-parts.ts";
import { type MemberVisit, cursorOf, seesCaught } from "./visit.ts";

const pageSize = 50;
/** More header than this is nobody's honest mail. */
const headerLimit = 64 * 1024;

/** The list, newest first. */
export async function catcherPage(visit: MemberVisit): Promise<Response> {
  const { cursor } = cursorOf(visit);
  // One more than is shown tells whether there is another page.
  const found = await catcherOf(visit).list({
    limit: pageSize + 1,
    ...(cursor === undefined ? {} : { before: caughtId(cursor) }),
  });
  const mails = found.slice(0, pageSize);
  const next = found.length > pageSize ? (mails.at(-1)?.id ?? null) : null;
  return page(visit, {
    title: "Caught mail",
    section: "catcher",
    content: markup`<h1>Caught mail</h1>
<p class="quiet">This instance delivers to its own catcher: these messages were sent, and nothing left this machine.</p>
${
  mails.length === 0
    ? markup`<p class="empty">Nothing has been caught${cursor !== undefined && " before this"}.</p>`
    : markup`<table class="list" role="table"><caption class="unseen">Caught messages, newest first</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">To</th><th scope="col" role="columnheader">Subject</th><th scope="col" role="columnheader">Envelope sender</th><th scope="col" role="columnheader">Size</th><th scope="col" role="columnheader">Caught</th></tr></thead>
<tbody role="rowgroup">${mails.map((mail) => row(mail, visit.now))}</tbody></table>`
}
${pager("/catcher", {}, next, cursor === undefined)}`,
  });
}

function row(mail: CaughtSummary, now: number): Html {
  return markup`<tr role="row">
<td role="cell" class="who">${mail.to.slice(0, 3).map((one) => markup`<div>${address(one)}</div>`)}${mail.to.length > 3 && markup`<div class="quiet">and ${mail.to.length - 3} more</div>`}</td>
<th scope="row" role="rowheader"><a href="/catcher/${mail.id}">${mail.subject === undefined ? "Open the message" : subjectLine(mail.subject, 160)}</a></th>
<td role="cell" data-label="Sender">${sender(mail)}</td>
<td role="cell" data-label="Size">${size(mail.size)}</td>
<td role="cell" data-label="Caught">${distance(mail.received_at, now)}</td></tr>`;
}

/** One caught message. */
export async function caughtPage(visit: MemberVisit, id: string | undefined): Promise<Response> {
  const { eml, meta } = await getCaught(visit, id);
  const [read, verified] = await Promise.all([
    attempt(visit, "message is unreadable", () => visit.options.read_message(eml)),
    attempt(visit, "signatures could not be checked", () => visit.options.verify(eml)),
  ]);
  return page(visit, {
    title: "Caught message",
    section: "catcher",
    content: markup`<div class="message">
<article class="content">
<section aria-labelledby="recipients"><h1 id="recipients">Caught for ${meta.to.length} ${meta.to.length === 1 ? "recipient" : "recipients"}</h1>
<dl class="recipients"><div><dt>Envelope</dt>${meta.to.map((one) => markup`<dd>${address(one)}</dd>`)}</div></dl></section>
<section aria-labelledby="subject"><h2 class="subject" id="subject"><span class="label">Subject</span> ${subjectLine(read?.subject ?? meta.subject)}</h2></section>
${content(meta.id, read)}
<section aria-labelledby="headers"><h2 id="headers">Headers</h2>
<pre class="body raw" dir="ltr" tabindex="0">
${headerText(eml)}</pre></section>
</article>
<aside class="side" aria-label="Verdicts and details">
<section aria-labelledby="verdicts"><h2 id="verdicts">Signatures</h2>${verdicts(verified)}</section>
<section aria-labelledby="details"><h2 id="details">Details</h2><dl class="facts">
<div><dt>Envelope sender</dt><dd>${sender(meta)}</dd></div>
<div><dt>Caught</dt><dd>${time(meta.received_at, visit.now)}</dd></div>
<div><dt>Size</dt><dd>${size(meta.size)}</dd></div></dl>
<ul class="links"><li><a href="/catcher/${meta.id}/raw">Download the raw message</a></li></ul></section>
</aside>
</div>`,
  });
}

function content(id: string, read: ReadMessage | null): Child {
  if (!read)
    return markup`<p class="alert warn">This message could not be read. Its headers are below; download it to look at the rest.</p>`;
  return markup`${attachmentList(read.attachments)}
<section aria-labelledby="text"><h2 id="text">Text</h2>${read.text === null ? markup`<p class="quiet">It has no text.</p>` : bodyText(read.text)}</section>
${
  read.html_safe !== null &&
  markup`<section aria-labelledby="html"><h2 id="html">As formatted (HTML)</h2>
<p class="quiet small">Shown without scripts; remote images and links do not load here.</p>
<iframe class="mail" sandbox="" loading="lazy" src="/catcher/${id}/html" title="The message as formatted"></iframe></section>`
}`;
}

/** The HTML of a caught message for its frame; throws `not_found` where it has none. */
export async function caughtHtml(visit: MemberVisit, id: string | undefined): Promise<Response> {
  const { eml } = await getCaught(visit, id);
  const { html_safe } = await visit.options.read_message(eml);
  if (html_safe === null) throw new Refusal("not_found", "This message has no HTML.");
  return mailFrame(html_safe);
}

/** The raw caught message as a file. */
export async function caughtRaw(visit: MemberVisit, id: string | undefined): Promise<Response> {
  const { eml, meta } = await getCaught(visit, id);
  return download(eml, "message/rfc822", `${meta.id}.eml`);
}

async function getCaught(visit: MemberVisit, id: string | undefined) {
  const found = await catcherOf(visit).get(caughtId(id));
  if (!found) throw new Refusal("not_found", "There is no such caught message.");
  return found;
}

function catcherOf(visit: MemberVisit): Caught {
  const { caught } = visit.options;
  if (!caught || !seesCaught(visit))
    throw new Refusal(
      "not_found",
      "This instance sends mail out, or shows what it catches to its own people only.",
    );
  return caught;
}

function caughtId(id: string | undefined): string {
  if (id === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id))
    throw new Refusal("not_found", "There is no such caught message.");
  return id;
}

function sender(mail: CaughtSummary): Html {
  return mail.from === "" ? markup`<span class="quiet">null sender</span>` : address(mail.from);
}

/** The header section as it stands in the message, up to the first empty line. */
function headerText(eml: Buffer): Child {
  const ends = ["\r\n\r\n", "\n\n"].map((end) => eml.indexOf(end)).filter((at) => at !== -1);
  const end = Math.min(eml.length, headerLimit, ...ends);
  const text = new TextDecoder().decode(eml.subarray(0, end)).replace(/\r\n/g, "\n");
  return markup`${visible(text, "body")}${end === headerLimit && markup`\n<mark>cut here</mark>`}`;
}

/** Hostile mail may break a parser; the page then says so instead of failing. */
async function attempt<T>(
  visit: MemberVisit,
  failure: string,
  run: () => Promise<T>,
): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    visit.options.log.warn({ request_id: visit.request_id, err: error }, failure);
    return null;
  }
}
