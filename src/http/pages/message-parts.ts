/** Parts of a message's page: recipients, facts, attachments, decisions and receipts. */
import { html as markup } from "hono/html";
import type { z } from "zod";
import type { email as emailResource, recipient } from "../../contract/resources.ts";
import { type Html, address, line, size, time } from "./display.ts";
import { badge } from "./layout.ts";
import { type MemberVisit, allowed } from "./visit.ts";
import { decisionWords, modeWords, recipientKinds, recipientWords } from "./words.ts";

/** A message whole, as operations answer it. */
export type Email = z.output<typeof emailResource>;

type Recipient = z.output<typeof recipient>;

/** Who wrote a message, by the kind of their credential. */
const authorKinds: Readonly<Record<string, string>> = {
  api_key: "API key",
  person: "Person",
  system: "MultiMail",
};

const unseen = badge(["hidden from the others", "warn"]);
const elsewhere = badge(["not the mailbox's address", "warn"]);

/** Every recipient, large, by kind. Envelope and header fields are both shown, should they ever differ. */
export function recipientList(email: Email): Html {
  const groups = (["to", "cc", "bcc", "copy"] as const).map((kind) => {
    const known = email.recipients.filter((one) => one.kind === kind);
    const seen = new Set(email.recipients.map((one) => one.address.toLowerCase()));
    const named = { to: email.to_addresses, cc: email.cc, bcc: email.bcc, copy: [] }[kind];
    const others = named.filter((one) => !seen.has(one.toLowerCase()));
    return { kind, known, others };
  });
  return markup`<dl class="recipients">${groups
    .filter(({ known, others }) => known.length + others.length > 0)
    .map(
      ({ kind, known, others }) => markup`<div><dt>${recipientKinds[kind]}</dt>
${known.map(
  (one) =>
    markup`<dd data-recipient="${kind}">${address(one.address)}${one.name !== null && markup` <span class="name">${line(one.name, 200)}</span>`}${
      one.status !== "pending" && markup` ${badge(recipientWords[one.status])}`
    }${kind === "bcc" && markup` ${unseen}`}</dd>`,
)}
${others.map((one) => markup`<dd>${address(one)}${kind === "bcc" && markup` ${unseen}`}</dd>`)}</div>`,
    )}</dl>`;
}

/**
 * Who the message says it is from, and where answers would go: a Reply-To elsewhere takes the whole conversation there, so it
 * stands as large as the recipients. The reply address that every message of a mailbox gets is no such thing.
 */
export function senderList(email: Email): Html {
  const own = (one: string): boolean => isOwnReply(email, one);
  return markup`<dl class="recipients"><div><dt>From</dt><dd>${address(email.from_address)}${
    email.from_name !== null && markup` <span class="name">${line(email.from_name, 200)}</span>`
  }</dd></div>${
    !email.reply_to.every(own) &&
    markup`<div><dt>Answers go to</dt>
${email.reply_to.map(
  (one) => markup`<dd>${address(one)}${!own(one) && markup` ${elsewhere}`}</dd>`,
)}</div>`
  }</dl>`;
}

/**
 * True for the mailbox's address, and for it with this message's own token: `mailbox+<id><10 characters>@domain`. Mail to
 * either comes back to the mailbox, whatever the last characters are.
 */
function isOwnReply({ id, from_address }: Email, replyTo: string): boolean {
  const own = from_address.toLowerCase();
  const given = replyTo.toLowerCase();
  if (given === own) return true;
  const at = own.lastIndexOf("@");
  const token = `${own.slice(0, at)}+${id.toLowerCase()}`;
  const rest = given.slice(token.length);
  return (
    given.startsWith(token) &&
    rest.slice(10) === own.slice(at) &&
    /^[0-9a-hjkmnp-tv-z]{10}$/.test(rest.slice(0, 10))
  );
}

