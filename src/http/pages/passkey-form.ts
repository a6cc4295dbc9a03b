/** The form of a passkey prompt: hidden until its script finds that the browser knows passkeys, and the answer read from it. */
import { html as markup } from "hono/html";
import { Refusal } from "../../core/refusal.ts";
import type { Child, Html } from "./display.ts";
import { formToken } from "./layout.ts";

/** A form that asks for a passkey; the page needs the script `sign-in`. */
export function passkeyForm(parts: {
  /** Uses a passkey, or makes one. */
  kind: "get" | "create";
  action: string;
  /** Where the options of the prompt come from, by POST. */
  options: string;
  button: string;
  csrf_token?: string;
  /** True where a passkey may be offered in the address field as well. */
  in_field?: boolean;
  fields?: Child;
}): Html {
  const { kind, action, options, button, csrf_token, in_field, fields } = parts;
  const failed =
    kind === "get"
      ? "The passkey did not answer. Try again, or go another way."
      : "No passkey was made. Try again; a device that has one of yours already makes no second.";
  return markup`<form class="settings" method="post" action="${action}" data-passkey="${kind}" data-options="${options}" data-failed="${failed}"${in_field === true && markup` data-in-field`} hidden>
${csrf_token !== undefined && formToken(csrf_token)}<input type="hidden" name="answer" value="">
${fields}
<div class="buttons"><button>${button}</button></div>
<p class="quiet small" role="status"></p>
</form>`;
}

/** What the device answered, as the script put it into the form; throws `invalid_passkey`. */
export function passkeyAnswer(form: URLSearchParams): unknown {
  try {
    return JSON.parse(form.get("answer") ?? "");
  } catch {
    throw new Refusal("invalid_passkey", "The form brought no passkey's answer.", {
      hint: "Passkeys need script in this browser.",
    });
  }
}

/** Options of a prompt, for the script. */
export function promptOptions(options: object): Response {
  return Response.json(options, {
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}
