/** The page on which an approver changes a message that waits, and pulling an approved one back. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { email as emailResource } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { bodyText } from "./display.ts";
import { typed } from "./form.ts";
import { formToken, page } from "./layout.ts";
import { reasonLimit } from "./decision-form.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { refusalStatus } from "../status.ts";
import { type MemberVisit, call } from "./visit.ts";

type Email = z.infer<typeof emailResource>;

/** What stands in the form's fields. */
type Fields = {
  to: string;
  cc: string;
  bcc: string;
  subject: string;
  markdown: string;
  reason: string;
};

const kinds = ["to", "cc", "bcc"] as const;
const anything = z.unknown();

/** The form with the message as it is. */
export async function editPage(visit: MemberVisit, id: string): Promise<Response> {
  const email = await read(visit, id);
  if (email.status !== "pending_send_approval")
    throw new Refusal("not_pending", "The message waits for no decision: it cannot be edited.");
  return form(visit, email, fieldsOf(email));
}

/** Saves the edit and shows the message. A refusal shows the form again with everything that was typed. */
export async function saveEdit(
  visit: MemberVisit,
  id: string,
  given: URLSearchParams,
): Promise<Response> {
  const fields: Fields = {
    to: typed(given, "to"),
    cc: typed(given, "cc"),
    bcc: typed(given, "bcc"),
    subject: typed(given, "subject"),
    markdown: (given.get("markdown") ?? "").replace(/\r\n?/g, "\n"),
    reason: typed(given, "reason"),
  };
  const email = await read(visit, id);
  try {
    const before = fieldsOf(email);
    const changed = kinds.filter((kind) => fields[kind] !== before[kind]);
    await call(
      visit,
      "edit_pending_email",
      {
        email_id: id,
        digest: given.get("digest") ?? "",
        ...Object.fromEntries(changed.map((kind) => [kind, linesOf(fields[kind])])),
        ...(fields.subject === before.subject ? {} : { subject: fields.subject }),
        ...(fields.markdown === before.markdown ? {} : { markdown: fields.markdown }),
        ...(fields.reason === "" ? {} : { reason: fields.reason }),
      },
      anything,
    );
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated" || refusal.code === "not_found") throw refusal;
    // Under the digest of now, what was typed over the text of before would undo somebody else's edit.
    if (refusal.code === "stale_digest")
      return form(visit, email, { ...fieldsOf(email), reason: fields.reason }, refusal, fields);
    return form(visit, email, fields, refusal);
  }
  return seeOther(`/messages/${id}`);
}

/** Pulls an approved message back. */
export async function undoDecision(visit: MemberVisit, id: string): Promise<Response> {
  await call(visit, "undo_decision", { email_id: id }, anything);
  return seeOther(`/messages/${id}`);
}

async function read(visit: MemberVisit, id: string): Promise<Email> {
  return (await call(visit, "read_email", { email_id: id, peek: true }, emailResource)).body;
}

/** One address a line, as people write them. */
function fieldsOf(email: Email): Fields {
  const of = (kind: string): string =>
    email.recipients
      .filter((one) => one.kind === kind)
      .map(({ name, address }) =>
        name === null ? address : `"${name.replaceAll(/["\\]/g, "\\$&")}" <${address}>`,
      )
      .join("\n");
  return {
    to: of("to"),
    cc: of("cc"),
    bcc: of("bcc"),
    subject: email.subject,
    markdown: email.markdown.replace(/\r\n?/g, "\n"),
    reason: "",
  };
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** Lines that a list of addresses gets: all of a short one, so that nobody overlooks a recipient. */
function rowsFor(text: string): number {
  return Math.min(Math.max(text.split("\n").length, 2), 10);
}

function form(
  visit: MemberVisit,
  email: Email,
  fields: Fields,
  refusal?: Refusal,
  unsaved?: Fields,
): Promise<Response> {
  const names = { to: "To", cc: "Cc", bcc: "Bcc" } as const;
  return page(visit, {
    title: "Edit a message",
    section: "pending",
    ...(refusal
      ? { status: refusalStatus[refusal.code], headers: refusalHeaders(refusal, visit) }
      : {}),
    content: markup`${refusal && refusalAlert(refusal)}
<article class="narrow">
<h1>Edit a message that waits</h1>
<p>Approvals given until now become void, and whoever edits cannot approve: somebody else has to. The agent is told what changed, and why.</p>
<form class="settings" method="post" action="/messages/${email.id}/edit">
${formToken(visit.session.csrf_token)}
<input type="hidden" name="digest" value="${email.digest}">
${kinds.map(
  (
    kind,
  ) => markup`<div class="field"><label for="${kind}">${names[kind]}, one address a line</label>
<textarea id="${kind}" name="${kind}" rows="${rowsFor(fields[kind])}" maxlength="60000" spellcheck="false">
${fields[kind]}</textarea></div>`,
)}
<div class="field"><label for="subject">Subject</label>
<input id="subject" name="subject" maxlength="998" value="${fields.subject}"></div>
<div class="field"><label for="markdown">Text (Markdown)</label>
<textarea id="markdown" name="markdown" rows="20">
${fields.markdown}</textarea></div>
<div class="field"><label for="reason">Why</label>
<textarea id="reason" name="reason" rows="3" maxlength="${reasonLimit}">
${fields.reason}</textarea></div>
<div class="buttons"><button class="primary">Save the edit</button> <a href="/messages/${email.id}">Leave it as it is</a></div>
</form>
${
  unsaved &&
  markup`<section aria-labelledby="unsaved"><h2 id="unsaved">What you had written</h2>
${bodyText(`${kinds.map((kind) => `${names[kind]}: ${linesOf(unsaved[kind]).join(", ")}`).join("\n")}\nSubject: ${unsaved.subject}\n\n${unsaved.markdown}`)}</section>`
}
</article>`,
  });
}
