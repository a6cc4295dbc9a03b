/** The approver directory as people see it: the passkeys they decide with, and the key that the operator signs it with. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { decisionPasskey, directoryHead } from "../../contract/directory.ts";
import type { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { type Child, type Html, distance, line } from "./display.ts";
import { typed } from "./form.ts";
import { alert, badge, formToken, page } from "./layout.ts";
import { passkeyAnswer, passkeyForm, promptOptions } from "./passkey-form.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

type Passkey = z.output<typeof decisionPasskey>;
type Head = z.output<typeof directoryHead>;

const passkeys = z.object({ passkeys: z.array(decisionPasskey) });

const path = "/decision-passkeys";

const doneWords: Readonly<Record<string, string>> = {
  enrolled: "The passkey was added. A mail tells you so, and the log has it.",
  revoked: "The passkey was revoked: it approves nothing any more.",
  key: "The directory's key was changed.",
  signed: "The signature is good, and was kept.",
};

/** The page of whoever is signed in. */
export async function decisionPasskeysPage(
  visit: MemberVisit,
  retry?: { refusal: Refusal },
): Promise<Response> {
  const enrols = allowed(visit, "enrol_decision_passkey") !== undefined;
  const [listed, head] = await Promise.all([
    call(visit, "list_decision_passkeys", { all: true }, passkeys),
    readHead(visit),
  ]);
  const done = doneWords[visit.query.get("done") ?? ""];
  const { csrf_token } = visit.session;
  return page(visit, {
    title: "Passkeys for decisions",
    section: "account",
    scripts: ["sign-in"],
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${retry && refusalAlert(retry.refusal)}
${!retry && done !== undefined && alert("good", markup`<p>${done}</p>`)}
<h1>Passkeys for decisions</h1>
<p>With such a passkey your own device signs exactly the message that you approve or reject. Anybody can check it later, and this server cannot forge it. It signs nobody in.</p>
${passkeyList(visit, listed.body.passkeys)}
${
  enrols &&
  markup`${passkeyForm({
    kind: "create",
    action: path,
    options: `${path}/options`,
    button: "Add a passkey of this device",
    csrf_token,
    fields: markup`<div class="field"><label for="new-passkey">Name of the new passkey</label>
<input id="new-passkey" name="name" maxlength="100" autocomplete="off" required value="This device, for decisions"></div>`,
  })}
<p class="quiet small">A device may hold one passkey for signing in and another for decisions. Adding needs a sign-in of the last 15 minutes: <a href="/step-up?next=${path}">confirm who you are</a>.</p>`
}
${head !== null && headSection(visit, head)}`,
  });
}

function passkeyList(visit: MemberVisit, rows: readonly Passkey[]): Child {
  if (rows.length === 0) return markup`<p class="empty">Nobody has one yet.</p>`;
  const { role } = visit.session.actor;
  const manages = role === "owner" || role === "admin";
  return markup`<table class="list" role="table"><caption class="unseen">The approver directory</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Approver</th><th scope="col" role="columnheader">Passkey</th><th scope="col" role="columnheader">Added</th><th scope="col" role="columnheader">Entry of the log</th><th scope="col" role="columnheader">Last used</th><th scope="col" role="columnheader">Revoke</th></tr></thead>
<tbody role="rowgroup">${rows.map((one) => {
    const mine = one.person_id === visit.session.person.id;
    return markup`<tr role="row"><th scope="row" role="rowheader">${line(one.person_name, 100)}${mine && markup` ${badge(["You", "good"])}`}</th>
<td role="cell" data-label="Passkey">${line(one.name, 100)}</td>
<td role="cell" data-label="Added">${distance(one.created_at, visit.now)}</td>
<td role="cell" data-label="Entry of the log">${one.log_index ?? "not placed yet"}</td>
<td role="cell" data-label="Last used">${one.last_used_at === null ? "never" : distance(one.last_used_at, visit.now)}</td>
<td role="cell" data-label="Revoke">${revokeCell(visit, one, mine || manages)}</td></tr>`;
  })}</tbody></table>`;
}

function revokeCell(visit: MemberVisit, one: Passkey, may: boolean): Child {
  if (one.revoked_at !== null)
    return markup`<span>Revoked ${distance(one.revoked_at, visit.now)}</span>`;
  if (!may) return "";
  return markup`<form method="post" action="${path}/${one.id}">${formToken(visit.session.csrf_token)}<button>Revoke <span class="unseen">${one.name} of ${one.person_name}</span></button></form>`;
}

async function readHead(visit: MemberVisit): Promise<Head | null> {
  if (!allowed(visit, "get_directory_head")) return null;
  return (await call(visit, "get_directory_head", {}, directoryHead)).body;
}

function headSection(visit: MemberVisit, head: Head): Html {
  const { csrf_token, actor } = visit.session;
  const state =
    head.key === null
      ? markup`<p>Nobody signs the directory with a key of their own. With one, verifiers take no approver that you did not sign for, whatever this server says.</p>`
      : head.signature === null
        ? alert(
            "warn",
            markup`<p>The directory changed and is not signed: decisions by passkeys that were added since do not verify under your key.</p>`,
          )
        : markup`<p>The directory as it is now is signed.</p>`;
  return markup`<section aria-labelledby="head"><h2 id="head">Your own signature over the directory</h2>
${state}
${head.key !== null && markup`<p>Key: <code>${line(head.key, 200)}</code></p>`}
${
  head.key !== null &&
  head.signature === null &&
  allowed(visit, "post_directory_signature") &&
  markup`<p>Sign this text, without a line end or with one: <code>${head.sign_with}</code></p>
<pre class="body" tabindex="0">${head.statement}</pre>
<form class="settings" method="post" action="${path}/head">${formToken(csrf_token)}<input type="hidden" name="statement" value="${head.statement}">
<div class="field"><label for="signature">Signature</label><textarea id="signature" name="signature" rows="6" maxlength="2000" required></textarea></div>
<div class="buttons"><button>Keep the signature</button></div></form>`
}
${
  actor.role === "owner" &&
  markup`<form class="settings" method="post" action="${path}/key">${formToken(csrf_token)}
<div class="field"><label for="public_key">Public key (Ed25519; empty: none)</label><textarea id="public_key" name="public_key" rows="3" maxlength="2000">${head.key ?? ""}</textarea></div>
<div class="buttons"><button>Save the key</button></div></form>`
}</section>`;
}

/** Options of the prompt that makes a passkey. */
export async function decisionPasskeyOptions(visit: MemberVisit): Promise<Response> {
  const name = "create_decision_passkey_options";
  const { body } = await call(visit, name, {}, z.record(z.string(), z.unknown()));
  return promptOptions(body);
}

/** Puts the passkey that the device made into the directory. */
export function enrolDecisionPasskey(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const input = { name: typed(form, "name"), response: passkeyAnswer(form) };
  return act(visit, "enrol_decision_passkey", input, "enrolled");
}

/** Takes a passkey out of the directory. */
export function revokeDecisionPasskey(visit: MemberVisit, id: string): Promise<Response> {
  return act(visit, "revoke_decision_passkey", { passkey_id: id }, "revoked");
}

/** Puts the operator's own key, or takes it away. */
export function saveDirectoryKey(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const key = typed(form, "public_key");
  return act(visit, "put_directory_key", { public_key: key === "" ? null : key }, "key");
}

/** Keeps the operator's signature over the directory. */
export function saveSignature(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const input = { statement: form.get("statement") ?? "", signature: typed(form, "signature") };
  return act(visit, "post_directory_signature", input, "signed");
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
    return decisionPasskeysPage(visit, { refusal });
  }
  return seeOther(`${path}?done=${done}`);
}
