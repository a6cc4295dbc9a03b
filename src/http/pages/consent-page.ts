/** Consent: a program asks to be let in, and a person says how far, or no. Everything that the program says of itself is hostile text. */
import { html as markup } from "hono/html";
import { z } from "zod";
import type { OAuthClient } from "../../contract/oauth.ts";
import type { Role } from "../../core/actor.ts";
import {
  type GrantScope,
  type Level,
  levelScopes,
  levels,
  offeredLevels,
  suggestedLevel,
} from "../../oauth/access.ts";
import { isDocumentUrl } from "../../oauth/client-metadata.ts";
import { formActionSource, redirectPlace, staysOnDevice } from "../../oauth/redirect-uri.ts";
import { type Html, address, line } from "./display.ts";
import { formToken, page, pagePolicy } from "./layout.ts";
import { authorizePath } from "./return-cookie.ts";
import { type MemberVisit, call } from "./visit.ts";

/** A request that was found good. */
export type Asking = {
  client: OAuthClient;
  redirect_uri: string;
  scopes: readonly GrantScope[] | null;
  /** The request's own query, as it came. */
  query: string;
};

const mailboxes = z.object({
  mailboxes: z.array(z.object({ id: z.string(), address: z.string() })),
  next_cursor: z.string().nullable(),
});

/** What each level lets a program do, and what it does not. */
const levelWords: Readonly<Record<Level, { title: string; can: string; cannot: string }>> = {
  read: {
    title: "Read",
    can: "Read mail, threads, contacts, and what waits for a decision.",
    cannot: "It writes nothing, and decides nothing.",
  },
  draft: {
    title: "Read and draft",
    can: "Read, and write drafts that stay here.",
    cannot: "It sends nothing: somebody else has to send a draft.",
  },
  send: {
    title: "Read and send",
    can: "Read, write and send mail, under the oversight of each mailbox: what a mailbox holds back still waits for a person. It may also tag, schedule and cancel mail, keep contacts, suppress addresses, and lower a mailbox's autonomy.",
    cannot: "It approves nothing; what would loosen oversight it can only ask a person for.",
  },
  decide: {
    title: "Read and decide in your name",
    can: "Read, and approve, reject or edit waiting mail as if you had done it, decide on received mail that is held, and stop all sending. It counts as you, without a passkey of yours.",
    cannot:
      "It sends nothing of its own, and cannot approve what you, it, or another program of yours wrote or edited.",
  },
};

/** The levels that the person may choose from. */
export function levelsFor(role: Role | null, asking: Pick<Asking, "scopes">): Level[] {
  return role === null ? [] : offeredLevels(role, asking.scopes);
}

/** Asks. Where nothing can be given the page says so and leads back. */
export async function consentPage(visit: MemberVisit, asking: Asking): Promise<Response> {
  const { actor, csrf_token, person } = visit.session;
  const offered = levelsFor(actor.role, asking);
  const { body } = await call(visit, "list_mailboxes", { limit: 100 }, mailboxes);
  const suggested = suggestedLevel(offered, asking.scopes);
  const { client_name } = asking.client;
  return page(visit, {
    title: "Let a program in?",
    headers: { "content-security-policy": policyFor(asking.redirect_uri) },
    content: markup`<article class="narrow">
<h1>Let <bdi>${line(client_name, 100)}</bdi> in?</h1>
${provenance(asking)}
<p>You are <bdi>${line(person.name, 100)}</bdi>, ${address(person.email)}${actor.role && markup`, ${actor.role}`}.</p>
<form class="settings" method="post" action="${authorizePath}">
${formToken(csrf_token)}<input type="hidden" name="request" value="${asking.query}">
${
  offered.length === 0
    ? markup`<p><strong>Your role cannot give what the program asks for.</strong></p>`
    : markup`<fieldset><legend>What it may do</legend>${offered.map((level) => levelChoice(level, level === suggested))}</fieldset>
${mailboxChoice(body)}
<p class="quiet small">It ends after thirty days without use, after a year, or when you end it on <a href="/account">your account page</a>.</p>`
}
<div class="buttons">${offered.length > 0 && markup`<button class="primary" name="act" value="allow">Let it in</button>`}<button name="act" value="deny">No</button></div>
</form>
</article>`,
  });
}

function provenance({ client, redirect_uri }: Asking): Html {
  const place = line(redirectPlace(redirect_uri), 200);
  const known = isDocumentUrl(client.client_id)
    ? markup`<p>It is described by a page at <strong>${line(new URL(client.client_id).host, 200)}</strong>.</p>`
    : markup`<p>It registered itself: the name is what it calls itself, and nobody has checked it.</p>`;
  const onward = staysOnDevice(redirect_uri)
    ? markup`<p>You go back to a program on this device (<strong>${place}</strong>). Go on only if you have just started this from there.</p>`
    : markup`<p>You go back to <strong>${place}</strong>. Go on only if you know that site and have just come from there.</p>`;
  return markup`${known}${onward}`;
}

function levelChoice(level: Level, chosen: boolean): Html {
  const { title, can, cannot } = levelWords[level];
  return markup`<div class="field"><label><input type="radio" name="level" value="${level}" required${chosen && markup` checked`}> <strong>${title}</strong></label>
<p class="quiet small">${can} ${cannot}</p></div>`;
}

function mailboxChoice({ mailboxes: rows, next_cursor }: z.output<typeof mailboxes>): Html {
  return markup`<fieldset><legend>Which mailboxes</legend>
<div class="field"><label><input type="radio" name="mailboxes" value="all" checked> All, also those to come</label></div>
<div class="field"><label><input type="radio" name="mailboxes" value="some"> Only these:</label>
${rows.map((row) => markup`<label><input type="checkbox" name="mailbox" value="${row.id}"> ${address(row.address)}</label>`)}
${next_cursor !== null && markup`<p class="quiet small">These are the first hundred.</p>`}</div></fieldset>`;
}

/** The form leads on to the program, and browsers hold that against `form-action`. CSP has no form for IPv6 addresses. */
function policyFor(redirectUri: string): string {
  const source = formActionSource(redirectUri);
  const usable = source.includes("[") ? "http:" : source;
  return pagePolicy.replace("form-action 'self'", `form-action 'self' ${usable}`);
}

/** What a sent form chose; null for a level that there is not. */
export function chosen(
  form: URLSearchParams,
): { scopes: readonly GrantScope[]; level: Level; mailbox_ids: string[] | null } | null {
  const level = levels.find((one) => one === form.get("level"));
  if (level === undefined) return null;
  const named = form.getAll("mailbox").slice(0, 100);
  // Who ticks some and leaves "all" as it was means those.
  const mailbox_ids = form.get("mailboxes") === "all" && named.length === 0 ? null : named;
  return { scopes: levelScopes[level], level, mailbox_ids };
}
