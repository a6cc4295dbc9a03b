/** Giving up a mailbox or the whole account: forms that ask for the name, so that nobody does it by a slip. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { Refusal } from "../../core/refusal.ts";
import { type Html, time } from "./display.ts";
import { typed } from "./form.ts";
import { alert, formToken } from "./layout.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

/** That a mailbox was deleted, or the form that deletes it; false where the person may not. */
export function mailboxDeletion(
  visit: MemberVisit,
  mailbox: { id: string; address: string; deleted_at: string | null },
): Html | false {
  if (mailbox.deleted_at !== null)
    return alert(
      "warn",
      markup`<p><strong>Deleted ${time(mailbox.deleted_at, visit.now)}.</strong> It sends and receives nothing. Its messages stay readable.</p>`,
    );
  if (!allowed(visit, "delete_mailbox")) return false;
  return markup`<details class="panel"><summary><h2>Delete this mailbox</h2></summary>
<form class="settings" method="post" action="/mailboxes/${mailbox.id}/delete">${formToken(visit.session.csrf_token)}
<p>It sends and receives nothing any more, what waits in it is cancelled, and its address is not given out again. This cannot be taken back.</p>
<div class="field"><label for="address">To delete it, type ${mailbox.address}</label><input id="address" name="address" maxlength="254" autocomplete="off" required></div>
<div class="buttons"><button>Delete the mailbox</button></div></form></details>`;
}

/** Deletes a mailbox whose address was typed. */
export async function deleteMailbox(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const input = { mailbox_id: id };
  const { body } = await call(visit, "get_mailbox", input, z.object({ address: z.string() }));
  assertTyped(form, "address", body.address);
  await call(visit, "delete_mailbox", input, z.unknown());
  return seeOther(`/mailboxes/${id}`);
}

/** The form that deletes the account, for owners; false for others. */
export function accountDeletion(visit: MemberVisit, name: string): Html | false {
  if (visit.session.actor.role !== "owner" || !allowed(visit, "delete_account")) return false;
  return markup`<details class="panel"><summary><h2>Delete the account</h2></summary>
<form class="settings" method="post" action="/operator/delete">${formToken(visit.session.csrf_token)}
<p>Nothing is sent or received any more, every key is revoked, and everybody is signed out, you too. Messages and audit log are kept until whoever runs this server erases them. This cannot be taken back.</p>
<div class="field"><label for="confirm_name">To delete it, type ${name}</label><input id="confirm_name" name="confirm_name" maxlength="500" autocomplete="off" required></div>
<p class="small">This needs a recent sign-in.</p>
<div class="buttons"><button>Delete the account</button></div></form></details>`;
}

/** Deletes the account whose name was typed. */
export async function deleteAccount(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const { body } = await call(visit, "get_account", {}, z.object({ name: z.string() }));
  assertTyped(form, "confirm_name", body.name);
  await call(visit, "delete_account", {}, z.unknown());
  return seeOther("/sign-in");
}

function assertTyped(form: URLSearchParams, field: string, wanted: string): void {
  if (typed(form, field).toLowerCase() !== wanted.trim().toLowerCase())
    throw new Refusal("validation_failed", `${field}: this is not ${wanted}.`, {
      field,
      hint: "Nothing was deleted. Go back and type it as it stands there.",
    });
}
