/** A mailbox's mode and settings as a form, and the form as the input of `update_mailbox`. */
import { html as markup } from "hono/html";
import type { z } from "zod";
import type { mailbox as mailboxResource } from "../../contract/resources.ts";
import { modes } from "../../core/oversight/types.ts";
import { Refusal } from "../../core/refusal.ts";
import {
  type Approver,
  approverBoxes,
  changedApprovers,
  tickedApprovers,
} from "./approver-parts.ts";
import { type Html, line, time } from "./display.ts";
import { typed } from "./form.ts";
import { alert, formToken } from "./layout.ts";
import { scanChoices, scanFamilyWords } from "./screening-words.ts";
import { modeWords } from "./words.ts";

/** A mailbox as operations answer it. */
export type Mailbox = z.output<typeof mailboxResource>;

type NumberSetting = {
  name: "approvals_required" | "expiry_seconds" | "undo_seconds" | "daily_quota";
  label: string;
  help: string;
  /** What one of the form's unit is in the setting's. */
  unit: number;
  min: number;
  max?: number;
  /** True where an empty field means that nothing is set. */
  optional?: boolean;
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
  {
    name: "daily_quota",
    label: "Messages a day",
    help: "What is over it waits for the next day (UTC). Empty: the limit of this instance.",
    unit: 1,
    min: 1,
    max: 1_000_000,
    optional: true,
    step: "1",
  },
];

/** The fields of the form, as text, from the mailbox as it is. */
export function currentValues(mailbox: Mailbox): Record<string, string> {
  return {
    oversight_mode: mailbox.oversight_mode,
    ...Object.fromEntries(
      numberSettings.map(({ name, unit }) => {
        const value = mailbox[name];
        return [name, value === null ? "" : String(value / unit)];
      }),
    ),
    ai_disclosure: mailbox.ai_disclosure ? "yes" : "no",
    passkey_required: mailbox.passkey_required ? "yes" : "no",
    approver_ids: (mailbox.approver_ids ?? []).join(" "),
    warm_up: mailbox.warm_up ? "yes" : "no",
    ...Object.fromEntries(
      Object.keys(scanFamilyWords).map((family) => [
        scanField(family),
        mailbox.scan_policy[family] ?? "",
      ]),
    ),
  };
}

/** The fields as a person filled them in; what is missing in the form stays as it is. */
export function filledIn(
  form: URLSearchParams,
  current: Readonly<Record<string, string>>,
): Record<string, string> {
  const filled = Object.entries(current).map(([name, value]): [string, string] => [
    name,
    form.has(name) ? typed(form, name) : value,
  ]);
  const approvers = tickedApprovers(form);
  return {
    ...Object.fromEntries(filled),
    ...(approvers === undefined ? {} : { approver_ids: approvers }),
  };
}

/** The field of a family of findings. */
function scanField(family: string): string {
  return `scan_${family}`;
}

/**
 * What the person changed, as input of `update_mailbox`. Each field comes with what it was when the page was made, so
 * that a page left open undoes nobody else's change. The scan's policy is replaced as one, so its changes are laid over
 * what `policy` answers, the policy as it is now. Throws `validation_failed`.
 */
export async function changedSettings(
  form: URLSearchParams,
  policy: () => Promise<Mailbox["scan_policy"]>,
): Promise<Record<string, unknown>> {
  const changes: Record<string, unknown> = {};
  const changed = (name: string) =>
    form.has(name) && typed(form, name) !== typed(form, `was_${name}`);
  if (changed("oversight_mode")) changes["oversight_mode"] = typed(form, "oversight_mode");
  if (changed("ai_disclosure")) changes["ai_disclosure"] = typed(form, "ai_disclosure") === "yes";
  for (const setting of numberSettings)
    if (changed(setting.name)) changes[setting.name] = numberOf(setting, typed(form, setting.name));
  for (const name of ["passkey_required", "warm_up", "paused"])
    if (changed(name)) changes[name] = typed(form, name) === "yes";
  const approvers = changedApprovers(form);
  if (approvers !== undefined) changes["approver_ids"] = approvers;
  const families = Object.keys(scanFamilyWords).filter((family) => changed(scanField(family)));
  if (families.length > 0) {
    const wanted = families.map((family) => [family, typed(form, scanField(family))] as const);
    const all = { ...(await policy()), ...Object.fromEntries(wanted) };
    changes["scan_policy"] = Object.fromEntries(
      Object.entries(all).filter(([, action]) => action !== ""),
    );
  }
  return changes;
}

