/** A standing policy as a form, and the form as the input of `replay_policy` and `create_policy`. */
import { html as markup } from "hono/html";
import { weekdays } from "../../core/policy-match.ts";
import { type PolicyOutcome, maxLooseDays } from "../../core/policy.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Html } from "./display.ts";
import { typed } from "./form.ts";
import { formToken } from "./layout.ts";
import { scanFamilyWords } from "./screening-words.ts";

/** Outcomes as a person chooses them. */
export const outcomeWords: Readonly<Record<PolicyOutcome, { name: string; meaning: string }>> = {
  hold: { name: "Hold", meaning: "A person decides, whatever the mode." },
  quorum: { name: "Several approvals", meaning: "As many different people have to approve." },
  passkey: { name: "Approval by passkey", meaning: "Only a passkey for decisions approves." },
  block: { name: "Block", meaning: "It never leaves." },
  allow: {
    name: "Let through",
    meaning:
      "Nobody looks at it, in mailboxes that hold what is not on their allowlist. It never beats the scan.",
  },
};

const dayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Fields that stand once in the form; those of a list may stand several times. */
const fields = [
  "name",
  "mailbox_id",
  "direction",
  "outcome",
  "required",
  "position",
  "days_valid",
  "recipients",
  "recipient_known",
  "has_attachment",
  "has_link",
  "size_over_kb",
  "tags",
  "screening",
  "day",
  "from",
  "to",
  "time_zone",
] as const;

/** Mailboxes to choose from. */
export type Choice = { id: string; address: string };

const lines = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter((one) => one !== "");

function numberIn(form: URLSearchParams, name: string, label: string): number | undefined {
  const text = typed(form, name);
  if (text === "") return undefined;
  if (!/^\d{1,7}$/.test(text))
    throw new Refusal("validation_failed", `${label}: this must be a whole number.`, {
      field: name,
    });
  return Number(text);
}

/** The conditions that were filled in. */
function matchOf(form: URLSearchParams): Record<string, unknown> {
  const recipients = lines(typed(form, "recipients"));
  const tags = lines(typed(form, "tags"));
  const screening = form.getAll("screening").filter((one) => one !== "");
  const size = numberIn(form, "size_over_kb", "Size");
  const days = form.getAll("day");
  const [from, to] = [typed(form, "from"), typed(form, "to")];
  const timed = days.length > 0 || from !== "" || to !== "";
  const choice = (name: string): Record<string, boolean> => {
    const value = typed(form, name);
    return value === "" ? {} : { [name]: value === "yes" };
  };
  return {
    ...(typed(form, "direction") === "inbound" ? { direction: "inbound" } : {}),
    ...(recipients.length > 0 ? { recipients } : {}),
    ...choice("recipient_known"),
    ...choice("has_attachment"),
    ...choice("has_link"),
    ...(size === undefined ? {} : { size_over_bytes: size * 1024 }),
    ...(tags.length > 0 ? { tags } : {}),
    ...(screening.length > 0 ? { screening } : {}),
    ...(timed
      ? {
          time: {
            ...(days.length > 0 ? { days } : {}),
            ...(from === "" ? {} : { from }),
            ...(to === "" ? {} : { to }),
            time_zone: typed(form, "time_zone") || "UTC",
          },
        }
      : {}),
  };
}

/** The rule that was filled in, as `replay_policy` takes it. Throws `validation_failed`. */
export function triedOf(form: URLSearchParams): Record<string, unknown> {
  const mailbox = typed(form, "mailbox_id");
  const outcome = typed(form, "outcome");
  const required = numberIn(form, "required", "Approvals");
  const position = numberIn(form, "position", "Place");
  return {
    ...(mailbox === "" ? {} : { mailbox_id: mailbox }),
    outcome,
    match: matchOf(form),
    ...(outcome === "quorum" ? { required: required ?? 2 } : {}),
    ...(position === undefined ? {} : { position }),
  };
}

/** The same as `create_policy` takes it; its end is counted from now. */
export function wantedOf(form: URLSearchParams, now: number): Record<string, unknown> {
  const days = numberIn(form, "days_valid", "Ends after");
  return {
    ...triedOf(form),
    name: typed(form, "name"),
    ...(days === undefined
      ? {}
      : { expires_at: new Date(now + days * 24 * 3600 * 1000).toISOString() }),
  };
}

/** Everything that was filled in, to be sent again as it is. */
export function carried(form: URLSearchParams): Html {
  return markup`${[...form]
    .filter(([name]) => fields.some((one) => one === name))
    .map(([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`)}`;
}

/** The form. `values` is what stands in it. */
export function policyForm(parts: {
  csrf_token: string;
  mailboxes: readonly Choice[];
  values: URLSearchParams;
}): Html {
  const { values, mailboxes } = parts;
  const value = (name: string): string => typed(values, name);
  const choice = (name: string, options: readonly (readonly [string, string])[]): Html =>
    markup`<select id="${name}" name="${name}">${options.map(
      ([one, text]) =>
        markup`<option value="${one}"${value(name) === one && markup` selected`}>${text}</option>`,
    )}</select>`;
  const number = (name: string, label: string, help: string, min: number, max: number): Html =>
    markup`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="number" inputmode="numeric" min="${min}" max="${max}" step="1" value="${value(name)}" aria-describedby="${name}-help">
