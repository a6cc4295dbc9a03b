/** A message's HTML: whether it can be shown, and the sandboxed frame that shows it. */
import { html as markup } from "hono/html";
import { Refusal } from "../../core/refusal.ts";
import type { Html } from "./display.ts";
import type { Email } from "./message-parts.ts";
import { type MemberVisit, callBytes } from "./visit.ts";

/** What there is of a message as HTML. */
export type HtmlState = "shown" | "none" | "unreadable" | "gone";

type Which = Pick<Email, "id" | "direction">;

/** Whether the raw message has HTML that can be shown. */
export async function htmlState(visit: MemberVisit, email: Which): Promise<HtmlState> {
  try {
    return (await safeHtml(visit, email)) === null ? "none" : "shown";
  } catch (error) {
    if (error instanceof Refusal) return "gone";
    visit.options.log.warn(
      { request_id: visit.request_id, email_id: email.id, err: error },
      "message is unreadable",
    );
    return "unreadable";
  }
}

/** The message's HTML without anything active, null where it has none; throws {@link Refusal} and whatever a parser throws. */
export async function safeHtml(
  visit: MemberVisit,
  { id, direction }: Which,
): Promise<string | null> {
  const eml = await callBytes(visit, "get_raw_email", { email_id: id });
  if (direction === "inbound") return visit.options.received_html(eml);
  return (await visit.options.read_message(eml)).html_safe;
}

/** The HTML in its sandboxed frame, or why it is not shown. */
export function htmlView(id: string, state: HtmlState): Html | false {
  if (state === "none") return false;
  return markup`<section aria-labelledby="html"><h2 id="html">As formatted (HTML)</h2>
${
  {
    shown: markup`<p class="quiet small">Shown without scripts; remote images and links do not load here.</p>
<iframe class="mail" sandbox="" loading="lazy" src="/messages/${id}/html" title="The message as formatted"></iframe>`,
    unreadable: markup`<p class="alert warn">The raw message could not be read, so its HTML is not shown. Download it to look at it.</p>`,
    gone: markup`<p class="quiet">The raw message is not available.</p>`,
  }[state]
}</section>`;
}
