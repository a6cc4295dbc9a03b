/** Standing policies: the list in its order, and making one, which shows what it would have done before it is saved. */
import { html as markup } from "hono/html";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { mailbox, nextCursor } from "../../contract/resources.ts";
import { policy, replay } from "../../contract/policies.ts";
import { policySentence } from "../../core/policy-words.ts";
import type { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { type Html, address, distance, line, subjectLine } from "./display.ts";
import { typed } from "./form.ts";
import { alert, badge, formToken, page, pager } from "./layout.ts";
import type { Handlers } from "./people-routes.ts";
import {
  type Choice,
  carried,
  outcomeWords,
  policyForm,
  triedOf,
  wantedOf,
} from "./policy-form.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, allowed, call, cursorOf, pathId, signedIn } from "./visit.ts";
import { type Word, statusWords } from "./words.ts";

type Policy = z.output<typeof policy>;
type Replay = z.output<typeof replay>;

const policies = z.object({ policies: z.array(policy), next_cursor: nextCursor });
const mailboxes = z.object({ mailboxes: z.array(mailbox), next_cursor: nextCursor });

/** Hangs these pages into the application. */
export function mountPolicies(app: Hono, { show, change }: Handlers): void {
  const member = (answer: (visit: MemberVisit, c: Context) => Promise<Response>) =>
    show((visit, c) => answer(signedIn(visit), c));
  app.get("/policies", member(policiesPage));
  app.get(
    "/policies/new",
    member((visit) => newPage(visit, visit.query)),
  );
  app.post(
    "/policies",
    change((visit, form) => takePolicy(signedIn(visit), form)),
  );
  app.post(
    "/policies/:id/revoke",
    change((visit, _form, c) => revoke(signedIn(visit), pathId(c.req.param("id")))),
  );
}

const doneWords: Readonly<Record<string, string>> = {
  made: "The rule stands from now on.",
  revoked: "The rule was revoked. What it let through and has not left waits for a person again.",
};

/** The rules in the order in which they are asked: all of them, or those of one mailbox. */
async function policiesPage(visit: MemberVisit): Promise<Response> {
  const cursor = cursorOf(visit);
  const of = visit.query.get("mailbox_id");
  const ended = visit.query.has("ended");
  const query = { ...(of === null ? {} : { mailbox_id: of }), ...(ended ? { ended: "" } : {}) };
  const [{ body }, choices] = await Promise.all([
    call(
      visit,
      "list_policies",
      { limit: 100, ended, ...cursor, ...(of === null ? {} : { mailbox_id: of }) },
      policies,
    ),
    mailboxChoices(visit),
  ]);
  const names = new Map(choices.map(({ id, address: name }) => [id, name]));
  const may = allowed(visit, "create_policy") !== undefined;
  const done = doneWords[visit.query.get("done") ?? ""];
  const search = new URLSearchParams(of === null ? {} : { mailbox_id: of }).toString();
  return page(visit, {
    title: "Rules",
    section: "policies",
    content: markup`${done !== undefined && alert("good", markup`<p>${done}</p>`)}
<h1>Rules</h1>
${of !== null && markup`<p>Those for ${address(names.get(of) ?? of)} and those for all mailboxes. <a href="/policies">Show all rules</a></p>`}
<p class="quiet">They are asked from the top. The first that fits a message decides; where none does, the mailbox's mode does.</p>
${may && markup`<p><a class="button" href="/policies/new${search && `?${search}`}">New rule</a></p>`}
${
  body.policies.length === 0
    ? markup`<p class="empty">There is no rule yet: the modes of the mailboxes decide.</p>`
    : markup`<table class="list" role="table"><caption class="unseen">Rules in the order in which they are asked</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Place</th><th scope="col" role="columnheader">Rule</th><th scope="col" role="columnheader">Ends</th>${may && markup`<th scope="col" role="columnheader">Change</th>`}</tr></thead>
<tbody role="rowgroup">${body.policies.map((one) => policyRow(visit, one, names, may))}</tbody></table>`
}
${pager("/policies", query, body.next_cursor, cursor.cursor === undefined)}
${!ended && markup`<p class="small"><a href="/policies?${new URLSearchParams({ ...query, ended: "" }).toString()}">Show also those that ended</a></p>`}`,
  });
}

const tones: Readonly<Record<Policy["outcome"], Word[1]>> = {
  hold: "warn",
  quorum: "warn",
  passkey: "warn",
  block: "bad",
  allow: "good",
};

function policyRow(
  visit: MemberVisit,
  one: Policy,
  names: ReadonlyMap<string, string>,
  may: boolean,
): Html {
  const mailboxName =
    one.mailbox_id === null ? null : (names.get(one.mailbox_id) ?? one.mailbox_id);
  const ends = one.revoked_at ?? one.expires_at;
  const word: Word = one.active
    ? [outcomeWords[one.outcome].name, tones[one.outcome]]
    : [one.revoked_at === null ? "Expired" : "Revoked", "quiet"];
  return markup`<tr role="row"><td role="cell" data-label="Place">${one.position}</td>
<th scope="row" role="rowheader">${line(one.name, 100)} ${badge(word)}
<div class="quiet">${line(`${policySentence(one, mailboxName)}.`, 2000)}</div></th>
<td role="cell" data-label="Ends">${ends === null ? "never" : distance(ends, visit.now)}</td>
${
  may &&
  markup`<td role="cell" data-label="Change">${
    one.active &&
    markup`<details><summary>Revoke <span class="unseen">${one.name}</span></summary>
<form method="post" action="/policies/${one.id}/revoke">${formToken(visit.session.csrf_token)}
<p class="small">${one.outcome === "allow" ? "What it lets through waits for a person again, at once." : "What it held back is left to the other rules and the mode. This needs a recent sign-in."}</p>
<button>Revoke this rule</button></form></details>`
  }</td>`
}</tr>`;
}

/** The mailboxes that rules may be for. */
async function mailboxChoices(visit: MemberVisit): Promise<Choice[]> {
  const { body } = await call(visit, "list_mailboxes", { limit: 100 }, mailboxes);
  return body.mailboxes.map(({ id, address: name }) => ({ id, address: name }));
}

/** The form of a new rule; `refusal` says why it was not taken. */
async function newPage(
  visit: MemberVisit,
  values: URLSearchParams,
  refusal?: Refusal,
): Promise<Response> {
  return page(visit, {
    title: "New rule",
    section: "policies",
    ...(refusal
      ? { status: refusalStatus[refusal.code], headers: refusalHeaders(refusal, visit) }
      : {}),
    content: markup`${refusal && refusalAlert(refusal)}
<h1>New rule</h1>
<p class="quiet">Before it is saved you see what it would have done with the last messages. A rule that asks for more than today stands at once, also for mail that waits to leave. One that loosens needs a recent sign-in and an end.</p>
${
  allowed(visit, "create_policy")
    ? policyForm({
        csrf_token: visit.session.csrf_token,
        mailboxes: await mailboxChoices(visit),
        values,
      })
    : markup`<p>Only an owner or admin makes rules.</p>`
}`,
  });
}

/** Tries the rule, or saves it, or goes back to the form; a refusal gives back what was filled in. */
async function takePolicy(visit: MemberVisit, form: URLSearchParams): Promise<Response> {
  const step = typed(form, "step");
  if (step === "edit") return newPage(visit, form);
  try {
    if (step === "save") {
      await call(visit, "create_policy", wantedOf(form, visit.now), z.unknown());
      return seeOther("/policies?done=made");
    }
    const { body } = await call(visit, "replay_policy", triedOf(form), replay);
    return await triedPage(visit, form, body);
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated") throw refusal;
    return newPage(visit, form, refusal);
  }
}

const destinations: Readonly<Record<Replay["messages"][number]["happened"], Word>> = {
  through: ["Left at once", "good"],
  held: ["Waited", "warn"],
  blocked: ["Blocked", "bad"],
};

const wouldBe: typeof destinations = {
  through: ["Leave at once", "good"],
  held: ["Wait", "warn"],
  blocked: ["Be blocked", "bad"],
};

/** What the rule would have done, and the button that saves it. */
async function triedPage(
  visit: MemberVisit,
  form: URLSearchParams,
  tried: Replay,
): Promise<Response> {
  const choices = await mailboxChoices(visit);
  const wanted = triedOf(form);
  const mailboxName = choices.find(({ id }) => id === wanted["mailbox_id"])?.address ?? null;
  const sentence = policySentence(
    {
      match: wanted["match"] as Record<string, unknown>,
      outcome: typed(form, "outcome"),
      required: (wanted["required"] as number | undefined) ?? null,
    },
    mailboxName,
  );
  const counts = [
    [tried.let_through, "let through what would wait today"],
    [tried.held, "held what would leave today"],
    [tried.blocked, "blocked"],
  ] as const;
  return page(visit, {
    title: "What the rule would have done",
    section: "policies",
    content: markup`<h1>What the rule would have done</h1>
<p><strong>${line(`${sentence}.`, 4000)}</strong></p>
<p>Of the last ${tried.checked} messages it fits ${tried.matched}${tried.cut_short && markup` (there was no time for all)`}. Under today's modes and rules it would have:</p>
<ul>${counts.map(([count, words]) => markup`<li><b>${count}</b> ${words}</li>`)}</ul>
<form class="settings" method="post" action="/policies">${formToken(visit.session.csrf_token)}${carried(form)}
<div class="buttons"><button class="primary" name="step" value="save">Save the rule</button> <button name="step" value="edit">Change it first</button></div></form>
${
  tried.messages.length > 0 &&
  markup`<table class="list" role="table"><caption class="unseen">Messages that the rule fits</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Subject</th><th scope="col" role="columnheader">Then</th><th scope="col" role="columnheader">Now is</th><th scope="col" role="columnheader">With the rule it would</th></tr></thead>
<tbody role="rowgroup">${tried.messages.map((one) => triedRow(visit, one))}</tbody></table>`
}`,
  });
}

function triedRow(visit: MemberVisit, one: Replay["messages"][number]): Html {
  const demands = [
    one.approvals_required > 1 ? `${one.approvals_required} approvals` : null,
    one.passkey_required ? "a passkey" : null,
  ].filter((demand) => demand !== null);
  return markup`<tr role="row"><th scope="row" role="rowheader"><a href="/messages/${one.email_id}">${subjectLine(one.subject, 160)}</a>
<div class="quiet small">${distance(one.created_at, visit.now)}</div></th>
<td role="cell" data-label="Then">${badge(destinations[one.happened])}</td>
<td role="cell" data-label="Now is">${badge(statusWords[one.status])}</td>
<td role="cell" data-label="With the rule it would">${badge(wouldBe[one.with_rule])}${
    one.with_rule === one.without_rule && markup` <span class="quiet small">as today</span>`
  }${demands.length > 0 && markup` <span class="quiet small">for ${demands.join(", ")}</span>`}</td></tr>`;
}

async function revoke(visit: MemberVisit, id: string): Promise<Response> {
  await call(visit, "revoke_policy", { policy_id: id }, z.unknown());
  return seeOther("/policies?done=revoked");
}
