/** The people of the operator: who is a member and as what, invitations, and what an owner or admin changes of them. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { invitation, member } from "../../contract/people.ts";
import { nextCursor } from "../../contract/resources.ts";
import { type Role, roles } from "../../core/actor.ts";
import { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { type Child, type Html, address, distance, line } from "./display.ts";
import { typed } from "./form.ts";
import { alert, formToken, page, pager } from "./layout.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, call, cursorOf } from "./visit.ts";

type Member = z.output<typeof member>;
type Invitation = z.output<typeof invitation>;

const members = z.object({ members: z.array(member), next_cursor: nextCursor });
const invitations = z.object({ invitations: z.array(invitation), next_cursor: nextCursor });

/** Roles, and what each means in one sentence. */
const roleWords: Readonly<Record<Role, { name: string; meaning: string }>> = {
  owner: { name: "Owner", meaning: "Everything, other owners too." },
  admin: { name: "Admin", meaning: "Settings, members and decisions; nothing about owners." },
  approver: { name: "Approver", meaning: "Decides on messages." },
  auditor: { name: "Auditor", meaning: "Reads and exports, and changes nothing." },
};

const doneWords: Readonly<Record<string, string>> = {
  invited: "The invitation was mailed.",
  revoked: "The invitation is worthless now.",
  changed: "The member was changed.",
  removed: "The member was removed. Their sessions, passkeys and keys have ended.",
  recovered: "A link to sign in was mailed to the member.",
};