function numberOf({ name, label, unit, optional }: NumberSetting, text: string): number | null {
  if (optional && text === "") return null;
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
  /** Who may be named to be asked first. */
  approvers: readonly Approver[];
}): Html {
  const { mailbox, known, current, values, approvers } = parts;
  const was = (name: string) =>
    markup`<input type="hidden" name="was_${name}" value="${current[name]}">`;
  const choice = (
    name: string,
    options: readonly (readonly [value: string, text: string])[],
  ): Html =>
    markup`<select id="${name}" name="${name}">${options.map(
      ([value, text]) =>
        markup`<option value="${value}"${values[name] === value && markup` selected`}>${text}</option>`,
    )}</select>${was(name)}`;
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
${numberSettings.filter(({ name }) => known.has(name)).map((one) => numberField(one, values[one.name] ?? "", was))}
${
  known.has("passkey_required") &&
  markup`<div class="field"><label for="passkey_required">How messages are approved</label>
${choice("passkey_required", [
  ["no", "Signed in, or by passkey"],
  ["yes", "By passkey only"],
])}
<p class="quiet small">By passkey, the approver's own device signs exactly this message, and anybody can check it later. Going back needs a recent sign-in.</p></div>`
}
${known.has("approver_ids") && approverBoxes(approvers, { values, current })}
${
  known.has("warm_up") &&
  markup`<div class="field"><label for="warm_up">Warm-up of a new address</label>
${choice("warm_up", [
  ["no", "Not warming up"],
  ["yes", "Warming up"],
])}
<p class="quiet small">Begins with 50 messages on the first day and allows more each day, so that receivers learn to trust the address.</p></div>`
}
${
  known.has("ai_disclosure") &&
  markup`<div class="field"><label for="ai_disclosure">Line in each message that says an AI wrote it</label>
${choice("ai_disclosure", [
  ["yes", "Shown"],
  ["no", "Not shown"],
])}</div>`
}
${known.has("scan_policy") && scanFields(values, choice)}
<div class="buttons"><button class="primary">Save</button></div>
</form>`;
}

type Was = (name: string) => Html;

function numberField(
  { name, label, help, min, max, optional, step }: NumberSetting,
  value: string,
  was: Was,
): Html {
  return markup`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="number" inputmode="decimal"${!optional && markup` required`} min="${min}"${max !== undefined && markup` max="${max}"`} step="${step}" value="${value}" aria-describedby="${name}-help">
<p class="quiet small" id="${name}-help">${help}</p>${was(name)}</div>`;
}

/** What the outbound scan does, a field for each family. Open where the mailbox has a rule of its own. */
function scanFields(
  values: Readonly<Record<string, string>>,
  choice: (name: string, options: readonly (readonly [string, string])[]) => Html,
): Html {
  const own = Object.keys(scanFamilyWords).some((family) => values[scanField(family)] !== "");
  return markup`<details${own && markup` open`}><summary>What the scan of outgoing mail does</summary>
<fieldset><legend class="unseen">What the scan of outgoing mail does when it finds</legend>
<p class="quiet small">When the scan finds one of these. Doing less than before needs a recent sign-in.</p>
<div class="scan">${Object.entries(scanFamilyWords).map(
    ([family, [name, usual]]) =>
      markup`<div class="field"><label for="${scanField(family)}">${name}</label>
${choice(scanField(family), [
  ["", `As usual: ${scanChoices[usual].toLowerCase()}`],
  ...Object.entries(scanChoices),
])}</div>`,
  )}</div></fieldset></details>`;
}

/** That the mailbox is paused, why and since when, with the button that resumes it; or the button that pauses it. */
export function pauseForm(
  mailbox: Mailbox,
  { csrf_token, now, may }: { csrf_token: string; now: number; may: boolean },
): Html | false {
  const { paused, paused_at: since, paused_reason: why } = mailbox;
  const form = (wanted: "yes" | "no", text: string) =>
    may &&
    markup`<form class="pause" method="post" action="/mailboxes/${mailbox.id}">${formToken(csrf_token)}
<input type="hidden" name="was_paused" value="${paused ? "yes" : "no"}"><button name="paused" value="${wanted}">${text}</button></form>`;
  if (!paused) return may && markup`<div>${form("yes", "Pause sending")}</div>`;
  return alert(
    "warn",
    markup`<p><strong>Paused${since !== null && markup` since ${time(since, now)}`}.</strong> It sends nothing, and its mail waits.</p>
${why !== null && markup`<p>Why: ${line(why, 500)}</p>`}
${form("no", "Resume sending")}
<p class="small">${may ? "Resuming needs a recent sign-in." : "Only an owner or admin can resume it."}</p>`,
  );
}
