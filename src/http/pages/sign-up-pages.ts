/** Opening an account as a person: what is asked for, the mailed code, and the first key, shown once. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import type { Html } from "./display.ts";
import { typed } from "./form.ts";
import { page } from "./layout.ts";
import { asRefusal, refusalAlert } from "./refusal-page.ts";
import { codeField } from "./sign-in-pages.ts";
import type { Visit } from "./visit.ts";

const fields = [
  "operator_name",
  "postal_address",
  "owner_name",
  "oversight_email",
  "mailbox_local_part",
] as const;
type Typed = Partial<Record<(typeof fields)[number], string>>;

/** The form. It says what is needed before anything is asked for; the proof of work needs a script, and the page says so. */
export async function signUpPage(visit: Visit): Promise<Response> {
  assertOpen(visit);
  return formPage(visit, {});
}

/** Asks for the account: mails a code, or the news that there is an account. What was typed is given back with a refusal. */
export async function requestSignUp(visit: Visit, form: URLSearchParams): Promise<Response> {
  const given: Typed = Object.fromEntries(
    fields.map((name) => [name, typed(form, name)]).filter(([, value]) => value !== ""),
  );
  try {
    const input = { ...given, altcha: typed(form, "altcha") };
    const { sign_up_id } = await ask(visit, "sign_up", input, z.object({ sign_up_id: z.string() }));
    return await codePage(visit, { sign_up_id, email: given.oversight_email ?? "" });
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "sign_up_closed") throw refusal;
    return formPage(visit, given, refusal);
  }
}

const made = z.object({ api_key: z.string(), mailbox_address: z.string(), mailbox_id: z.string() });

/** Makes the account and shows its key. A wrong code asks again. */
export async function confirmSignUp(visit: Visit, form: URLSearchParams): Promise<Response> {
  const sign_up_id = typed(form, "sign_up_id");
  const email = typed(form, "email").slice(0, 254);
  try {
    const input = { sign_up_id, code: typed(form, "code") };
    return await madePage(visit, await ask(visit, "confirm_sign_up", input, made), email);
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code !== "invalid_code") throw refusal;
    return codePage(visit, { sign_up_id, email }, refusal);
  }
}

async function ask<S extends z.ZodType>(
  visit: Visit,
  name: string,
  input: object,
  schema: S,
): Promise<z.output<S>> {
  const { options, request_id } = visit;
  const reply = await options.dispatcher.call(name, null, input, { request_id });
  if (reply.kind !== "json") throw new Error(`${name} answered with bytes`);
  return schema.parse(reply.body);
}

function assertOpen(visit: Visit): void {
  if (!visit.options.sign_up_open)
    throw new Refusal("sign_up_closed", "This instance takes no new accounts.", {
      hint: "Ask whoever runs it for an invitation.",
    });
}

function formPage(visit: Visit, given: Typed, refusal?: Refusal): Promise<Response> {
  const input = (name: keyof Typed, label: string, more: Html, help?: string): Html =>
    markup`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${given[name] ?? ""}" ${more}>${help !== undefined && markup`<p class="quiet small">${help}</p>`}</div>`;
  return page(visit, {
    title: "Open an account",
    scripts: ["sign-up"],
    ...(refusal ? { status: refusalStatus[refusal.code] } : {}),
    content: markup`<article class="narrow">
${refusal && refusalAlert(refusal)}
<h1>Open an account</h1>
<p>Agents write mail here, and it leaves when a person approves it. You need an address that only people read.</p>
<form class="settings" method="post" action="/signup" data-proof>
${input("operator_name", "Who answers for the agents", markup`maxlength="100" autocomplete="organization" required`, "A company's name, or yours.")}
${input("postal_address", "Postal address, on one line", markup`maxlength="500" autocomplete="street-address" required`, "Stands at the foot of every message, as the law asks of commercial mail.")}
${input("owner_name", "Your name", markup`maxlength="100" autocomplete="name" required`)}
${input("oversight_email", "Your e-mail address", markup`type="email" maxlength="254" autocomplete="email" required`, "A code goes there now, and later what waits for a decision.")}
${input("mailbox_local_part", "Name of the first mailbox, before the @", markup`maxlength="40" autocomplete="off" spellcheck="false" placeholder="agent"`)}
<input type="hidden" name="altcha" value="">
<p class="alert warn" data-without-script>This form computes a small proof of work against abuse, and needs JavaScript for it. Without, sign up by the API: see <a href="/auth.md">/auth.md</a>.</p>
<div class="buttons"><button class="primary" disabled>Mail me a code</button></div>
<p class="quiet small" role="status"></p>
</form>
<p class="quiet">You have an account? <a href="/sign-in">Sign in</a>.</p>
</article>`,
  });
}

function codePage(
  visit: Visit,
  of: { sign_up_id: string; email: string },
  refusal?: Refusal,
): Promise<Response> {
  return page(visit, {
    title: "Enter your code",
    ...(refusal ? { status: refusalStatus[refusal.code] } : {}),
    content: markup`<article class="narrow">
${refusal && refusalAlert(refusal)}
<h1>Enter your code</h1>
<p>Mail went to <bdi>${of.email}</bdi>. The code in it works once, for an hour.</p>
<form class="settings" method="post" action="/signup/confirm">
<input type="hidden" name="sign_up_id" value="${of.sign_up_id}">
<input type="hidden" name="email" value="${of.email}">
${codeField()}
<div class="buttons"><button class="primary">Open the account</button></div>
</form>
<p><a href="/signup">Begin anew</a></p>
</article>`,
  });
}

function madePage(visit: Visit, account: z.output<typeof made>, email: string): Promise<Response> {
  const { public_url } = visit.options;
  return page(visit, {
    title: "Your account",
    status: 201,
    content: markup`<article class="narrow">
<h1>Your account is open</h1>
<p>The first mailbox is <bdi>${account.mailbox_address}</bdi>. What it sends waits until you approve it.</p>
<p>This is its key. It is shown now and never again:</p>
<pre>${account.api_key}</pre>
<p>An agent needs the key, the mailbox ${account.mailbox_id}, and <a href="/llms.txt">${public_url}/llms.txt</a>.</p>
<p><a href="/sign-in">Sign in</a> with <bdi>${email}</bdi> to decide.</p>
</article>`,
  });
}
