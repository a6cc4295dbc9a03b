/** Answering a message (RFC 5322 section 3.6.3 and 3.6.4): its subject, the identifiers that thread it, and whom it goes to. */
import { AddressError, CONTROL, MAX_NAME_LENGTH, parseAddress } from "./address.ts";
import { ComposeError, checkFieldText, checkMessageId } from "./compose-fields.ts";
import type { MailAddress, ParsedMail } from "./parsed-mail.ts";

/** Most identifiers of a References field that we write: the first and the newest. */
const maxReferences = 50;
/** Code units of a References field that we write. */
const maxReferencesLength = 8000;
const maxSubject = 998;

/**
 * "Re:" as the world's mail programs write it, with a count where some put one (`Re[2]:`). Forwards are none: what was
 * forwarded is another conversation.
 */
const replyPrefix =
  /^(?:re|r|aw|antw|antwort|sv|vs|odp|odpověď|res|rif|ynt|atb|bls|vá|απ|отв|回复|回覆|答复|答覆|返信|תגובה|رد)(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4})? ?[:：]/iu;

/** `Re: ` once in front of a subject, whoever answered it before and in whichever language. At most 998 characters on one line. */
export function replySubject(subject: string): string {
  let rest = subject.slice(0, 4 * maxSubject);
  for (;;) {
    rest = rest.trimStart();
    const prefix = replyPrefix.exec(rest);
    if (!prefix) break;
    rest = rest.slice(prefix[0].length);
  }
  const line = rest.replaceAll(new RegExp(CONTROL.source, "g"), " ").trim();
  const whole = `Re: ${line}`.slice(0, maxSubject).toWellFormed().trim();
  return isFieldText(whole) ? whole : "Re:";
}

/** What of a message threads the answer to it. */
export type Ancestry = Pick<ParsedMail, "message_id" | "in_reply_to" | "references">;

/**
 * In-Reply-To and References of an answer: the parent's References, else its In-Reply-To, then the parent itself. What is no
 * Message-ID is left out; of too many the first and the newest stay, so that the conversation keeps its root.
 */
export function replyReferences({ message_id, in_reply_to, references }: Ancestry): {
  in_reply_to: string | null;
  references: string[];
} {
  const parent = message_id !== null && isMessageId(message_id) ? message_id : null;
  const before = references.length > 0 ? references : in_reply_to === null ? [] : [in_reply_to];
  const line = [...new Set(before)].filter((id) => id !== parent && isMessageId(id));
  if (parent !== null) line.push(parent);
  const kept =
    line.length > maxReferences
      ? [...line.slice(0, 1), ...line.slice(line.length - maxReferences + 1)]
      : line;
  while (kept.length > 2 && kept.join(" ").length > maxReferencesLength) kept.splice(1, 1);
  return { in_reply_to: parent, references: kept };
}

/**
 * Whom an answer to a received message goes to, as `Name <address>`: Reply-To, else From; with `all` a copy to everybody else
 * of To and Cc. Never to ourselves (`isSelf`), nobody twice, and nothing that is no address.
 */
export function replyRecipients(
  mail: Pick<ParsedMail, "from" | "reply_to" | "to" | "cc">,
  isSelf: (address: string) => boolean,
  all: boolean,
): { to: string[]; cc: string[] } {
  const seen = new Set<string>();
  const pick = (list: readonly MailAddress[]): string[] =>
    list.flatMap(({ name, address }) => {
      const clean = readAddress(address);
      if (clean === null || isSelf(clean) || seen.has(clean.toLowerCase())) return [];
      seen.add(clean.toLowerCase());
      return [named(name, clean)];
    });
  const asked = pick(mail.reply_to);
  const to = asked.length > 0 ? asked : pick(mail.from);
  return { to, cc: all ? pick([...mail.to, ...mail.cc]) : [] };
}

/** `"Name" <address>`, or the address alone where the name is none that we write. */
export function named(name: string | null, address: string): string {
  const text = (name ?? "").replaceAll(/["\\]/g, "").trim();
  const fit =
    text !== "" && text.length <= MAX_NAME_LENGTH && !text.includes("=?") && isFieldText(text);
  return fit ? `"${text}" <${address}>` : address;
}

function readAddress(text: string): string | null {
  try {
    return parseAddress(text).address;
  } catch (error) {
    if (error instanceof AddressError) return null;
    throw error;
  }
}

function isMessageId(text: string): boolean {
  return holdsUp(() => checkMessageId("reference", text));
}

function isFieldText(text: string): boolean {
  return holdsUp(() => checkFieldText("text", text));
}

function holdsUp(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof ComposeError) return false;
    throw error;
  }
}
