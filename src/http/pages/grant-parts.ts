/** On the account page: the programs that a person let in, and how they end that. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { grant } from "../../contract/oauth.ts";
import type { Scope } from "../../core/actor.ts";
import { type Child, distance, line } from "./display.ts";
import { formToken } from "./layout.ts";
import { type MemberVisit, call } from "./visit.ts";

const grants = z.object({ grants: z.array(grant) });

const scopeWords: Readonly<Partial<Record<Scope, string>>> = {
  read: "read",
  draft: "draft",
  send: "send",
  oversight: "decide in your name",
};

/** The section, with what the person let in. */
export async function grantSection(visit: MemberVisit): Promise<Child> {
  const own = { limit: 100, person_id: visit.session.person.id };
  const { body } = await call(visit, "list_grants", own, grants);
  return markup`<section class="part" aria-labelledby="grants"><h2 id="grants">Programs you let in</h2>
${body.grants.length === 0 ? markup`<p class="empty">None.</p>` : table(visit, body.grants)}</section>`;
}

function table(visit: MemberVisit, rows: z.output<typeof grants>["grants"]): Child {
  const { csrf_token } = visit.session;
  return markup`<table class="list" role="table"><caption class="unseen">Programs you let in</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Program</th><th scope="col" role="columnheader">May</th><th scope="col" role="columnheader">Mailboxes</th><th scope="col" role="columnheader">Let in</th><th scope="col" role="columnheader">Last used</th><th scope="col" role="columnheader">End</th></tr></thead>
<tbody role="rowgroup">${rows.map(
    (
      one,
    ) => markup`<tr role="row"><th scope="row" role="rowheader"><bdi>${line(one.client_name, 100)}</bdi> <span class="quiet small">${line(one.redirect_to, 100)}</span></th>
<td role="cell" data-label="May">${one.scopes.map((scope) => scopeWords[scope] ?? scope).join(", ")}</td>
<td role="cell" data-label="Mailboxes">${one.mailbox_ids === null ? "all" : String(one.mailbox_ids.length)}</td>
<td role="cell" data-label="Let in">${distance(one.created_at, visit.now)}</td>
<td role="cell" data-label="Last used">${one.last_used_at === null ? "never" : distance(one.last_used_at, visit.now)}</td>
<td role="cell" data-label="End"><form method="post" action="/account/grants/${one.id}">${formToken(csrf_token)}<button>End <span class="unseen">${one.client_name}</span></button></form></td></tr>`,
  )}</tbody></table>`;
}
