/** The words in which a person is told of mail that waits: foreign text quoted, bounded, and never taken for ours. */
import { UNSUBSCRIBE_PLACEHOLDER } from "../mail/digest.ts";
import type { RecipientKind } from "../store/column-types.ts";
import type { NoticeAbout } from "../store/notices.ts";
import type { VersionDiff } from "./version-diff.ts";

/** One message that waits, as a notice tells of it. All strings but `links` are foreign. */
export type NoticeItem = {
  message_id: string;
  about: NoticeAbout;
  inbound: boolean;
  from: string;
  subject: string;
  recipients: readonly { kind: RecipientKind; address: string; name: string | null }[];
  /** Why it was held, and what the checks found. */
  reason: string | null;
  findings: readonly string[];
  attachments: readonly { filename: string; size_bytes: number }[];
  /** What the last edit changed; null where nothing was edited. */
  diff: VersionDiff | null;
  body: string;
  digest: string;
  approvals: number;
  required: number;
  passkey: boolean;
  expires_at: Date | null;
  /** What an answer to the mail decides with; null where none does. */
  reply_code: string | null;
  links: {
    page: string;
    /** Null where they decide nothing: received mail, and mail that only a passkey approves. */
    approve: string | null;
    reject: string | null;
  };
};

/** A mail's words. */
export type NoticeMail = { subject: string; text: string; html: string };

/** Characters of a message's text, and lines of a change, that a notice has room for. */
export const maxBody = 60_000;
/** Recipients, and attachments, that a notice names. */
export const maxRecipients = 100;
export const maxAttachments = 50;
const maxShort = 300;
const maxFindings = 20;
/** Messages that a list names. */
const maxListed = 50;

// Invisible characters and those that turn the direction of what follows: they could make one address look like another.
const hidden =
  /[\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;
const controls = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/gu;

/** Foreign text with its lines: what hides is named, what a mail cannot hold is replaced. */
function lines(text: string, max: number): string {
  const cut = text.length > max ? text.slice(0, max) : text;
  const whole = cut
    .replaceAll(UNSUBSCRIBE_PLACEHOLDER, "[unsubscribe link]")
    .replace(/\r\n?/g, "\n")
    .replace(controls, "\uFFFD")
    // Joiners make emoji and are at home in Persian; among words of a body they hide nothing that matters.
    .replace(hidden, (one) => (/[\u200C\u200D]/.test(one) ? one : `<${codeOf(one)}>`))
    .toWellFormed();
  return text.length > max ? `${whole}\n[The rest is on the page.]` : whole;
}

/** Foreign text on one line. */
function line(text: string, max = maxShort): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut
    .replaceAll(UNSUBSCRIBE_PLACEHOLDER, "[unsubscribe link]")
    .replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, " ")
    .replace(hidden, (one) => `<${codeOf(one)}>`)
    .toWellFormed()
    .trim();
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

type Block =
  | { is: "lines"; lines: string[] }
  | { is: "links"; links: { label: string; url: string }[] }
  | { is: "quote"; title: string; text: string };

/** The notice of one message. Recipients come first: they are what cannot be taken back. */
export function noticeOf(item: NoticeItem): NoticeMail {
  const { page, approve, reject } = item.links;
  const blocks: Block[] = [
    { is: "lines", lines: [...people(item), `Subject: ${line(item.subject, 1000) || "(none)"}`] },
    { is: "lines", lines: [opening[item.about], ...standing(item)] },
    ...list("The checks found:", item.findings.slice(0, maxFindings)),
    {
      is: "links",
      links: [
        { label: "Look at it", url: page },
        ...(approve === null ? [] : [{ label: "Approve it", url: approve }]),
        ...(reject === null ? [] : [{ label: "Reject it", url: reject }]),
      ],
    },
    ...answering(item.reply_code),
    ...changes(item.diff),
    { is: "quote", title: "The message:", text: lines(item.body, maxBody) },
    ...list(
      "Attachments:",
      item.attachments
        .slice(0, maxAttachments)
        .map((one) => `${line(one.filename)} (${one.size_bytes} bytes)`),
    ),
  ];
  const [first] = item.recipients;
  const whom = item.inbound
    ? `from ${line(item.from, 80)}`
    : `to ${line(first?.address ?? "", 80)}`;
  const more =
    !item.inbound && item.recipients.length > 1 ? ` and ${item.recipients.length - 1} more` : "";
  return {
    subject: `${heading[item.about]}: ${line(item.subject, 100) || "(no subject)"} (${whom}${more})`,
    ...rendered(blocks),
  };
}

