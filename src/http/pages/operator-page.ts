/** The operator's own data as a form: name, postal address, oversight address. */
import { html as markup } from "hono/html";
import { z } from "zod";
import type { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { typed } from "./form.ts";
import { accountDeletion } from "./giving-up.ts";
import { alert, formToken, page } from "./layout.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

/** Where it is. */
export const operatorPath = "/operator";

const account = z.object({
  name: z.string(),
  postal_address: z.string(),
  oversight_address: z.string().nullable(),
});

const fields = [
  ["name", "Name", "Stands in the signed claim about who answers for your agents."],
  ["postal_address", "Postal address", "Stands in the footer of every message."],
  [
    "oversight_address",
    "Oversight address",
    "Codes and notices are mailed to it, and copies of what monitored mailboxes send. It should be no mailbox of an agent. Changing it needs a recent sign-in; empty means nowhere.",
  ],
] as const;

/** The form, or the same to be read only. `retry` is a form that was refused. */
export async function operatorPage(
  visit: MemberVisit,
  retry?: { refusal: Refusal; form: URLSearchParams },
): Promise<Response> {
  const { body } = await call(visit, "get_account", {}, account);
  const may = allowed(visit, "update_account") !== undefined;
  return page(visit, {
    title: "Organisation",
    section: "account",
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${retry && refusalAlert(retry.refusal)}
${!retry && visit.query.has("saved") && alert("good", markup`<p>This is what is stored now.</p>`)}
<h1>Organisation</h1>
<form class="settings" method="post" action="${operatorPath}">${formToken(visit.session.csrf_token)}
${fields.map(([name, label, help]) => {
  const value = body[name] ?? "";
  return markup`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" maxlength="500" autocomplete="off" value="${retry ? typed(retry.form, name) : value}" aria-describedby="${name}-help"${!may && markup` readonly`}${name !== "oversight_address" && markup` required`}>
<p class="quiet small" id="${name}-help">${help}</p><input type="hidden" name="was_${name}" value="${value}"></div>`;
})}
${may && markup`<div class="buttons"><button class="primary">Save</button></div>`}
</form>
${accountDeletion(visit, body.name)}`,
  });
}

/** Saves what was changed, and nothing else. */
export async function saveOperator(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const changed = fields
    .map(([name]) => name)
    .filter((name) => form.has(name) && typed(form, name) !== typed(form, `was_${name}`));
  const input = Object.fromEntries(
    changed.map((name) => {
      const text = typed(form, name);
      return [name, name === "oversight_address" && text === "" ? null : text];
    }),
  );
  try {
    if (changed.length > 0) await call(visit, "update_account", input, z.unknown());
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated") throw refusal;
    return operatorPage(visit, { refusal, form });
  }
  return seeOther(`${operatorPath}?saved`);
}