<p class="quiet small" id="${name}-help">${help}</p></div>`;
  const outcome = value("outcome") || "hold";
  return markup`<form class="settings" method="post" action="/policies">
${formToken(parts.csrf_token)}
<div class="field"><label for="name">Name</label><input id="name" name="name" required maxlength="100" value="${value("name")}"></div>
<div class="field"><label for="mailbox_id">For</label>
${choice("mailbox_id", [["", "All mailboxes"], ...mailboxes.map(({ id, address }) => [id, address] as const)])}</div>
<div class="field"><label for="direction">Mail that is</label>
${choice("direction", [
  ["", "Sent"],
  ["inbound", "Received: it can be held"],
])}</div>
<fieldset><legend>What happens</legend>
${Object.entries(outcomeWords).map(
  ([one, { name, meaning }]) =>
    markup`<div class="choice"><input type="radio" name="outcome" value="${one}" id="outcome-${one}" aria-describedby="outcome-${one}-help"${
      outcome === one && markup` checked`
    }><label for="outcome-${one}">${name}</label> <span class="quiet small" id="outcome-${one}-help">${meaning}</span></div>`,
)}</fieldset>
${number("required", "Approvals", "For several approvals: how many, 1 to 5. Empty: 2.", 1, 5)}
${conditionFields(values, choice, number)}
${number("position", "Place", "Rules are asked from the lowest number on, and the first that fits decides. Empty: behind all others.", 0, 1_000_000)}
${number("days_valid", "Ends after (days)", `A rule that loosens ends within ${maxLooseDays} days. Empty: never.`, 1, 3650)}
<div class="buttons"><button class="primary" name="step" value="try">Try it on past mail</button></div>
</form>`;
}

/** The conditions; all that are filled in have to fit. */
function conditionFields(
  values: URLSearchParams,
  choice: (name: string, options: readonly (readonly [string, string])[]) => Html,
  number: (name: string, label: string, help: string, min: number, max: number) => Html,
): Html {
  const area = (name: string, label: string, help: string): Html =>
    markup`<div class="field"><label for="${name}">${label}</label>
<textarea id="${name}" name="${name}" rows="3" maxlength="33000" spellcheck="false" aria-describedby="${name}-help">${typed(values, name)}</textarea>
<p class="quiet small" id="${name}-help">${help}</p></div>`;
  const chosen = new Set(values.getAll("screening"));
  const on = new Set(values.getAll("day"));
  const option = (one: string, text: string): Html =>
    markup`<option value="${one}"${chosen.has(one) && markup` selected`}>${text}</option>`;
  return markup`<fieldset><legend>For which messages</legend>
<p class="quiet small">Everything that is filled in has to fit.</p>
${area("recipients", "Recipients, or the sender of received mail", "One a line: an address, or *@example.com. To let mail through, every recipient has to be among them; otherwise one is enough.")}
<div class="field"><label for="recipient_known">Written to before</label>
${choice("recipient_known", [
  ["", "Does not matter"],
  ["no", "New to this mailbox"],
  ["yes", "Known to this mailbox"],
])}</div>
<div class="field"><label for="has_attachment">Attachments</label>
${choice("has_attachment", [
  ["", "Does not matter"],
  ["yes", "With attachments"],
  ["no", "Without attachments"],
])}</div>
<div class="field"><label for="has_link">Links</label>
${choice("has_link", [
  ["", "Does not matter"],
  ["yes", "With links"],
  ["no", "Without links"],
])}</div>
${number("size_over_kb", "Larger than (KiB)", "Text and attachments together.", 0, 97_656)}
${area("tags", "Tags", "One a line: a key, or key=value.")}
<div class="field"><label for="screening">What the scan says or finds</label>
<select id="screening" name="screening" multiple size="5">${[
    option("pass", "Nothing to look at"),
    option("review", "Something for a person to look at"),
    ...Object.entries(scanFamilyWords).map(([family, [name]]) => option(family, name)),
  ]}</select></div>
<fieldset><legend>On these days</legend>${weekdays.map(
    (day, i) =>
      markup`<div class="choice"><input type="checkbox" name="day" value="${day}" id="day-${day}"${on.has(day) && markup` checked`}><label for="day-${day}">${dayNames[i]}</label></div>`,
  )}</fieldset>
<div class="field"><label for="from">From</label><input id="from" name="from" type="time" value="${typed(values, "from")}"></div>
<div class="field"><label for="to">To</label><input id="to" name="to" type="time" value="${typed(values, "to")}"></div>
<div class="field"><label for="time_zone">Time zone</label><input id="time_zone" name="time_zone" maxlength="64" placeholder="Europe/Berlin" value="${typed(values, "time_zone")}"></div>
</fieldset>`;
}