function answering(code: string | null): Block[] {
  if (code === null) return [];
  const words = `approve ${code}`;
  return [
    {
      is: "lines",
      lines: [
        `Or answer this mail from your own address. Its first line: ${words} (or reject, or revise with a note below).`,
      ],
    },
  ];
}

/** One notice of many messages. */
export function listOf(items: readonly NoticeItem[], queue: string): NoticeMail {
  const blocks = items.slice(0, maxListed).flatMap((item): Block[] => [
    {
      is: "lines",
      lines: [
        ...people(item).slice(0, 10),
        `Subject: ${line(item.subject)}`,
        opening[item.about],
        ...standing(item),
      ],
    },
    { is: "links", links: [{ label: "Look at it", url: item.links.page }] },
  ]);
  const more = items.length - maxListed;
  return {
    subject: `${items.length} messages wait for you`,
    ...rendered([
      { is: "links", links: [{ label: `All that waits`, url: queue }] },
      ...blocks,
      ...(more > 0 ? [{ is: "lines" as const, lines: [`And ${more} more.`] }] : []),
    ]),
  };
}

const heading: Readonly<Record<NoticeAbout, string>> = {
  pending: "Waiting for you",
  reminder: "Still waiting",
  escalation: "Nobody has decided",
};

const opening: Readonly<Record<NoticeAbout, string>> = {
  pending: "This message waits for a decision.",
  reminder: "This message still waits for a decision. Half of its time is over.",
  escalation: "Nobody has decided on this message. Most of its time is over.",
};

const kinds: Readonly<Record<RecipientKind, string>> = {
  to: "To",
  cc: "Cc",
  bcc: "Bcc",
  copy: "Copy to the overseer",
};

function people({ recipients, from }: NoticeItem): string[] {
  const named = recipients.slice(0, maxRecipients).map(({ kind, address, name }) => {
    const who = name === null || name.trim() === "" ? "" : ` (${line(name, 100)})`;
    return `${kinds[kind]}: ${line(address, 320)}${who}`;
  });
  const more = recipients.length - named.length;
  return [
    ...named,
    ...(more > 0 ? [`and ${more} more recipients`] : []),
    `From: ${line(from, 320)}`,
  ];
}

function standing(item: NoticeItem): string[] {
  const { reason, approvals, required, passkey, expires_at, digest } = item;
  return [
    ...(reason === null ? [] : [`Why it is held: ${line(reason, 2000)}`]),
    ...(required > 1 ? [`Approvals: ${approvals} of ${required}`] : []),
    ...(passkey ? ["It is approved by passkey only."] : []),
    ...(expires_at === null ? [] : [`It expires: ${timeOf(expires_at)}`]),
    `Digest of its content: ${digest}`,
  ];
}

function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function list(title: string, entries: readonly string[]): Block[] {
  if (entries.length === 0) return [];
  return [{ is: "lines", lines: [title, ...entries.map((one) => `- ${line(one, 500)}`)] }];
}

