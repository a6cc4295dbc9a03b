/** A mailbox's mode and settings as a form, and the form as the input of `update_mailbox`. */
import { html as markup } from "hono/html";
import type { z } from "zod";
import type { mailbox as mailboxResource } from "../../contract/resources.ts";
import { modes } from "../../core/oversight/types.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Html } from "./display.ts";
import { typed } from "./form.ts";
import { formToken } from "./layout.ts";
import { modeWords } from "./words.ts";

/** A mailbox as operations answer it. */
export type Mailbox = z.output<typeof mailboxResource>;

type NumberSetting = {
  name: "approvals_required" | "expiry_seconds" | "undo_seconds";
  label: string;
  help: string;
  /** What one of the form's unit is in the setting's. */
  unit: number;
  min: number;
  max?: number;
  step: string;
};

const numberSettings: readonly NumberSetting[] = [
  {
    name: "approvals_required",
    label: "Approvals needed",
    help: "Different people who must approve each message, 1 to 5.",
    unit: 1,
    min: 1,
    max: 5,
    step: "1",
  },
  {
    name: "expiry_seconds",
    label: "Pending mail expires after (hours)",
    help: "What nobody decided on by then is not sent.",
    unit: 3600,
    min: 0,
    step: "any",
  },
  {
    name: "undo_seconds",
    label: "Wait after approval (seconds)",
    help: "How long a message approved here waits before it leaves.",
    unit: 1,
    min: 0,
    step: "1",
  },
];

/** The fields of the form, as text, from the mailbox as it is. */
export function currentValues(mailbox: Mailbox): Record<string, string> {
  return {
    oversight_mode: mailbox.oversight_mode,
    ...Object.fromEntries(
      numberSettings.map(({ name, unit }) => [name, String(mailbox[name] / unit)]),
    ),
    ai_disclosure: mailbox.ai_disclosure ? "yes" : "no",
  };
}

/** The fields as a person filled them in; what is missing in the form stays as it is. */
export function filledIn(
  form: URLSearchParams,
  current: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(current).map(([name, value]) => [
      name,
      form.has(name) ? typed(form, name) : value,
    ]),
  );
}

/**
 * What the person changed, as input of `update_mailbox`. Each field comes with what it was when the page was made, so
 * that a page left open undoes nobody else's change. Throws `validation_failed`.
 */
export function changedSettings(form: URLSearchParams): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  const changed = (name: string) =>
    form.has(name) && typed(form, name) !== typed(form, `was_${name}`);
  if (changed("oversight_mode")) changes["oversight_mode"] = typed(form, "oversight_mode");
  if (changed("ai_disclosure")) changes["ai_disclosure"] = typed(form, "ai_disclosure") === "yes";
  for (const setting of numberSettings)
    if (changed(setting.name)) changes[setting.name] = numberOf(setting, typed(form, setting.name));
  return changes;
}

function numberOf({ name, label, unit }: NumberSetting, text: string): number {
  if (!/^\d{1,9}(\.\d{1,20})?$/.test(text))
    throw new Refusal("validation_failed", `${label}: this must be a number.`, { field: name });
  return Math.round(Number(text) * unit);
}

/** The form. `known` are the inputs of `update_mailbox`; `values` what stands in the fields, `current` what is true. */
export function settingsForm(parts: {
  mailbox: Mailbox;
  csrf_token: string;
  known: ReadonlySet<string>;
  current: Readonly<Record<string, string>>;
  values: Readonly<Record<string, string>>;
}): Html {
  const { mailbox, known, current, values } = parts;
  const was = (name: string) =>
    markup`<input type="hidden" name="was_${name}" value="${current[name]}">`;
  return markup`<form class="settings" method="post" action="/mailboxes/${mailbox.id}">
${formToken(parts.csrf_token)}
${
  known.has("oversight_mode") &&
  markup`<fieldset><legend>Oversight mode</legend>${was("oversight_mode")}
<p class="quiet small">From least to most freedom for the agent. Giving more freedom needs a recent sign-in.</p>
${modes.map(
  (mode) =>
    markup`<div class="choice"><input type="radio" name="oversight_mode" value="${mode}" id="mode-${mode}" aria-describedby="mode-${mode}-help"${
      values["oversight_mode"] === mode && markup` checked`
    }><label for="mode-${mode}">${modeWords[mode].name}</label> <span class="quiet small" id="mode-${mode}-help">${modeWords[mode].meaning}</span></div>`,
)}</fieldset>`
}
${numberSettings
  .filter(({ name }) => known.has(name))
  .map(
    ({
      name,
      label,
      help,
      min,
      max,
      step,
    }) => markup`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="number" inputmode="decimal" required min="${min}"${max !== undefined && markup` max="${max}"`} step="${step}" value="${values[name]}" aria-describedby="${name}-help">
<p class="quiet small" id="${name}-help">${help}</p>${was(name)}</div>`,
  )}
${
  known.has("ai_disclosure") &&
  markup`<div class="field"><label for="ai_disclosure">Line in each message that says an AI wrote it</label>
<select id="ai_disclosure" name="ai_disclosure">${["yes", "no"].map(
    (value) =>
      markup`<option value="${value}"${values["ai_disclosure"] === value && markup` selected`}>${value === "yes" ? "Shown" : "Not shown"}</option>`,
  )}</select>${was("ai_disclosure")}</div>`
}
<div class="buttons"><button class="primary">Save</button></div>
</form>`;
}
