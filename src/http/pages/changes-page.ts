/** Changes that keys asked for: what would be done, who asks, and a member's grant or refusal. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { nextCursor } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { type Html, distance, line } from "./display.ts";
import { typed } from "./form.ts";
import { alert, formToken, page, pager } from "./layout.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call, cursorOf } from "./visit.ts";

/** More characters than any change takes to say: a grant is for all of it. */
const maxShown = 5000;

const change = z.object({
  id: z.string(),
  summary: z.string(),
  requested_by: z.string(),
  key_name: z.string().nullable(),
  created_at: z.string(),
  expires_at: z.string(),
});
const changeList = z.object({ changes: z.array(change), next_cursor: nextCursor });

/** The changes that wait. */
export async function changesPage(visit: MemberVisit): Promise<Response> {
  const cursor = cursorOf(visit);
  const { body } = await call(visit, "list_changes", { limit: 50, ...cursor }, changeList);
  const first = cursor.cursor === undefined;
  return page(visit, {
    title: "Changes",
    section: "changes",
    content: markup`${settled(visit)}
<h1>Changes that wait for a person</h1>
${
  body.changes.length === 0
    ? markup`<p class="empty">${first ? "Nothing waits." : "Nothing more waits."}</p>`
    : markup`<p class="quiet">API keys asked for these. Nothing of them happens before somebody grants it here, or gives the key the code that was mailed. Granting needs a recent sign-in.</p>
${body.changes.map((one) => changePanel(visit, one))}`
}
${pager("/changes", {}, body.next_cursor, first)}`,
  });
}

function settled(visit: MemberVisit): Html | false {
  const what = visit.query.get("done");
  if (what === "granted")
    return alert("good", markup`<p>Granted. The key has to make its call again.</p>`);
  return what === "refused" && alert("good", markup`<p>Refused. Nothing was changed.</p>`);
}

function changePanel(visit: MemberVisit, one: z.output<typeof change>): Html {
  return markup`<section class="panel" aria-labelledby="change-${one.id}">
<h2 id="change-${one.id}">${line(one.key_name ?? "A key that is gone", 100)}</h2>
<p>${line(one.summary, maxShown)}</p>
<p class="quiet small">Key ${one.requested_by}, asked ${distance(one.created_at, visit.now)}, ends ${distance(one.expires_at, visit.now)}</p>
${
  allowed(visit, "decide_change") &&
  markup`<form method="post" action="/changes/${one.id}">${formToken(visit.session.csrf_token)}
<div class="buttons"><button class="primary" name="decision" value="grant">Grant</button> <button name="decision" value="refuse">Refuse</button></div></form>`
}</section>`;
}

/** How many changes wait, as far as one look tells, for the head of the queue. */
export async function changesNotice(visit: MemberVisit): Promise<Html | false> {
  if (!allowed(visit, "list_changes") || !allowed(visit, "decide_change")) return false;
  const { body } = await call(visit, "list_changes", { limit: 50 }, changeList);
  const count = body.changes.length;
  if (count === 0) return false;
  const words = `${count}${body.next_cursor === null ? "" : " or more"} ${count === 1 ? "change waits" : "changes wait"} for a person`;
  return markup`<p class="also"><a href="/changes">${words}</a></p>`;
}

/** Grants or refuses one. */
export async function settleChange(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const decision = typed(form, "decision");
  if (decision !== "grant" && decision !== "refuse")
    throw new Refusal("validation_failed", "The form says neither grant nor refuse.");
  await call(visit, "decide_change", { change_id: id, decision }, z.unknown());
  return seeOther(`/changes?done=${decision === "grant" ? "granted" : "refused"}`);
}