/** What the last edit changed, in the manner of `diff`. */
function changes(diff: VersionDiff | null): Block[] {
  if (diff === null) return [];
  const moved = ({ added, removed }: { added: string[]; removed: string[] }): string[] => [
    ...removed.map((one) => `- ${line(one)}`),
    ...added.map((one) => `+ ${line(one)}`),
  ];
  const signs = { equal: " ", delete: "-", insert: "+" } as const;
  const text = [
    ...(diff.subject ? [`- ${line(diff.subject.from)}`, `+ ${line(diff.subject.to)}`] : []),
    ...moved(diff.recipients),
    ...moved(diff.attachments),
    ...(diff.body ?? []).flatMap(({ op, text: part }) => {
      const given = part.replace(/\n$/, "").split("\n");
      // Of what stayed, as much as tells where one is.
      const shown =
        op === "equal" && given.length > 6
          ? [...given.slice(0, 3), "[…]", ...given.slice(-3)]
          : given;
      return shown.map((one) => `${signs[op]} ${one}`);
    }),
  ].join("\n");
  return text === ""
    ? []
    : [{ is: "quote", title: "What was edited:", text: lines(text, maxBody) }];
}

const ending =
  "You are told because you may decide. How and when you are told is yours to choose, on the page Notifications.";

/** Plain text in which every foreign line is quoted, and HTML that has foreign text as text only. */
function rendered(blocks: readonly Block[]): { text: string; html: string } {
  const text = blocks.map((block) => {
    switch (block.is) {
      case "lines":
        return block.lines.join("\n");
      case "links":
        return block.links.map(({ label, url }) => `${label}: ${url}`).join("\n");
      case "quote":
        return `${block.title}\n\n${block.text.replace(/^/gm, "> ")}`;
    }
  });
  const html = blocks.map((block) => {
    switch (block.is) {
      case "lines":
        return `<p>${block.lines.map(escaped).join("<br>\n")}</p>`;
      case "links":
        return `<p>${block.links.map(({ label, url }) => `<a href="${escaped(url)}">${escaped(label)}</a>`).join(" &nbsp; ")}</p>`;
      case "quote":
        return `<p>${escaped(block.title)}</p>\n<pre dir="auto" style="white-space:pre-wrap;border-left:3px solid #999;padding-left:12px">${escaped(block.text)}</pre>`;
    }
  });
  return {
    text: `${text.join("\n\n")}\n\n${ending}\n`,
    html: `<!doctype html>\n<html lang="en"><body>\n${html.join("\n")}\n<p>${ending}</p>\n</body></html>\n`,
  };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** What a chat is posted about one message. `text` is ours but for subject and addresses, which no chat takes for commands. */
export function chatOf(item: NoticeItem): object {
  const { page, approve, reject } = item.links;
  return {
    text: `${heading[item.about]}: “${spoken(item.subject, 150)}” ${item.inbound ? "from" : "to"} ${spoken(
      item.inbound ? item.from : item.recipients.map(({ address }) => address).join(", "),
      200,
    )}`,
    message: {
      id: item.message_id,
      subject: line(item.subject, 998),
      recipients: item.recipients.slice(0, 100).map(({ kind, address }) => ({ kind, address })),
      reason: item.reason === null ? null : line(item.reason, 2000),
    },
    buttons: [
      { label: "Review", url: page },
      ...(approve === null ? [] : [{ label: "Approve", url: approve }]),
      ...(reject === null ? [] : [{ label: "Reject", url: reject }]),
    ],
  };
}

/** What a chat is posted about many messages. */
export function chatListOf(items: readonly NoticeItem[], queue: string): object {
  return {
    text: `${items.length} messages wait for you`,
    messages: items.slice(0, maxListed).map(({ message_id, subject, links }) => ({
      id: message_id,
      subject: line(subject, 998),
      url: links.page,
    })),
    buttons: [{ label: "Review", url: queue }],
  };
}

/** Chats read marks of their own in text: links in angle or square brackets, and calls to everybody after an @. */
function spoken(text: string, max: number): string {
  return line(text, max)
    .replace(/[<[]/g, "(")
    .replace(/[>\]]/g, ")")
    .replaceAll("@", "＠")
    .replace(/[`*_~|]/g, " ");
}
