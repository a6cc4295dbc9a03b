/** A person's own account: the passkeys they sign in with, where they are signed in, and ways to the rest of what is theirs. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { passkey, session } from "../../contract/people.ts";
import type { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { type Child, type Html, address, distance, line } from "./display.ts";
import { typed } from "./form.ts";
import { grantSection } from "./grant-parts.ts";
import { alert, badge, formToken, page } from "./layout.ts";
import { keysPath } from "./keys-page.ts";
import { notificationsPath } from "./notifications-page.ts";
import { operatorPath } from "./operator-page.ts";
import { passkeyAnswer, passkeyForm, promptOptions } from "./passkey-form.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { endedSessionCookie } from "./session-cookie.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

type Passkey = z.output<typeof passkey>;
type Session = z.output<typeof session>;

const passkeys = z.object({ passkeys: z.array(passkey) });
const sessions = z.object({ sessions: z.array(session) });

/** Pages of what else is a person's own, each shown to whom its operation is open. */
const further: readonly { path: string; text: string; operation: string }[] = [
  { path: notificationsPath, text: "How and when you are told", operation: "update_notifications" },
  {
    path: "/decision-passkeys",
    text: "Passkeys you decide with",
    operation: "list_decision_passkeys",
  },
  {
    path: operatorPath,
    text: "Name and addresses of your organisation",
    operation: "update_account",
  },
  { path: keysPath, text: "API keys of your organisation", operation: "list_api_keys" },
];

const methodWords: Readonly<Record<Session["method"], string>> = {
  link: "by a link",
  code: "by a mailed code",
  passkey: "by a passkey",
  invitation: "by an invitation",
};

const doneWords: Readonly<Record<string, string>> = {
  enrolled: "The passkey was added. A mail tells you so.",
  renamed: "The passkey was renamed.",
  revoked: "The passkey was revoked: it signs nobody in any more.",
  ended: "The session has ended.",
  grant: "The program is not let in any more.",
};