/** What else there is to know before deciding. */
export function facts(email: Email, now: number): Html {
  const tags = Object.entries(email.tags);
  const rows: [string, Html | string | false][] = [
    ["From", address(email.from_address)],
    ["Shown as", email.from !== email.from_address && line(email.from, 400)],
    [
      "Written by",
      markup`${authorKinds[email.author.kind] ?? line(email.author.kind, 60)} <code>${line(email.author.id, 200)}</code>`,
    ],
    ["Mailbox mode", markup`${modeWords[email.oversight_mode].name}`],
    ["Submitted", time(email.created_at, now)],
    ["To be sent", email.send_at !== null && time(email.send_at, now)],
    [
      "Expires",
      email.status === "pending_send_approval" &&
        email.expires_at !== null &&
        time(email.expires_at, now),
    ],
    ["Approvals", `${email.approvals} of ${email.approvals_required}`],
    ["Thread", line(email.thread_id, 400)],
    ["Size", size(email.size_bytes)],
    [
      "Tags",
      tags.length > 0 &&
        markup`${tags.map(([key, value]) => markup`<span class="badge quiet">${line(`${key}: ${value}`, 200)}</span> `)}`,
    ],
    ["Test key", email.test && "Yes: this message never leaves"],
    ["Message-ID", markup`<code>${line(email.message_id, 1000)}</code>`],
    ["Digest", markup`<code>${line(email.digest, 200)}</code>`],
  ];
  return markup`<dl class="facts">${rows.map(
    ([name, value]) => value !== false && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/** Where the attachment at a place can be downloaded, for whoever may; null where nobody is to be offered it. */
export type AttachmentLink = ((index: number) => string) | null;

/** {@link AttachmentLink} of a message. */
export function attachmentLink(visit: MemberVisit, { id }: Pick<Email, "id">): AttachmentLink {
  return allowed(visit, "download_attachment")
    ? (index) => `/messages/${id}/attachments/${index}`
    : null;
}

/** Names, types and sizes of attachments. */
export function attachmentList(
  attachments: readonly { filename: string | null; content_type: string; size_bytes: number }[],
  link: AttachmentLink = null,
): Html | false {
  if (attachments.length === 0) return false;
  return markup`<section aria-labelledby="attachments"><h2 id="attachments">Attachments</h2>
<table class="plain-table"><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Size</th></tr></thead>
<tbody>${attachments.map(
    (one, index) =>
      markup`<tr data-bytes="${one.size_bytes}"><th scope="row">${link ? markup`<a href="${link(index)}" download>${line(one.filename ?? "(no name)", 300)}</a>` : line(one.filename ?? "(no name)", 300)}</th><td class="type">${line(one.content_type, 200)}</td><td class="size">${size(one.size_bytes)}</td></tr>`,
  )}</tbody></table></section>`;
}

/** Ways on from a message: its raw form, its evidence, its mailbox. */
export function messageLinks(visit: MemberVisit, { id, mailbox_id }: Email): Html {
  return markup`<ul class="links"><li><a href="/messages/${id}/raw">Download the raw message</a></li>
${allowed(visit, "get_proof") && markup`<li><a href="/messages/${id}/proof">Download the evidence</a></li>`}
<li><a href="/mailboxes/${mailbox_id}">Other messages of this mailbox</a></li></ul>`;
}

/** Who decided what, with the strength of each decision. */
export function decisionList(email: Email, now: number): Html | false {
  if (email.decisions.length === 0) return false;
  return markup`<section aria-labelledby="decisions"><h2 id="decisions">Decisions</h2>
<ol class="history">${email.decisions.map(
    (one) =>
      markup`<li><p>${badge(decisionWords[one.decision])} by <strong>${line(one.by, 200)}</strong>, ${time(one.at, now)}, class ${one.class}${
        one.digest !== email.digest && markup` <span class="badge warn">of earlier content</span>`
      }${one.voided_at !== null && markup` <span class="badge warn">void since ${time(one.voided_at, now)}</span>`}</p>${one.reason !== null && markup`<blockquote>${line(one.reason)}</blockquote>`}</li>`,
  )}</ol></section>`;
}

/** What each recipient's server said; nothing before the first attempt. */
export function receiptList(email: Email, now: number): Html | false {
  const tried = email.recipients.filter((one) => one.attempts > 0 || one.receipt !== null);
  if (tried.length === 0) return false;
  return markup`<section aria-labelledby="delivery"><h2 id="delivery">Delivery</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="delivery"><table class="plain-table"><thead><tr><th scope="col">Recipient</th><th scope="col">State</th><th scope="col">Attempts</th><th scope="col">Server</th><th scope="col">It answered</th><th scope="col">TLS</th><th scope="col">When</th></tr></thead>
<tbody>${tried.map((one) => receiptRow(one, now))}</tbody></table></div></section>`;
}

function receiptRow(one: Recipient, now: number): Html {
  const { receipt } = one;
  const server = [receipt?.host, receipt?.address && `[${receipt.address}]`]
    .filter(Boolean)
    .join(" ");
  const tls = receipt?.tls;
  return markup`<tr><th scope="row">${address(one.address)}</th><td>${badge(recipientWords[one.status])}</td><td>${one.attempts}</td>
<td>${server === "" ? "–" : line(server, 300)}</td>
<td>${receipt ? markup`${receipt.code ?? ""} ${receipt.enhanced_status_code ?? ""} ${line(receipt.reply, 1000)}` : "–"}</td>
<td>${tls ? markup`${line(tls.version, 40)}, ${tls.authorized ? "certificate verified" : "certificate not verified"}` : "none"}</td>
<td>${receipt ? time(receipt.at, now) : "–"}</td></tr>`;
}
