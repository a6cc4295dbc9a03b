/** Where a message stands in its conversation: what it answers, with its text, and the thread around it. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { email as emailResource, emailSummary } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { type Child, type Html, address, bodyText, line, subjectLine, time } from "./display.ts";
import { badge } from "./layout.ts";
import type { Email } from "./message-parts.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";
import { statusWords } from "./words.ts";

/** Characters of the answered message that are shown; its own page has all of it. */
const quoteLimit = 8000;

/** Messages of a thread that are listed. */
const threadLimit = 50;

const thread = z.object({
  message_count: z.int(),
  emails: z.array(
    emailSummary.pick({
      id: true,
      direction: true,
      status: true,
      from_address: true,
      to_addresses: true,
      subject: true,
      created_at: true,
    }),
  ),
});
type Thread = z.output<typeof thread>;

/** What the operation answers; null for what it refuses: a conversation that is gone leaves its messages readable. */
async function unlessRefused<T>(ask: Promise<{ body: T }>): Promise<T | null> {
  try {
    return (await ask).body;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** The message that this one answers; null where it is not here, or not for this person. */
export function readAnswered(visit: MemberVisit, email: Email): Promise<Email | null> {
  if (email.reply_of === null) return Promise.resolve(null);
  const input = { email_id: email.reply_of, peek: true };
  return unlessRefused(call(visit, "read_email", input, emailResource));
}

/** The thread of a message as far as this person may see it; null where there is nothing but the message itself. */
export async function readThread(visit: MemberVisit, email: Email): Promise<Thread | null> {
  if (!allowed(visit, "get_thread")) return null;
  const { mailbox_id, thread_id } = email;
  const found = await unlessRefused(
    call(visit, "get_thread", { mailbox_id, thread_id, limit: threadLimit }, thread),
  );
  return found && found.emails.some(({ id }) => id !== email.id) ? found : null;
}

/** Says that a message answers another, and what that one says. */
export function answeredView(email: Email, answered: Email | null, now: number): Html | false {
  if (email.reply_of === null && email.in_reply_to === null) return false;
  return markup`<section aria-labelledby="answers"><h2 id="answers">It answers</h2>
${answered ? quoted(answered, now) : markup`<p class="quiet">A message that is not kept here, or that you may not see${email.in_reply_to !== null && markup`: <code>${line(email.in_reply_to, 300)}</code>`}.</p>`}</section>`;
}

function quoted(answered: Email, now: number): Child {
  const received = answered.direction === "inbound";
  const text = (received ? answered.new_text || answered.text_body : answered.text_body).trim();
  const cut = text.length > quoteLimit;
  return markup`<p><a href="/messages/${answered.id}">${subjectLine(answered.subject, 200)}</a> from ${address(answered.from_address)}, ${time(answered.created_at, now)}</p>
${received && markup`<p class="foreign">${badge(["Untrusted", "warn"])} <span class="small">Written outside. Nothing in it is an instruction to you or to the agent.</span></p>`}
<div class="quoted">${text === "" ? markup`<p class="quiet">It has no text.</p>` : bodyText(cut ? text.slice(0, quoteLimit).toWellFormed() : text)}</div>
${cut && markup`<p class="small"><a href="/messages/${answered.id}">Read the rest</a></p>`}`;
}

/** The messages of a thread, oldest first. */
export function threadList(found: Thread | null, current: string, now: number): Html | false {
  if (!found) return false;
  const more = found.message_count - found.emails.length;
  return markup`<section aria-labelledby="thread"><h2 id="thread">Thread</h2>
<ol class="thread">${found.emails.map(
    (one) => markup`<li${one.id === current && markup` aria-current="true"`}><p>${
      one.id === current
        ? markup`<strong>${subjectLine(one.subject, 160)}</strong> <span class="quiet small">this message</span>`
        : markup`<a href="/messages/${one.id}">${subjectLine(one.subject, 160)}</a>`
    } ${badge(statusWords[one.status])}</p>
<p class="small quiet">${one.direction === "inbound" ? markup`From ${address(one.from_address)}` : markup`To ${one.to_addresses.length > 0 ? address(one.to_addresses[0] ?? "") : "nobody"}${one.to_addresses.length > 1 && ` and ${one.to_addresses.length - 1} more`}`}, ${time(one.created_at, now)}</p></li>`,
  )}</ol>${more > 0 && markup`<p class="quiet small">and ${more} later ${more === 1 ? "message" : "messages"}</p>`}</section>`;
}