/** The account of whoever is signed in. */
export async function accountPage(
  visit: MemberVisit,
  retry?: { refusal: Refusal },
): Promise<Response> {
  const [own, open, letIn] = await Promise.all([
    call(visit, "list_sign_in_passkeys", {}, passkeys),
    call(visit, "list_sessions", { limit: 100 }, sessions),
    allowed(visit, "list_grants") ? grantSection(visit) : false,
  ]);
  const { person, actor, csrf_token } = visit.session;
  const done = doneWords[visit.query.get("done") ?? ""];
  const links = further.filter(({ operation }) => allowed(visit, operation));
  return page(visit, {
    title: "Your account",
    section: "account",
    scripts: ["sign-in"],
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${retry && refusalAlert(retry.refusal)}
${!retry && done !== undefined && alert("good", markup`<p>${done}</p>`)}
<h1>Your account</h1>
<p>${line(person.name, 100)}, ${address(person.email)}${actor.role && markup`, ${actor.role}`}</p>
${links.length > 0 && markup`<ul>${links.map(({ path, text }) => markup`<li><a href="${path}">${text}</a></li>`)}</ul>`}
<section class="part" aria-labelledby="passkeys"><h2 id="passkeys">Passkeys you sign in with</h2>
${passkeyList(visit, own.body.passkeys)}
${passkeyForm({
  kind: "create",
  action: "/account/passkeys",
  options: "/account/passkeys/options",
  button: "Add a passkey of this device",
  csrf_token,
  fields: nameField("new-passkey", "Name of the new passkey", "This device"),
})}
<p class="quiet small">Adding, renaming and revoking need a sign-in of the last 15 minutes: <a href="/step-up?next=/account">confirm who you are</a>.</p></section>
${letIn}
<section class="part" aria-labelledby="sessions"><h2 id="sessions">Where you are signed in</h2>
${sessionList(visit, open.body.sessions)}
<form method="post" action="/account/sessions">${formToken(csrf_token)}
<div class="buttons"><button name="act" value="others">End all other sessions</button><button name="act" value="all">Sign out everywhere</button></div></form></section>`,
  });
}

function passkeyList(visit: MemberVisit, rows: readonly Passkey[]): Child {
  if (rows.length === 0)
    return markup`<p class="empty">None yet. A passkey signs you in without mail, and nobody can phish it.</p>`;
  const { csrf_token } = visit.session;
  return markup`<table class="list" role="table"><caption class="unseen">Your sign-in passkeys</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name</th><th scope="col" role="columnheader">Added</th><th scope="col" role="columnheader">Last used</th><th scope="col" role="columnheader">Change</th></tr></thead>
<tbody role="rowgroup">${rows.map(
    (one) => markup`<tr role="row"><th scope="row" role="rowheader">${line(one.name, 100)}</th>
<td role="cell" data-label="Added">${distance(one.created_at, visit.now)}</td>
<td role="cell" data-label="Last used">${one.last_used_at === null ? "never" : distance(one.last_used_at, visit.now)}</td>
<td role="cell" data-label="Change"><details><summary>Change <span class="unseen">${one.name}</span></summary>
<form class="settings" method="post" action="/account/passkeys/${one.id}">${formToken(csrf_token)}
${nameField(`name-${one.id}`, "Name", one.name)}
<div class="buttons"><button name="act" value="rename">Rename</button><button name="act" value="revoke">Revoke</button></div></form></details></td></tr>`,
  )}</tbody></table>`;
}

function sessionList(visit: MemberVisit, rows: readonly Session[]): Child {
  const { csrf_token } = visit.session;
  return markup`<table class="list" role="table"><caption class="unseen">Your sessions</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Browser</th><th scope="col" role="columnheader">Signed in</th><th scope="col" role="columnheader">Last used</th><th scope="col" role="columnheader">End</th></tr></thead>
<tbody role="rowgroup">${rows.map(
    (
      one,
    ) => markup`<tr role="row"><th scope="row" role="rowheader">${line(one.user_agent ?? "Unknown browser", 120)}${one.current && markup` ${badge(["This session", "good"])}`}</th>
<td role="cell" data-label="Signed in"><span>${distance(one.created_at, visit.now)}, ${methodWords[one.method]}</span></td>
<td role="cell" data-label="Last used">${distance(one.last_seen_at, visit.now)}</td>
<td role="cell" data-label="End">${
      one.current
        ? markup`<span class="quiet small">Sign out above</span>`
        : markup`<form method="post" action="/account/sessions/${one.id}">${formToken(csrf_token)}<button>End</button></form>`
    }</td></tr>`,
  )}</tbody></table>`;
}

function nameField(id: string, label: string, value: string): Html {
  return markup`<div class="field"><label for="${id}">${label}</label>
<input id="${id}" name="name" maxlength="100" autocomplete="off" required value="${value}"></div>`;
}

/** Options of the prompt that makes a passkey. */
export async function enrolmentOptions(visit: MemberVisit): Promise<Response> {
  const name = "create_sign_in_passkey_options";
  const { body } = await call(visit, name, {}, z.record(z.string(), z.unknown()));
  return promptOptions(body);
}

/** Keeps the passkey that the device made. */
export function enrol(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const input = { name: typed(form, "name"), response: passkeyAnswer(form) };
  return act(visit, "enrol_sign_in_passkey", input, "enrolled");
}

/** Renames or revokes a passkey. */
export function savePasskey(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const passkey_id = id;
  if (form.get("act") === "revoke")
    return act(visit, "revoke_sign_in_passkey", { passkey_id }, "revoked");
  const input = { passkey_id, name: typed(form, "name") };
  return act(visit, "rename_sign_in_passkey", input, "renamed");
}

/** Ends one session. */
export function endSession(visit: MemberVisit, id: string): Promise<Response> {
  return act(visit, "revoke_session", { session_id: id }, "ended");
}

/** Ends what a program was let in for. */
export function endGrant(visit: MemberVisit, id: string): Promise<Response> {
  return act(visit, "revoke_grant", { grant_id: id }, "grant");
}

/** Ends all sessions, or all but this one. */
export async function endSessions(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const keep_current = form.get("act") !== "all";
  await call(visit, "revoke_sessions", { keep_current }, z.unknown());
  if (keep_current) return seeOther("/account?done=ended");
  return seeOther("/", { "set-cookie": endedSessionCookie(visit.options.secure_cookies) });
}

async function act(
  visit: MemberVisit,
  operation: string,
  input: object,
  done: string,
): Promise<Response> {
  try {
    await call(visit, operation, input, z.unknown());
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated") throw refusal;
    return accountPage(visit, { refusal });
  }
  return seeOther(`/account?done=${done}`);
}
