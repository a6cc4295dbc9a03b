/** The page for everything that did not work: what happened, what helps, and what the person had typed. */
import { html as markup } from "hono/html";
import { Refusal } from "../../core/refusal.ts";
import { challenge } from "../credential.ts";
import { refusalStatus, retryAfterOf } from "../status.ts";
import { type Html, bodyText, line } from "./display.ts";
import { alert, page } from "./layout.ts";
import { localPath } from "./local-path.ts";
import type { Visit } from "./visit.ts";
import { refusalWords } from "./words.ts";

/** How somebody gets in; the commands print a link that works once. */
export const howToSignIn = markup`<p>On the machine that runs MultiMail, ask for a sign-in link and open it in this browser:</p>
<pre class="command">npx multimail sign-in-link</pre>
<p>Each link works once. In a checkout, run it in the checkout's folder.</p>`;

/** For who is not signed in: the page for it, and the way that needs neither mail nor passkey. */
const toSignIn = markup`<p><a href="/sign-in">Sign in with your e-mail address or a passkey</a>.</p>
<details><summary>Without mail or passkey</summary>${howToSignIn}</details>`;

/** Where a person confirms who they are; `next` is where they go on to, null for the page that the browser comes from. */
function confirmLink(next: string | null): Html {
  const query = next === null ? "" : `?${new URLSearchParams({ next }).toString()}`;
  return markup`<p><a href="/step-up${query}">Confirm who you are</a>, and repeat it.</p>`;
}

/** The page that was asked for, or that the refused form stood on. */
function pageBefore({ request }: Visit): string | null {
  const from = request.method === "POST" ? request.headers.get("referer") : request.url;
  const url = from === null ? null : URL.parse(from);
  return url && url.pathname + url.search;
}

/** Back to the page whose form was refused; not for a form that another site sent. */
function backLink(visit: Visit, { code }: Refusal): Html | false {
  const before = visit.request.method === "POST" && visit.session ? pageBefore(visit) : null;
  const path = localPath(before);
  if (path === "/" || code === "csrf_failed") return false;
  return markup`<p><a href="${path}">Back to the page before</a></p>`;
}

/** The refusal behind whatever was thrown; a bug goes to the log and becomes `internal`. */
export function asRefusal(error: unknown, visit: Visit): Refusal {
  if (error instanceof Refusal && error.code !== "internal") return error;
  visit.options.log.error({ request_id: visit.request_id, err: error }, "page failed");
  return new Refusal("internal", "The server could not do this.");
}

/** Names of fields as the forms show them, where they are not the field's own name. */
const fieldWords: Readonly<Record<string, string>> = {
  markdown: "Text",
  pattern: "Recipient",
  email: "E-mail address",
  expires_at: "End",
  position: "Place",
  required: "Approvals",
  "match.size_over_bytes": "Size",
  "match.time.days": "Days",
};

/** What a refusal says, with the name that the form gives the field in the place of the one in the API. */
export function sentence({ message, detail: { field } }: Refusal): string {
  if (field === undefined || field === "" || !message.startsWith(`${field}: `)) return message;
  const [, path = "", place] = /^(.*?)(?:\[(\d{1,6})\])?$/.exec(field) ?? [];
  const own = (path.split(".").at(-1) ?? "").replaceAll("_", " ");
  const name = fieldWords[path] ?? own.slice(0, 1).toUpperCase() + own.slice(1);
  const rest = message.slice(field.length + 2);
  const end = /[.!?]$/.test(rest) ? "" : ".";
  return `${name}${place === undefined ? "" : `, line ${Number(place) + 1}`}: ${rest}${end}`;
}

/** What a refusal says, to stand above a form that can be sent again. */
export function refusalAlert(refusal: Refusal): Html {
  const words = refusalWords[refusal.code];
  const { hint } = refusal.detail;
  return alert(
    "bad",
    markup`<p><strong>${words?.title ?? "This did not work"}</strong></p>
<p>${line(sentence(refusal))}${hint !== undefined && markup` ${line(hint)}`}</p>
${words?.advice && markup`<p>${words.advice}</p>`}
${refusal.code === "fresh_sign_in_required" && confirmLink(null)}`,
  );
}

/** Headers that a refusal adds to its answer. */
export function refusalHeaders(refusal: Refusal, visit: Visit): Record<string, string> {
  const headers: Record<string, string> = {};
  if (refusal.code === "unauthenticated")
    headers["www-authenticate"] = challenge(visit.options.public_url);
  const retry_after = retryAfterOf(refusal);
  if (retry_after !== null) headers["retry-after"] = String(retry_after);
  return headers;
}

/** A page of its own for a refusal. `kept` is text that a person had typed and would otherwise lose. */
export function refusalPage(visit: Visit, refusal: Refusal, kept = ""): Promise<Response> {
  const words = refusalWords[refusal.code];
  const title = words?.title ?? "This did not work";
  const { hint } = refusal.detail;
  const signIn = refusal.code === "unauthenticated" || refusal.code === "invalid_link";
  return page(visit, {
    title,
    status: refusalStatus[refusal.code],
    headers: refusalHeaders(refusal, visit),
    content: markup`<article class="narrow">
<h1>${title}</h1>
<p>${line(sentence(refusal))}${hint !== undefined && !signIn && markup` ${line(hint)}`}</p>
${words?.advice && markup`<p>${words.advice}</p>`}
${signIn && toSignIn}
${refusal.code === "fresh_sign_in_required" && confirmLink(pageBefore(visit))}
${kept !== "" && markup`<section aria-labelledby="kept"><h2 id="kept">What you had written</h2>${bodyText(kept)}</section>`}
${backLink(visit, refusal)}
<p><a href="/">${visit.session ? "To the first page" : "To the start"}</a></p>
<p class="quiet small">Request ${visit.request_id}</p>
</article>`,
  });
}
