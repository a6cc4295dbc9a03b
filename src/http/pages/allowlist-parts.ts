/** The allowlist on a mailbox's page: its entries, with a button to remove each, and a form to add one. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { nextCursor } from "../../contract/resources.ts";
import { type Html, address, distance } from "./display.ts";
import { typed } from "./form.ts";
import { formToken } from "./layout.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

const entryList = z.object({
  entries: z.array(z.object({ id: z.string(), pattern: z.string(), created_at: z.string() })),
  next_cursor: nextCursor,
});

/** The section; false where the person may not read it. A list longer than a page goes on behind `allowlist_cursor`. */
export async function allowlistSection(
  visit: MemberVisit,
  mailboxId: string,
): Promise<Html | false> {
  if (!allowed(visit, "list_allowlist")) return false;
  const cursor = visit.query.get("allowlist_cursor");
  const { body } = await call(
    visit,
    "list_allowlist",
    { mailbox_id: mailboxId, limit: 100, ...(cursor ? { cursor } : {}) },
    entryList,
  );
  const at = `/mailboxes/${mailboxId}`;
  const token = formToken(visit.session.csrf_token);
  const removes = allowed(visit, "remove_allowlist_entry");
  return markup`<details class="panel"${(cursor || visit.query.has("allowlist")) && markup` open`}><summary><h2>Allowlist</h2></summary>
<p class="quiet small">In the mode “Sending held”, mail leaves without a look if each of its recipients matches one of these.</p>
${
  body.entries.length === 0
    ? markup`<p class="empty">Nobody is on it.</p>`
    : markup`<table class="list" role="table"><caption class="unseen">Entries of the allowlist</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Recipient</th><th scope="col" role="columnheader">Added</th><th scope="col" role="columnheader"><span class="unseen">Remove</span></th></tr></thead>
<tbody role="rowgroup">${body.entries.map(
        (
          entry,
        ) => markup`<tr role="row"><th scope="row" role="rowheader">${address(entry.pattern)}</th>
<td role="cell" data-label="Added">${distance(entry.created_at, visit.now)}</td>
<td role="cell">${removes && markup`<form method="post" action="${at}/allowlist/${entry.id}">${token}<button class="plain" aria-label="Remove ${entry.pattern}">Remove</button></form>`}</td></tr>`,
      )}</tbody></table>
${body.next_cursor !== null && markup`<p><a href="${at}?${new URLSearchParams({ allowlist_cursor: body.next_cursor }).toString()}">More entries</a></p>`}`
}
${
  allowed(visit, "add_allowlist_entry") &&
  markup`<form class="settings" method="post" action="${at}/allowlist">${token}
<div class="field"><label for="pattern">Add a recipient</label>
<input id="pattern" name="pattern" required maxlength="320" autocomplete="off" spellcheck="false" aria-describedby="pattern-help">
<p class="quiet small" id="pattern-help">An address, or *@example.com for everybody there. Adding needs a recent sign-in.</p></div>
<div class="buttons"><button>Add</button></div></form>`
}</details>`;
}

/** Adds what the form says. */
export async function addToAllowlist(
  visit: MemberVisit,
  mailboxId: string,
  form: URLSearchParams,
): Promise<Response> {
  const input = { mailbox_id: mailboxId, pattern: typed(form, "pattern") };
  await call(visit, "add_allowlist_entry", input, z.unknown());
  return seeOther(`/mailboxes/${mailboxId}?allowlist`);
}

/** Removes an entry. */
export async function removeFromAllowlist(
  visit: MemberVisit,
  mailboxId: string,
  entryId: string,
): Promise<Response> {
  const input = { mailbox_id: mailboxId, entry_id: entryId };
  await call(visit, "remove_allowlist_entry", input, z.unknown());
  return seeOther(`/mailboxes/${mailboxId}?allowlist`);
}
