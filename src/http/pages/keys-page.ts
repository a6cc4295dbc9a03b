/** The API keys of the operator: what each may do, when it was last used, and its end. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { apiKey, nextCursor } from "../../contract/resources.ts";
import { type Child, type Html, distance, line } from "./display.ts";
import { alert, badge, formToken, page, pager } from "./layout.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call, cursorOf } from "./visit.ts";

/** Where it is. */
export const keysPath = "/keys";

type Key = z.output<typeof apiKey>;

const keys = z.object({ api_keys: z.array(apiKey), next_cursor: nextCursor });

/** All keys; those that still work can be revoked. */
export async function keysPage(visit: MemberVisit): Promise<Response> {
  const cursor = cursorOf(visit);
  const { body } = await call(visit, "list_api_keys", { limit: 100, ...cursor }, keys);
  return page(visit, {
    title: "API keys",
    section: "account",
    content: markup`${visit.query.has("revoked") && alert("good", markup`<p>The key was revoked: it opens nothing any more.</p>`)}
<h1>API keys</h1>
<p class="quiet">Programs work with them. A key that leaked is revoked here, and ends at once; programs that were let in by consent are under Your account.</p>
<table class="list" role="table"><caption class="unseen">API keys and what they may do</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name</th><th scope="col" role="columnheader">May</th><th scope="col" role="columnheader">Last used</th><th scope="col" role="columnheader">Revoke</th></tr></thead>
<tbody role="rowgroup">${body.api_keys.map((one) => row(visit, one))}</tbody></table>
${pager(keysPath, {}, body.next_cursor, cursor.cursor === undefined)}`,
  });
}

function row(visit: MemberVisit, one: Key): Html {
  const where = one.mailbox_ids === null ? "" : `, in ${one.mailbox_ids.length} mailbox(es)`;
  return markup`<tr role="row"><th scope="row" role="rowheader">${line(one.name, 100)}${one.test && markup` ${badge(["Test", "quiet"])}`}<div class="quiet small">${one.prefix}…</div></th>
<td role="cell" data-label="May">${one.scopes.join(", ")}${where}</td>
<td role="cell" data-label="Last used">${one.last_used_at === null ? "never" : distance(one.last_used_at, visit.now)}</td>
<td role="cell" data-label="Revoke">${end(visit, one)}</td></tr>`;
}

function end(visit: MemberVisit, one: Key): Child {
  if (one.revoked_at !== null)
    return markup`<span>Revoked ${distance(one.revoked_at, visit.now)}</span>`;
  if (one.expires_at !== null && Date.parse(one.expires_at) <= visit.now)
    return markup`<span>Expired ${distance(one.expires_at, visit.now)}</span>`;
  if (!allowed(visit, "revoke_api_key")) return false;
  return markup`<form method="post" action="${keysPath}/${one.id}">${formToken(visit.session.csrf_token)}<button>Revoke<span class="unseen"> ${one.name}</span></button></form>`;
}

/** Ends a key. */
export async function revokeKey(visit: MemberVisit, key_id: string): Promise<Response> {
  await call(visit, "revoke_api_key", { key_id }, z.unknown());
  return seeOther(`${keysPath}?revoked`);
}
