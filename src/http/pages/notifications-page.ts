/** How and when a person is told of mail that waits: a form, and its way into `update_notifications`. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { notifications } from "../../contract/notifications.ts";
import { Refusal } from "../../core/refusal.ts";
import { refusalStatus } from "../status.ts";
import { type Child, line } from "./display.ts";
import { typed } from "./form.ts";
import { alert, formToken, page } from "./layout.ts";
import { asRefusal, refusalAlert, refusalHeaders } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, call } from "./visit.ts";

type Settings = z.output<typeof notifications>;

/** Where the page is. */
export const notificationsPath = "/account/notifications";

const mailWords: Readonly<Record<Settings["mail"], string>> = {
  each: "A mail for each message",
  digest: "One mail for all that came together",
  none: "No mail, until nobody else decides",
};

const fields = ["mail", "digest_minutes", "quiet_from", "quiet_to", "time_zone", "chat"] as const;

function valuesOf({ mail, digest_minutes, quiet }: Settings): Record<string, string> {
  return {
    mail,
    digest_minutes: String(digest_minutes),
    quiet_from: quiet?.from ?? "",
    quiet_to: quiet?.to ?? "",
    time_zone: quiet?.time_zone ?? "",
    chat: "",
  };
}

/** The form. `retry` is one that was refused. */
export async function notificationsPage(
  visit: MemberVisit,
  retry?: { refusal: Refusal; form: URLSearchParams },
): Promise<Response> {
  const { body } = await call(visit, "get_notifications", {}, notifications);
  const values = valuesOf(body);
  // The address of a chat is a secret: what was typed of it is not shown again.
  if (retry) for (const name of fields) if (name !== "chat") values[name] = typed(retry.form, name);
  return page(visit, {
    title: "Notifications",
    section: "account",
    ...(retry
      ? { status: refusalStatus[retry.refusal.code], headers: refusalHeaders(retry.refusal, visit) }
      : {}),
    content: markup`${retry && refusalAlert(retry.refusal)}
${!retry && visit.query.has("saved") && alert("good", markup`<p>These are your choices as they are stored now.</p>`)}
<article class="narrow"><h1>Notifications</h1>
<p>When a message begins to wait for a decision, those who may decide are told; once more when half of its time is over. When nobody has decided near its end, the others are told by mail, at any hour.</p>
<form class="settings" method="post" action="${notificationsPath}">${formToken(visit.session.csrf_token)}
${choices(values, body)}
<div class="buttons"><button class="primary">Save</button></div></form></article>`,
  });
}

function choices(values: Readonly<Record<string, string>>, settings: Settings): Child {
  return markup`<div class="field"><label for="mail">By mail</label>
<select id="mail" name="mail">${Object.entries(mailWords).map(
    ([value, words]) =>
      markup`<option value="${value}"${value === values["mail"] && markup` selected`}>${words}</option>`,
  )}</select></div>
<div class="field"><label for="digest_minutes">Gather for (minutes)</label>
<input id="digest_minutes" name="digest_minutes" type="number" min="5" max="1440" step="1" value="${values["digest_minutes"]}" aria-describedby="digest-help">
<p id="digest-help" class="quiet small">Where one mail tells of several messages: how long after the first it is sent, 5 minutes to a day.</p></div>
<fieldset><legend>Quiet hours</legend>
<p class="quiet small">Notices and reminders wait for their end. Leave all three empty for none.</p>
<div class="field"><label for="quiet_from">From</label> <input id="quiet_from" name="quiet_from" type="time" value="${values["quiet_from"]}"></div>
<div class="field"><label for="quiet_to">To</label> <input id="quiet_to" name="quiet_to" type="time" value="${values["quiet_to"]}"></div>
<div class="field"><label for="time_zone">Time zone</label> <input id="time_zone" name="time_zone" maxlength="64" placeholder="Europe/Berlin" autocomplete="off" value="${values["time_zone"]}"></div></fieldset>
<fieldset><legend>Chat</legend>
<p class="quiet small">${
    settings.chat_webhook_host === null
      ? "No chat is told."
      : markup`The chat at ${line(settings.chat_webhook_host, 300)} is told.`
  } Whoever reads there gets links that decide in your name. Setting one needs a sign-in of the last 15 minutes: <a href="/step-up?next=${notificationsPath}">confirm who you are</a>.</p>
<div class="field"><label for="chat">${settings.chat_webhook_host === null ? "Webhook address (https)" : "Another webhook address (https)"}</label>
<input id="chat" name="chat" type="url" maxlength="2000" autocomplete="off" value=""></div>
${
  settings.chat_webhook_host !== null &&
  markup`<div class="field"><label><input type="checkbox" name="no_chat" value="yes"> Tell this chat nothing more</label></div>`
}</fieldset>`;
}

/** Saves the form. */
export async function saveNotifications(
  visit: MemberVisit,
  form: URLSearchParams,
): Promise<Response> {
  try {
    await call(visit, "update_notifications", changesOf(form), z.unknown());
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated") throw refusal;
    return notificationsPage(visit, { refusal, form });
  }
  return seeOther(`${notificationsPath}?saved`);
}

/** The form as input of the operation. Throws `validation_failed` where only some of the quiet hours are given. */
function changesOf(form: URLSearchParams): Record<string, unknown> {
  const [from, to, time_zone] = ["quiet_from", "quiet_to", "time_zone"].map((name) =>
    typed(form, name),
  );
  const chat = typed(form, "chat");
  const minutes = typed(form, "digest_minutes");
  const changes: Record<string, unknown> = {
    mail: typed(form, "mail"),
    ...(minutes === "" ? {} : { digest_minutes: Number(minutes) }),
    ...(chat === "" ? {} : { chat_webhook_url: chat }),
    ...(form.get("no_chat") === "yes" ? { chat_webhook_url: null } : {}),
  };
  if (!from && !to && !time_zone) return { ...changes, quiet: null };
  if (!from || !to || !time_zone)
    throw new Refusal(
      "validation_failed",
      "Quiet hours have a beginning, an end and a time zone.",
      {
        field: "quiet",
      },
    );
  return { ...changes, quiet: { from, to, time_zone } };
}
