/** The frame of every page: document, navigation, headers. Few pages have a script, and then one of ours. */
import { html as markup } from "hono/html";
import type { Child, Html } from "./display.ts";
import { type ScriptName, scriptPath } from "./scripts.ts";
import { stylesheetPath } from "./stylesheet.ts";
import { type Visit, allowed, seesCaught, signedIn } from "./visit.ts";

/** The parts of a page. */
export type Page = {
  /** Stands in the window's title and, unless the content has its own, nowhere else. */
  title: string;
  section?:
    | "pending"
    | "received"
    | "mailboxes"
    | "changes"
    | "catcher"
    | "people"
    | "account"
    | "policies";
  /** Scripts of ours that the page runs, where a browser can do something only by script. */
  scripts?: readonly ScriptName[];
  /** Everything in `<main>`; it brings its own `<h1>`. */
  content: Child;
  status?: number;
  headers?: Readonly<Record<string, string>>;
};

/** Nothing runs, nothing loads from elsewhere, forms go to us only, nobody frames us. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * The policy of a page with scripts: those under `/assets/` alone, under either name of ours, since an attachment at another
 * address of ours is somebody else's text. They may ask us, and nobody else.
 */
export function scriptedPolicy(visit: Pick<Visit, "options" | "request">): string {
  const hosts = [visit.options.public_url, visit.request.url].map((url) => new URL(url).host);
  const sources = [...new Set(hosts)].map((host) => `${host}/assets/`).join(" ");
  return `${pagePolicy}; script-src ${sources}; connect-src 'self'`;
}

/**
 * `same-origin` and not `no-referrer`: under the latter browsers send `Origin: null` with our own forms, and on plain
 * http, where there is no Sec-Fetch-Site, nothing would tell them from another site's. Other origins learn nothing either way.
 */
const headers: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": pagePolicy,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

// An envelope with a tick, in the accent colour.
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%231f4fa3'/%3E%3Cpath d='M7 11h18v11H7zM7 11l9 7 9-7' fill='none' stroke='%23fff' stroke-width='2' stroke-linejoin='round'/%3E%3C/svg%3E";

/** The response for a page. */
export async function page(visit: Visit, parts: Page): Promise<Response> {
  const document = await markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${parts.title} · MultiMail</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${stylesheetPath}">${parts.scripts?.map(
    (name) => markup`
<script type="module" src="${scriptPath(name)}"></script>`,
  )}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/">MultiMail</a>
${navigation(visit, parts.section)}${person(visit)}
</header>
<main id="main" tabindex="-1">
${parts.content}
</main>
</body>
</html>
`;
  return new Response(document.toString(), {
    status: parts.status ?? 200,
    headers: {
      ...headers,
      ...(parts.scripts ? { "content-security-policy": scriptedPolicy(visit) } : {}),
      ...parts.headers,
    },
  });
}

function navigation(visit: Visit, section: Page["section"]): Html | false {
  if (!visit.session) return false;
  const decides = allowed(signedIn(visit), "list_pending") !== undefined;
  const link = (path: string, name: Page["section"], text: string) =>
    markup`<li><a href="${path}"${name === section && markup` aria-current="page"`}>${text}</a></li>`;
  return markup`<nav aria-label="Main"><ul>
${decides && link("/pending", "pending", "Pending")}
${allowed(signedIn(visit), "list_received") && link("/received", "received", "Received")}
${link("/mailboxes", "mailboxes", "Mailboxes")}
${allowed(signedIn(visit), "decide_change") && link("/changes", "changes", "Changes")}
${allowed(signedIn(visit), "list_policies") && link("/policies", "policies", "Rules")}
${allowed(signedIn(visit), "list_members") && link("/people", "people", "People")}
${seesCaught(signedIn(visit)) && link("/catcher", "catcher", "Caught mail")}
</ul></nav>`;
}

function person(visit: Visit): Html | false {
  if (!visit.session) return false;
  const { person, actor, csrf_token } = visit.session;
  return markup`<form class="person" method="post" action="/sign-out">
${formToken(csrf_token)}
<span><a href="/account"><bdi>${person.name}</bdi></a>${actor.role && markup` <span class="quiet">${actor.role}</span>`}</span>
<button class="plain">Sign out</button>
</form>`;
}

/** A form's hidden proof that it is of this session. */
export function formToken(csrf_token: string): Html {
  return markup`<input type="hidden" name="csrf_token" value="${csrf_token}">`;
}

/** A message at the head of the content; `warn` and `bad` are read out at once. */
export function alert(tone: "good" | "warn" | "bad", content: Child): Html {
  return markup`<div class="alert ${tone}" role="${tone === "good" ? "status" : "alert"}">${content}</div>`;
}

/** A word in a coloured frame; the word alone says it all. */
export function badge(word: readonly [string, string]): Html {
  return markup`<span class="badge ${word[1]}">${word[0]}</span>`;
}

/** Links to the rest of a list. */
export function pager(
  path: string,
  query: Readonly<Record<string, string>>,
  next: string | null,
  first: boolean,
): Html | false {
  if (next === null && first) return false;
  const to = (more: Record<string, string>) => {
    const search = new URLSearchParams({ ...query, ...more }).toString();
    return search === "" ? path : `${path}?${search}`;
  };
  return markup`<nav class="pager" aria-label="Pages of the list">
${!first && markup`<a href="${to({})}">First page</a>`}
${next !== null && markup`<a rel="next" href="${to({ cursor: next })}">Next page</a>`}
</nav>`;
}