/** Members and open invitations. */
export async function peoplePage(
  visit: MemberVisit,
  retry?: { refusal: Refusal; form: URLSearchParams },
): Promise<Response> {
  const cursor = cursorOf(visit);
  const [{ body }, open] = await Promise.all([
    call(visit, "list_members", { limit: 100, ...cursor }, members),
    call(visit, "list_invitations", { limit: 100 }, invitations),
  ]);
  const done = doneWords[visit.query.get("done") ?? ""];
  return page(visit, {
    title: "People",
    section: "people",
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${retry && refusalAlert(retry.refusal)}
${!retry && done !== undefined && alert("good", markup`<p>${done}</p>`)}
<h1>People</h1>
<p class="quiet">Changes here need a sign-in of the last 15 minutes.</p>
<table class="list" role="table"><caption class="unseen">Members and their roles</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name</th><th scope="col" role="columnheader">Role</th><th scope="col" role="columnheader">Passkeys</th><th scope="col" role="columnheader">Change</th></tr></thead>
<tbody role="rowgroup">${body.members.map((one) => memberRow(visit, one))}</tbody></table>
${pager("/people", {}, body.next_cursor, cursor.cursor === undefined)}
<section class="part" aria-labelledby="invite"><h2 id="invite">Invite somebody</h2>
${inviteForm(visit, retry?.form)}</section>
${
  open.body.invitations.length > 0 &&
  markup`<section class="part" aria-labelledby="open"><h2 id="open">Invitations not accepted yet</h2>
<table class="list" role="table"><caption class="unseen">Invitations that can still be accepted</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Address</th><th scope="col" role="columnheader">Role</th><th scope="col" role="columnheader">Works until</th><th scope="col" role="columnheader">Change</th></tr></thead>
<tbody role="rowgroup">${open.body.invitations.map((one) => invitationRow(visit, one))}</tbody></table></section>`
}`,
  });
}

function memberRow(visit: MemberVisit, one: Member): Html {
  const { actor, csrf_token } = visit.session;
  const self = actor.person_id === one.id;
  const may = actor.role === "owner" || one.role !== "owner";
  const form = (act: string, content: Child) =>
    markup`<form class="settings" method="post" action="/people/${one.id}">${formToken(csrf_token)}
<input type="hidden" name="act" value="${act}">${content}</form>`;
  return markup`<tr role="row"><th scope="row" role="rowheader">${line(one.name, 100)}${self && markup` <span class="quiet">(you)</span>`}<div class="quiet">${address(one.email)}</div></th>
<td role="cell" data-label="Role"><span>${roleWords[one.role].name}<br><span class="quiet small">${roleWords[one.role].meaning}</span></span></td>
<td role="cell" data-label="Passkeys"><span>${one.sign_in_passkeys} to sign in, ${one.decision_passkeys} to decide</span></td>
<td role="cell" data-label="Change">${
    may
      ? markup`<details><summary>Change <span class="unseen">${one.name}</span></summary>
${form(
  "change",
  markup`${nameField(`name-${one.id}`, one.name)}
${roleField(`role-${one.id}`, one.role, actor.role)}<div class="buttons"><button>Save</button></div>`,
)}
${
  actor.role === "owner" &&
  !self &&
  form(
    "recover",
    markup`<label><input type="checkbox" name="revoke_passkeys" value="yes" checked> End their passkeys and sessions: a device was lost</label>
<div class="buttons"><button>Mail a link to sign in</button></div>`,
  )
}
${form("remove", markup`<div class="buttons"><button>Remove ${one.name}</button></div>`)}
</details>`
      : markup`<span class="quiet small">Only an owner can.</span>`
  }</td></tr>`;
}

function invitationRow(visit: MemberVisit, one: Invitation): Html {
  return markup`<tr role="row"><th scope="row" role="rowheader">${line(one.name, 100)}<div class="quiet">${address(one.email)}</div></th>
<td role="cell" data-label="Role">${roleWords[one.role].name}</td>
<td role="cell" data-label="Works until">${distance(one.expires_at, visit.now)}</td>
<td role="cell" data-label="Change"><form method="post" action="/people/invitations/${one.id}">${formToken(visit.session.csrf_token)}
<button>Revoke<span class="unseen"> the invitation of ${one.name}</span></button></form></td></tr>`;
}

function inviteForm(visit: MemberVisit, form: URLSearchParams | undefined): Html {
  const { actor, csrf_token } = visit.session;
  const chosen = roles.find((one) => one === form?.get("role")) ?? "approver";
  return markup`<form class="settings" method="post" action="/people">${formToken(csrf_token)}
<div class="field"><label for="email">E-mail address</label>
<input id="email" name="email" type="email" maxlength="320" autocomplete="off" required value="${form ? typed(form, "email") : ""}"></div>
${nameField("name", form ? typed(form, "name") : "")}
${roleField("role", chosen, actor.role)}
<div class="buttons"><button class="primary">Mail an invitation</button></div></form>`;
}

function nameField(id: string, value: string): Html {
  return markup`<div class="field"><label for="${id}">Name</label>
<input id="${id}" name="name" maxlength="100" autocomplete="off" required value="${value}"></div>`;
}

function roleField(id: string, current: Role, by: Role | null): Html {
  const offered = roles.filter((one) => one !== "owner" || by === "owner");
  return markup`<div class="field"><label for="${id}">Role</label>
<select id="${id}" name="role">${offered.map(
    (one) =>
      markup`<option value="${one}"${one === current && markup` selected`}>${roleWords[one].name}</option>`,
  )}</select></div>`;
}

/** Mails an invitation. */
export function invite(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const input = { email: typed(form, "email"), name: typed(form, "name"), role: form.get("role") };
  return act(visit, form, "invite_member", input, "invited");
}

/** Revokes an invitation. */
export function revokeInvitation(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  return act(visit, form, "revoke_invitation", { invitation_id: id }, "revoked");
}

/** Changes a member, lets them in again, or removes them. */
export function saveMember(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const person_id = id;
  switch (form.get("act")) {
    case "change": {
      const input = { person_id, name: typed(form, "name"), role: form.get("role") };
      return act(visit, form, "update_member", input, "changed");
    }
    case "recover": {
      const revoke_passkeys = form.get("revoke_passkeys") === "yes";
      return act(visit, form, "recover_member", { person_id, revoke_passkeys }, "recovered");
    }
    case "remove":
      return act(visit, form, "remove_member", { person_id }, "removed");
    default:
      throw new Refusal("validation_failed", "The form does not say what to do.", { field: "act" });
  }
}

async function act(
  visit: MemberVisit,
  form: URLSearchParams,
  operation: string,
  input: object,
  done: string,
): Promise<Response> {
  try {
    await call(visit, operation, input, z.unknown());
  } catch (error) {
    const refusal = asRefusal(error, visit);
    const shown = ["validation_failed", "already_exists", "last_owner", "fresh_sign_in_required"];
    if (!shown.includes(refusal.code)) throw refusal;
    return peoplePage(visit, { refusal, form });
  }
  return seeOther(`/people?done=${done}`);
}
